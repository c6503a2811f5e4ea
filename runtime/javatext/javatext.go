// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package javatext writes Connect values as the text that Java's toString gives
// for them, which is what Kafka Connect's StringConverter and file sink write.
package javatext

import (
	"encoding/base64"
	"math"
	"strconv"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javajson"
)

// AppendText appends what Java's toString gives for the value: `[1, 2]`,
// `{a=1}`, `Struct{a=1,b=x}` without the fields that are null, and "null". A
// Date, Time or Timestamp reads as java.util.Date does in a JVM whose time zone
// is UTC; a Decimal as BigDecimal does. Schema nil is none.
//
// Bytes are written as base64, because Java writes an object's identity for
// them, which says nothing.
func AppendText(dst []byte, s *connect.Schema, v connect.Value) []byte {
	switch v.Type() {
	case connect.Null:
		return append(dst, "null"...)
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		return appendInt(dst, s, v)
	case connect.Float32:
		return appendFloat(dst, v.Float(), true)
	case connect.Float64:
		return appendFloat(dst, v.Float(), false)
	case connect.Boolean:
		return strconv.AppendBool(dst, v.Bool())
	case connect.String:
		return append(dst, v.Str()...)
	case connect.Bytes:
		return appendBytes(dst, s, v)
	case connect.Array:
		return appendArray(dst, s, v)
	case connect.Map:
		return appendMap(dst, s, v)
	default:
		return appendStruct(dst, s, v)
	}
}

func appendFloat(dst []byte, f float64, single bool) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case single:
		return javajson.AppendFloat(dst, float32(f))
	default:
		return javajson.AppendDouble(dst, f)
	}
}

func appendInt(dst []byte, s *connect.Schema, v connect.Value) []byte {
	switch {
	case v.IsInstant():
		return appendDate(dst, v.Int())
	case s != nil:
		switch s.Name {
		case connect.DateName:
			return appendDate(dst, v.Int()*millisPerDay)
		case connect.TimeName, connect.TimestampName:
			return appendDate(dst, v.Int())
		}
	}
	return strconv.AppendInt(dst, v.Int(), 10)
}

func appendBytes(dst []byte, s *connect.Schema, v connect.Value) []byte {
	if s != nil && s.Name == connect.DecimalName && v.Len() > 0 {
		if scale, ok := Scale(s); ok {
			return AppendDecimal(dst, v.Bytes(), scale)
		}
	}
	return base64.StdEncoding.AppendEncode(dst, v.Bytes())
}

func appendArray(dst []byte, s *connect.Schema, v connect.Value) []byte {
	dst = append(dst, '[')
	for i, item := range v.Items() {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = AppendText(dst, elem(s), item)
	}
	return append(dst, ']')
}

func appendMap(dst []byte, s *connect.Schema, v connect.Value) []byte {
	var key *connect.Schema
	if s != nil {
		key = s.Key
	}
	dst = append(dst, '{')
	for i, e := range v.Entries() {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(AppendText(dst, key, e.Key), '=')
		dst = AppendText(dst, elem(s), e.Value)
	}
	return append(dst, '}')
}

// appendStruct names a field that its schema does not know by its position.
func appendStruct(dst []byte, s *connect.Schema, v connect.Value) []byte {
	dst = append(dst, "Struct{"...)
	first := true
	for i, f := range v.Items() {
		if f.IsNull() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		var fs *connect.Schema
		if s != nil && i < len(s.Fields) {
			fs = s.Fields[i].Schema
			dst = append(dst, s.Fields[i].Name...)
		} else {
			dst = strconv.AppendInt(dst, int64(i), 10)
		}
		dst = AppendText(append(dst, '='), fs, f)
	}
	return append(dst, '}')
}

func elem(s *connect.Schema) *connect.Schema {
	if s == nil {
		return nil
	}
	return s.Elem
}
