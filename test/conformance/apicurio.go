// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"penstock.dev/test/apache"
)

// The converters of the two systems, and what the keys of one are for the other.
const confluentAvro = "io.confluent.connect.avro.AvroConverter"

var apicurioKeys = map[string]string{
	"auto.register.schemas":        "apicurio.registry.auto-register",
	"use.latest.version":           "apicurio.registry.find-latest",
	"key.subject.name.strategy":    "apicurio.registry.artifact-resolver-strategy",
	"value.subject.name.strategy":  "apicurio.registry.artifact-resolver-strategy",
	"enhanced.avro.schema.support": "enhanced.avro.schema.support",
	"connect.meta.data":            "connect.meta.data",
}

var apicurioStrategies = map[string]string{
	"io.confluent.kafka.serializers.subject.TopicNameStrategy":  "io.apicurio.registry.serde.strategy.TopicIdStrategy",
	"io.confluent.kafka.serializers.subject.RecordNameStrategy": "io.apicurio.registry.serde.avro.strategy.QualifiedRecordIdStrategy",
}

// forApicurio returns the config of a connector whose converters are Confluent's, with
// Apicurio's in their place. A key that this one does not have is an error.
func forApicurio(config, converter map[string]string) (map[string]string, error) {
	out := maps.Clone(config)
	for _, side := range []string{"key", "value"} {
		prefix := side + ".converter"
		if config[prefix] != confluentAvro {
			continue
		}
		out[prefix] = apache.AvroConverterClass
		for k, v := range converter {
			out[prefix+"."+k] = v
		}
		for k, v := range config {
			name, ok := strings.CutPrefix(k, prefix+".")
			if !ok {
				continue
			}
			delete(out, k)
			if name == "schema.registry.url" {
				continue
			}
			theirs := apicurioKeys[name]
			if strings.HasSuffix(name, "strategy") {
				v = apicurioStrategies[v]
			}
			if theirs == "" || v == "" {
				return nil, fmt.Errorf("%s: Apicurio's converter has nothing that is the same", k)
			}
			out[prefix+"."+theirs] = v
		}
	}
	return out, nil
}

// unversioned returns a line of what the sink has seen without the versions of the key's
// and the value's schema: Confluent's converter takes them from the registry, and
// Apicurio's has none. Those of logical types and of what is within stay.
func unversioned(line string) string {
	var seen map[string]any
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&seen); err != nil {
		return line
	}
	for _, side := range []string{"key", "value"} {
		datum, _ := seen[side].(map[string]any)
		s, _ := datum["schema"].(map[string]any)
		if name, _ := s["name"].(string); !strings.HasPrefix(name, "org.apache.kafka.connect.data.") {
			delete(s, "version")
		}
	}
	out, err := json.Marshal(seen)
	if err != nil {
		return line
	}
	return string(out)
}
