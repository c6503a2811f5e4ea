// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"penstock.dev/runtime/connect"
)

// encoder appends values in Avro's binary encoding.
type encoder struct{ useDefaults bool }

var errNull = errors.New("found null value for non-optional schema")

// value appends a value of n.
func (e encoder) value(dst []byte, n *writer, v connect.Value, depth int) ([]byte, error) {
	switch n.op {
	case opOptional:
		return e.optional(dst, n, v, depth)
	case opUnion:
		return e.union(dst, n, v, depth)
	}
	if v.IsNull() {
		return nil, errNull
	}
	if v.Type() != n.schema.Type {
		return nil, fmt.Errorf("invalid type for %s: %s", n.schema.Type, v.Type())
	}
	switch n.op {
	case opRecord:
		return e.record(dst, n, v, depth)
	case opString, opBytes:
		b := v.Bytes()
		if n.decimal {
			b = minimal(b)
		}
		return append(binary.AppendVarint(dst, int64(len(b))), b...), nil
	case opInt, opLong:
		return binary.AppendVarint(dst, v.Int()), nil
	case opArray:
		return e.array(dst, n, v, depth)
	case opMap, opEntries:
		return e.entries(dst, n, v, depth)
	default:
		return scalar(dst, n, v)
	}
}

func scalar(dst []byte, n *writer, v connect.Value) ([]byte, error) {
	switch n.op {
	case opBoolean:
		if v.Bool() {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case opFloat:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(numeric(v)))), nil
	case opDouble:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(numeric(v))), nil
	case opTime:
		if i := v.Int(); i < 0 || i > millisPerDay {
			return nil, fmt.Errorf("the time %d is not between 0 and %d milliseconds", i, millisPerDay)
		}
		return binary.AppendVarint(dst, v.Int()), nil
	case opEnum:
		i, ok := n.symbols[v.Str()]
		if !ok {
			return nil, fmt.Errorf("%q is no symbol of the enum", v.Str())
		}
		return binary.AppendVarint(dst, int64(i)), nil
	default:
		return fixed(dst, n, v.Bytes())
	}
}

func numeric(v connect.Value) float64 {
	if v.Type() == connect.Float32 || v.Type() == connect.Float64 {
		return v.Float()
	}
	return float64(v.Int())
}

// fixed appends bytes of a size; a decimal's are filled up with its sign.
func fixed(dst []byte, n *writer, b []byte) ([]byte, error) {
	if n.decimal {
		b = minimal(b)
	}
	switch {
	case len(b) == n.size:
	case !n.decimal || len(b) > n.size:
		return nil, fmt.Errorf("%d bytes cannot be written as fixed of %d", len(b), n.size)
	default:
		sign := byte(0)
		if len(b) > 0 && b[0] >= 0x80 {
			sign = 0xFF
		}
		for range n.size - len(b) {
			dst = append(dst, sign)
		}
	}
	return append(dst, b...), nil
}

func (e encoder) optional(dst []byte, n *writer, v connect.Value, depth int) ([]byte, error) {
	switch {
	case v.IsNull() && n.null >= 0:
		return binary.AppendVarint(dst, int64(n.null)), nil
	case v.IsNull():
		return nil, errNull
	case depth >= maxDepth:
		return nil, errTooDeep
	default:
		return e.value(binary.AppendVarint(dst, int64(n.branch)), n.elem, v, depth+1)
	}
}

// union appends the field that is set.
func (e encoder) union(dst []byte, n *writer, v connect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return nil, errTooDeep
	}
	if !v.IsNull() {
		if err := isStruct(n, v); err != nil {
			return nil, err
		}
		for i, item := range v.Items() {
			if item = e.orDefault(n.schema.Fields[i].Schema, item); item.IsNull() {
				continue
			}
			b := n.branches[i]
			dst, err := e.value(binary.AppendVarint(dst, int64(b.branch)), b.writer, item, depth+1)
			return dst, at(err, n.schema.Fields[i].Name)
		}
	}
	if n.null < 0 {
		return nil, errNull
	}
	return binary.AppendVarint(dst, int64(n.null)), nil
}

func isStruct(n *writer, v connect.Value) error {
	if v.Type() != connect.Struct {
		return fmt.Errorf("invalid type for %s: %s", n.schema.Type, v.Type())
	}
	if v.Len() != len(n.schema.Fields) {
		return fmt.Errorf("mismatching struct schema: the value has %d fields, the schema %d", v.Len(), len(n.schema.Fields))
	}
	return nil
}

func (e encoder) orDefault(s *connect.Schema, v connect.Value) connect.Value {
	if e.useDefaults {
		return orDefault(s, v)
	}
	return v
}

func (e encoder) record(dst []byte, n *writer, v connect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return nil, errTooDeep
	}
	if err := isStruct(n, v); err != nil {
		return nil, err
	}
	items := v.Items()
	for i := range n.fields {
		f := &n.fields[i]
		if f.place < 0 {
			dst = append(dst, f.constant...)
			continue
		}
		var err error
		item := e.orDefault(n.schema.Fields[f.place].Schema, items[f.place])
		if dst, err = e.value(dst, f.writer, item, depth+1); err != nil {
			return nil, at(err, f.name)
		}
	}
	return dst, nil
}

func (e encoder) array(dst []byte, n *writer, v connect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return nil, errTooDeep
	}
	items := v.Items()
	if len(items) > 0 {
		dst = binary.AppendVarint(dst, int64(len(items)))
	}
	for _, item := range items {
		var err error
		if dst, err = e.value(dst, n.elem, item, depth+1); err != nil {
			return nil, at(err, "[]")
		}
	}
	return append(dst, 0), nil
}

func (e encoder) entries(dst []byte, n *writer, v connect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return nil, errTooDeep
	}
	entries := v.Entries()
	if len(entries) > 0 {
		dst = binary.AppendVarint(dst, int64(len(entries)))
	}
	for _, entry := range entries {
		var err error
		if dst, err = e.entry(dst, n, entry, depth); err != nil {
			return nil, at(err, "{}")
		}
	}
	return append(dst, 0), nil
}

func (e encoder) entry(dst []byte, n *writer, entry connect.Entry, depth int) ([]byte, error) {
	var err error
	switch {
	case n.op == opMap && entry.Key.Type() != connect.String:
		return nil, fmt.Errorf("a map's key is %s and not a string", entry.Key.Type())
	case n.op == opMap:
		dst = append(binary.AppendVarint(dst, int64(entry.Key.Len())), entry.Key.Bytes()...)
	case n.swapped:
		if dst, err = e.value(dst, n.elem, entry.Value, depth+1); err != nil {
			return nil, err
		}
		return e.value(dst, n.key, entry.Key, depth+1)
	default:
		if dst, err = e.value(dst, n.key, entry.Key, depth+1); err != nil {
			return nil, err
		}
	}
	return e.value(dst, n.elem, entry.Value, depth+1)
}
