// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// masks finds what fields get that are masked: the replacement, or if there is
// none the zeros of their types.
type masks struct{ replacement *string }

// mask is what a field of one type gets, or why it cannot be masked.
type mask struct {
	value connect.Value
	err   error
}

// of returns the mask of values of a type and a schema, nil if there is none.
func (m masks) of(s *connect.Schema, t connect.Type) mask {
	if m.replacement == nil {
		return zeroMask(s, t)
	}
	return m.replaced(s, t, *m.replacement)
}

func zeroMask(s *connect.Schema, t connect.Type) mask {
	switch t {
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		return mask{value: connect.IntValue(t, 0)}
	case connect.Float32:
		return mask{value: connect.Float32Value(0)}
	case connect.Float64:
		return mask{value: connect.Float64Value(0)}
	case connect.Boolean:
		return mask{value: connect.BooleanValue(false)}
	case connect.String:
		return mask{value: connect.StringValue("")}
	case connect.Array:
		return mask{value: connect.ArrayValue(nil)}
	case connect.Map:
		return mask{value: connect.MapValue(nil)}
	}
	if isDecimal(s) {
		return mask{value: connect.BytesValue([]byte{0})}
	}
	return mask{err: javaError("Cannot mask value of type: class %s", javaClass(s, t))}
}

func (m masks) replaced(s *connect.Schema, t connect.Type, text string) mask {
	switch {
	case t == connect.String:
		return mask{value: connect.StringValue(text)}
	case isDecimal(s):
		return decimalMask(s, text)
	case t > connect.Float64 || isTime(s):
		return mask{err: javaError("Cannot mask value of type class %s with custom replacement.", javaClass(s, t))}
	}
	d, ok := parseDecimal(text)
	if !ok {
		return mask{err: javaError("Unable to convert %s (class java.lang.String) to a number", text)}
	}
	switch t {
	case connect.Float32:
		return mask{value: connect.Float32Value(float32(d.float()))}
	case connect.Float64:
		return mask{value: connect.Float64Value(d.float())}
	default:
		return mask{value: narrowed(t, d.int64())}
	}
}

func decimalMask(s *connect.Schema, text string) mask {
	d, ok := parseDecimal(text)
	if !ok {
		return mask{err: javaError("Unable to convert %s (class java.lang.String) to number", text)}
	}
	scale, ok := javatext.Scale(s)
	if !ok {
		return mask{err: javaError("Invalid Decimal schema: scale parameter not found.")}
	}
	n, ok := d.atScale(scale)
	if !ok {
		return mask{err: javaError("Decimal value has mismatching scale for given Decimal schema. Schema has scale %d, value has scale %d.", scale, d.scale)}
	}
	return mask{value: connect.BytesValue(twosComplement(n))}
}

func isDecimal(s *connect.Schema) bool {
	return s != nil && s.Type == connect.Bytes && s.Name == connect.DecimalName
}

// isTime reports whether Java has a java.util.Date for values of the schema.
func isTime(s *connect.Schema) bool {
	return s != nil && (s.Name == connect.DateName || s.Name == connect.TimeName || s.Name == connect.TimestampName)
}

// narrowed returns n as an integer of type t: its lowest bits, as Java narrows.
func narrowed(t connect.Type, n int64) connect.Value {
	switch t {
	case connect.Int8:
		n = int64(int8(n))
	case connect.Int16:
		n = int64(int16(n))
	case connect.Int32:
		n = int64(int32(n))
	}
	return connect.IntValue(t, n)
}
