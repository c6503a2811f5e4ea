// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package stringconv is Kafka Connect's StringConverter: values as the text that
// Java's toString gives for them.
package stringconv

import (
	"errors"
	"fmt"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// Config are the keys of the converter, those of
// org.apache.kafka.connect.storage.StringConverterConfig.
type Config struct {
	// The encoding of the text. Only UTF-8 is supported.
	Encoding string `config:"converter.encoding" default:"UTF-8" importance:"high"`
}

// ClassName is Kafka Connect's name of the converter.
const ClassName = "org.apache.kafka.connect.storage.StringConverter"

// Plugin returns the converter's description.
func Plugin() connect.ConverterPlugin {
	return connect.ConverterPlugin{
		Name: "string", Aliases: []string{ClassName},
		Doc:     "Writes any value as the text that Java has for it, and reads every text as a string.",
		Example: "key.converter: string\n",
		Sides:   connect.EverySide(),
		Keys:    configdef.Of[Config](),
		Check: func(props map[string]string) []configdef.Problem {
			return problems(configdef.Plan[Config](props))
		},
		New: func(props map[string]string, _ bool) (connect.Converter, error) {
			found := problems(configdef.Decode[Config](props))
			errs := make([]error, len(found))
			for i, p := range found {
				errs[i] = p
			}
			if err := errors.Join(errs...); err != nil {
				return nil, fmt.Errorf("string converter config is invalid: %w", err)
			}
			return Converter{}, nil
		},
	}
}

// problems adds that of the encoding; Java knows UTF-8 by two names. An encoding
// that is a reference is empty.
func problems(c Config, found []configdef.Problem) []configdef.Problem {
	switch strings.ToUpper(c.Encoding) {
	case "UTF-8", "UTF8":
		return found
	case "":
		return found
	}
	return append(found, configdef.Problem{
		Key:     "converter.encoding",
		Message: fmt.Sprintf("encoding %s is not supported; leave the key out or set it to UTF-8", c.Encoding),
	})
}

// Converter converts between values and text.
type Converter struct{}

// TopicFree implements connect.TopicFree.
func (Converter) TopicFree() {}

// FromConnect implements connect.Converter. Null is null, whatever the schema.
func (Converter) FromConnect(dst []byte, _ string, s *connect.Schema, v connect.Value) ([]byte, error) {
	if v.IsNull() {
		return nil, nil
	}
	return javatext.AppendText(dst, s, v), nil
}

// ToConnect implements connect.Converter. The value is an optional string that
// refers to data, or a copy in which what is not UTF-8 is replaced as Java does.
func (Converter) ToConnect(a *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	if data == nil {
		return connect.OptionalStringSchema, connect.Value{}, nil
	}
	return connect.OptionalStringSchema, connect.StringOf(javatext.Decode(a, data)), nil
}
