// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
)

func TestFieldConfigProblems(t *testing.T) {
	type props = map[string]string
	for name, tc := range map[string]struct {
		class string
		props props
		want  []string
	}{
		"cast nothing":      {"cast-value", props{"spec": " "}, []string{"spec: is empty; set it to a list separated by commas"}},
		"cast to no type":   {"cast-key", props{"spec": "a:int"}, []string{"spec: Invalid type found in casting spec: int; supported types are [INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]"}},
		"cast to a Struct":  {"cast-key", props{"spec": "struct"}, []string{"spec: Cast transformation does not support casting to STRUCT; supported types are [INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]"}},
		"cast three things": {"cast-key", props{"spec": "a:b:int8"}, []string{"spec: Invalid cast mapping: a:b:int8; write pairs of a field and a type, field:type"}},
		"cast a field and everything": {"cast-value", props{"spec": "a:int8,string"}, []string{
			"spec: Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec; write field:type for each",
		}},
		"cast what is not known yet": {"cast-value", props{"spec": "${env:X}"}, nil},
		"extract nothing":            {"extract-field-value", props{}, []string{"field: is required and has no default; set it to a text"}},
		"a backtick too many": {"extract-field-value", props{"field": "ü.`a", "field.syntax.version": "v2"}, []string{
			"field: Incomplete backtick pair in path: [ü.`a], consider adding a backslash before backtick at position 2 to escape it",
		}},
		"a version too many":     {"extract-field-key", props{"field": "a", "field.syntax.version": "V3"}, []string{`field.syntax.version: "V3" is not one of V1, V2; did you mean "V1"?`}},
		"a name with a backtick": {"extract-field-key", props{"field": "`a"}, nil},
		"hoist into nothing":     {"hoist-field-key", props{"field": ""}, []string{"field: is empty; set it to a text"}},
		"mask with nothing": {"mask-field-value", props{"fields": "a", "replacement": " "}, []string{
			"replacement: String must be non-empty; set it to what the fields should get, or remove it to give them the zeros of their types",
		}},
		"set nothing": {"set-schema-metadata-key", props{}, []string{"type: Neither schema name nor version configured; set schema.name, schema.version, or both"}},
		"set to nothing": {"set-schema-metadata-value", props{"schema.name": "", "schema.version": "0"}, []string{
			"schema.name: is empty; set it to the name of the schema, or remove it",
			"schema.version: is 0, which stands for no version here; set it to another number, or remove it",
		}},
		"no fields for a key": {"value-to-key", props{"fields": ","}, []string{`fields: "," is not a list separated by commas`}},
	} {
		t.Run(name, func(t *testing.T) {
			p, ok := registry().Transform(tc.class)
			if !ok {
				t.Fatal("no such class")
			}
			var got []string
			for _, problem := range p.Check(tc.props, connect.SinkKind) {
				got = append(got, problem.Error())
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
		})
	}
}

// A transform changes nothing that it was given: not the value, not what is in it,
// not its schema, not a default.
func TestFieldsAreNotChanged(t *testing.T) {
	for _, w := range speedWork {
		for _, schema := range []bool{true, false} {
			if !schema && strings.HasPrefix(w.class, "SetSchema") {
				continue
			}
			transform, refused := fresh(t, w.class, w.props, connect.SinkKind)
			if refused != "" {
				t.Fatal(refused)
			}
			s, v, m := wide()
			asItWas, value, asMap := wide()
			r := &connect.Record{Topic: "t"}
			if r.Value.Set(s, v); !schema {
				r.Value.Set(nil, m)
			}
			if err := apply(transform, new(connect.Arena), r); err != nil {
				t.Fatal(err)
			}
			if !v.Equal(value) || !m.Equal(asMap) || len(s.Fields) != len(asItWas.Fields) {
				t.Errorf("%s: changed what it was given", w.class)
			}
			for i, f := range s.Fields {
				if f.Name != asItWas.Fields[i].Name || f.Schema.Type != asItWas.Fields[i].Schema.Type {
					t.Errorf("%s: changed the schema of %s", w.class, f.Name)
				}
			}
		}
	}
}

// The same schema becomes the same schema, by its pointer: converters cache by it.
func TestDerivedSchemasAreKept(t *testing.T) {
	for _, w := range speedWork {
		transform, refused := fresh(t, w.class, w.props, connect.SinkKind)
		if refused != "" {
			t.Fatal(refused)
		}
		s, v, _ := wide()
		var first *connect.Schema
		for i := range 3 {
			r := new(connect.Record)
			r.Value.Set(s, v)
			if err := apply(transform, new(connect.Arena), r); err != nil {
				t.Fatal(err)
			}
			d := &r.Value
			if w.class == "ValueToKey" {
				d = &r.Key
			}
			got, _, err := d.Get()
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = got
			} else if got != first {
				t.Errorf("%s: another schema for the same one", w.class)
			}
		}
	}
}

// TestFlattenManyNames goes beyond what is remembered, and through names that two
// fields share.
func TestFlattenManyNames(t *testing.T) {
	transform, _ := fresh(t, "Flatten$Value", nil, connect.SinkKind)
	entry := func(name string, v connect.Value) connect.Entry {
		return connect.Entry{Key: connect.StringValue(name), Value: v}
	}
	for i := range 20_000 {
		r := new(connect.Record)
		name := fmt.Sprint("f", i)
		r.Value.Set(nil, connect.MapValue([]connect.Entry{
			entry("a.b", connect.Int64Value(1)),
			entry("x", connect.Int64Value(2)),
			entry("a", connect.MapValue([]connect.Entry{entry("b", connect.Int64Value(3)), entry(name, connect.Int64Value(4))})),
			entry("", connect.MapValue([]connect.Entry{entry("x", connect.Int64Value(5))})),
		}))
		if err := apply(transform, new(connect.Arena), r); err != nil {
			t.Fatal(err)
		}
		_, v, _ := r.Value.Get()
		want := connect.MapValue([]connect.Entry{
			entry("a.b", connect.Int64Value(3)), entry("x", connect.Int64Value(5)), entry("a."+name, connect.Int64Value(4)),
		})
		if !v.Equal(want) || v.Entries()[0].Key.Str() != "a.b" {
			t.Fatalf("map %d: %v", i, v.Entries())
		}
	}
}

// Keys that are no texts, which a converter gives for a map with a schema.
func TestFlattenKeys(t *testing.T) {
	transform, _ := fresh(t, "Flatten$Value", nil, connect.SinkKind)
	for want, v := range map[string]connect.Value{
		"class java.lang.Long cannot be cast to class java.lang.String": connect.MapValue([]connect.Entry{{Key: connect.Int64Value(1)}}),
		"Flatten transformation does not support class org.apache.kafka.connect.data.Struct for record without schemas (for field a.b).": connect.MapValue([]connect.Entry{
			{Key: connect.StringValue("a"), Value: connect.MapValue([]connect.Entry{{Key: connect.StringValue("b"), Value: connect.StructValue(nil)}})},
		}),
	} {
		r := new(connect.Record)
		r.Value.Set(nil, v)
		if err := apply(transform, new(connect.Arena), r); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
