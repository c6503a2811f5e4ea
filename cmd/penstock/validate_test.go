// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/cmd/internal/cli"
)

// bad are the inputs that every way to run a connector must refuse or warn of,
// with the field and the fix.
var bad = map[string]struct {
	spec    string
	problem string
	warning string
}{
	"unknown class":     {"  class: file-sorce\n", "connector.class: unknown class file-sorce, did you mean file-source?; this build has datagen-source, file-sink, file-source", ""},
	"class not built":   {"  class: io.debezium.connector.postgresql.PostgresConnector\n", "connector.class: io.debezium.connector.postgresql.PostgresConnector is not built into this version; it has datagen-source", ""},
	"missing key":       {"  class: file-source\n  config: {file: a}\n", "connector c: topic: ", ""},
	"wrong type":        {"  class: file-source\n  config: {file: a, topic: t, batch.size: many}\n", "connector c: batch.size: ", ""},
	"unknown key":       {"  class: file-source\n  config: {file: a, topic: t, batchsize: 5}\n", "", "connector c: batchsize: is not a key of file-source and has no effect, did you mean batch.size?"},
	"reserved key":      {"  class: file-source\n  config: {file: a, topic: t, tasks.max: 3}\n", "connector c: tasks.max: is not a config key here, set spec.tasksMax instead", ""},
	"no topics":         {"  class: file-sink\n  config: {file: a}\n", "connector c: topics: Must configure one of topics or topics.regex", ""},
	"invalid topics":    {"  class: file-sink\n  config: {file: a, topics: 'a b'}\n", `connector c: topics: "a b" is no topic name: use only letters, digits, '.', '_' and '-'`, ""},
	"transforms":        {"  class: file-sink\n  config: {file: a, topics: t, transforms: x, transforms.x.type: zap}\n", "connector c: transforms.x.type: unknown transform zap; this build has cast-key, ", ""},
	"errors.tolerance":  {"  class: file-sink\n  config: {file: a, topics: t, errors.tolerance: some}\n", "connector c: errors.tolerance: \"some\" is not one of none, all", ""},
	"an override":       {"  class: file-sink\n  config: {file: a, topics: t, consumer.override.max.poll.records: 0}\n", "connector c: consumer.override.max.poll.records: ", ""},
	"a converter":       {"  class: file-sink\n  config: {file: a, topics: t, value.converter: io.apicurio.registry.utils.converter.AvroConverter}\n", "connector c: value.converter: io.apicurio.registry.utils.converter.AvroConverter is not built into this version; use one of ", ""},
	"converter without": {"  class: file-sink\n  config: {file: a, topics: t, value.converter.schemas.enable: false}\n", "", "connector c: value.converter.schemas.enable: has no effect without value.converter"},
	"missing secret":    {"  class: file-sink\n  config: {topics: t}\n  configFrom: [{key: file, secretKeyRef: {name: s, key: k}}]\n", "spec.configFrom[0].secretKeyRef: there is no Secret document default/s", ""},
	"name too long":     {"  class: file-sink\n  connectorName: " + strings.Repeat("n", 201) + "\n  config: {file: a, topics: t}\n", "spec.connectorName has 201 characters, the limit is 200", ""},
	"unknown field":     {"  class: file-sink\n  taskMax: 3\n", `stdin, document 1: unknown field "spec.taskMax"`, ""},
	"one name for two":  {"  class: file-sink\n  config: {file: a, topics: t}\n" + connector("d", "  class: file-sink\n  connectorName: c\n  config: {file: a, topics: t}\n"), "stdin, document 2: connector c: spec.connectorName: the name c in Kafka is already taken by stdin, document 1", ""},
}

func TestBadInput(t *testing.T) {
	for name, tc := range bad {
		t.Run(name, func(t *testing.T) {
			manifest := connector("c", tc.spec)
			out, _, err := execute(t, manifest, "validate", "-f", "-")
			said := out
			if err != nil && !errors.Is(err, errReported) {
				said += err.Error()
			}
			if (err != nil) != (tc.problem != "") || !strings.Contains(said, tc.problem) || !strings.Contains(out, tc.warning) {
				t.Errorf("validate says %q, %v; want problem %q, warning %q", out, err, tc.problem, tc.warning)
			}
			if tc.warning != "" {
				out, _, err = execute(t, manifest, "validate", "--strict", "-f", "-")
				if !errors.Is(err, errReported) || !strings.Contains(out, "problem: stdin, document 1: "+tc.warning) {
					t.Errorf("validate --strict says %q, %v; want the problem %q", out, err, tc.warning)
				}
				return
			}
			// Standalone refuses it before it starts anything.
			dir := t.TempDir()
			_, _, err = execute(t, manifest, "standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", "")
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("standalone returned %v, want one with %q", err, tc.problem)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
				t.Errorf("standalone has made %v before it refused", left)
			}
		})
	}
}

func TestValidateJSON(t *testing.T) {
	manifest := connector("a", "  class: nope\n") + connector("b", "  class: file-sink\n  config: {file: a, topics: t, tpoics: x}\n")
	out, _, err := execute(t, manifest, "validate", "-o", "json", "-f", "-")
	if !errors.Is(err, errReported) {
		t.Errorf("error %v", err)
	}
	var got cli.Findings
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	want := cli.Findings{
		Connectors: 2,
		Problems:   []cli.Finding{{Origin: "stdin, document 1", Connector: "a", Key: "connector.class", Message: "unknown class nope; this build has datagen-source, file-sink, file-source"}},
		Warnings:   []cli.Finding{{Origin: "stdin, document 2", Connector: "b", Key: "tpoics", Message: "is not a key of file-sink and has no effect, did you mean topics?"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestValidateUsesTheWorkersDefaults(t *testing.T) {
	config := write(t, filepath.Join(t.TempDir(), "worker.properties"), "bootstrap.servers=a:9092\nvalue.converter=io.apicurio.registry.utils.converter.AvroConverter\nplugin.path=/x\n")
	out, _, err := execute(t, connector("a", "  class: file-sink\n  config: {file: a, topics: t}\n"), "validate", "--config", config, "-f", "-")
	if err == nil || !strings.Contains(err.Error(), "worker.properties: value.converter: io.apicurio.registry.utils.converter.AvroConverter is not built into this version") {
		t.Errorf("%q, %v; want the worker's converter refused", out, err)
	}
}

// The examples and the samples stand in the README; they must be right.
func TestExamples(t *testing.T) {
	for name, files := range map[string][]string{
		"examples/file-copy":  {""},
		"examples/datagen":    {""},
		"examples/transforms": {""},
		"config/samples":      {"connectcluster.yaml", "datagen-source.yaml", "file-source.yaml", "file-sink.yaml"},
	} {
		args := []string{"validate", "--strict"}
		for _, f := range files {
			args = append(args, "-f", filepath.Join("..", "..", name, f))
		}
		if out, _, err := execute(t, "", args...); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
