// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javajson"
)

// defaultTree returns a default as it stands in an Avro schema: bytes are a text of
// a character for each.
func (r rules) defaultTree(s *connect.Schema, v connect.Value) (tree, error) {
	if v.IsNull() {
		return tree{kind: jsonNull}, nil
	}
	if v.Type() != s.Type {
		return tree{}, fmt.Errorf("invalid type used for default value of %s field: %s", s.Type, v.Type())
	}
	switch s.Type {
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		return number(strconv.FormatInt(v.Int(), 10)), nil
	case connect.Float32, connect.Float64:
		return floatTree(s.Type, v.Float()), nil
	case connect.Boolean:
		if v.Bool() {
			return tree{kind: jsonTrue}, nil
		}
		return tree{kind: jsonFalse}, nil
	case connect.String:
		return text(v.Str()), nil
	case connect.Bytes:
		return text(latin1(v.Bytes())), nil
	case connect.Array:
		return r.arrayTree(s, v)
	case connect.Map:
		return r.mapTree(s, v)
	default:
		return r.structTree(s, v)
	}
}

func floatTree(t connect.Type, f float64) tree {
	var b []byte
	if t == connect.Float32 {
		b = javajson.AppendFloat(nil, float32(f))
	} else {
		b = javajson.AppendDouble(nil, f)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return text(string(b[1 : len(b)-1]))
	}
	return number(string(b))
}

// latin1 returns a text of a character for each byte.
func latin1(b []byte) string {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return string(out)
}

func (r rules) arrayTree(s *connect.Schema, v connect.Value) (tree, error) {
	t := tree{kind: jsonArray}
	for _, item := range v.Items() {
		elem, err := r.defaultTree(s.Elem, item)
		if err != nil {
			return tree{}, err
		}
		t.items = append(t.items, elem)
	}
	return t, nil
}

func (r rules) mapTree(s *connect.Schema, v connect.Value) (tree, error) {
	object, pairs := tree{kind: jsonObject}, tree{kind: jsonArray}
	for _, e := range v.Entries() {
		key, err := r.defaultTree(s.Key, e.Key)
		if err != nil {
			return tree{}, err
		}
		value, err := r.defaultTree(s.Elem, e.Value)
		if err != nil {
			return tree{}, err
		}
		object.set(key.text, value)
		pairs.items = append(pairs.items, tree{kind: jsonArray, items: []tree{key, value}})
	}
	if r.asAvroMap(s) {
		return object, nil
	}
	return pairs, nil
}

func (r rules) structTree(s *connect.Schema, v connect.Value) (tree, error) {
	if v.Len() != len(s.Fields) {
		return tree{}, fmt.Errorf("a default of %d fields for a struct of %d", v.Len(), len(s.Fields))
	}
	t := tree{kind: jsonObject}
	for i, f := range s.Fields {
		value, err := r.defaultTree(f.Schema, orDefault(f.Schema, v.Items()[i]))
		if err != nil {
			return tree{}, err
		}
		if isUnion(s) && (value.kind != jsonNull || i == len(s.Fields)-1) {
			return value, nil
		}
		t.set(r.scrub(f.Name), value)
	}
	return t, nil
}

// orDefault returns the default of a field that is null.
func orDefault(s *connect.Schema, v connect.Value) connect.Value {
	if v.IsNull() && s.Default != nil {
		return *s.Default
	}
	return v
}

// maxDefault bounds how many values a default may hold; types that refer to each
// other can make it grow without end.
const maxDefault = 100_000

// spend counts one of what may still come and reports whether it may.
func spend(left *int) bool {
	*left--
	return *left >= 0
}

// fits reports whether Avro takes the JSON for a default of the schema.
func fits(s *schema, t tree) bool {
	left := maxDefault
	return validDefault(s, t, &left)
}

func validDefault(s *schema, t tree, left *int) bool {
	if !spend(left) {
		return false
	}
	switch s.kind {
	case kArray:
		return t.kind == jsonArray && all(t.items, func(item tree) bool { return validDefault(s.elem, item, left) })
	case kMap:
		return t.kind == jsonObject && all(t.members, func(m member) bool { return validDefault(s.elem, m.value, left) })
	case kUnion:
		return !all(s.branches, func(b *schema) bool { return !validDefault(b, t, left) })
	case kRecord:
		return t.kind == jsonObject && all(s.fields, func(f *field) bool {
			value := t.get(f.name)
			if value.kind == jsonNone {
				value = f.def
			}
			return validDefault(f.schema, value, left)
		})
	default:
		return validScalar(s.kind, t)
	}
}

func validScalar(k kind, t tree) bool {
	bits := 64
	switch k {
	case kNull:
		return t.kind == jsonNull
	case kBoolean:
		return t.kind == jsonTrue || t.kind == jsonFalse
	case kInt:
		bits = 32
		fallthrough
	case kLong:
		_, err := strconv.ParseInt(t.text, 10, bits)
		return t.kind == jsonNumber && err == nil
	case kFloat, kDouble:
		return t.kind == jsonNumber
	default:
		return t.isString()
	}
}

func all[T any](items []T, ok func(T) bool) bool {
	for _, item := range items {
		if !ok(item) {
			return false
		}
	}
	return true
}

var errDefault = fmt.Errorf("the default does not fit the schema")

// readDefault reads a default of an Avro schema as a value of the Connect schema that
// was made of it.
func (r rules) readDefault(c *connect.Schema, s *schema, t tree) (connect.Value, error) {
	left := maxDefault
	return r.defaultValue(c, s, t, &left)
}

func (r rules) defaultValue(c *connect.Schema, s *schema, t tree, left *int) (connect.Value, error) {
	if t.kind == jsonNull || t.kind == jsonNone {
		if c.Optional {
			return connect.Value{}, nil
		}
		return connect.Value{}, errDefault
	}
	if !spend(left) {
		return connect.Value{}, errDefault
	}
	if s.kind == kUnion {
		return r.unionDefault(c, s, t, left)
	}
	if s.kind != kMap && s.kind != kRecord && s.kind != kArray {
		return scalarDefault(c, t)
	}
	return r.compoundDefault(c, s, t, left)
}

// unionDefault tries the branches in order. In a union with null, or of one branch,
// the Connect schema is the branch's.
func (r rules) unionDefault(c *connect.Schema, s *schema, t tree, left *int) (connect.Value, error) {
	place := 0
	for i, b := range s.branches {
		if b.kind == kNull {
			continue
		}
		if !isUnion(c) {
			return r.defaultValue(c, b, t, left)
		}
		f := c.Fields[place]
		place++
		if f.Name != r.branchField(b, i) || !validDefault(b, t, left) {
			continue
		}
		v, err := r.defaultValue(f.Schema, b, t, left)
		if err != nil {
			return connect.Value{}, err
		}
		fields := make([]connect.Value, len(c.Fields))
		fields[place-1] = v
		return connect.StructValue(fields), nil
	}
	return connect.Value{}, errDefault
}

func scalarDefault(c *connect.Schema, t tree) (connect.Value, error) {
	switch c.Type {
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		n, err := strconv.ParseInt(t.text, 10, 8<<(c.Type-connect.Int8))
		if err != nil || t.kind != jsonNumber {
			return connect.Value{}, errDefault
		}
		return connect.IntValue(c.Type, n), nil
	case connect.Float32, connect.Float64:
		return floatDefault(c, t)
	case connect.Boolean:
		if t.kind != jsonTrue && t.kind != jsonFalse {
			return connect.Value{}, errDefault
		}
		return connect.BooleanValue(t.kind == jsonTrue), nil
	case connect.String:
		if !t.isString() {
			return connect.Value{}, errDefault
		}
		return connect.StringValue(t.text), nil
	default:
		b, ok := fromLatin1(t.text)
		if !ok || !t.isString() || c.Type != connect.Bytes {
			return connect.Value{}, errDefault
		}
		return connect.BytesValue(b), nil
	}
}

func floatDefault(c *connect.Schema, t tree) (connect.Value, error) {
	f, err := strconv.ParseFloat(t.text, 64)
	special := t.isString() && (t.text == "NaN" || t.text == "Infinity" || t.text == "-Infinity")
	if !special && (err != nil || t.kind != jsonNumber) {
		return connect.Value{}, errDefault
	}
	if c.Type == connect.Float32 {
		return connect.Float32Value(float32(f)), nil
	}
	return connect.Float64Value(f), nil
}

func fromLatin1(s string) ([]byte, bool) {
	out := make([]byte, 0, len(s))
	for _, c := range s {
		if c > 0xFF {
			return nil, false
		}
		out = append(out, byte(c))
	}
	return out, true
}

func (r rules) compoundDefault(c *connect.Schema, s *schema, t tree, left *int) (connect.Value, error) {
	switch {
	case s.kind == kArray && c.Type == connect.Map:
		return r.entriesDefault(c, s, t, left)
	case s.kind == kArray && t.kind == jsonArray && c.Type == connect.Array:
		items := make([]connect.Value, len(t.items))
		for i, item := range t.items {
			var err error
			if items[i], err = r.defaultValue(c.Elem, s.elem, item, left); err != nil {
				return connect.Value{}, err
			}
		}
		return connect.ArrayValue(items), nil
	case s.kind == kMap && t.kind == jsonObject && c.Type == connect.Map:
		return r.mapDefault(c, s, t, left)
	case s.kind == kRecord && t.kind == jsonObject && c.Type == connect.Struct && len(c.Fields) == len(s.fields):
		return r.recordDefault(c, s, t, left)
	default:
		return connect.Value{}, errDefault
	}
}

func (r rules) mapDefault(c *connect.Schema, s *schema, t tree, left *int) (connect.Value, error) {
	entries := make([]connect.Entry, len(t.members))
	for i, m := range t.members {
		v, err := r.defaultValue(c.Elem, s.elem, m.value, left)
		if err != nil {
			return connect.Value{}, err
		}
		entries[i] = connect.Entry{Key: connect.StringValue(m.name), Value: v}
	}
	return connect.MapValue(entries), nil
}

func (r rules) recordDefault(c *connect.Schema, s *schema, t tree, left *int) (connect.Value, error) {
	fields := make([]connect.Value, len(s.fields))
	for i, f := range s.fields {
		value := t.get(f.name)
		if value.kind == jsonNone {
			value = f.def
		}
		var err error
		if fields[i], err = r.defaultValue(c.Fields[i].Schema, f.schema, value, left); err != nil {
			return connect.Value{}, err
		}
	}
	return connect.StructValue(fields), nil
}

// entriesDefault reads an array of pairs, or of records as Avro writes them.
func (r rules) entriesDefault(c *connect.Schema, s *schema, t tree, left *int) (connect.Value, error) {
	if t.kind != jsonArray || len(s.elem.fields) != 2 {
		return connect.Value{}, errDefault
	}
	entries := make([]connect.Entry, len(t.items))
	for i, item := range t.items {
		key, value := item.get(keyField), item.get(valueField)
		if len(item.items) == 2 {
			key, value = item.items[0], item.items[1]
		}
		var err error
		if entries[i].Key, err = r.defaultValue(c.Key, s.elem.fields[0].schema, key, left); err != nil {
			return connect.Value{}, err
		}
		if entries[i].Value, err = r.defaultValue(c.Elem, s.elem.fields[1].schema, value, left); err != nil {
			return connect.Value{}, err
		}
	}
	return connect.MapValue(entries), nil
}
