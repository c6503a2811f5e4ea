// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javatext

import (
	"math"
	"testing"

	"penstock.dev/runtime/connect"
)

// What Java itself writes is compared in runtime/converters, against a golden
// file.
func TestAppendText(t *testing.T) {
	point := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
		{Name: "x", Schema: connect.Int32Schema},
		{Name: "label", Schema: connect.OptionalStringSchema},
		{Name: "at", Schema: connect.TimestampSchema},
	}}
	entries := []connect.Entry{
		{Key: connect.StringValue("a"), Value: connect.Int64Value(1)},
		{Key: connect.StringValue("b"), Value: connect.Value{}},
	}
	fields := []connect.Value{connect.Int32Value(1), {}, connect.Int64Value(0)}
	tests := map[string]struct {
		schema *connect.Schema
		value  connect.Value
		want   string
	}{
		"null":              {nil, connect.Value{}, "null"},
		"boolean":           {nil, connect.BooleanValue(true), "true"},
		"int8":              {connect.Int8Schema, connect.Int8Value(-1), "-1"},
		"int64":             {nil, connect.Int64Value(math.MaxInt64), "9223372036854775807"},
		"double":            {nil, connect.Float64Value(1e10), "1.0E10"},
		"float":             {nil, connect.Float32Value(0.1), "0.1"},
		"not a number":      {nil, connect.Float64Value(math.NaN()), "NaN"},
		"infinity":          {nil, connect.Float64Value(math.Inf(1)), "Infinity"},
		"minus infinity":    {nil, connect.Float32Value(float32(math.Inf(-1))), "-Infinity"},
		"string":            {nil, connect.StringValue("a \"b\" é"), "a \"b\" é"},
		"bytes":             {nil, connect.BytesValue([]byte{1, 2}), "AQI="},
		"array":             {nil, connect.ArrayValue([]connect.Value{connect.Int64Value(1), connect.StringValue("x")}), "[1, x]"},
		"empty array":       {nil, connect.ArrayValue(nil), "[]"},
		"map":               {nil, connect.MapValue(entries), "{a=1, b=null}"},
		"struct":            {point, connect.StructValue(fields), "Struct{x=1,at=Thu Jan 01 00:00:00 UTC 1970}"},
		"unknown fields":    {nil, connect.StructValue(fields), "Struct{0=1,2=0}"},
		"date":              {connect.DateSchema, connect.Int32Value(19000), "Sat Jan 08 00:00:00 UTC 2022"},
		"time":              {connect.TimeSchema, connect.Int32Value(3661001), "Thu Jan 01 01:01:01 UTC 1970"},
		"array of decimals": {&connect.Schema{Type: connect.Array, Elem: decimal("1")}, connect.ArrayValue([]connect.Value{connect.BytesValue([]byte{15})}), "[1.5]"},
		"map of dates":      {&connect.Schema{Type: connect.Map, Key: connect.DateSchema, Elem: connect.StringSchema}, connect.MapValue([]connect.Entry{{Key: connect.Int32Value(0), Value: connect.StringValue("x")}}), "{Thu Jan 01 00:00:00 UTC 1970=x}"},
		"decimal no scale":  {decimal("x"), connect.BytesValue([]byte{15}), "Dw=="},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := string(AppendText([]byte(">"), tc.schema, tc.value)); got != ">"+tc.want {
				t.Errorf("got %s, want >%s", got, tc.want)
			}
		})
	}
}

func decimal(scale string) *connect.Schema {
	return &connect.Schema{
		Type: connect.Bytes, Name: connect.DecimalName,
		Parameters: []connect.Parameter{{Name: connect.ScaleParameter, Value: scale}},
	}
}

func TestAppendDecimal(t *testing.T) {
	tests := map[string]struct {
		unscaled []byte
		scale    int
		want     string
	}{
		"integer":         {[]byte{0, 0x80}, 0, "128"},
		"negative":        {[]byte{0xff, 0x38}, 2, "-2.00"},
		"less than one":   {[]byte{5}, 3, "0.005"},
		"small":           {[]byte{0x85}, 7, "-0.0000123"},
		"smaller":         {[]byte{12}, 8, "1.2E-7"},
		"one small digit": {[]byte{1}, 8, "1E-8"},
		"large":           {[]byte{12}, -3, "1.2E+4"},
		"zero":            {[]byte{0}, 2, "0.00"},
		"zero, far":       {[]byte{0}, 10, "0E-10"},
		"nine bytes":      {[]byte{0, 0x80, 0, 0, 0, 0, 0, 0, 0}, 1, "922337203685477580.8"},
		"negative nine":   {[]byte{0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0, "-9223372036854775809"},
	}
	for name, tc := range tests {
		if got := string(AppendDecimal([]byte("> "), tc.unscaled, tc.scale)); got != "> "+tc.want {
			t.Errorf("%s: got %s, want > %s", name, got, tc.want)
		}
	}
}

func TestScale(t *testing.T) {
	tests := map[string]struct {
		schema *connect.Schema
		scale  int
		ok     bool
	}{
		"positive": {decimal("2"), 2, true},
		"negative": {decimal("-3"), -3, true},
		"text":     {decimal("two"), 0, false},
		"beyond":   {decimal("3000000000"), 0, false},
		"none":     {connect.BytesSchema, 0, false},
	}
	for name, tc := range tests {
		if scale, ok := Scale(tc.schema); ok != tc.ok || ok && scale != tc.scale {
			t.Errorf("%s: got %d, %v", name, scale, ok)
		}
	}
}
