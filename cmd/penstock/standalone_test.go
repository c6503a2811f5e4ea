// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"penstock.dev/runtime/standalone"
)

// patience is how long a test waits for something to come true.
const patience = 20 * time.Second

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // between two looks at a running command
	}
}

// background runs a command until stop is called; stop returns its error.
func background(t *testing.T, stdin string, args ...string) (e *execution, ended chan error, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	e, ended = &execution{}, make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended <- e.run(ctx, stdin, args...)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return e, ended, cancel
}

func broken(t *testing.T, e *execution, err error) {
	t.Helper()
	t.Fatalf("error %v\nstdout:\n%s\nstderr:\n%s", err, e.out.String(), e.err.String())
}

// A second run goes on where the first has stopped: source offsets, group
// offsets and records are under the data directory.
func TestStandaloneResumes(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.txt"), filepath.Join(dir, "out.txt")
	var want strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	write(t, in, want.String())
	args := []string{"standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", "", "--until-idle", "1s"}
	for _, more := range []string{"", "one more\nand another\n"} {
		add(t, in, more)
		want.WriteString(more)
		var e execution
		if err := e.run(t.Context(), pipe(dir), args...); err != nil {
			broken(t, &e, err)
		}
		if got := read(t, out); got != want.String() {
			t.Fatalf("out has %d bytes, want the %d of in, once each", len(got), want.Len())
		}
		records := 5000
		if more != "" {
			records = 2
		}
		if said := e.out.String(); !strings.Contains(said, fmt.Sprintf("in: %s records", grouped(int64(records)))) || !strings.Contains(said, "idle after") {
			t.Errorf("output %q, want the %d records of this run", said, records)
		}
	}
}

func TestStandaloneJSON(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.txt"), "a\nb\n")
	out, _, err := execute(t, pipe(dir), "standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", "", "--until-idle", "1s", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	summary := lastObject(t, out)
	if summary.Event != "summary" || summary.Result != "idle" || summary.ExitCode != 0 || len(summary.Connectors) != 2 {
		t.Fatalf("last object %+v, want an idle summary of two connectors", summary)
	}
	for _, c := range summary.Connectors {
		if c.Records != 2 || c.State != standalone.StateRunning || !c.Idle || c.Type == "sink" && *c.Lag != 0 {
			t.Errorf("connector %+v, want two records and nothing to do", c)
		}
	}
}

type summaryObject struct {
	Event      string              `json:"event"`
	Result     string              `json:"result"`
	Reason     string              `json:"reason"`
	ExitCode   int                 `json:"exitCode"`
	Connectors []standalone.Status `json:"connectors"`
}

func lastObject(t *testing.T, out string) summaryObject {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var s summaryObject
	for _, line := range lines {
		s = summaryObject{}
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%q is no JSON: %v", line, err)
		}
	}
	return s
}

// A task that fails for good ends the job with its reason; the others finish.
func TestStandaloneFails(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.txt"), "a\nb\n")
	manifest := pipe(dir) + connector("bad", "  class: file-sink\n  restartPolicy: {type: Never}\n  config: {topics: lines, file: "+dir+"/nope/out.txt, value.converter: string}\n")
	out, _, err := execute(t, manifest, "standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", "", "--until-idle", "1s", "-o", "json")
	if !errors.Is(err, errReported) {
		t.Errorf("error %v, want exit status 1 and nothing more on stderr", err)
	}
	s := lastObject(t, out)
	if s.Result != "failed" || s.ExitCode != 1 || !strings.Contains(s.Reason, "task 0 of connector bad failed: ") || !strings.Contains(s.Reason, "nope") {
		t.Errorf("summary %+v, want the reason", s)
	}
	if got := read(t, filepath.Join(dir, "out.txt")); got != "a\nb\n" {
		t.Errorf("out is %q, want that the other connectors have finished", got)
	}

	_, _, err = execute(t, manifest, "standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", "", "--until-idle", "1s")
	failed := new(standalone.FailedError)
	if !errors.As(err, &failed) {
		t.Errorf("error %v, want the failure", err)
	}
}

// A Secret beside the connector gives it a config value; the value is told to
// nobody.
func TestStandaloneSecrets(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.txt"), "a\n")
	secretName := filepath.Join(dir, "s3cret.txt")
	manifest := connector("in", "  class: file-source\n  config: {file: "+dir+"/in.txt, topic: lines, value.converter: string}\n") +
		connector("out", "  class: file-sink\n  config: {topics: lines, value.converter: string}\n  configFrom: [{key: file, secretKeyRef: {name: s, key: file}}]\n") +
		"---\n{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {file: " + secretName + "}}\n"
	args := []string{"standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", "", "--until-idle", "1s"}
	if _, stderr, err := execute(t, manifest, args...); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	if got := read(t, secretName); got != "a\n" {
		t.Errorf("out is %q", got)
	}

	bad := strings.Replace(manifest, secretName, dir+"/nope/s3cret", 1)
	bad = strings.Replace(bad, "  configFrom", "  restartPolicy: {type: Never}\n  configFrom", 1)
	out, stderr, err := execute(t, bad, append(args, "--log-level", "debug")...)
	if err == nil || strings.Contains(out+stderr+err.Error(), "s3cret") || !strings.Contains(err.Error(), "****") {
		t.Errorf("error %v, want it without the secret; so must the output be:\n%s%s", err, out, stderr)
	}
}

func TestStandaloneStops(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.txt"), "a\n")
	e, ended, stop := background(t, pipe(dir), "standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", "")
	eventually(t, "the line arrives", func() bool { b, _ := os.ReadFile(filepath.Join(dir, "out.txt")); return string(b) == "a\n" })

	_, _, err := execute(t, pipe(dir), "standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", "")
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("is in use by process %d; stop that one or give another --data-dir", os.Getpid())) {
		t.Errorf("error %v, want that the data directory is in use", err)
	}
	stop()
	if err := <-ended; err != nil {
		broken(t, e, err)
	}
	if out := e.out.String(); !strings.Contains(out, "stopped after ") {
		t.Errorf("output %q, want that it was stopped", out)
	}
}

func TestStandaloneServes(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.txt"), "a\nb\nc\n")
	addr := freeAddr(t)
	e, _, _ := background(t, pipe(dir), "standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", addr)
	eventually(t, "it is ready", func() bool { status, _ := get(addr, "/readyz"); return status == http.StatusOK })
	eventually(t, "the records are counted", func() bool {
		_, body := get(addr, "/metrics")
		return strings.Contains(body, `kafka_connect_sink_task_sink_record_send_total{connector="out",task="0"} 3`)
	})
	_, body := get(addr, "/metrics")
	for _, want := range []string{
		`kafka_connect_source_task_source_record_write_total{connector="in",task="0"} 3`,
		`kafka_connect_connector_task_status{connector="in",status="running",task="0"} 1`,
		"kafka_connect_worker_task_count 2", "penstock_kafka_producer_produce_records_total", "go_goroutines",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if status, body := get(addr, "/livez"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/livez answers %d %q", status, body)
	}
	_, _, err := execute(t, pipe(dir), "standalone", "-f", "-", "--data-dir", filepath.Join(dir, "other"), "--metrics-addr", addr)
	if err == nil || !strings.Contains(err.Error(), "listening on --metrics-addr") {
		broken(t, e, err)
	}
}

func get(addr, path string) (int, string) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + addr + path)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(body)
}

// freeAddr returns an address that was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A second process on the same group id takes over, and the first one says so.
func TestStandaloneTakeOver(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "lines"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.txt"), "a\n")
	config := write(t, filepath.Join(dir, "worker.properties"), "bootstrap.servers="+c.ListenAddrs()[0]+"\noffset.flush.interval.ms=50\n")
	args := []string{"standalone", "-f", "-", "--config", config, "--metrics-addr", ""}
	out := filepath.Join(dir, "out.txt")
	holds := func(text string) func() bool {
		return func() bool { b, _ := os.ReadFile(out); return string(b) == text }
	}
	first, firstEnded, _ := background(t, pipe(dir), args...)
	eventually(t, "the first moves data", holds("a\n"))
	eventually(t, "the first has committed", func() bool {
		said := first.out.String()
		return strings.Contains(said, "in (source) RUNNING, 1/1 tasks, 1 records, nothing to do") &&
			strings.Contains(said, "out (sink) RUNNING, 1/1 tasks, 1 records, lag 0, nothing to do")
	})
	second, secondEnded, stop := background(t, pipe(dir), args...)
	select {
	case err := <-firstEnded:
		if !errors.Is(err, standalone.ErrTakenOver) || !strings.Contains(first.out.String(), "takenOver after ") {
			broken(t, first, err)
		}
	case <-time.After(patience):
		broken(t, first, errors.New("the first goes on"))
	}
	add(t, filepath.Join(dir, "in.txt"), "b\n")
	eventually(t, "the second moves data, from where the first was", holds("a\nb\n"))
	stop()
	if err := <-secondEnded; err != nil {
		broken(t, second, err)
	}
}

// Of two processes that start at the same time on one group id one stays.
func TestStandaloneStartsTwice(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "lines"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.txt"), "a\n")
	config := write(t, filepath.Join(dir, "worker.properties"), "bootstrap.servers="+c.ListenAddrs()[0]+"\noffset.flush.interval.ms=50\n")
	args := []string{"standalone", "-f", "-", "--config", config, "--metrics-addr", ""}
	one, oneEnded, stopOne := background(t, pipe(dir), args...)
	two, twoEnded, stopTwo := background(t, pipe(dir), args...)
	stays, staysEnded, stop := two, twoEnded, stopTwo
	select {
	case err = <-oneEnded:
	case err = <-twoEnded:
		stays, staysEnded, stop = one, oneEnded, stopOne
	case <-time.After(patience):
		broken(t, one, errors.New("both go on"))
	}
	if !errors.Is(err, standalone.ErrTakenOver) {
		t.Fatalf("error %v, want that the other process has taken over", err)
	}
	add(t, filepath.Join(dir, "in.txt"), "b\n")
	eventually(t, "the one that stays moves data", func() bool {
		b, _ := os.ReadFile(filepath.Join(dir, "out.txt"))
		return strings.HasSuffix(string(b), "b\n")
	})
	stop()
	if err := <-staysEnded; err != nil {
		broken(t, stays, err)
	}
}

func TestStandaloneWithoutKafka(t *testing.T) {
	dir := t.TempDir()
	e, ended, stop := background(t, pipe(dir), "standalone", "-f", "-", "--kafka", "127.0.0.1:1", "--metrics-addr", "")
	eventually(t, "it says what is wrong", func() bool {
		said := e.err.String()
		return strings.Contains(said, "reaching Kafka failed, trying again") && strings.Contains(said, "127.0.0.1:1")
	})
	stop()
	if err := <-ended; err != nil {
		broken(t, e, err)
	}
}

func TestStandaloneFlags(t *testing.T) {
	good := connector("c", "  class: file-sink\n  config: {file: a, topics: t}\n")
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "file"), "")
	tests := map[string]struct {
		manifest string
		args     []string
		want     string
	}{
		"no connector":       {"# nothing\n", nil, "there is no Connector in -"},
		"bad output":         {good, []string{"-o", "yaml"}, `--output "yaml" is unknown`},
		"short until-idle":   {good, []string{"--until-idle", "10ms"}, "--until-idle 10ms is too short, the least is 1s"},
		"bad brokers":        {good, []string{"--kafka", "kafka"}, "bootstrap.servers: "},
		"bad port":           {good, []string{"--kafka", "embedded:x"}, "--kafka embedded:x: the port must be a number from 1 to 65535"},
		"no data dir":        {good, []string{"--data-dir", ""}, "--data-dir must not be empty"},
		"data dir is a file": {good, []string{"--data-dir", file}, "making the data directory: "},
		"bad log level":      {good, []string{"--log-level", "loud"}, "--log-level loud is unknown"},
		"no config":          {good, []string{"--config", "/nope.properties"}, "reading the worker config: "},
		"no such file":       {good, []string{"-f", "/nope.yaml"}, "no such file"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", ""}, tc.args...)
			_, _, err := execute(t, tc.manifest, args...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

// What was written before the process was killed is there afterwards, also in
// topics that nobody created on purpose.
func TestBrokerKeepsTopics(t *testing.T) {
	dir := t.TempDir()
	b, err := startBroker(dir, 0, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.stop(); err != nil {
			t.Error(err)
		}
	}()
	b.create <- "made-by-the-way"
	eventually(t, "the topic is written down", func() bool {
		data, _ := os.ReadFile(filepath.Join(dir, "kafka", "topics.json"))
		return strings.Contains(string(data), "made-by-the-way")
	})
}
