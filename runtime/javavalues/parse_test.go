// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javavalues

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

func show(s *connect.Schema, v connect.Value) string { return describeSchema(s) + " " + describe(s, v) }

// What Parse ignores, ParseWhole does not.
func TestParseWhole(t *testing.T) {
	for text, want := range map[string]struct{ java, whole string }{
		"12:34":          {"INT8 Byte:12", `STRING "12:34"`},
		"1,2":            {"INT8 Byte:1", `STRING "1,2"`},
		"2020-01-01:x":   {"Date Date:1577836800000", `STRING "2020-01-01:x"`},
		"[1] (see)":      {"ARRAY[INT8] [Byte:1]", `STRING "[1] (see)"`},
		"[1] ":           {"ARRAY[INT8] [Byte:1]", "ARRAY[INT8] [Byte:1]"},
		"  [x":           {`STRING "  "`, `STRING "  [x"`},
		`[" "]`:          {`ARRAY[STRING] [""]`, `ARRAY[STRING] [" "]`},
		`["a: :b"]`:      {`ARRAY[STRING] ["a::b"]`, `ARRAY[STRING] ["a: :b"]`},
		`["a"]`:          {`ARRAY[STRING] ["a"]`, `ARRAY[STRING] ["a"]`},
		`["a`:            {`STRING "\u0022a`, ""},
		"true":           {"BOOLEAN Boolean:true", "BOOLEAN Boolean:true"},
		"null":           {"none null", "none null"},
		"":               {`STRING ""`, `STRING ""`},
		"  ":             {`STRING "  "`, `STRING "  "`},
		"12:34:56.789Z":  {"Time Date:45296789", "Time Date:45296789"},
		"12:34:56.789Z,": {"Time Date:45296789", `STRING "12:34:56.789Z,"`},
	} {
		if want.whole == "" {
			want.java, want.whole = "STRING "+quoted(text), "STRING "+quoted(text)
		}
		s, v, err := Parse(new(connect.Arena), text)
		if got := show(s, v); got != want.java || err != nil {
			t.Errorf("%q is %s, %v, want %s", text, got, err, want.java)
		}
		s, v, err = ParseWhole(new(connect.Arena), text)
		if got := show(s, v); got != want.whole || err != nil {
			t.Errorf("%q is wholly %s, %v, want %s", text, got, err, want.whole)
		}
	}
}

func TestDepth(t *testing.T) {
	for _, open := range []string{"[", `{"a":`, "[[", `{[1]:{1:`} {
		if _, _, err := Parse(new(connect.Arena), strings.Repeat(open, 100_000)); !errors.Is(err, ErrDepth) {
			t.Errorf("%s again and again: %v", open, err)
		}
	}
	text := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	s, v, err := Parse(new(connect.Arena), text)
	if err != nil || s.Type != connect.Array {
		t.Fatalf("%v, %v", s, err)
	}
	if back := string(Append(nil, s, v)); back != text {
		t.Errorf("it is written as %s", back)
	}
	conforms(t, s, v)
}

// Schemas that many texts have are one, for converters remember what they know of
// each.
func TestSchemasAreShared(t *testing.T) {
	for _, text := range []string{"1", "2020-01-01", "99999999999999999999", "[]", "[1]", `["a"]`, "[2020-01-01]", "{}", `{"a":1}`, `{"a":null}`} {
		s, _, _ := Parse(new(connect.Arena), text)
		again, _, _ := Parse(new(connect.Arena), text)
		if s != again {
			t.Errorf("%s has a schema of its own", text)
		}
	}
}

func TestAppend(t *testing.T) {
	person := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
		{Name: `n"`, Schema: connect.OptionalStringSchema},
		{Name: "age", Schema: &connect.Schema{Type: connect.Int32, Optional: true, Default: ptr(connect.Int32Value(7))}},
	}}
	null := connect.Value{}
	for name, tc := range map[string]struct {
		schema *connect.Schema
		value  connect.Value
		want   string
	}{
		"struct":              {person, connect.StructValue([]connect.Value{connect.StringValue(`a\b`), null}), `{"n\"":"a\\b","age":7}`},
		"struct, no schema":   {nil, connect.StructValue([]connect.Value{null}), `{"0":null}`},
		"bytes":               {nil, connect.BytesValue([]byte{1}), "AQ=="},
		"bytes in a list":     {nil, connect.ArrayValue([]connect.Value{connect.BytesValue([]byte{1})}), `["AQ=="]`},
		"decimal":             {decimalSchema(2), connect.BytesValue([]byte{15}), "0.15"},
		"decimals":            {arraySchema(decimalSchema(2)), connect.ArrayValue([]connect.Value{connect.BytesValue([]byte{15})}), "[0.15]"},
		"float":               {nil, connect.Float32Value(0.1), "0.1"},
		"pairs":               {nil, connect.MapValue([]connect.Entry{{Key: connect.Int8Value(1), Value: connect.BooleanValue(true)}}), "{1:true}"},
		"null":                {nil, null, "null"},
		"named number":        {&connect.Schema{Type: connect.Int64, Name: "x"}, connect.Int64Value(5), "5"},
		"dates":               {arraySchema(connect.DateSchema), connect.ArrayValue([]connect.Value{connect.Int32Value(1)}), "[1970-01-02]"},
		"first day":           {connect.DateSchema, connect.Int32Value(0), "00:00:00.000Z"},
		"timestamp of a day":  {connect.TimestampSchema, connect.Int64Value(millisPerDay), "1970-01-02"},
		"time of another day": {connect.TimeSchema, connect.Int32Value(millisPerDay + 1), "1970-01-02T00:00:00.001Z"},
		"far future":          {connect.TimestampSchema, connect.Int64Value(253402300800001), "10000-01-01T00:00:00.001Z"},
		"long ago":            {connect.DateSchema, connect.Int32Value(-1), "00:00:00.000Z"},
	} {
		if got := string(Append([]byte(">"), tc.schema, tc.value)); got != ">"+tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func ptr(v connect.Value) *connect.Value { return &v }

// What AppendWhole writes of a moment, ParseWhole reads, whenever it was.
func TestMomentsComeBack(t *testing.T) {
	for _, day := range []int64{-719_470 + 366, -500_000, javatext.GregorianDay - 1, javatext.GregorianDay, javatext.GregorianDay + 1, -100_000, -366, -1, 1, 59, 60, 19_782, 1_000_000} {
		for _, millis := range []int64{0, 1, millisPerDay - 1} {
			schema, n := connect.TimestampSchema, day*millisPerDay+millis
			if millis == 0 {
				schema, n = connect.DateSchema, day
			}
			v := connect.IntValue(schema.Type, n)
			text := string(AppendWhole(nil, schema, v))
			s, back, err := ParseWhole(new(connect.Arena), text)
			if s != schema || !back.Equal(v) || err != nil {
				t.Errorf("%d of day %d is %s and read as %s, %v", millis, day, text, show(s, back), err)
			}
		}
	}
	if got := string(AppendWhole(nil, connect.DateSchema, connect.Int32Value(javatext.GregorianDay-1))); got != "1582-10-04" {
		t.Errorf("the day before the Gregorian calendar is %s", got)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, text := range []string{"text", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "12345", "1.5", "2020-01-01", "2020-01-01T12:34:56.789Z", `["a","b"]`, `{"a":1,"b":2}`} {
		b.Run(text, func(b *testing.B) {
			a := new(connect.Arena)
			b.ReportAllocs()
			for b.Loop() {
				a.Reset()
				if _, _, err := ParseWhole(a, text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Neither time nor memory grow faster than the text.
func TestLongTexts(t *testing.T) {
	var entries strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&entries, "%d:%d,", i, i)
	}
	for name, text := range map[string]string{
		"map":     "{" + entries.String() + "}",
		"opening": strings.Repeat("[", 900) + strings.Repeat("1,", 200_000),
		"digits":  strings.Repeat("9", 500_000),
		"point":   "0." + strings.Repeat("9", 500_000),
		"spaces":  strings.Repeat(" ", 500_000) + "x",
		"quotes":  "[" + strings.Repeat(`"`, 200_000),
		"numbers": "[" + strings.Repeat("1,", 200_000) + "x",
	} {
		s, v, err := Parse(new(connect.Arena), text)
		if err != nil || s == nil || v.IsNull() {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}
