// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"penstock.dev/hack/conformance/rest/talk"
)

// call sends one request and returns the answer.
func call(t *testing.T, p talk.Place, method, path, body string) talk.Answer {
	t.Helper()
	r := talk.Request{Name: method + " " + path, Method: method, Path: path, Raw: body}
	a, err := p.Ask(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func until(t *testing.T, p talk.Place, path string, texts ...string) {
	t.Helper()
	if _, err := p.Ask(t.Context(), talk.Request{Name: path, Method: "GET", Path: path, Until: texts}); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, a talk.Answer, status int, text string) {
	t.Helper()
	if a.Status != status || !strings.Contains(string(a.Body), text) {
		t.Errorf("%s is answered with %d %s, want %d and %q", a.Name, a.Status, a.Body, status, text)
	}
}

func fileSource(dir, topic string) string {
	config, _ := json.Marshal(map[string]string{
		"connector.class": "FileStreamSource", "file": filepath.Join(dir, "in.txt"), "topic": topic, "value.converter": "string",
	})
	return string(config)
}

// What REST makes is there again after a restart, with its state and its place.
func TestRestartRestoresConnectors(t *testing.T) {
	brokers, dir := fakeKafka(t), t.TempDir()
	in := filepath.Join(dir, "in.txt")
	if err := os.WriteFile(in, []byte("one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := startProcess(t, brokers, nil)
	p := first.place(dir)
	expect(t, call(t, p, "PUT", "/connectors/a/config", fileSource(dir, "test-topic")), http.StatusCreated, `"name":"a"`)
	expect(t, call(t, p, "PUT", "/connectors/b/config", fileSource(dir, "test-topic-3")), http.StatusCreated, `"name":"b"`)
	until(t, p, "/connectors/a/offsets", `"position":4`)
	expect(t, call(t, p, "PUT", "/connectors/b/stop", ""), http.StatusNoContent, "")
	until(t, p, "/connectors/b/status", "STOPPED")
	first.stop()

	second := startProcess(t, brokers, nil)
	p = second.place(dir)
	until(t, p, "/connectors/a/status", `"id":0,"state":"RUNNING"`)
	expect(t, call(t, p, "GET", "/connectors", ""), http.StatusOK, `["a","b"]`)
	expect(t, call(t, p, "GET", "/connectors/b/tasks", ""), http.StatusOK, `[]`)
	until(t, p, "/connectors/b/status", `"connector":{"state":"STOPPED"`)
	if err := os.WriteFile(in, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, p, "/connectors/a/offsets", `"position":8`)
	expect(t, call(t, p, "DELETE", "/connectors/a", ""), http.StatusNoContent, "")
	expect(t, call(t, p, "GET", "/connectors", ""), http.StatusOK, `["b"]`)
}

// Connectors of files are shown and acted upon; what they are is for the files to
// say.
func TestConnectorsOfFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.txt"), []byte("one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SECRET", "s3cr3t")
	fixed := NewFixed([]Connector{{
		Name: "a", Class: "file-source", Origin: "a.yaml, document 2",
		Config: map[string]string{"file": filepath.Join(dir, "in.txt"), "topic": "test-topic", "password": "${env:SECRET}"},
	}})
	p := startProcess(t, fakeKafka(t), fixed).place(dir)
	until(t, p, "/connectors/a/offsets", `"position":4`)
	expect(t, call(t, p, "GET", "/connectors/a", ""), http.StatusOK, `"connector.class":"file-source"`)
	expect(t, call(t, p, "GET", "/connectors/a/config", ""), http.StatusOK, `"password":"${env:SECRET}"`)
	expect(t, call(t, p, "GET", "/connectors/a/tasks", ""), http.StatusOK, `{"connector":"a","task":0}`)
	for _, path := range []string{"", "/config", "/tasks", "/status", "/offsets"} {
		if a := call(t, p, "GET", "/connectors/a"+path, ""); strings.Contains(string(a.Body), "s3cr3t") {
			t.Errorf("%s shows what a reference stands for: %s", a.Name, a.Body)
		}
	}
	for _, write := range []struct{ method, path, body string }{
		{"PUT", "/connectors/a/config", fileSource(dir, "x")},
		{"PATCH", "/connectors/a/config", `{"topic":"x"}`},
		{"DELETE", "/connectors/a", ""},
	} {
		expect(t, call(t, p, write.method, write.path, write.body), http.StatusConflict, "change a.yaml, document 2 and start it again")
	}
	expect(t, call(t, p, "POST", "/connectors", `{"name":"b","config":`+fileSource(dir, "x")+`}`), http.StatusConflict, "change a.yaml and start it again")
	expect(t, call(t, p, "DELETE", "/connectors/b", ""), http.StatusNotFound, "Connector b not found")
	expect(t, call(t, p, "PUT", "/connectors/b/pause", ""), http.StatusNotFound, "Unknown connector b")

	expect(t, call(t, p, "PUT", "/connectors/a/pause", ""), http.StatusAccepted, "")
	until(t, p, "/connectors/a/status", `"id":0,"state":"PAUSED"`)
	expect(t, call(t, p, "PUT", "/connectors/a/stop", ""), http.StatusNoContent, "")
	until(t, p, "/connectors/a/status", `"connector":{"state":"STOPPED"`)
	expect(t, call(t, p, "DELETE", "/connectors/a/offsets", ""), http.StatusOK, "reset successfully")
	expect(t, call(t, p, "PUT", "/connectors/a/resume", ""), http.StatusAccepted, "")
	until(t, p, "/connectors/a/offsets", `"position":4`)
	expect(t, call(t, p, "PUT", "/admin/loggers/x?scope=cluster", `{"level":"INFO"}`), http.StatusNoContent, "")
	expect(t, call(t, p, "GET", "/admin/loggers/x", ""), http.StatusOK, `"level":"INFO"`)
}

// Requests at the same time are each done; a name is made once.
func TestConcurrentRequests(t *testing.T) {
	p := startProcess(t, fakeKafka(t), nil).place(t.TempDir())
	var mu sync.Mutex
	codes := map[int]int{}
	var wg sync.WaitGroup
	for i := range 20 {
		name := []string{"a", "b", "c", "d"}[i%4]
		wg.Go(func() {
			a, err := p.Ask(t.Context(), talk.Request{Name: name, Method: "POST", Path: "/connectors", Raw: `{"name":"` + name + `","initial_state":"STOPPED","config":` + fileSource("/nowhere", "test-topic") + `}`})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			codes[a.Status]++
		})
	}
	wg.Wait()
	if codes[http.StatusCreated] != 4 || codes[http.StatusConflict] != 16 {
		t.Errorf("answers %v, want 4 connectors made and 16 refused", codes)
	}
	expect(t, call(t, p, "GET", "/connectors", ""), http.StatusOK, `["a","b","c","d"]`)
}
