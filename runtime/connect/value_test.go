// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"math"
	"runtime"
	"testing"
	"unsafe"
)

func TestValueSize(t *testing.T) {
	if got := unsafe.Sizeof(Value{}); got != 24 {
		t.Errorf("a Value has %d bytes, want 24", got)
	}
}

func TestValueKeepsWhatItWasGiven(t *testing.T) {
	for name, tc := range map[string]struct {
		v    Value
		typ  Type
		same func(Value) bool
	}{
		"null":        {NullValue(), Null, Value.IsNull},
		"int8":        {Int8Value(math.MinInt8), Int8, func(v Value) bool { return v.Int() == math.MinInt8 }},
		"int16":       {Int16Value(-2), Int16, func(v Value) bool { return v.Int() == -2 }},
		"int32":       {Int32Value(math.MaxInt32), Int32, func(v Value) bool { return v.Int() == math.MaxInt32 }},
		"int64":       {Int64Value(math.MinInt64), Int64, func(v Value) bool { return v.Int() == math.MinInt64 }},
		"int of type": {IntValue(Int16, 7), Int16, func(v Value) bool { return v.Int() == 7 }},
		"float32":     {Float32Value(0.1), Float32, func(v Value) bool { return float32(v.Float()) == 0.1 }},
		"float64":     {Float64Value(-0.1), Float64, func(v Value) bool { return v.Float() == -0.1 }},
		"nan":         {Float64Value(math.NaN()), Float64, func(v Value) bool { return math.IsNaN(v.Float()) }},
		"true":        {BooleanValue(true), Boolean, Value.Bool},
		"false":       {BooleanValue(false), Boolean, func(v Value) bool { return !v.Bool() }},
		"string":      {StringValue("grüß"), String, func(v Value) bool { return v.Str() == "grüß" && v.Len() == 6 }},
		"no string":   {StringValue(""), String, func(v Value) bool { return v.Str() == "" && !v.IsNull() }},
		"string of":   {StringOf([]byte("ab")), String, func(v Value) bool { return v.Str() == "ab" }},
		"bytes":       {BytesValue([]byte{0, 1}), Bytes, func(v Value) bool { return string(v.Bytes()) == "\x00\x01" }},
		"nil bytes":   {BytesValue(nil), Bytes, func(v Value) bool { return len(v.Bytes()) == 0 && !v.IsNull() }},
		"array":       {ArrayValue([]Value{Int8Value(1), {}}), Array, func(v Value) bool { return len(v.Items()) == 2 && v.Items()[1].IsNull() }},
		"nil array":   {ArrayValue(nil), Array, func(v Value) bool { return len(v.Items()) == 0 }},
		"struct":      {StructValue([]Value{StringValue("x")}), Struct, func(v Value) bool { return v.Items()[0].Str() == "x" }},
		"map": {MapValue([]Entry{{StringValue("k"), Int64Value(1)}}), Map, func(v Value) bool {
			got, ok := v.Get("k")
			_, missing := v.Get("other")
			return ok && got.Int() == 1 && !missing
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.v.Type() != tc.typ || !tc.same(tc.v) {
				t.Errorf("value of type %s does not hold what it was given", tc.v.Type())
			}
			if !tc.v.Equal(tc.v) {
				t.Error("a value differs from itself")
			}
		})
	}
}

func TestValueEqual(t *testing.T) {
	m := func(e ...Entry) Value { return MapValue(e) }
	a, b := Entry{StringValue("a"), Int64Value(1)}, Entry{StringValue("b"), ArrayValue([]Value{BooleanValue(true)})}
	for name, tc := range map[string]struct {
		v, w Value
		want bool
	}{
		"maps in another order": {m(a, b), m(b, a), true},
		"maps of other size":    {m(a, b), m(a), false},
		"maps of other keys":    {m(a), m(b), false},
		"maps of other values":  {m(a), m(Entry{StringValue("a"), Int64Value(2)}), false},
		"other type, same bits": {Int32Value(1), Int64Value(1), false},
		"string and bytes":      {StringValue("a"), BytesValue([]byte("a")), false},
		"arrays of other size":  {ArrayValue([]Value{{}}), ArrayValue(nil), false},
		"arrays of other items": {ArrayValue([]Value{Int8Value(1)}), ArrayValue([]Value{Int8Value(2)}), false},
		"zeros of two signs":    {Float64Value(0), Float64Value(math.Copysign(0, -1)), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.v.Equal(tc.w); got != tc.want {
				t.Errorf("Equal is %v, want %v", got, tc.want)
			}
		})
	}
}

// The pointer inside a Value must keep what it points to alive.
func TestValueKeepsMemoryAlive(t *testing.T) {
	values := make([]Value, 1000)
	for i := range values {
		values[i] = ArrayValue([]Value{StringOf([]byte{byte(i), byte(i >> 8)})})
	}
	runtime.GC()
	for i, v := range values {
		if got := v.Items()[0].Bytes(); got[0] != byte(i) || got[1] != byte(i>>8) {
			t.Fatalf("value %d was collected: %v", i, got)
		}
	}
}

func TestTypeNames(t *testing.T) {
	for typ, want := range map[Type]string{Null: "null", Float32: "float", Float64: "double", Struct: "struct", 99: "type(99)"} {
		if got := typ.String(); got != want {
			t.Errorf("type %d is called %q, want %q", typ, got, want)
		}
	}
}
