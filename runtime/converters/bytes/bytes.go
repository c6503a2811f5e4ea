// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package bytesconv is Kafka Connect's ByteArrayConverter: bytes as they are.
package bytesconv

import (
	"fmt"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// Config are the keys of the converter, of which there are none.
type Config struct{}

// ClassName is Kafka Connect's name of the converter.
const ClassName = "org.apache.kafka.connect.converters.ByteArrayConverter"

// Plugin returns the converter's description.
func Plugin() connect.ConverterPlugin {
	return connect.ConverterClass[Config]{
		Name: "bytes", Aliases: []string{ClassName},
		Doc:     "Passes bytes as they are.",
		Example: "value.converter: bytes\n",
		Sides:   connect.EverySide(),
		New: func(Config, map[string]string, bool) (connect.Converter, []configdef.Problem) {
			return Converter{}, nil
		},
	}.Plugin()
}

// Converter passes bytes through.
type Converter struct{}

// TopicFree implements connect.TopicFree.
func (Converter) TopicFree() {}

// FromConnect implements connect.Converter. It takes bytes with or without a
// schema, and no other type.
func (Converter) FromConnect(dst []byte, _ string, s *connect.Schema, v connect.Value) ([]byte, error) {
	switch {
	case s != nil && s.Type != connect.Bytes:
		return nil, fmt.Errorf("Invalid schema type for ByteArrayConverter: %s; %s", s.Type, advice)
	case v.IsNull():
		return nil, nil
	case s != nil && s.Name == connect.DecimalName:
		return nil, fmt.Errorf("ByteArrayConverter is not compatible with decimals; %s", advice)
	case v.Type() != connect.Bytes:
		return nil, fmt.Errorf("ByteArrayConverter is not compatible with objects of type %s; %s", v.Type(), advice)
	default:
		return append(dst, v.Bytes()...), nil
	}
}

const advice = "use the json or string converter, or a connector that produces bytes"

// ToConnect implements connect.Converter. The value refers to data.
func (Converter) ToConnect(_ *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	if data == nil {
		return connect.OptionalBytesSchema, connect.Value{}, nil
	}
	return connect.OptionalBytesSchema, connect.BytesValue(data), nil
}
