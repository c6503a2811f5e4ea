// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What Apache Kafka Connect 4.3.1 answers, with a password in the config.
const (
	recordedInfo   = `{"name":"in","config":{"connector.class":"org.apache.kafka.connect.file.FileStreamSourceConnector","file":"/in.txt","tasks.max":"3","name":"in","topic":"lines","x.password":"geheim","y.password":"${file:/a:b}"},"tasks":[{"connector":"in","task":0}],"type":"source"}`
	recordedStatus = `{"name":"in","connector":{"state":"RUNNING","worker_id":"127.0.0.1:8083","version":"4.3.1"},"tasks":[{"id":0,"state":"FAILED","worker_id":"127.0.0.1:8083","trace":"org.apache.kafka.connect.errors.ConnectException: no file\n\tat a.B.c(B.java:1)\n","version":"4.3.1"}],"type":"source"}`
	stopFirst      = `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/in/stop' endpoint`
)

// recorded answers requests and notes them.
func recorded(t *testing.T, seen *[]string) string {
	t.Helper()
	answers := map[string]string{
		"GET /connectors": `["in","out"]`,
		"GET /connectors?expand=info&expand=status":               `{"in":{"info":` + recordedInfo + `,"status":` + recordedStatus + `}}`,
		"GET /connectors/in":                                      recordedInfo,
		"GET /connectors/in/status":                               recordedStatus,
		"GET /connectors/in/offsets":                              `{"offsets":[{"partition":{"filename":"/in.txt"},"offset":{"position":12345678901234567}}]}`,
		"PATCH /connectors/in/offsets":                            `{"message":"The offsets for this connector have been altered successfully"}`,
		"GET /admin/loggers":                                      `{"a.b":{"level":"DEBUG","last_modified":1795534952934},"root":{"level":"WARN","last_modified":null}}`,
		"GET /connector-plugins?connectorsOnly=false":             `[{"class":"org.apache.kafka.connect.file.FileStreamSinkConnector","type":"sink","version":"4.3.1"}]`,
		"PUT /connector-plugins/FileStreamSource/config/validate": `{"name":"FileStreamSource","error_count":1,"configs":[{"definition":{"name":"topic"},"value":{"name":"topic","value":null,"errors":["Missing required configuration \"topic\" which has no default value."]}}]}`,
		"POST /connectors":                                        recordedInfo,
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		key := r.Method + " " + r.URL.String()
		*seen = append(*seen, strings.TrimSpace(key+" "+string(body)))
		text, ok := answers[key]
		switch {
		case key == "DELETE /connectors/in/offsets":
			w.WriteHeader(http.StatusBadRequest)
			text = `{"error_code":400,"message":"` + stopFirst + `"}`
		case key == "PUT /connectors/in/pause":
			w.WriteHeader(http.StatusAccepted)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			text = `{"error_code":404,"message":"Connector missing not found"}`
		}
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestRemote(t *testing.T) {
	offsets := write(t, filepath.Join(t.TempDir(), "offsets.json"), `{"offsets":[{"partition":{"filename":"/in.txt"},"offset":{"position":12345678901234567}}]}`)
	for name, tc := range map[string]struct {
		args             string
		stdin            string
		out, stderr, err string
		asked            string
	}{
		"get": {args: "get", out: "NAME   TYPE     STATE     TASKS            WORKER           CLASS\n" +
			"in     source   RUNNING   0/1 (1 failed)   127.0.0.1:8083   org.apache.kafka.connect.file.FileStreamSourceConnector\n"},
		"get as JSON":    {args: "get -o json", out: `"state": "FAILED"`},
		"get as YAML":    {args: "get in -o yaml", out: "\n  name: in\n"},
		"get as XML":     {args: "get -o xml", err: `--output "xml" is unknown, use json or yaml, or leave it out`},
		"get another":    {args: "get missing", err: "connector missing: Connector missing not found (error 404)"},
		"describe":       {args: "describe in", out: "\nConfig:\n  KEY               VALUE\n"},
		"hidden":         {args: "describe in", out: "  x.password        [hidden]\n  y.password        ${file:/a:b}\n"},
		"trace":          {args: "describe in", out: "\nTask 0: error:\n  org.apache.kafka.connect.errors.ConnectException: no file\n    at a.B.c(B.java:1)\n"},
		"pause":          {args: "pause in", out: "connector in: asked to pause\n", asked: "PUT /connectors/in/pause"},
		"wait in vain":   {args: "pause in --wait", err: "connector in: task 0 has failed: org.apache.kafka.connect.errors.ConnectException: no file"},
		"restart a task": {args: "restart in out --task 0", err: "--task is of one connector; name only one"},
		"offsets":        {args: "offsets get in", out: "PARTITION                OFFSET\n{\"filename\":\"/in.txt\"}   {\"position\":12345678901234567}\n"},
		"set offsets": {args: "offsets set in --yes -f " + offsets, out: "The offsets for this connector have been altered successfully\n",
			asked: `PATCH /connectors/in/offsets {"offsets":[{"partition":{"filename":"/in.txt"},"offset":{"position":12345678901234567}}]}`},
		"an offset left out": {args: "offsets set in --yes -f -", stdin: `{"offsets":[{"partition":{"a":1}}]}`, err: "offsets[0].offset must be set; null forgets the partition"},
		"reset, not agreed":  {args: "offsets reset in", stdin: "n\n", stderr: "Forget all offsets of connector in? [y/N] ", err: "nothing was changed; answer y, or give --yes"},
		"reset, agreed":      {args: "offsets reset in", stdin: "y\n", err: "connector in: " + stopFirst + " (error 400)", asked: "DELETE /connectors/in/offsets"},
		"loggers":            {args: "loggers", out: "LOGGER   LEVEL   CHANGED\na.b      DEBUG   2026-11-24T"},
		"plugins":            {args: "plugins", out: "org.apache.kafka.connect.file.FileStreamSinkConnector   sink   4.3.1     -\n"},
		"validate":           {args: "validate -f -", stdin: `{"name":"in","connector.class":"FileStreamSource"}`, out: `problem: stdin: connector in: topic: Missing required configuration "topic"`, err: errReported.Error()},
		"create from JSON": {args: "create -f -", stdin: `{"name":"in","config":{"connector.class":"X","tasks.max":3}}`, out: "connector in: created\n",
			asked: `POST /connectors {"name":"in","config":{"connector.class":"X","tasks.max":"3"}}`},
		"create from properties": {args: "create -f -", stdin: "# a comment\nname=in\nconnector.class=X\n", out: "connector in: created\n",
			asked: `POST /connectors {"name":"in","config":{"connector.class":"X","name":"in"}}`},
		"create from a manifest": {args: "create -f -", stdin: connector("in", "  class: X\n  state: Paused\n  tasksMax: 2\n  config: {a: 1}\n"), out: "connector in: created\n",
			asked: `POST /connectors {"name":"in","config":{"a":"1","connector.class":"X","tasks.max":"2"},"initial_state":"PAUSED"}`},
		"create without a class": {args: "create -f -", stdin: `{"name":"in","config":{}}`, err: "stdin: connector.class must be set"},
		"completion":             {args: "__complete pause o", out: "out\n:4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			t.Setenv(serverEnv, recorded(t, &seen))
			args := strings.Fields(tc.args)
			if args[0] == "plugins" || args[0] == "validate" {
				args = append(args, "--server", recorded(t, &seen))
			}
			out, stderr, err := execute(t, tc.stdin, args...)
			if !strings.Contains(out, tc.out) || tc.out == "" && out != "" || !strings.Contains(stderr, tc.stderr) {
				t.Errorf("printed %q and %q, want %q and %q", out, stderr, tc.out, tc.stderr)
			}
			if (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
				t.Errorf("error %v, want %s", err, tc.err)
			}
			if strings.Contains(out+stderr, "geheim") {
				t.Errorf("shows a password: %s%s", out, stderr)
			}
			if tc.asked != "" && !slices.Contains(seen, tc.asked) {
				t.Errorf("asked %q, want %s", seen, tc.asked)
			}
		})
	}
}

func TestTail(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	brokers := strings.Join(c.ListenAddrs(), ",")
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	for _, r := range []*kgo.Record{
		{Topic: "t", Key: []byte("k"), Value: []byte(`{"a": 1}`)}, {Topic: "t", Value: []byte{0xff}}, {Topic: "t", Key: []byte("x\x1by")},
	} {
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct{ args, out, err string }{
		"text":         {"t --max 3", "0:0\tk\t{\"a\": 1}\n0:1\tnull\t{\"base64\":\"/w==\"}\n0:2\t\"x\\u001by\"\tnull\n", ""},
		"JSON decoded": {"t --max 1 -o json --value-converter json --property value.converter.schemas.enable=false", `"key":"k","value":{"a":1}`, ""},
		"not JSON":     {"t --max 2 --value-converter json --property value.converter.schemas.enable=false", "0:0\tk\t{\"a\":1}\n", "the value of the record at offset 1 of partition 0 cannot be decoded: "},
		"no topic":     {"u --max 1", "", "topic u"},
		"no partition": {"t --max 1 --partition 7", "", "topic t has no partition 7, it has 1"},
		"no effect":    {"t --property key.converter.a=geheim", "", "--property key.converter has no effect without --key-converter"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"tail", "--from-beginning", "--kafka", brokers}, strings.Fields(tc.args)...)
			out, _, err := execute(t, "", args...)
			if !strings.Contains(out, tc.out) || tc.out == "" && out != "" {
				t.Errorf("printed %q, want %q", out, tc.out)
			}
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error %v, want %s", err, tc.err)
			}
		})
	}
}
