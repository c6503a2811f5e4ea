// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"maps"
	"slices"

	"penstock.dev/runtime/configdef"
)

// ConnectorConfig are the keys that every connector has. The keys of a converter
// follow its own, as in value.converter.schemas.enable.
type ConnectorConfig struct {
	// The converter between a record's key and its bytes in Kafka: a short name, or
	// Kafka Connect's class. Without one it is the worker's, with its keys; without
	// that, json without schemas.
	KeyConverter string `config:"key.converter" optional:"true" importance:"low"`
	// The converter between a record's value and its bytes in Kafka, likewise.
	ValueConverter string `config:"value.converter" optional:"true" importance:"low"`
	// The converter between the values of a record's headers and their bytes in Kafka.
	// Without one it is the worker's, with its keys; without that, simple, which is
	// Kafka Connect's SimpleHeaderConverter.
	HeaderConverter string `config:"header.converter" optional:"true" importance:"low"`
	// The transforms that records pass, in order: aliases, for each of which
	// transforms.ALIAS.type and the transform's own keys are set.
	Transforms []string `config:"transforms" optional:"true" importance:"low"`
	// The predicates that transforms may name in transforms.ALIAS.predicate: aliases,
	// for each of which predicates.ALIAS.type and the predicate's own keys are set.
	Predicates []string `config:"predicates" optional:"true" importance:"low"`
	ErrorsConfig
	lifeKeys
}

// SinkConfig are the keys that every sink has beside its own.
type SinkConfig struct {
	ConnectorConfig
	// The topics to read. Either this or topics.regex is set.
	Topics []string `config:"topics" optional:"true" importance:"high"`
	// The topics to read, as a regular expression of Java's that the whole name must
	// match. New ones are found within metadata.max.age.ms; Kafka's own are left out.
	TopicsRegex string `config:"topics.regex" optional:"true" importance:"high"`
}

// SourceConfig are the keys that every source has beside its own.
type SourceConfig struct {
	ConnectorConfig
	sourceKeys
}

// CommonKeys returns the keys that every connector of a kind has.
func CommonKeys(kind Kind) []configdef.Key {
	if kind == SinkKind {
		return configdef.Of[SinkConfig]()
	}
	return configdef.Of[SourceConfig]()
}

// RefusedKeys returns the keys of Kafka Connect that are refused by name; one
// that ends in "." is a prefix.
func RefusedKeys() []string { return slices.Clone(refused) }

// ReservedKeys returns the keys that have a field of their own in a Connector,
// and that field.
func ReservedKeys() map[string]string { return maps.Clone(reserved) }

// WorkerFields returns the worker properties that a ConnectCluster has a field
// for, and that field.
func WorkerFields() map[string]string { return maps.Clone(connectionKeys) }

func names(keys []configdef.Key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.Name
	}
	return out
}
