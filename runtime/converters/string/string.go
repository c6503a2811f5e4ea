// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package stringconv is Kafka Connect's StringConverter: values as the text that
// Java's toString gives for them.
package stringconv

import (
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// Config are the keys of the converter, those of
// org.apache.kafka.connect.storage.StringConverterConfig.
type Config struct {
	// The encoding of the text, by a name that Java has for it: UTF-8, UTF-16, US-ASCII,
	// ISO-8859-1 and its like, windows-1250 to windows-1258, and other encodings of
	// single bytes. Characters that it does not have become question marks.
	Encoding string `config:"converter.encoding" default:"UTF-8" importance:"high"`
}

// ClassName is Kafka Connect's name of the converter.
const ClassName = "org.apache.kafka.connect.storage.StringConverter"

// Plugin returns the converter's description.
func Plugin() connect.ConverterPlugin {
	return connect.ConverterClass[Config]{
		Name: "string", Aliases: []string{ClassName},
		Doc:     "Writes any value as the text that Java has for it, and reads every text as a string.",
		Example: "key.converter: string\n",
		Sides:   connect.EverySide(),
		Check: func(c Config, _ map[string]string) []configdef.Problem {
			_, problems := open(c)
			return problems
		},
		New: func(c Config, _ map[string]string, _ bool) (connect.Converter, []configdef.Problem) { return open(c) },
	}.Plugin()
}

// open returns the converter, or the problem of the encoding. One that is a reference
// is empty.
func open(c Config) (Converter, []configdef.Problem) {
	if c.Encoding == "" {
		return Converter{}, nil
	}
	charset, err := findCharset(c.Encoding)
	switch {
	case err != nil:
		return Converter{}, []configdef.Problem{{Key: "converter.encoding", Message: err.Error()}}
	case charset == utf8Charset{}:
		return Converter{}, nil
	default:
		return Converter{charset}, nil
	}
}

// Converter converts between values and text.
type Converter struct {
	charset charset // nil is UTF-8
}

// TopicFree implements connect.TopicFree.
func (Converter) TopicFree() {}

// FromConnect implements connect.Converter. Null is null, whatever the schema.
func (c Converter) FromConnect(dst []byte, _ string, s *connect.Schema, v connect.Value) ([]byte, error) {
	switch {
	case v.IsNull():
		return nil, nil
	case c.charset == nil:
		return javatext.AppendText(dst, s, v), nil
	case v.Type() == connect.String:
		return c.charset.encode(dst, v.Str()), nil
	}
	// What is encoded comes behind the text, and then into its place.
	start := len(dst)
	dst = javatext.AppendText(dst, s, v)
	end := len(dst)
	dst = c.charset.encode(dst, connect.StringOf(dst[start:]).Str())
	return dst[:start+copy(dst[start:], dst[end:])], nil
}

// ToConnect implements connect.Converter. The value is an optional string that
// refers to data, or a copy in which what is wrong in the encoding is replaced as Java
// does.
func (c Converter) ToConnect(a *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	switch {
	case data == nil:
		return connect.OptionalStringSchema, connect.Value{}, nil
	case c.charset == nil:
		return connect.OptionalStringSchema, connect.StringOf(javatext.Decode(a, data)), nil
	default:
		return connect.OptionalStringSchema, connect.StringOf(c.charset.decode(a, data)), nil
	}
}
