// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text is a writer that may be read while it is written.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *text) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *text) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// execution is a penstock command in this process.
type execution struct {
	out, err text
}

func (e *execution) run(ctx context.Context, stdin string, args ...string) error {
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&e.out)
	cmd.SetErr(&e.err)
	return cmd.ExecuteContext(ctx)
}

func execute(t *testing.T, stdin string, args ...string) (out, stderr string, err error) {
	t.Helper()
	var e execution
	err = e.run(t.Context(), stdin, args...)
	return e.out.String(), e.err.String(), err
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func add(t *testing.T, path, text string) {
	t.Helper()
	write(t, path, read(t, path)+text)
}

// connector is a Connector document with this spec, each line of it indented.
func connector(name, spec string) string {
	return "---\napiVersion: connect.penstock.dev/v1alpha1\nkind: Connector\nmetadata: {name: " + name + "}\nspec:\n" + spec
}

// pipe copies one file into another, in dir.
func pipe(dir string) string {
	return connector("in", "  class: FileStreamSource\n  config: {file: "+filepath.Join(dir, "in.txt")+", topic: lines, value.converter: string}\n") +
		connector("out", "  class: file-sink\n  config: {file: "+filepath.Join(dir, "out.txt")+", topics: lines, value.converter: string}\n")
}

func TestVersion(t *testing.T) {
	out, _, err := execute(t, "", "version")
	if err != nil || !strings.HasPrefix(out, "penstock dev (go") {
		t.Errorf("%q, %v", out, err)
	}
}

func TestPlugins(t *testing.T) {
	out, _, err := execute(t, "", "plugins")
	if err != nil || !strings.HasPrefix(out, "NAME") || !strings.Contains(out, "org.apache.kafka.connect.file.FileStreamSourceConnector") {
		t.Errorf("%q, %v", out, err)
	}
	out, _, err = execute(t, "", "plugins", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var infos []pluginInfo
	if err := json.Unmarshal([]byte(out), &infos); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, i := range infos {
		types[i.Name] = strings.TrimSpace(types[i.Name] + " " + i.Type)
	}
	for name, want := range map[string]string{"file-source": "source", "file-sink": "sink", "datagen-source": "source", "json": "converter header_converter", "simple": "header_converter",
		"regex-router": "transformation", "insert-field-key": "transformation", "topic-name-matches": "predicate"} {
		if types[name] != want {
			t.Errorf("%s is a %q, want %s", name, types[name], want)
		}
	}
	if _, _, err = execute(t, "", "plugins", "-o", "xml"); err == nil || !strings.Contains(err.Error(), `--output "xml" is unknown`) {
		t.Errorf("error %v", err)
	}
}

func TestUnknownCommandsAndFlags(t *testing.T) {
	for _, args := range [][]string{{"nope"}, {"standalone", "--nope"}, {"validate"}, {"validate", "x"}, {"worker"}} {
		if _, _, err := execute(t, "", args...); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

func TestWorkerNeedsItsPod(t *testing.T) {
	for _, v := range []string{"POD_NAME", "POD_UID", "POD_NAMESPACE", "POD_IP"} {
		t.Setenv(v, "")
	}
	_, _, err := execute(t, "", "worker", "--config", "x", "--state-dir", t.TempDir(), "--pod-name", "a")
	want := "--pod-uid or POD_UID must be set\n--pod-namespace or POD_NAMESPACE must be set\n--pod-ip or POD_IP must be set"
	if err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestWorkerOutsideACluster(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	_, _, err := execute(t, "", "worker", "--config", "x", "--state-dir", t.TempDir(),
		"--pod-name", "a", "--pod-uid", "u", "--pod-namespace", "n", "--pod-ip", "10.0.0.1")
	if err == nil || !strings.HasPrefix(err.Error(), "starting the agent: finding the API server: ") {
		t.Errorf("error %v, want that there is no API server", err)
	}
}
