// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javajson"
	"penstock.dev/runtime/javatext"
)

// append appends the JSON of a value that has a schema, or of a container's member
// that has none.
func (r rules) append(dst []byte, n *node, v connect.Value) ([]byte, error) {
	if n == nil {
		return appendAny(dst, v, 0)
	}
	if v.IsNull() {
		return r.appendNull(dst, n)
	}
	s := n.schema
	if v.Type() != s.Type {
		return nil, javaError("Invalid type for %s: %s", javaType(s.Type), javaType(v.Type()))
	}
	if n.logical != plain {
		return r.appendLogical(dst, n, v)
	}
	switch s.Type {
	case connect.Struct:
		return r.appendStruct(dst, n, v)
	case connect.Array:
		return r.appendArray(dst, n.elem, v)
	case connect.Map:
		return r.appendMap(dst, n, v)
	default:
		return appendScalar(dst, v), nil
	}
}

func (r rules) appendNull(dst []byte, n *node) ([]byte, error) {
	s := n.schema
	switch {
	case s.Default != nil && !s.Default.IsNull() && r.replaceNull:
		return r.append(dst, n, *s.Default)
	case s.Optional:
		return append(dst, "null"...), nil
	default:
		return nil, javaError("Conversion error: null value for field that is required and has no default value")
	}
}

func (r rules) appendStruct(dst []byte, n *node, v connect.Value) ([]byte, error) {
	items := v.Items()
	if len(items) != len(n.fields) {
		return nil, javaError("Mismatching schema. The struct has %d fields, its schema %d", len(items), len(n.fields))
	}
	dst = append(dst, '{')
	start := len(dst)
	var err error
	for i := range items {
		f := &n.fields[i]
		if items[i].IsNull() && r.leavesOut(f.node) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(dst, f.quoted...)
		if dst, err = r.append(dst, f.node, items[i]); err != nil {
			return nil, at(err, f.name)
		}
	}
	return append(dst, '}'), nil
}

// leavesOut reports whether a null field is not written at all.
func (r rules) leavesOut(n *node) bool {
	return r.schemas && !n.schema.Optional && (n.schema.Default == nil || !r.replaceNull)
}

func (r rules) appendArray(dst []byte, elem *node, v connect.Value) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, item := range v.Items() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = r.append(dst, elem, item); err != nil {
			return nil, at(err, "["+strconv.Itoa(i)+"]")
		}
	}
	return append(dst, ']'), nil
}

func (r rules) appendMap(dst []byte, n *node, v connect.Value) ([]byte, error) {
	if n.key == nil { // a null pointer in Java
		return appendAny(dst, v, 0)
	}
	if r.named(n) {
		return r.appendObject(dst, n, v)
	}
	open, between, end := "[", ",", byte(']')
	if r.schemas {
		open, between, end = `{"key":`, `,"value":`, '}'
	}
	dst = append(dst, '[')
	var err error
	for i, e := range v.Entries() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = r.append(append(dst, open...), n.key, e.Key); err != nil {
			return nil, at(err, "key of entry "+strconv.Itoa(i))
		}
		if dst, err = r.append(append(dst, between...), n.elem, e.Value); err != nil {
			return nil, at(err, "value of entry "+strconv.Itoa(i))
		}
		dst = append(dst, end)
	}
	return append(dst, ']'), nil
}

func (r rules) appendObject(dst []byte, n *node, v connect.Value) ([]byte, error) {
	dst = append(dst, '{')
	var err error
	for i, e := range v.Entries() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if e.Key.IsNull() {
			if dst, err = r.appendNullKey(dst, n.key); err != nil {
				return nil, err
			}
		} else if dst, err = r.append(dst, n.key, e.Key); err != nil {
			return nil, at(err, "key of entry "+strconv.Itoa(i))
		}
		if dst, err = r.append(append(dst, ':'), n.elem, e.Value); err != nil {
			return nil, at(err, e.Key.Str())
		}
	}
	return append(dst, '}'), nil
}

// appendNullKey writes the key null as the text that Java makes of it.
func (r rules) appendNullKey(dst []byte, n *node) ([]byte, error) {
	start := len(dst)
	dst, err := r.appendNull(dst, n)
	if err == nil && dst[start] == 'n' {
		dst = append(dst[:start], `"null"`...)
	}
	return dst, err
}

func (r rules) appendLogical(dst []byte, n *node, v connect.Value) ([]byte, error) {
	switch n.logical {
	case decimal:
		return r.appendDecimal(dst, n, v.Bytes())
	case union:
		return r.appendUnion(dst, n, v)
	case symbol:
		return appendText(dst, v), nil
	case timeOfDay:
		if v.Int() < 0 || v.Int() > millisPerDay {
			return nil, javaError("Kafka Connect Time type should not have any date fields set to non-zero values, but is %d ms", v.Int())
		}
	}
	return strconv.AppendInt(dst, v.Int(), 10), nil
}

const millisPerDay = 24 * 60 * 60 * 1000

func (r rules) appendDecimal(dst []byte, n *node, unscaled []byte) ([]byte, error) {
	if len(unscaled) == 0 {
		return nil, fmt.Errorf("decimal has no bytes, not even one for zero")
	}
	scale, err := n.decimalScale()
	switch {
	case err != nil:
		return nil, err
	case r.numeric:
		return javatext.AppendDecimal(dst, unscaled, scale), nil
	default:
		return appendBase64(dst, minimal(unscaled)), nil
	}
}

// appendAny appends the JSON of a value without schema.
func appendAny(dst []byte, v connect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return nil, errDepth
	}
	switch v.Type() {
	case connect.Null:
		return append(dst, "null"...), nil
	case connect.Array:
		return appendAnyArray(dst, v, depth)
	case connect.Map:
		return appendAnyMap(dst, v, depth)
	case connect.Struct:
		return nil, fmt.Errorf("a struct needs a schema")
	case connect.Int64:
		if v.IsInstant() {
			return nil, javaError("Java class class java.util.Date does not have corresponding schema type.")
		}
		fallthrough
	default:
		return appendScalar(dst, v), nil
	}
}

func appendAnyArray(dst []byte, v connect.Value, depth int) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, item := range v.Items() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendAny(dst, item, depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendAnyMap(dst []byte, v connect.Value, depth int) ([]byte, error) {
	entries := v.Entries()
	for i := range entries {
		if entries[i].Key.Type() != connect.String {
			return appendPairs(dst, entries, depth)
		}
	}
	dst = append(dst, '{')
	var err error
	for i := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, entries[i].Key), ':')
		if dst, err = appendAny(dst, entries[i].Value, depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendPairs(dst []byte, entries []connect.Entry, depth int) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendAny(append(dst, '['), e.Key, depth+2); err != nil {
			return nil, err
		}
		if dst, err = appendAny(append(dst, ','), e.Value, depth+2); err != nil {
			return nil, err
		}
		dst = append(dst, ']')
	}
	return append(dst, ']'), nil
}

func appendScalar(dst []byte, v connect.Value) []byte {
	switch v.Type() {
	case connect.String:
		return appendText(dst, v)
	case connect.Boolean:
		return strconv.AppendBool(dst, v.Bool())
	case connect.Bytes:
		return appendBase64(dst, v.Bytes())
	case connect.Float32:
		return javajson.AppendFloat(dst, float32(v.Float()))
	case connect.Float64:
		return appendDouble(dst, v.Float())
	default:
		return strconv.AppendInt(dst, v.Int(), 10)
	}
}

func appendBase64(dst, b []byte) []byte {
	dst = base64.StdEncoding.AppendEncode(append(dst, '"'), b)
	return append(dst, '"')
}

// appendText writes a String.
func appendText(dst []byte, v connect.Value) []byte {
	if !v.IsPlain() {
		return appendString(dst, v.Str())
	}
	dst = append(dst, '"')
	dst = append(dst, v.Bytes()...)
	return append(dst, '"')
}

// appendString writes text that needs no escape, which is nearly all, in one go.
func appendString(dst []byte, s string) []byte {
	if !isPlain(s) {
		return javajson.AppendString(dst, s)
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
