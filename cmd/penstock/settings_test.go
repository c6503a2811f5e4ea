// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/storage"
)

func TestLoadSettings(t *testing.T) {
	t.Setenv("PENSTOCK_TEST_PASSWORD", "s3cret")
	tests := map[string]struct {
		props    string
		cluster  *manifest.Cluster
		want     settings
		warnings []string
		err      string
	}{
		"none": {want: settings{
			groupID: "penstock-standalone", connection: map[string]string{}, defaults: map[string]string{},
			topics: storage.Topics{Offsets: "penstock-standalone-offsets", Status: "penstock-standalone-status"}, configTopic: "penstock-standalone-configs",
		}},
		"Kafka Connect's file": {
			props: `# worker
bootstrap.servers=a:9092,b:9092
group.id=g
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=json
value.converter.schemas.enable=false
offset.storage.topic=o
status.storage.topic=s
offset.storage.replication.factor=3
offset.storage.partitions=10
config.storage.topic=c
config.storage.replication.factor=3
listeners=http://:8084
offset.flush.interval.ms=10000
security.protocol=SASL_SSL
sasl.mechanism=PLAIN
sasl.jaas.config=x password="${env:PENSTOCK_TEST_PASSWORD}";
config.providers=file,env
config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider
plugin.path=/usr/share/java
`,
			want: settings{
				groupID: "g",
				connection: map[string]string{
					"bootstrap.servers": "a:9092,b:9092", "security.protocol": "SASL_SSL",
					"sasl.mechanism": "PLAIN", "sasl.jaas.config": `x password="s3cret";`,
				},
				topics:      storage.Topics{Offsets: "o", Status: "s", OffsetsPartitions: 10, ReplicationFactor: 3},
				configTopic: "c", rest: map[string]string{"listeners": "http://:8084"},
				defaults: map[string]string{
					"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "json", "value.converter.schemas.enable": "false",
					"offset.flush.interval.ms": "10000", "plugin.path": "/usr/share/java",
				},
				secrets: []string{"s3cret", `x password="s3cret";`},
			},
			warnings: []string{"plugin.path"},
		},
		"a cluster": {
			cluster: &manifest.Cluster{
				Origin: "c.yaml, document 1", Config: map[string]string{"value.converter": "string"},
				Properties: map[string]string{"bootstrap.servers": "a:9092", "group.id": "g", "security.protocol": "PLAINTEXT"},
			},
			want: settings{
				origin: "c.yaml, document 1", groupID: "g", connection: map[string]string{"bootstrap.servers": "a:9092", "security.protocol": "PLAINTEXT"},
				topics: storage.Topics{Offsets: "g-offsets", Status: "g-status"}, configTopic: "g-configs", defaults: map[string]string{"value.converter": "string"},
			},
		},
		"cluster with a connection key": {
			cluster: &manifest.Cluster{Origin: "c.yaml, document 1", Config: map[string]string{"group.id": "x"}},
			err:     "c.yaml, document 1: group.id: is not a config key here, set spec.groupId instead",
		},
		"both":             {props: "group.id=g\n", cluster: &manifest.Cluster{Origin: "c.yaml, document 1"}, err: "both --config and the ConnectCluster in c.yaml, document 1 say how to reach Kafka"},
		"wrong number":     {props: "offset.storage.partitions=many\n", err: `offset.storage.partitions: must be a number from 1 to 32767, not "many"`},
		"wrong type":       {props: "offset.flush.interval.ms=soon\n", err: "offset.flush.interval.ms: "},
		"producer default": {props: "producer.compression.type=brotli\n", err: `producer.compression.type: "brotli" is not one of none, gzip, snappy, lz4, zstd`},
		"policy":           {props: "connector.client.config.override.policy=Some\n", err: "connector.client.config.override.policy: Some is not one of All, None, Principal, Allowlist"},
		"exactly once":     {props: "exactly.once.source.support=enabled\n", err: "exactly.once.source.support: is a Kafka Connect worker key"},
		"other provider":   {props: "config.providers=vault\nconfig.providers.vault.class=com.acme.Vault\n", err: "config.providers.vault.class: com.acme.Vault is a Java class that this version does not have"},
		"provider alone":   {props: "config.providers=f\n", err: "config.providers.f.class: must be set"},
		"missing secret":   {props: "sasl.jaas.config=${env:PENSTOCK_TEST_NOT_SET}\n", err: "resolving sasl.jaas.config: ${env:PENSTOCK_TEST_NOT_SET}: the environment variable"},
		"secret of a type": {props: "offset.flush.interval.ms=${env:PENSTOCK_TEST_PASSWORD}\n", err: `offset.flush.interval.ms: "****"`},
		"bad file":         {props: "a=\\u12\n", err: `key a: \u needs four hexadecimal digits`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			file := ""
			if tc.props != "" {
				file = write(t, filepath.Join(t.TempDir(), "worker.properties"), tc.props)
				tc.want.origin = file
			}
			got, warnings, err := loadSettings(t.Context(), registry(), manifest.Manifest{Cluster: tc.cluster}, file)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("error %v, want one with %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tc.want.rest == nil {
				tc.want.rest = map[string]string{}
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(settings{}), cmpopts.IgnoreFields(settings{}, "providers")); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
			var keys []string
			for _, w := range warnings {
				keys = append(keys, w.Key)
			}
			if diff := cmp.Diff(tc.warnings, keys); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
	if _, _, err := loadSettings(t.Context(), registry(), manifest.Manifest{}, "/nope.properties"); err == nil || !strings.Contains(err.Error(), "reading the worker config: ") {
		t.Errorf("error %v for a file that is not there", err)
	}
}

var documentedKey = regexp.MustCompile("(?m)^\\| `([a-z.]+)` \\| (string|int|long|boolean|list|password) \\|")

// A worker takes every key that the reference page names, and knows it.
func TestSettingsKnowTheReference(t *testing.T) {
	page := read(t, "../../docs/reference/worker.md")
	values := map[string]string{"string": "json", "int": "70000", "long": "70000", "boolean": "false", "list": "a:9092", "password": "p"}
	found := documentedKey.FindAllStringSubmatch(page, -1)
	if len(found) < 20 {
		t.Fatalf("the page names %d keys", len(found))
	}
	for _, m := range found {
		key, value := m[1], values[m[2]]
		switch {
		case isTopicNumber(key):
			value = "3"
		case key == "task.max.batch.bytes":
			value = "2000000"
		case key == "connector.client.config.override.policy":
			value = "None"
		case key == "connector.client.config.override.allowlist":
			value = "acks\nconnector.client.config.override.policy=Allowlist"
		}
		file := write(t, filepath.Join(t.TempDir(), "worker.properties"), key+"="+value+"\n")
		s, warnings, err := loadSettings(t.Context(), registry(), manifest.Manifest{}, file)
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: error %v, warnings %v", key, err, warnings)
		}
		if _, connection := s.connection[key]; isConnectionKey(key) != connection {
			t.Errorf("%s is in %v", key, s.connection)
		}
	}
	for _, k := range kafka.Keys() {
		if !isConnectionKey(k.Name) {
			t.Errorf("%s does not get to where Kafka's keys are read", k.Name)
		}
	}
}
