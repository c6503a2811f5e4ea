// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"bytes"
	"math"
	"unsafe"
)

// Value is one value of any type in 24 bytes: a tag, a number and a pointer. It
// is what `any` is elsewhere, without an allocation for each number and string.
// The zero Value is null. A Struct holds its fields by position, in the order of
// its schema; a value without schema is a null, Boolean, Int64, Float64, String,
// Bytes, Array, or Map with String keys.
//
// Strings, byte slices and members are referred to, not copied.
type Value struct {
	typ   Type
	plain bool           // see PlainString
	num   uint64         // the number's bits, or a length
	ptr   unsafe.Pointer // the first byte or the first member
}

// Entry is a key and a value of a Map.
type Entry struct{ Key, Value Value }

// NullValue returns null.
func NullValue() Value { return Value{} }

// Int8Value returns an Int8.
func Int8Value(v int8) Value { return Value{typ: Int8, num: uint64(v)} }

// Int16Value returns an Int16.
func Int16Value(v int16) Value { return Value{typ: Int16, num: uint64(v)} }

// Int32Value returns an Int32.
func Int32Value(v int32) Value { return Value{typ: Int32, num: uint64(v)} }

// Int64Value returns an Int64.
func Int64Value(v int64) Value { return Value{typ: Int64, num: uint64(v)} }

// IntValue returns v as an integer of type t, one of Int8 to Int64; v is not
// checked against the type's range.
func IntValue(t Type, v int64) Value { return Value{typ: t, num: uint64(v)} }

// Float32Value returns a Float32.
func Float32Value(v float32) Value {
	return Value{typ: Float32, num: math.Float64bits(float64(v))}
}

// Float64Value returns a Float64.
func Float64Value(v float64) Value { return Value{typ: Float64, num: math.Float64bits(v)} }

// BooleanValue returns a Boolean.
func BooleanValue(v bool) Value {
	if v {
		return Value{typ: Boolean, num: 1}
	}
	return Value{typ: Boolean}
}

// StringValue returns a String that refers to v.
func StringValue(v string) Value {
	return Value{typ: String, num: uint64(len(v)), ptr: unsafe.Pointer(unsafe.StringData(v))}
}

// StringOf returns a String that refers to the bytes of v, which must not change
// as long as the value is used.
func StringOf(v []byte) Value {
	return Value{typ: String, num: uint64(len(v)), ptr: unsafe.Pointer(unsafe.SliceData(v))}
}

// PlainString is StringOf for a text that a converter has found to be ASCII
// without quotes, backslashes and control characters: JSON takes it as it is, and
// who writes it need not look again.
func PlainString(v []byte) Value {
	return Value{typ: String, plain: true, num: uint64(len(v)), ptr: unsafe.Pointer(unsafe.SliceData(v))}
}

// BytesValue returns a Bytes that refers to v; a nil slice is empty, not null.
func BytesValue(v []byte) Value {
	return Value{typ: Bytes, num: uint64(len(v)), ptr: unsafe.Pointer(unsafe.SliceData(v))}
}

// ArrayValue returns an Array that refers to v.
func ArrayValue(v []Value) Value {
	return Value{typ: Array, num: uint64(len(v)), ptr: unsafe.Pointer(unsafe.SliceData(v))}
}

// StructValue returns a Struct that refers to fields, which stand in the order
// of the schema.
func StructValue(fields []Value) Value {
	return Value{typ: Struct, num: uint64(len(fields)), ptr: unsafe.Pointer(unsafe.SliceData(fields))}
}

// MapValue returns a Map that refers to entries, whose keys must differ.
func MapValue(entries []Entry) Value {
	return Value{typ: Map, num: uint64(len(entries)), ptr: unsafe.Pointer(unsafe.SliceData(entries))}
}

// Type returns the value's type; Null for null.
func (v Value) Type() Type { return v.typ }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.typ == Null }

// IsPlain reports whether the value was made by PlainString.
func (v Value) IsPlain() bool { return v.plain }

// Int returns the number of an Int8, Int16, Int32 or Int64.
func (v Value) Int() int64 { return int64(v.num) }

// Float returns the number of a Float32 or Float64.
func (v Value) Float() float64 { return math.Float64frombits(v.num) }

// Bool returns the truth of a Boolean.
func (v Value) Bool() bool { return v.num != 0 }

// Str returns the text of a String; it refers to the value's bytes.
func (v Value) Str() string { return unsafe.String((*byte)(v.ptr), int(v.num)) }

// Bytes returns the bytes of a Bytes or String, not to be changed.
func (v Value) Bytes() []byte { return unsafe.Slice((*byte)(v.ptr), int(v.num)) }

// Items returns the elements of an Array or the fields of a Struct.
func (v Value) Items() []Value { return unsafe.Slice((*Value)(v.ptr), int(v.num)) }

// Entries returns the entries of a Map.
func (v Value) Entries() []Entry { return unsafe.Slice((*Entry)(v.ptr), int(v.num)) }

// Len returns the number of bytes, elements, fields or entries.
func (v Value) Len() int { return int(v.num) }

// Get returns the value of a Map's String key and whether it is there.
func (v Value) Get(key string) (Value, bool) {
	for _, e := range v.Entries() {
		if e.Key.typ == String && e.Key.Str() == key {
			return e.Value, true
		}
	}
	return Value{}, false
}

// Equal reports whether both values have the same type and content. Floats are
// compared by their bits; the entries of maps are compared in any order.
func (v Value) Equal(w Value) bool {
	if v.typ != w.typ {
		return false
	}
	switch v.typ {
	case String, Bytes:
		return bytes.Equal(v.Bytes(), w.Bytes())
	case Array, Struct:
		return equalItems(v.Items(), w.Items())
	case Map:
		return equalEntries(v.Entries(), w.Entries())
	default:
		return v.num == w.num
	}
}

func equalItems(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

func equalEntries(a, b []Entry) bool {
	if len(a) != len(b) {
		return false
	}
next:
	for i := range a {
		for j := range b {
			if a[i].Key.Equal(b[j].Key) {
				if !a[i].Value.Equal(b[j].Value) {
					return false
				}
				continue next
			}
		}
		return false
	}
	return true
}
