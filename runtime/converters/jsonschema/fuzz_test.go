// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"encoding/json"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
)

var fuzzSchemas = []string{
	`{"type":"object","properties":{"a":{"type":"integer","connect.type":"int8"},"b":{"type":["null","string"]},"c":{"type":"array","items":{"type":"number"}},"d":{"enum":["x",1,null]}}}`,
	`{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":{"type":"integer"},"value":{"type":"string"}}}}`,
	`{"oneOf":[{"type":"integer"},{"type":"number"},{"type":"string"},{"type":"null"},{"type":"object","properties":{"a":{"$ref":"#"}}},{"type":"object","properties":{"a":{"$ref":"#"},"b":{"type":"boolean"}}}]}`,
	`{"type":"object","title":"T","properties":{"n":{"type":"string","connect.type":"bytes"},"t":{"oneOf":[{"type":"null"},{"$ref":"#"}]},"m":{"type":"object","connect.type":"map","additionalProperties":{"$ref":"#"}}}}`,
}

// FuzzRead reads any bytes with some schemas. What is read is JSON, and is written
// so that it is read as the same again.
func FuzzRead(f *testing.F) {
	for i, text := range []string{
		`{"a":1,"b":null,"c":[1,2.5e3],"d":1}`, `[{"key":1,"value":"x"},{"value":"y","key":2}]`, `{"a":{"a":1,"b":true},"b":false}`, `{"n":"AQI=","t":{"n":"","t":null,"m":{}},"m":{"k":{"n":"AA=="}}}`,
	} {
		f.Add(byte(i), []byte(text))
	}
	var codecs []*jsonconv.Codec
	for _, text := range fuzzSchemas {
		d, err := open(text, nil)
		if err != nil {
			f.Fatal(err)
		}
		s, err := newSchema(defaults(), d, 0)
		if err != nil {
			f.Fatal(err)
		}
		c, err := jsonconv.NewCodec(s, jsonconv.Dialect{})
		if err != nil {
			f.Fatal(err)
		}
		codecs = append(codecs, c)
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		c := codecs[int(which)%len(codecs)]
		v, err := c.Read(new(connect.Arena), data)
		if err != nil {
			return
		}
		out, err := c.Append([]byte{}, v)
		if err != nil {
			return // a required field that was missing in a list or map
		}
		if !json.Valid(out) {
			t.Fatalf("%q is written as %q, which is no JSON", data, out)
		}
		again, err := c.Read(new(connect.Arena), out)
		if err != nil {
			t.Fatalf("%q is written as %q: %v", data, out, err)
		}
		if !again.Equal(v) && !strings.ContainsAny(string(data), `"`) {
			t.Fatalf("%q is read as %s, written as %q and read as %s", data, describe(v), out, describe(again))
		}
	})
}

// FuzzSchema reads any text as a schema; what can be read is written, and that can
// be read.
func FuzzSchema(f *testing.F) {
	for _, text := range fuzzSchemas {
		f.Add(text)
	}
	f.Add(`{"allOf":[{"properties":{"a":{"type":"integer"}}},{"$ref":"#/definitions/b"}],"definitions":{"b":{"properties":{"b":{"const":"c","default":"c"}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := open(text, nil)
		if err != nil {
			return
		}
		s, err := newSchema(defaults(), d, 1)
		if err != nil {
			return
		}
		out, err := newText(defaults(), s)
		if err != nil {
			return
		}
		if d, err = open(out, nil); err != nil {
			t.Fatalf("%q is written as %q: %v", text, out, err)
		}
		if _, err = newSchema(defaults(), d, 1); err != nil {
			t.Fatalf("%q is written as %q: %v", text, out, err)
		}
	})
}
