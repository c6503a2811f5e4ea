// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"encoding/binary"
	"errors"
	"math"

	"penstock.dev/runtime/connect"
)

// anythingFields are the fields of the record that holds a value without a schema, one
// for each type. All are optional, and one is set.
var anythingFields = [...]string{"boolean", "bytes", "double", "float", "int", "long", "string", "array", "map"}

const (
	anyBoolean = iota
	anyBytes
	anyDouble
	anyFloat
	anyInt
	anyLong
	anyString
	anyArray
	anyMap
)

// anyPlaces are the places of the fields for the types of values; a null sets none.
var anyPlaces = [...]int8{
	connect.Null: -1, connect.Int8: anyInt, connect.Int16: anyInt, connect.Int32: anyInt, connect.Int64: anyLong,
	connect.Float32: anyFloat, connect.Float64: anyDouble, connect.Boolean: anyBoolean, connect.String: anyString,
	connect.Bytes: anyBytes, connect.Array: anyArray, connect.Map: anyMap, connect.Struct: -1,
}

// anything returns the schema of values without a schema,
// io.confluent.connect.avro.AvroData.ANYTHING_SCHEMA.
func anything() *schema {
	s := &schema{kind: kRecord, name: anythingName}
	entry := &schema{kind: kRecord, name: joinName(namespace, mapEntryName), fields: []*field{
		{name: keyField, schema: s}, {name: valueField, schema: s},
	}}
	types := [...]*schema{
		primitive(kBoolean), primitive(kBytes), primitive(kDouble), primitive(kFloat), primitive(kInt), primitive(kLong),
		primitive(kString), {kind: kArray, elem: s}, {kind: kArray, elem: entry},
	}
	for i, name := range anythingFields {
		s.fields = append(s.fields, &field{name: name, schema: union(primitive(kNull), types[i]), def: tree{kind: jsonNull}})
	}
	return s
}

// isAnything reports whether the schema is that of values without one.
func isAnything(s *schema) bool {
	return s.kind == kRecord && s.name == anythingName && s.equal(anything())
}

// anything appends a value that has no schema.
func (e encoder) anything(dst []byte, v connect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return nil, errTooDeep
	}
	at := int(anyPlaces[v.Type()])
	if v.Type() == connect.Struct {
		return nil, errors.New("a struct needs a schema")
	}
	const null, value = 0, 1 << 1 // the places in the union, as they are encoded
	for range max(at, 0) {
		dst = append(dst, null)
	}
	if at >= 0 {
		var err error
		if dst, err = e.anyValue(append(dst, value), v, depth); err != nil {
			return nil, err
		}
		at++
	}
	for range len(anythingFields) - max(at, 0) {
		dst = append(dst, null)
	}
	return dst, nil
}

func (e encoder) anyValue(dst []byte, v connect.Value, depth int) (_ []byte, err error) {
	switch v.Type() {
	case connect.Boolean:
		if v.Bool() {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case connect.Float64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float())), nil
	case connect.Float32:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v.Float()))), nil
	case connect.String, connect.Bytes:
		return append(binary.AppendVarint(dst, int64(v.Len())), v.Bytes()...), nil
	case connect.Array:
		if v.Len() > 0 {
			dst = binary.AppendVarint(dst, int64(v.Len()))
		}
		for _, item := range v.Items() {
			if dst, err = e.anything(dst, item, depth+1); err != nil {
				return nil, err
			}
		}
		return append(dst, 0), nil
	case connect.Map:
		if v.Len() > 0 {
			dst = binary.AppendVarint(dst, int64(v.Len()))
		}
		for _, entry := range v.Entries() {
			if dst, err = e.anything(dst, entry.Key, depth+1); err != nil {
				return nil, err
			}
			if dst, err = e.anything(dst, entry.Value, depth+1); err != nil {
				return nil, err
			}
		}
		return append(dst, 0), nil
	default:
		return binary.AppendVarint(dst, v.Int()), nil
	}
}

// anything reads a value that has no schema: the first field that is set.
func (d *decoder) anything(depth int) (connect.Value, error) {
	if depth >= maxDepth {
		return connect.Value{}, errTooDeep
	}
	var out connect.Value
	for i := range anythingFields {
		branch, err := d.long()
		switch {
		case err != nil || branch != 0 && branch != 1:
			return connect.Value{}, branchError(branch, 2, err)
		case branch == 0:
			continue
		}
		v, err := d.anyValue(i, depth)
		if err != nil {
			return connect.Value{}, at(err, anythingFields[i])
		}
		if out.IsNull() {
			out = v
		}
	}
	return out, nil
}

func (d *decoder) anyValue(field, depth int) (connect.Value, error) {
	switch field {
	case anyBoolean:
		return d.scalar(&reader{op: opBoolean})
	case anyBytes:
		b, err := d.bytes()
		return connect.BytesValue(b), err
	case anyDouble:
		return d.scalar(&reader{op: opDouble})
	case anyFloat:
		return d.scalar(&reader{op: opFloat})
	case anyInt:
		n, err := d.number(32)
		return connect.Int32Value(int32(n)), err
	case anyLong:
		n, err := d.long()
		return connect.Int64Value(n), err
	case anyString:
		return d.string()
	case anyArray:
		return d.anyArray(depth)
	default:
		return d.anyMap(depth)
	}
}

func (d *decoder) anyArray(depth int) (connect.Value, error) {
	var items []connect.Value
	for {
		count, err := d.block(len(anythingFields))
		if err != nil || count == 0 {
			return connect.ArrayValue(items), err
		}
		from := len(items)
		items = grown(items, count, d.a.Values)
		for i := from; i < len(items); i++ {
			if items[i], err = d.anything(depth + 1); err != nil {
				return connect.Value{}, err
			}
		}
	}
}

func (d *decoder) anyMap(depth int) (connect.Value, error) {
	var entries []connect.Entry
	for {
		count, err := d.block(2 * len(anythingFields))
		if err != nil || count == 0 {
			return connect.MapValue(d.unique(entries)), err
		}
		from := len(entries)
		entries = grown(entries, count, d.a.Entries)
		for i := from; i < len(entries); i++ {
			if entries[i].Key, err = d.anything(depth + 1); err != nil {
				return connect.Value{}, err
			}
			if entries[i].Key.IsNull() {
				return connect.Value{}, errors.New("a map has a key that is null")
			}
			if entries[i].Value, err = d.anything(depth + 1); err != nil {
				return connect.Value{}, err
			}
		}
	}
}
