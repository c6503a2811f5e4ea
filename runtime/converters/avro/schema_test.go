// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"strings"
	"testing"

	"github.com/twmb/avro"

	"penstock.dev/runtime/connect"
)

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                            "no JSON",
		`5`:                            "holds a number",
		`"Missing"`:                    `"Missing", which is not defined`,
		`{"type":"Missing"}`:           "not defined",
		`{}`:                           "without a type",
		`"int" "int"`:                  "behind the JSON value",
		`{"type":"record"}`:            "without a name",
		`{"type":"record","name":"R"}`: "has no fields",
		`{"type":"array"}`:             "without items",
		`{"type":"map"}`:               "without values",
		`{"type":"fixed","name":"F"}`:  "no valid size",
		`["int","int"]`:                "two branches of type int",
		`[["int"],"string"]`:           "union in a union",
		`{"type":"enum","name":"E","symbols":["A","A"]}`:                                                       "one twice",
		`{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}`:          "two of one name",
		`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"R","fields":[]}}]}`: "defines R twice",
		strings.Repeat(`{"type":"array","items":`, 2000) + `"int"` + strings.Repeat("}", 2000):                 "nests deeper",
		strings.Repeat(`[`, 100000): "nests deeper",
	} {
		if _, err := newParser().parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: error %v", text, err)
		}
	}
}

func TestParseIsLenient(t *testing.T) {
	for text, want := range map[string]string{
		`string`:                  `"string"`,
		`{"type":{"type":"int"}}`: `"int"`,
		`{"type":"error","name":"E","fields":[]}`:                                                       `{"type":"record","name":"E","fields":[]}`,
		`{"type":"record","name":"with-dash","fields":[{"name":"a b","type":"int","default":"wrong"}]}`: `{"type":"record","name":"with-dash","fields":[{"name":"a b","type":"int","default":"wrong"}]}`,
	} {
		s, err := newParser().parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := s.print(); got != want || err != nil {
			t.Errorf("%s is printed as %s, %v", text, got, err)
		}
	}
}

func TestToSchemaErrors(t *testing.T) {
	for text, want := range map[string]string{
		`"null"`: "standalone null",
		`{"type":"record","name":"R","fields":[{"name":"n","type":"null"}]}`:                                   "field n: standalone null",
		`{"type":"int","connect.type":"int64"}`:                                                                "int8 or int16",
		`{"type":"bytes","logicalType":"decimal","scale":"2"}`:                                                 "whole numbers",
		`{"type":"int","connect.name":5}`:                                                                      "invalid schema name",
		`{"type":"int","connect.version":"x"}`:                                                                 "invalid Connect version",
		`{"type":"int","connect.parameters":[]}`:                                                               "expected JSON object",
		`{"type":"int","connect.parameters":{"a":1}}`:                                                          "values to be strings",
		`{"type":"int","logicalType":"date","connect.name":"x"}`:                                               "mismatched names",
		`{"type":"int","logicalType":"date","connect.version":2}`:                                              "mismatched versions",
		`["null",{"type":"fixed","name":"a.F","size":1},{"type":"fixed","name":"b.F","size":1}]`:               "enhanced.avro.schema.support",
		`{"type":"array","items":{"type":"record","name":"P","fields":[],"connect.internal.type":"MapEntry"}}`: "key-value pairs",
	} {
		if s, err := defaultRules(t).toSchema(mustParse(t, text), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, error %v", text, s, err)
		}
	}
	s := mustParse(t, `{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}`)
	c, err := defaultRules(t).toSchema(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := defaultRules(t).reader(s, c); err == nil || !strings.Contains(err.Error(), "contains itself") {
		t.Errorf("error %v", err)
	}
}

func TestToSchemaByConfig(t *testing.T) {
	enum := `{"type":"enum","name":"a.E","doc":"d","symbols":["X","Y"]}`
	sum := `["null",{"type":"record","name":"a.A","fields":[]},{"type":"record","name":"b.B","doc":"d","fields":[{"name":"f","type":{"type":"int","connect.doc":"x"},"doc":"g"}]}]`
	for name, tc := range map[string]struct {
		extra      []string
		text, want string
	}{
		"enum, general": {[]string{"generalized.sum.type.support", "true"}, enum,
			"string a.E io.confluent.connect.avro.enum.doc.E=d org.apache.kafka.connect.data.Enum=a.E org.apache.kafka.connect.data.Enum.X=0 org.apache.kafka.connect.data.Enum.Y=1"},
		"enum, no metadata": {[]string{"connect.meta.data", "false"}, enum,
			"string a.E io.confluent.connect.avro.Enum=a.E io.confluent.connect.avro.Enum.X=X io.confluent.connect.avro.Enum.Y=Y"},
		"enum, no docs": {[]string{"discard.type.doc.default", "true"}, enum,
			`string a.E "d" connect.enum.doc=d io.confluent.connect.avro.Enum=a.E io.confluent.connect.avro.Enum.X=X io.confluent.connect.avro.Enum.Y=Y connect.record.doc=d`},
		"union, full names": {[]string{"enhanced.avro.schema.support", "true", "connect.meta.data", "false"}, sum,
			"struct? io.confluent.connect.avro.Union{a.A struct? a.A{}, b.B struct? b.B{f int32}}"},
		"union, general": {[]string{"generalized.sum.type.support", "true", "connect.meta.data", "false"}, sum,
			"struct? connect_union_0 org.apache.kafka.connect.data.Union=connect_union_0{connect_union_field_1 struct? a.A{}, connect_union_field_2 struct? b.B{f int32}}"},
		"docs of fields": {[]string{"discard.type.doc.default", "true"}, sum,
			`struct? io.confluent.connect.avro.Union{A struct? a.A{}, B struct? b.B "d" connect.record.doc=d{f int32 "g"}}`},
		"union of one":           {nil, `["int"]`, "int32"},
		"union of one, not flat": {[]string{"flatten.singleton.unions", "false"}, `["int"]`, "struct io.confluent.connect.avro.Union{int int32?}"},
		"default names":          {nil, `{"type":"record","name":"ConnectDefault2","namespace":"io.confluent.connect.avro","fields":[]}`, "struct{}"},
		"parameters of a field": {nil, `{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"I","fields":[],"connect.parameters":{"p":"1"}}},{"name":"b","type":"I","connect.parameters":{"p":"2"}}]}`,
			"struct R{a struct I p=1{}, b struct I p=2{}}"},
	} {
		got, err := defaultRules(t, tc.extra...).toSchema(mustParse(t, tc.text), 0)
		if err != nil || showSchema(got) != tc.want {
			t.Errorf("%s: %s, %v", name, showSchema(got), err)
		}
	}
}

func TestFromSchemaErrors(t *testing.T) {
	same := &connect.Schema{Type: connect.Struct, Name: "A", Fields: []connect.Field{{Name: "x", Schema: connect.Int32Schema}}}
	for name, tc := range map[string]struct {
		schema *connect.Schema
		want   string
	}{
		"name":       {&connect.Schema{Type: connect.Struct, Name: "my-record"}, "scrub.invalid.names"},
		"field":      {&connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "a.b", Schema: connect.Int8Schema}}}, `"a.b"`},
		"no element": {&connect.Schema{Type: connect.Array}, "missing"},
		"no key":     {&connect.Schema{Type: connect.Map, Elem: connect.Int8Schema}, "no key"},
		"two types of a name": {&connect.Schema{Type: connect.Struct, Name: "R", Fields: []connect.Field{
			{Name: "a", Schema: same}, {Name: "b", Schema: &connect.Schema{Type: connect.Struct, Name: "A"}},
		}}, "two different types of the name A"},
		"two branches of a type": {&connect.Schema{Type: connect.Struct, Name: unionName, Fields: []connect.Field{
			{Name: "string", Schema: connect.OptionalStringSchema}, {Name: "E", Schema: connect.OptionalStringSchema},
		}}, "two branches of type string"},
		"no scale":  {&connect.Schema{Type: connect.Bytes, Name: connect.DecimalName}, "scale"},
		"null":      {&connect.Schema{}, "unsupported schema type"},
		"no schema": {&connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "a"}}}, "field a: it has no schema"},
	} {
		s, err := defaultRules(t).fromSchema(tc.schema)
		if err == nil {
			_, err = s.print()
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	loop := &connect.Schema{Type: connect.Array}
	loop.Elem = loop
	if _, err := defaultRules(t).fromSchema(loop); err == nil || !strings.Contains(err.Error(), "needs a name") {
		t.Errorf("error %v", err)
	}
}

// TestSchemasAreValid lets an independent library read what we write.
func TestSchemasAreValid(t *testing.T) {
	for _, tc := range ourCases() {
		s, err := defaultRules(t, tc.extra...).fromSchema(tc.schema)
		if err != nil {
			t.Fatal(err)
		}
		text, err := s.print()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := avro.Parse(text); err != nil {
			t.Errorf("%s: %s: %v", tc.name, text, err)
		}
	}
}
