// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package simpleconv is Kafka Connect's SimpleHeaderConverter: the values of headers
// as text, and text as the value that it looks like.
//
// It differs where Java loses text or a date without a word. A text of which Java
// reads the beginning and ignores the rest, as 12:34 or [1] (see), is the String that
// it is here; white space that is alone in a quoted string stays; and a Date or
// Timestamp before 1970 is written with its date. See package javavalues for what
// else is not as in Java.
package simpleconv

import (
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
	"penstock.dev/runtime/javavalues"
)

// Config are the keys of the converter, of which there are none.
type Config struct{}

// ClassName is Kafka Connect's name of the converter.
const ClassName = "org.apache.kafka.connect.storage.SimpleHeaderConverter"

// Plugin returns the converter's description.
func Plugin() connect.ConverterPlugin {
	return connect.ConverterClass[Config]{
		Name: "simple", Aliases: []string{ClassName},
		Doc: "Writes a header's value as text, and reads text as the value that it looks like: a boolean, a number, " +
			"a date, a time, an array, a map, or else a string. It is for headers only.",
		Example: "header.converter: simple\n",
		Sides:   []string{connect.HeaderSide},
		New: func(Config, map[string]string, bool) (connect.Converter, []configdef.Problem) {
			return Converter{}, nil
		},
	}.Plugin()
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
	return javavalues.AppendWhole(dst, s, v), nil
}

// ToConnect implements connect.Converter. Text that is not UTF-8 is repaired as Java
// does. Arrays and maps that nest deeper than 1000 levels are Bytes, as they are in
// Java where its stack ends.
func (Converter) ToConnect(a *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	if data == nil {
		return nil, connect.Value{}, nil
	}
	text := connect.StringOf(javatext.Decode(a, data)).Str()
	s, v, err := javavalues.ParseWhole(a, text)
	if err != nil {
		return connect.BytesSchema, connect.BytesValue(data), nil
	}
	return s, v, nil
}
