// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package jsonconv is Kafka Connect's JsonConverter: the same bytes, and the
// same reading of them.
//
// It differs where Java loses data without a word. Java keeps the low bits of an
// integer that does not fit, reads a text as the number 0, a number as no text
// and the "NaN" that it wrote as 0, and ignores what follows the first JSON value;
// here "NaN" is read as it was written, and each of the others is an error that
// names the field. A number for a Decimal gets the scale of its schema, which Java
// forgets. A map read without a schema keeps the order of its keys, where Java has
// a hash map's. Half a surrogate pair becomes the replacement character, because
// Go's text is UTF-8.
//
// The golden file in testdata, written by hack/conformance/json, holds what Java
// does; the tests of package converters name every difference.
package jsonconv

import (
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// Config are the keys of the converter, those of
// org.apache.kafka.connect.json.JsonConverterConfig.
type Config struct {
	// Whether the schema is written beside each key and value, and expected beside
	// each that is read.
	SchemasEnable bool `config:"schemas.enable" default:"true" importance:"high"`
	// How many schemas the converter remembers, in each direction.
	SchemasCacheSize int `config:"schemas.cache.size" default:"1000" min:"0" importance:"high"`
	// A JSON schema as it stands in the "schema" field of a message. If it is set
	// and schemas.enable is true, every message that is read is taken for a bare
	// payload of this schema.
	SchemaContent string `config:"schema.content" default:"" importance:"high"`
	// How decimals are written: BASE64, the bytes of the unscaled value, or
	// NUMERIC, a JSON number. Both are read.
	DecimalFormat string `config:"decimal.format" default:"BASE64" enum:"BASE64,NUMERIC" importance:"low"`
	// Whether a null field that has a default is replaced by the default, in both
	// directions.
	ReplaceNullWithDefault bool `config:"replace.null.with.default" default:"true" importance:"low"`
}

// ClassName is Kafka Connect's name of the converter.
const ClassName = "org.apache.kafka.connect.json.JsonConverter"

// Plugin returns the converter's description.
func Plugin() connect.ConverterPlugin {
	return connect.ConverterClass[Config]{
		Name: "json", Aliases: []string{ClassName},
		Doc:     "Converts to and from JSON, with the schema beside the value or without one.",
		Example: "value.converter: json\nvalue.converter.schemas.enable: false\n",
		Sides:   connect.EverySide(),
		Check: func(c Config, _ map[string]string) []configdef.Problem {
			_, problems := open(c)
			return problems
		},
		New: func(c Config, _ map[string]string, _ bool) (connect.Converter, []configdef.Problem) { return open(c) },
	}.Plugin()
}

// open is New with an error that is a problem of the config.
func open(c Config) (*Converter, []configdef.Problem) {
	v, err := New(c)
	if err != nil {
		return nil, []configdef.Problem{{Key: contentKey, Message: strings.TrimPrefix(err.Error(), contentKey+": ")}}
	}
	return v, nil
}
