// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package converters_test

import (
	"maps"
	"math"

	"penstock.dev/runtime/connect"
)

type writeCase struct {
	schema *connect.Schema
	value  connect.Value
}

func float64Value(bits uint64) connect.Value { return connect.Float64Value(math.Float64frombits(bits)) }
func float32Value(bits uint32) connect.Value { return connect.Float32Value(math.Float32frombits(bits)) }
func float64Bits(v connect.Value) uint64     { return math.Float64bits(v.Float()) }
func float32Bits(v connect.Value) uint32     { return math.Float32bits(float32(v.Float())) }

func decimalSchema(scale string) *connect.Schema {
	return &connect.Schema{
		Type: connect.Bytes, Name: connect.DecimalName, Version: 1,
		Parameters: []connect.Parameter{{Name: connect.ScaleParameter, Value: scale}},
	}
}

func withDefault(s connect.Schema, v connect.Value) *connect.Schema {
	s.Default = &v
	return &s
}

func array(v ...connect.Value) connect.Value  { return connect.ArrayValue(v) }
func object(v ...connect.Value) connect.Value { return connect.StructValue(v) }
func text(s string) connect.Value             { return connect.StringValue(s) }

func ordered(kv ...connect.Value) connect.Value {
	var e []connect.Entry
	for i := 0; i < len(kv); i += 2 {
		e = append(e, connect.Entry{Key: kv[i], Value: kv[i+1]})
	}
	return connect.MapValue(e)
}

// writeCases are those of Cases.java, by the same names.
func writeCases() map[string]writeCase {
	m := scalarCases()
	maps.Copy(m, containerCases())
	inner := &connect.Schema{
		Type: connect.Struct, Name: "in\"ner", Version: 3, Doc: "doc é", Optional: true,
		Parameters: []connect.Parameter{{Name: "z", Value: "1"}, {Name: "a", Value: "\n"}},
		Fields:     []connect.Field{{Name: "x", Schema: connect.Int16Schema}},
	}
	x := func(n int16) connect.Value { return object(connect.Int16Value(n)) }
	outer := &connect.Schema{Type: connect.Struct, Name: "outer", Fields: []connect.Field{
		{Name: "id", Schema: connect.Int32Schema},
		{Name: "n", Schema: connect.OptionalStringSchema},
		{Name: "d", Schema: withDefault(*connect.OptionalStringSchema, text("dflt"))},
		{Name: "in", Schema: inner},
		{Name: "list", Schema: withDefault(connect.Schema{Type: connect.Array, Elem: inner}, array(x(4)))},
		{Name: "m", Schema: &connect.Schema{Type: connect.Map, Key: connect.StringSchema, Elem: inner, Optional: true}},
		{Name: "money", Schema: decimalSchema("2").AsOptional()},
		{Name: "at", Schema: connect.TimestampSchema.AsOptional()},
		{Name: "qu\"oted\n", Schema: connect.BooleanSchema.AsOptional()},
	}}
	null := connect.Value{}
	m["struct"] = writeCase{outer, object(connect.Int32Value(1), null, null, x(9), array(x(1)), ordered(text("k"), x(2)),
		connect.BytesValue([]byte{3, 0xe8}), connect.Int64Value(5), connect.BooleanValue(false))}
	m["struct of nulls"] = writeCase{outer, object(connect.Int32Value(1), null, null, null, array(), null, null, null, null)}
	m["struct lacks a field"] = writeCase{outer, object(null, text("x"), null, null, array(), null, null, null, null)}
	m["struct empty"] = writeCase{&connect.Schema{Type: connect.Struct, Optional: true}, object()}
	emoji := &connect.Schema{
		Type: connect.Struct, Name: "n😀", Doc: "\u007f\u2028",
		Parameters: []connect.Parameter{{Name: "p😀", Value: "😀"}},
		Fields:     []connect.Field{{Name: "f😀", Schema: connect.StringSchema}},
	}
	m["struct emoji"] = writeCase{emoji, object(text("é😀"))}
	return m
}

func scalarCases() map[string]writeCase {
	null := connect.Value{}
	seven := connect.Int32Value(7)
	return map[string]writeCase{
		"null without schema":        {nil, null},
		"null optional":              {connect.OptionalStringSchema, null},
		"null required":              {connect.StringSchema, null},
		"null with default":          {withDefault(*connect.Int32Schema, seven), null},
		"null optional with default": {withDefault(*connect.Int32Schema.AsOptional(), seven), null},
		"boolean":                    {connect.BooleanSchema, connect.BooleanValue(true)},
		"int8":                       {connect.Int8Schema, connect.Int8Value(-128)},
		"int16":                      {connect.Int16Schema, connect.Int16Value(32767)},
		"int32":                      {connect.Int32Schema, connect.Int32Value(math.MinInt32)},
		"int64":                      {connect.Int64Schema, connect.Int64Value(math.MinInt64)},
		"float32":                    {connect.Float32Schema, connect.Float32Value(1.1)},
		"float64":                    {connect.Float64Schema, connect.Float64Value(1e10)},
		"string":                     {connect.StringSchema, text("a\"é")},
		"bytes":                      {connect.BytesSchema, connect.BytesValue([]byte{0, 1, 0xfb, 0xff})},
		"bytes empty":                {connect.OptionalBytesSchema, connect.BytesValue(nil)},
		"schemaless bytes":           {nil, connect.BytesValue([]byte{1, 2})},
		"schemaless int8":            {nil, connect.Int8Value(5)},
		"schemaless float32":         {nil, connect.Float32Value(0.1)},
		"decimal":                    {decimalSchema("2"), connect.BytesValue([]byte{0xfe, 0x1d, 0xc6})},
		"decimal with default":       {withDefault(*decimalSchema("3"), connect.BytesValue([]byte{5, 0xdc})), null},
		"date":                       {connect.DateSchema, connect.Int32Value(-3)},
		"time":                       {connect.TimeSchema, connect.Int32Value(3661001)},
		"timestamp":                  {connect.TimestampSchema, connect.Int64Value(1700000000123)},
		"timestamp of 1969":          {connect.TimestampSchema, connect.Int64Value(-1)},
		"wrong type":                 {connect.Int32Schema, text("x")},
	}
}

func containerCases() map[string]writeCase {
	null := connect.Value{}
	n64 := connect.Int64Value
	n32 := connect.Int32Value
	ofMap := func(k, v *connect.Schema, optional bool) *connect.Schema {
		return &connect.Schema{Type: connect.Map, Key: k, Elem: v, Optional: optional}
	}
	bare := &connect.Schema{Type: connect.Array}
	return map[string]writeCase{
		"schemaless list":      {nil, array(n64(1), null, text("x"), array(), ordered())},
		"schemaless pairs":     {nil, ordered(n64(1), text("a"), text("b"), null)},
		"schemaless map":       {nil, ordered(text("z"), n64(1), text("a"), null, text("é"), ordered(text("k"), connect.Float64Value(1.5)))},
		"schemaless emoji key": {nil, ordered(text("k😀"), text("v😀€"))},
		"array":                {&connect.Schema{Type: connect.Array, Elem: connect.Int32Schema.AsOptional()}, array(n32(1), null, n32(3))},
		"array with null":      {&connect.Schema{Type: connect.Array, Elem: connect.Int32Schema}, array(n32(1), null)},
		"map string keys":      {ofMap(connect.StringSchema, connect.Int64Schema, false), ordered(text("b"), n64(1), text("a"), n64(2))},
		"map int keys":         {ofMap(connect.Int32Schema, connect.OptionalStringSchema, true), ordered(n32(2), text("x"), n32(1), null)},
		"map null key":         {ofMap(connect.OptionalStringSchema, connect.Int32Schema, false), ordered(null, n32(1))},
		"map empty":            {ofMap(connect.Int32Schema, connect.Int32Schema, false), ordered()},

		"bare array":             {bare, array(connect.Int8Value(1), text("a"), array(connect.BooleanValue(true)))},
		"bare array empty":       {bare, array()},
		"bare arrays":            {&connect.Schema{Type: connect.Array, Elem: bare}, array(array(), array())},
		"bare map":               {ofMap(nil, nil, false), ordered(connect.Int8Value(1), text("a"), text("b"), connect.Int8Value(2))},
		"bare map empty":         {ofMap(nil, nil, false), ordered()},
		"map of bare values":     {ofMap(connect.StringSchema, nil, false), ordered(text("a"), null, text("b"), null)},
		"int map of bare values": {ofMap(connect.Int8Schema, nil, false), ordered(connect.Int8Value(1), null)},
	}
}
