// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package simpleconv

import (
	"strings"
	"testing"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

func TestToConnect(t *testing.T) {
	text := func(s string) connect.Value { return connect.StringValue(s) }
	deep := strings.Repeat("[", 2000) + strings.Repeat("]", 2000)
	for name, tc := range map[string]struct {
		data   string
		schema *connect.Schema
		value  connect.Value
	}{
		"nothing":                              {"", connect.StringSchema, text("")},
		"null":                                 {"null", nil, connect.Value{}},
		"boolean":                              {"true", connect.BooleanSchema, connect.BooleanValue(true)},
		"number":                               {"300", connect.Int16Schema, connect.Int16Value(300)},
		"date":                                 {"2024-02-29", connect.DateSchema, connect.Int32Value(19782)},
		"a time of which Java reads the hours": {"12:34", connect.StringSchema, text("12:34")},
		"an array and more":                    {"[1] (see)", connect.StringSchema, text("[1] (see)")},
		"text":                                 {"a, b", connect.StringSchema, text("a, b")},
		"not UTF-8":                            {"a\xff", connect.StringSchema, text("a\uFFFD")},
		"too deep":                             {deep, connect.BytesSchema, connect.BytesValue([]byte(deep))},
	} {
		t.Run(name, func(t *testing.T) {
			s, v, err := Converter{}.ToConnect(new(connect.Arena), "t", []byte(tc.data))
			if s != tc.schema || !v.Equal(tc.value) || err != nil {
				t.Errorf("got %v %v, %v", s, v, err)
			}
		})
	}
	if s, v, err := (Converter{}).ToConnect(nil, "t", nil); s != nil || !v.IsNull() || err != nil {
		t.Errorf("null is read as %v %v, %v", s, v, err)
	}
}

func TestFromConnect(t *testing.T) {
	list := connect.ArrayValue([]connect.Value{connect.StringValue("a"), connect.Int32Value(1)})
	for name, tc := range map[string]struct {
		schema *connect.Schema
		value  connect.Value
		want   string
	}{
		"text":              {connect.StringSchema, connect.StringValue(`say "x"`), `say "x"`},
		"no text":           {nil, connect.StringValue(""), ""},
		"number":            {nil, connect.Int64Value(-7), "-7"},
		"list":              {nil, list, `["a",1]`},
		"bytes":             {connect.BytesSchema, connect.BytesValue([]byte{1, 2}), "AQI="},
		"timestamp":         {connect.TimestampSchema, connect.Int64Value(86_400_001), "1970-01-02T00:00:00.001Z"},
		"date before 1970":  {connect.DateSchema, connect.Int32Value(-1), "1969-12-31"},
		"timestamp of then": {connect.TimestampSchema, connect.Int64Value(-1), "1969-12-31T23:59:59.999Z"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := Converter{}.FromConnect([]byte(">"), "t", tc.schema, tc.value)
			if string(out) != ">"+tc.want || err != nil {
				t.Errorf("got %q, %v, want %q", out, err, tc.want)
			}
		})
	}
	if out, err := (Converter{}).FromConnect([]byte{}, "t", connect.OptionalStringSchema, connect.Value{}); out != nil || err != nil {
		t.Errorf("null is written as %q, %v", out, err)
	}
}

// FuzzToConnect says that nothing is an error, that text that is not UTF-8 is
// repaired, and that a string is all of its text.
func FuzzToConnect(f *testing.F) {
	for _, s := range []string{"", "a", "\xff", "[1,\"\xed\xa0\x80\"]", "12:34", `{"a":1}`, "2024-02-29", "1e400", "[[["} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a := new(connect.Arena)
		s, v, err := Converter{}.ToConnect(a, "t", data)
		if err != nil || s == nil != v.IsNull() || s != nil && s.Type != v.Type() {
			t.Fatalf("%q is %v %v, %v", data, s, v, err)
		}
		if v.Type() == connect.String && (!utf8.ValidString(v.Str()) || utf8.Valid(data) && v.Str() != string(data)) {
			t.Fatalf("%q is the string %q", data, v.Str())
		}
		if out, err := (Converter{}).FromConnect([]byte{}, "t", s, v); err != nil || out == nil != v.IsNull() {
			t.Fatalf("%q is written as %q, %v", data, out, err)
		}
	})
}

func TestAllocations(t *testing.T) {
	a, buf := new(connect.Arena), make([]byte, 0, 64)
	for _, text := range []string{"text", "true", "12345", "2024-02-29", "nothing", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"} {
		data := []byte(text)
		if n := testing.AllocsPerRun(100, func() {
			a.Reset()
			s, v, _ := Converter{}.ToConnect(a, "t", data)
			if out, err := (Converter{}).FromConnect(buf, "t", s, v); err != nil || string(out) != text {
				t.Fatalf("%s becomes %s, %v", text, out, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a header", text, n)
		}
	}
}

func BenchmarkConverter(b *testing.B) {
	for _, text := range []string{"some-trace-id", "12345", "2024-02-29T12:00:00.000Z", `["a","b"]`} {
		b.Run(text, func(b *testing.B) {
			a, buf, data := new(connect.Arena), make([]byte, 0, 64), []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				a.Reset()
				s, v, _ := Converter{}.ToConnect(a, "t", data)
				if out, err := (Converter{}).FromConnect(buf, "t", s, v); err != nil || len(out) != len(text) {
					b.Fatal(out, err)
				}
			}
		})
	}
}
