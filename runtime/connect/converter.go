// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import "penstock.dev/runtime/configdef"

// Converter turns values into the bytes of a Kafka record and back, as
// org.apache.kafka.connect.storage.Converter does. It is safe for concurrent
// use.
type Converter interface {
	// FromConnect appends the encoding of v to dst, which is not nil, and returns
	// the extended slice; nil says that the record's bytes are null. Schema nil is
	// none.
	FromConnect(dst []byte, topic string, s *Schema, v Value) ([]byte, error)
	// ToConnect decodes data, nil for null, using memory of a. The value may refer
	// to data.
	ToConnect(a *Arena, topic string, data []byte) (*Schema, Value, error)
}

// TopicFree marks a converter whose bytes do not depend on the topic: those of one
// topic may go to another as they are.
type TopicFree interface {
	Converter
	TopicFree()
}

// ConverterPlugin is a kind of converter that connectors can name in
// key.converter and value.converter.
type ConverterPlugin struct {
	// Name is the short name: "json".
	Name string
	// Aliases are Kafka Connect's full class names for it.
	Aliases []string
	// Keys are the config keys without their prefix.
	Keys []configdef.Key
	// Check returns what is wrong with the config at plan time, see
	// configdef.Plan; keys come without prefix.
	Check func(props map[string]string) []configdef.Problem
	// New makes a converter for keys or for values from its config, whose keys
	// come without prefix.
	New func(props map[string]string, isKey bool) (Converter, error)
}
