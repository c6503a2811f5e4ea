// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// TestLists checks what users see of each class: names, documentation, and an
// example that works.
func TestLists(t *testing.T) {
	r := registry()
	names := append(r.TransformNames(), r.PredicateNames()...)
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names are not unique: %q", names)
	}
	for _, p := range r.Transforms {
		checkClass(t, p.Name, p.Doc, p.Example, p.Aliases, p.Keys)
	}
	for _, p := range r.Predicates {
		checkClass(t, p.Name, p.Doc, p.Example, p.Aliases, p.Keys)
	}
}

func checkClass(t *testing.T, name, doc, example string, aliases []string, keys []configdef.Key) {
	t.Helper()
	if !strings.HasSuffix(doc, ".") || len(aliases) == 0 && !strings.HasPrefix(name, "cel") || !strings.Contains(example, ": "+name+"\n") {
		t.Errorf("%s: doc %q, aliases %q, example\n%s", name, doc, aliases, example)
	}
	for _, k := range keys {
		if k.Doc == "" {
			t.Errorf("%s: the key %s has no documentation", name, k.Name)
		}
	}
	props := map[string]string{}
	for line := range strings.Lines(example) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		props[key] = value
	}
	c := registry().ChainFor(connect.SinkKind, props)
	links, err := c.Chain(connect.SinkKind)
	if len(c.Problems)+len(c.Warnings) > 0 || err != nil || len(links) != 1 {
		t.Errorf("%s: the example has problems %v, warnings %v, error %v", name, c.Problems, c.Warnings, err)
	}
}

func TestConfigProblems(t *testing.T) {
	type props = map[string]string
	for name, tc := range map[string]struct {
		class string
		props props
		kind  connect.Kind
		want  []string
	}{
		"insert nothing": {"insert-field-value", props{}, connect.SinkKind, []string{"type: No field insertion configured; set topic.field, partition.field, offset.field, timestamp.field, or static.field and static.value"}},
		"insert a field without name": {"insert-field-value", props{"topic.field": "!", "static.field": " ", "static.value": "x"}, connect.SinkKind, []string{
			"topic.field: names no field; set it to the name of the new field, or remove it",
			"static.field: names no field; set it to the name of the new field, or remove it",
		}},
		"insert no value": {"insert-field-key", props{"static.field": "a"}, connect.SinkKind, []string{"static.value: No value specified for static field: set it, or remove static.field"}},
		"insert an offset into a source's records": {"insert-field-key", props{"offset.field": "o"}, connect.SourceKind, []string{
			"offset.field: is for sink connectors only, a source's records have no Kafka offset yet; remove it",
		}},
		"insert what is not known yet": {"insert-field-key", props{"static.field": "a", "static.value": "${env:X}"}, connect.SinkKind, nil},
		"rename to nothing":            {"replace-field-key", props{"renames": "a:b,c"}, connect.SinkKind, []string{"renames: Invalid rename mapping: c; write pairs of an old and a new name, old:new"}},
		"keys of before 4.0": {"replace-field-key", props{"blacklist": "a", "whitelist": "b"}, connect.SinkKind, []string{
			"blacklist: was renamed to exclude, and Kafka Connect 4 ignores it; set exclude instead",
			"whitelist: was renamed to include, and Kafka Connect 4 ignores it; set include instead",
		}},
		"route by nothing":        {"regex-router", props{}, connect.SinkKind, []string{"regex: is required and has no default; set it to a text"}},
		"route to nowhere":        {"regex-router", props{"regex": "a"}, connect.SinkKind, []string{"replacement: is required and has no default; set it to the new topic"}},
		"look ahead":              {"regex-router", props{"regex": "a(?=b)", "replacement": "x"}, connect.SinkKind, []string{"regex: uses look-ahead, (?=…), which cannot be had here; write the expression without it"}},
		"no regular expression":   {"regex-router", props{"regex": "a(", "replacement": "x"}, connect.SinkKind, []string{"regex: is not a regular expression that can be used here: missing closing ): `a(`"}},
		"a group that is not had": {"regex-router", props{"regex": "(a)", "replacement": "$2"}, connect.SinkKind, []string{"replacement: refers to the group $2, and the expression has 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, ok := registry().Transform(tc.class)
			if !ok {
				t.Fatal("no such class")
			}
			var got []string
			for _, problem := range p.Check(tc.props, tc.kind) {
				got = append(got, problem.Error())
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
		})
	}
}

// converterThatCounts tells how often it was asked to decode.
type converterThatCounts struct{ decoded int }

func (c *converterThatCounts) FromConnect(dst []byte, _ string, _ *connect.Schema, _ connect.Value) ([]byte, error) {
	return dst, nil
}

func (c *converterThatCounts) ToConnect(*connect.Arena, string, []byte) (*connect.Schema, connect.Value, error) {
	c.decoded++
	return nil, connect.NullValue(), nil
}

func TestRegexRouterDecodesNothing(t *testing.T) {
	transform, refused := fresh(t, "RegexRouter", map[string]string{"regex": "(.*)", "replacement": "$1-x"}, connect.SinkKind)
	if refused != "" {
		t.Fatal(refused)
	}
	var conv converterThatCounts
	r := &connect.Record{Topic: "a"}
	r.Key.SetRaw([]byte("k"), &connect.Codec{Converter: &conv})
	r.Value.SetRaw([]byte("v"), &connect.Codec{Converter: &conv})
	if err := apply(transform, new(connect.Arena), r); err != nil || r.Topic != "a-x" || conv.decoded != 0 {
		t.Errorf("topic %s, decoded %d times, error %v", r.Topic, conv.decoded, err)
	}
	if raw, _, ok := r.Value.Raw(); !ok || string(raw) != "v" {
		t.Error("the value is not raw any more")
	}
}

// TestManyTopicsAndFields goes beyond what is remembered.
func TestManyTopicsAndFields(t *testing.T) {
	route, _ := fresh(t, "RegexRouter", map[string]string{"regex": "t(.*)", "replacement": "$1"}, connect.SinkKind)
	replace, _ := fresh(t, "ReplaceField$Value", map[string]string{"exclude": "b", "renames": "f7:seven,f5007:more"}, connect.SinkKind)
	for i := range 10_000 {
		r := &connect.Record{Topic: fmt.Sprint("t", i)}
		name := fmt.Sprint("f", i)
		r.Value.Set(nil, connect.MapValue([]connect.Entry{
			{Key: connect.StringValue(name), Value: connect.Int64Value(1)}, {Key: connect.StringValue("b"), Value: connect.Int64Value(2)},
		}))
		for _, transform := range []connect.Transform{route, replace} {
			if err := apply(transform, new(connect.Arena), r); err != nil {
				t.Fatal(err)
			}
		}
		switch i {
		case 7:
			name = "seven"
		case 5007:
			name = "more"
		}
		_, v, _ := r.Value.Get()
		if _, ok := v.Get(name); r.Topic != fmt.Sprint(i) || !ok || v.Len() != 1 {
			t.Fatalf("topic %s, fields %v", r.Topic, v.Entries())
		}
	}
}

// A transform changes nothing that it was given: a source may use a value again.
func TestValuesAreNotChanged(t *testing.T) {
	schema := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
		{Name: "a", Schema: connect.StringSchema},
		{Name: "b", Schema: &connect.Schema{Type: connect.String, Optional: true, Default: ptr(connect.StringValue("d"))}},
	}}
	fields := []connect.Value{connect.StringValue("x"), connect.NullValue()}
	entries := []connect.Entry{{Key: connect.StringValue("a"), Value: connect.Int64Value(1)}, {Key: connect.StringValue("b"), Value: connect.Int64Value(2)}}
	for class, props := range map[string]map[string]string{
		"InsertField$Value":  {"topic.field": "t", "static.field": "s", "static.value": "v"},
		"ReplaceField$Value": {"exclude": "zz", "renames": "a:z"},
	} {
		transform, refused := fresh(t, class, props, connect.SinkKind)
		if refused != "" {
			t.Fatal(refused)
		}
		for _, d := range []struct {
			s *connect.Schema
			v connect.Value
		}{{schema, connect.StructValue(fields)}, {nil, connect.MapValue(entries)}} {
			r := &connect.Record{Topic: "t"}
			r.Value.Set(d.s, d.v)
			if err := apply(transform, new(connect.Arena), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !fields[1].IsNull() || entries[0].Key.Str() != "a" || len(schema.Fields) != 2 || schema.Fields[0].Name != "a" {
		t.Errorf("changed: %v, %v, %v", fields, entries, schema)
	}
}

func ptr[T any](v T) *T { return &v }
