// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javavalues

import (
	"math/big"
	"strconv"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// merger finds the schema that all members of a container have in common; nil if
// there is none.
type merger struct {
	schema *connect.Schema
	broken bool // there are members, and none
}

func (m *merger) add(d datum) {
	switch {
	case d.schema == nil || m.broken:
	case m.schema == nil:
		m.schema = d.schema
	default:
		m.schema = merge(m.schema, d.schema)
		m.broken = m.schema == nil
	}
}

// merge returns the schema of the wider number. Of two schemas of one type it is
// the later one, whatever its name, as in Java.
func merge(earlier, later *connect.Schema) *connect.Schema {
	if earlier.Type == later.Type {
		if earlier.Type == connect.Bytes && scaleOf(earlier) != scaleOf(later) {
			return nil // Java's decimals have a scale of their own each
		}
		return later
	}
	if !isNumber(earlier.Type) || !isNumber(later.Type) {
		return nil
	}
	if earlier.Type > later.Type {
		return earlier
	}
	return later
}

// settle gives up the schema of a container's members if d, a member of the
// container that the merger is for, has members of another one: Java takes the last
// one's for all.
func (m *merger) settle(d datum) {
	if m.schema == nil || d.schema == nil || m.schema.Type < connect.Array {
		return
	}
	if isBare(m.schema) || d.value.Len() == 0 || same(m.schema, d.schema) {
		return
	}
	m.schema = arrays[0]
	if d.schema.Type == connect.Map {
		m.schema = maps[0][0]
	}
}

// isBare reports whether a container's schema says nothing of its members.
func isBare(s *connect.Schema) bool { return s.Key == nil && s.Elem == nil }

func isNumber(t connect.Type) bool { return t >= connect.Int8 && t <= connect.Float64 }

func scaleOf(s *connect.Schema) int {
	scale, _ := javatext.Scale(s)
	return scale
}

// same reports whether schemas that Parse has made are equal.
func same(s, t *connect.Schema) bool {
	if s == t {
		return true
	}
	return s != nil && t != nil && s.Type == t.Type && s.Name == t.Name && scaleOf(s) == scaleOf(t) &&
		same(s.Key, t.Key) && same(s.Elem, t.Elem)
}

const millisPerDay = 24 * 60 * 60 * 1000

// unify returns a member's value in the common schema; ok is false if Java has an
// error there, as for a null, or a value that does not fit the schema. Without a
// common schema the value is as it is, see loose.
func (p *parser) unify(to *connect.Schema, d datum) (v connect.Value, ok bool) {
	switch {
	case to == nil:
		return p.loose(d.schema, d.value), true
	case d.schema == nil:
		return connect.Value{}, false
	case d.schema == to:
		return d.value, true
	}
	switch to.Type {
	case connect.Int16, connect.Int32, connect.Int64:
		return toInt(to, d)
	case connect.Float32, connect.Float64:
		return toFloat(to.Type, d)
	case connect.Array, connect.Map:
		if isBare(to) {
			return p.loose(d.schema, d.value), true
		}
		return d.value, true
	default: // the types are the same
		return d.value, true
	}
}

// toInt makes a number or a moment of one. Java takes a number among dates for
// days, and one among times or timestamps for milliseconds.
func toInt(to *connect.Schema, d datum) (connect.Value, bool) {
	n := d.value.Int()
	if d.schema.Name != "" { // a moment remains one
		if d.schema.Name == connect.DateName {
			n *= millisPerDay
		}
		switch to.Name {
		case "":
			return connect.Value{}, false
		case connect.DateName:
			if n%millisPerDay != 0 {
				return connect.Value{}, false
			}
			n /= millisPerDay
		}
	} else if to.Name == connect.TimeName && (n < 0 || n > millisPerDay) {
		return connect.Value{}, false
	}
	if to.Type == connect.Int32 && n != int64(int32(n)) {
		return connect.Value{}, false
	}
	return connect.IntValue(to.Type, n), true
}

func toFloat(to connect.Type, d datum) (connect.Value, bool) {
	if d.schema.Name != "" {
		return connect.Value{}, false
	}
	f := d.value.Float()
	if d.schema.Type <= connect.Int64 {
		f = float64(d.value.Int())
	}
	if to == connect.Float32 {
		return connect.Float32Value(float32(f)), true
	}
	return connect.Float64Value(f), true
}

// loose returns a value that is to have no schema: a Decimal, a Date, a Time or a
// Timestamp, which Java's objects are without one, is its text then.
func (p *parser) loose(s *connect.Schema, v connect.Value) connect.Value {
	switch {
	case s == nil:
		return v
	case s.Name != "":
		text := p.arena.Take(Append(p.arena.Tail(timestampLength), s, v))
		return connect.StringOf(text)
	case s.Type == connect.Array:
		for i, item := range v.Items() {
			v.Items()[i] = p.loose(s.Elem, item)
		}
	case s.Type == connect.Map:
		for i, e := range v.Entries() {
			v.Entries()[i] = connect.Entry{Key: p.loose(s.Key, e.Key), Value: p.loose(s.Elem, e.Value)}
		}
	}
	return v
}

// Decimals without a fraction are the only ones that are not rare.
var wholeDecimal = newDecimalSchema(0)

func decimalSchema(scale int) *connect.Schema {
	if scale == 0 {
		return wholeDecimal
	}
	return newDecimalSchema(scale)
}

func newDecimalSchema(scale int) *connect.Schema {
	return &connect.Schema{
		Type: connect.Bytes, Name: connect.DecimalName, Version: 1,
		Parameters: []connect.Parameter{{Name: connect.ScaleParameter, Value: strconv.Itoa(scale)}},
	}
}

// scalars are the schemas of members that are shared; what converters know of a
// schema they know by its pointer.
var scalars = [...]*connect.Schema{
	nil, connect.StringSchema, connect.BooleanSchema, connect.Int8Schema, connect.Int16Schema, connect.Int32Schema,
	connect.Int64Schema, connect.Float32Schema, connect.Float64Schema, connect.DateSchema, connect.TimeSchema, connect.TimestampSchema, wholeDecimal,
}

var arrays, maps = sharedSchemas()

func sharedSchemas() (arrays [len(scalars)]*connect.Schema, maps [len(scalars)][len(scalars)]*connect.Schema) {
	for i, elem := range scalars {
		arrays[i] = &connect.Schema{Type: connect.Array, Elem: elem}
		for j, key := range scalars {
			maps[j][i] = &connect.Schema{Type: connect.Map, Key: key, Elem: elem}
		}
	}
	return arrays, maps
}

func scalar(s *connect.Schema) (int, bool) {
	for i, shared := range scalars {
		if s == shared {
			return i, true
		}
	}
	return 0, false
}

func arraySchema(elem *connect.Schema) *connect.Schema {
	if i, ok := scalar(elem); ok {
		return arrays[i]
	}
	return &connect.Schema{Type: connect.Array, Elem: elem}
}

func mapSchema(key, elem *connect.Schema) *connect.Schema {
	i, ok := scalar(key)
	j, also := scalar(elem)
	if ok && also {
		return maps[i][j]
	}
	return &connect.Schema{Type: connect.Map, Key: key, Elem: elem}
}

// twosComplement returns the shortest big-endian form of n.
func twosComplement(n *big.Int) []byte {
	if n.Sign() >= 0 {
		return append([]byte{0}, n.Bytes()...)[spare(n):]
	}
	n = new(big.Int).Not(n)
	b := append([]byte{0}, n.Bytes()...)[spare(n):]
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}

// spare returns 0 if the first bit of n's bytes is set and would be taken for a
// sign, or if there are none, or else 1.
func spare(n *big.Int) int {
	if n.BitLen()%8 == 0 {
		return 0
	}
	return 1
}
