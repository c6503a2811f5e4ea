// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestForApicurio(t *testing.T) {
	converter := map[string]string{"apicurio.registry.url": "http://r", "apicurio.registry.auto-register": "true"}
	for name, tc := range map[string]struct {
		config, want map[string]string
		err          string
	}{
		"other converters stay": {
			config: map[string]string{"value.converter": "json", "value.converter.schemas.enable": "true"},
			want:   map[string]string{"value.converter": "json", "value.converter.schemas.enable": "true"},
		},
		"Avro": {
			config: map[string]string{"topics": "t", "value.converter": confluentAvro, "value.converter.schema.registry.url": "http://c",
				"value.converter.auto.register.schemas": "false", "value.converter.connect.meta.data": "false",
				"value.converter.value.subject.name.strategy": "io.confluent.kafka.serializers.subject.RecordNameStrategy"},
			want: map[string]string{"topics": "t", "value.converter": "io.apicurio.registry.utils.converter.AvroConverter",
				"value.converter.apicurio.registry.url": "http://r", "value.converter.apicurio.registry.auto-register": "false",
				"value.converter.connect.meta.data":                            "false",
				"value.converter.apicurio.registry.artifact-resolver-strategy": "io.apicurio.registry.serde.avro.strategy.QualifiedRecordIdStrategy"},
		},
		"a key that is not there": {
			config: map[string]string{"key.converter": confluentAvro, "key.converter.use.schema.id": "1"},
			err:    "key.converter.use.schema.id",
		},
		"a strategy that is not there": {
			config: map[string]string{"value.converter": confluentAvro,
				"value.converter.value.subject.name.strategy": "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy"},
			err: "value.converter.value.subject.name.strategy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := forApicurio(tc.config, converter)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want one with %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnversioned(t *testing.T) {
	for name, tc := range map[string]struct{ line, want string }{
		"of the registry": {`{"key":{"payload":1,"schema":{"type":"int32","version":3}},"value":{"payload":{},"schema":{"name":"a.R","type":"struct","version":2}}}`,
			`{"key":{"payload":1,"schema":{"type":"int32"}},"value":{"payload":{},"schema":{"name":"a.R","type":"struct"}}}`},
		"of a logical type": {`{"value":{"payload":1,"schema":{"name":"org.apache.kafka.connect.data.Date","type":"int32","version":1}}}`,
			`{"value":{"payload":1,"schema":{"name":"org.apache.kafka.connect.data.Date","type":"int32","version":1}}}`},
		"of a field": {`{"value":{"payload":{"a":1},"schema":{"fields":[{"field":"a","version":2}],"version":1}}}`,
			`{"value":{"payload":{"a":1},"schema":{"fields":[{"field":"a","version":2}]}}}`},
		"without a schema": {`{"key":null,"value":{"a":9007199254740993}}`, `{"key":null,"value":{"a":9007199254740993}}`},
		"no JSON":          {"plain", "plain"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := unversioned(tc.line); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestSchemaText(t *testing.T) {
	for name, tc := range map[string]struct {
		schema schema
		want   string
	}{
		"the default type": {schema{Schema: `"int"`}, `AVRO "int"`},
		"references":       {schema{Type: "PROTOBUF", Schema: "message A {}\n", References: []Reference{{"a.proto", "s", 2}}}, "PROTOBUF message A {} + a.proto = s/2"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.schema.String(); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
