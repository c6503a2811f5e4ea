// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// connectServerFake is a Connect server with connectors that change: a pause shows
// in the second status after it.
type connectServerFake struct {
	mu     sync.Mutex
	states map[string]string
	soon   map[string]string
	asked  []string
}

// change lets a connector have a state, or go.
func (s *connectServerFake) change(name, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.states[name] = state; state == "" {
		delete(s.states, name)
	}
}

func (s *connectServerFake) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.asked, "\n")
}

func (s *connectServerFake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+string(body)))
	if parts[0] == "admin" {
		_, _ = io.WriteString(w, `["a.b","a.b.c"]`)
		return
	}
	if len(parts) == 1 {
		s.all(w, r, body)
		return
	}
	name := parts[1]
	if s.states[name] == "" {
		refuse(w, http.StatusNotFound, "Connector "+name+" not found")
		return
	}
	switch r.Method + " " + strings.Join(parts[2:], "/") {
	case "PUT pause":
		s.soon[name] = "PAUSED"
		w.WriteHeader(http.StatusAccepted)
	case "DELETE ":
		delete(s.states, name)
		w.WriteHeader(http.StatusNoContent)
	case "PUT config":
		_, _ = fmt.Fprintf(w, `{"name":%q}`, name)
	case "GET status":
		_, _ = io.WriteString(w, s.status(name))
		if next := s.soon[name]; next != "" {
			s.states[name] = next
		}
	default:
		_, _ = fmt.Fprintf(w, `{"name":%q,"type":"source","config":{"connector.class":"X"}}`, name)
	}
}

func (s *connectServerFake) status(name string) string {
	return fmt.Sprintf(`{"name":%q,"type":"source","connector":{"state":%q,"worker_id":"w"},"tasks":[{"id":0,"state":%[2]q,"worker_id":"w"}]}`, name, s.states[name])
}

// all answers /connectors.
func (s *connectServerFake) all(w http.ResponseWriter, r *http.Request, body []byte) {
	if r.Method == http.MethodPost {
		var n struct{ Name string }
		if json.Unmarshal(body, &n) == nil && s.states[n.Name] != "" {
			refuse(w, http.StatusConflict, "Connector "+n.Name+" already exists")
			return
		}
		s.states[n.Name] = "RUNNING"
		w.WriteHeader(http.StatusCreated)
		return
	}
	out := map[string]json.RawMessage{}
	for name := range s.states {
		out[name] = json.RawMessage(fmt.Sprintf(`{"info":{"name":%q,"type":"source","config":{"connector.class":"X"}},"status":%s}`, name, s.status(name)))
	}
	_ = json.NewEncoder(w).Encode(out)
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"error_code":%d,"message":%q}`, code, message)
}

// fakeServer starts one with the connector in, and returns its address.
func fakeServer(t *testing.T) (*connectServerFake, string) {
	t.Helper()
	s := &connectServerFake{states: map[string]string{"in": "RUNNING"}, soon: map[string]string{}}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	t.Setenv(serverEnv, h.URL)
	return s, h.URL
}

func TestWaitSucceeds(t *testing.T) {
	fakeServer(t)
	out, stderr, err := execute(t, "", "pause", "in", "--wait")
	if err != nil || out != "connector in: PAUSED, tasks 1/1\n" || stderr != "connector in: RUNNING, tasks 1/1\n" {
		t.Errorf("%q, %q, %v", out, stderr, err)
	}
}

func TestGetWatches(t *testing.T) {
	s, _ := fakeServer(t)
	e, ended, stop := background(t, "", "get", "--watch", "--interval", "100ms")
	for _, state := range []string{"RUNNING", "FAILED", ""} {
		s.change("in", state)
		want := state
		if want == "" {
			want = "DELETED"
		}
		eventually(t, "get shows "+want, func() bool { return strings.Contains(e.out.String(), want) })
	}
	s.change("in", "RUNNING")
	eventually(t, "get shows what is made anew", func() bool { return strings.Count(e.out.String(), "RUNNING") == 2 })
	stop()
	if err := <-ended; err != nil {
		broken(t, e, err)
	}
	if n := strings.Count(e.out.String(), "\n"); n != 5 {
		t.Errorf("%d lines, want titles and 4 changes:\n%s", n, e.out.String())
	}
	if _, _, err := execute(t, "", "get", "--watch", "--interval", "1ms"); err == nil || err.Error() != "--interval 1ms is too short, the least is 100ms" {
		t.Errorf("error %v", err)
	}
}

// A named connector that goes while it is watched is no error.
func TestGetWatchesOne(t *testing.T) {
	s, _ := fakeServer(t)
	e, ended, stop := background(t, "", "get", "in", "--watch", "--interval", "100ms", "-o", "yaml")
	eventually(t, "get shows it", func() bool { return strings.Contains(e.out.String(), "---\n") })
	s.change("in", "")
	eventually(t, "get shows that it has gone", func() bool { return strings.Contains(e.out.String(), "state: DELETED") })
	stop()
	if err := <-ended; err != nil {
		broken(t, e, err)
	}
}

func TestDelete(t *testing.T) {
	fakeServer(t)
	out, _, err := execute(t, "", "delete", "in", "in")
	if out != "connector in deleted\n" || err == nil || err.Error() != "connector in: Connector in not found (error 404)" {
		t.Errorf("%q, %v", out, err)
	}
	if _, _, err = execute(t, "", "delete"); err == nil || err.Error() != "name at least one connector" {
		t.Errorf("error %v", err)
	}
	if out, stderr, err := execute(t, "", "get"); err != nil || out != "" || stderr != "No connectors found\n" {
		t.Errorf("%q, %q, %v", out, stderr, err)
	}
}

func TestCreateUpdates(t *testing.T) {
	s, _ := fakeServer(t)
	const config = `{"name":"in","config":{"connector.class":"X","a":"1"},"initial_state":"PAUSED"}`
	if _, _, err := execute(t, config, "create", "-f", "-"); err == nil ||
		err.Error() != "stdin: connector in: Connector in already exists (error 409); --update gives it this config" {
		t.Errorf("error %v", err)
	}
	out, _, err := execute(t, config, "create", "-f", "-", "--update")
	if err != nil || out != "connector in: updated\n" {
		t.Errorf("%q, %v", out, err)
	}
	for _, want := range []string{`PUT /connectors/in/config {"a":"1","connector.class":"X"}`, "PUT /connectors/in/pause"} {
		if !strings.Contains(s.seen(), want) {
			t.Errorf("asked\n%s\nwant %s", s.seen(), want)
		}
	}
	if _, _, err := execute(t, "", "create"); err == nil || err.Error() != `required flag(s) "filename" not set` {
		t.Errorf("error %v", err)
	}
}

func TestLoggersSet(t *testing.T) {
	s, _ := fakeServer(t)
	for args, want := range map[string]string{
		"loggers a.b debug":           "set to DEBUG: a.b, a.b.c\n",
		"loggers a.b debug -o yaml":   "- a.b\n- a.b.c\n",
		"loggers a.b warn --cluster":  "asked all workers to set a.b to WARN\n",
		"loggers a.b warn -o nothing": "",
	} {
		out, _, err := execute(t, "", strings.Fields(args)...)
		if out != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v; want %q", args, out, err, want)
		}
	}
	asked := strings.Split(s.seen(), "\n")
	for _, want := range []string{`PUT /admin/loggers/a.b?scope=worker {"level":"DEBUG"}`, `PUT /admin/loggers/a.b?scope=cluster {"level":"WARN"}`} {
		if !slices.Contains(asked, want) {
			t.Errorf("asked %q, want %s", asked, want)
		}
	}
}

func TestCA(t *testing.T) {
	s := httptest.NewTLSServer(&connectServerFake{states: map[string]string{"in": "RUNNING"}})
	t.Cleanup(s.Close)
	dir := t.TempDir()
	ca := write(t, filepath.Join(dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	empty := write(t, filepath.Join(dir, "empty.pem"), "nothing")
	for name, tc := range map[string]struct {
		args []string
		err  string
	}{
		"the right one":    {args: []string{"--ca", ca}},
		"not looked at":    {args: []string{"--insecure"}},
		"not trusted":      {err: "certificate"},
		"both":             {args: []string{"--ca", ca, "--insecure"}, err: "--insecure checks nothing, so --ca has no effect; leave one out"},
		"no certificate":   {args: []string{"--ca", empty}, err: "holds no certificate in PEM"},
		"a file not there": {args: []string{"--ca", filepath.Join(dir, "x")}, err: "reading --ca: "},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := execute(t, "", append([]string{"get", "--server", s.URL}, tc.args...)...)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error %v, want %q", err, tc.err)
			}
			if strings.Contains(out, "RUNNING") != (tc.err == "") {
				t.Errorf("printed %q", out)
			}
		})
	}
}

// Kafka is reached, and values are decoded, as a worker's config says; Ctrl-C is no
// error.
func TestTailUntilStopped(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	produce := func(value string) {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "t", Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	produce(`{"schema":{"type":"int32"},"payload":1}`)
	config := write(t, filepath.Join(t.TempDir(), "w.properties"),
		"bootstrap.servers="+strings.Join(c.ListenAddrs(), ",")+"\nvalue.converter=org.apache.kafka.connect.json.JsonConverter\n")
	e, ended, stop := background(t, "", "tail", "t", "--config", config, "--from-beginning", "--value-converter", "json")
	eventually(t, "what is there is shown", func() bool { return e.out.String() == "0:0\tnull\t1\n" })
	produce(`{"schema":{"type":"int32"},"payload":2}`)
	eventually(t, "what comes is shown", func() bool { return e.out.String() == "0:0\tnull\t1\n0:1\tnull\t2\n" })
	stop()
	select {
	case err := <-ended:
		if err != nil {
			broken(t, e, err)
		}
	case <-time.After(patience):
		t.Fatal("has not ended")
	}
}

// The same files are checked that are created.
func TestValidateConfigs(t *testing.T) {
	for name, tc := range map[string]struct{ stdin, out string }{
		"JSON":       {`{"name":"in","config":{"connector.class":"FileStreamSource","topic":"t","flie":"x"}}`, "warning: stdin: connector in: flie: is not a key of file-source and has no effect, did you mean file?\n1 connector, 0 problems, 1 warning\n"},
		"properties": {"name=in\nconnector.class=FileStreamSource\nfile=a\n", "problem: stdin: connector in: topic: is required"},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := execute(t, tc.stdin, "validate", "-f", "-")
			if !strings.Contains(out, tc.out) || (err != nil) != strings.HasPrefix(tc.out, "problem") {
				t.Errorf("%q, %v; want %q", out, err, tc.out)
			}
		})
	}
}
