// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"encoding/base64"
	"math"
	"strconv"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javajson"
)

// maxPlainDepth bounds how deep appendPlain goes.
const maxPlainDepth = 100

// appendPlain appends a value as plain JSON, whatever it is: for people who look at
// a record that its converter has refused. Structs and maps are objects, Bytes are
// base64, NaN and infinities are strings, and what does not match its schema is
// written by the type that it has.
func appendPlain(dst []byte, s *connect.Schema, v connect.Value) []byte {
	return appendPlainAt(dst, s, v, 0)
}

func appendPlainAt(dst []byte, s *connect.Schema, v connect.Value, depth int) []byte {
	if depth > maxPlainDepth {
		return append(dst, `"…"`...)
	}
	switch v.Type() {
	case connect.Null:
		return append(dst, "null"...)
	case connect.Boolean:
		return strconv.AppendBool(dst, v.Bool())
	case connect.Float32, connect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return strconv.AppendQuote(dst, strconv.FormatFloat(f, 'g', -1, 64))
		}
		return javajson.AppendDouble(dst, v.Float())
	case connect.String:
		return javajson.AppendString(dst, v.Str())
	case connect.Bytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes())
		return append(dst, '"')
	case connect.Array:
		return appendPlainArray(dst, s, v, depth)
	case connect.Struct:
		return appendPlainStruct(dst, s, v, depth)
	case connect.Map:
		return appendPlainMap(dst, s, v, depth)
	default:
		return strconv.AppendInt(dst, v.Int(), 10)
	}
}

func appendPlainArray(dst []byte, s *connect.Schema, v connect.Value, depth int) []byte {
	var items *connect.Schema
	if s != nil {
		items = s.Elem
	}
	dst = append(dst, '[')
	for i, item := range v.Items() {
		dst = appendPlainAt(comma(dst, i), items, item, depth+1)
	}
	return append(dst, ']')
}

func appendPlainStruct(dst []byte, s *connect.Schema, v connect.Value, depth int) []byte {
	dst = append(dst, '{')
	for i, item := range v.Items() {
		name, of := strconv.Itoa(i), (*connect.Schema)(nil)
		if s != nil && i < len(s.Fields) {
			name, of = s.Fields[i].Name, s.Fields[i].Schema
		}
		dst = append(javajson.AppendString(comma(dst, i), name), ':')
		dst = appendPlainAt(dst, of, item, depth+1)
	}
	return append(dst, '}')
}

func appendPlainMap(dst []byte, s *connect.Schema, v connect.Value, depth int) []byte {
	var keys, values *connect.Schema
	if s != nil {
		keys, values = s.Key, s.Elem
	}
	dst = append(dst, '{')
	for i, e := range v.Entries() {
		dst = comma(dst, i)
		if e.Key.Type() == connect.String {
			dst = javajson.AppendString(dst, e.Key.Str())
		} else {
			dst = javajson.AppendString(dst, string(appendPlainAt(nil, keys, e.Key, depth+1)))
		}
		dst = appendPlainAt(append(dst, ':'), values, e.Value, depth+1)
	}
	return append(dst, '}')
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}
