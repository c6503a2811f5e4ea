// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"encoding/base64"
	"fmt"
	"math"

	"penstock.dev/runtime/connect"
)

// typed reads a value of the schema.
func (p *parser) typed(n *node, depth int) (connect.Value, error) {
	c := p.next()
	if c == 'n' {
		if _, err := p.word(c); err != nil {
			return connect.Value{}, err
		}
		return p.null(n)
	}
	if n.logical != plain {
		return p.typedLogical(n, c, depth)
	}
	switch n.schema.Type {
	case connect.Struct:
		return p.typedStruct(n, c, depth)
	case connect.String:
		if c != '"' {
			return connect.Value{}, p.mismatch(n, c)
		}
		return p.stringValue()
	case connect.Boolean:
		if c != 't' && c != 'f' {
			return connect.Value{}, p.mismatch(n, c)
		}
		return p.word(c)
	case connect.Bytes:
		return p.typedBytes(n, c)
	case connect.Array:
		if c != '[' {
			return connect.Value{}, p.mismatch(n, c)
		}
		return p.array(n.elem, depth)
	case connect.Map:
		return p.typedMap(n, c, depth)
	case connect.Float32, connect.Float64:
		return p.typedFloat(n, c)
	default:
		return p.typedInt(n, c)
	}
}

// null is what a null stands for. The members of a default are copied, because
// those of a record may be changed in place; if too many were, it is an error.
func (p *parser) null(n *node) (connect.Value, error) {
	switch s := n.schema; {
	case s.Default != nil && p.rules.replaceNull:
		v := p.copy(*s.Default)
		return v, p.spend(0)
	case s.Optional:
		return connect.Value{}, nil
	default:
		return connect.Value{}, javaError("Invalid null value for required %s field", javaType(s.Type))
	}
}

func (p *parser) copy(v connect.Value) connect.Value {
	switch v.Type() {
	case connect.Array:
		return connect.ArrayValue(p.copyItems(v))
	case connect.Struct:
		return connect.StructValue(p.copyItems(v))
	case connect.Map:
		p.left -= v.Len()
		out := p.a.Entries(v.Len())
		for i, e := range v.Entries() {
			out[i] = connect.Entry{Key: p.copy(e.Key), Value: p.copy(e.Value)}
		}
		return connect.MapValue(out)
	default:
		return v
	}
}

func (p *parser) copyItems(v connect.Value) []connect.Value {
	p.left -= v.Len()
	out := p.a.Values(v.Len())
	for i, item := range v.Items() {
		out[i] = p.copy(item)
	}
	return out
}

// mismatch is the error of a value that begins with c and is not of the schema's
// type.
func (p *parser) mismatch(n *node, c byte) error {
	kind := jsonKind(c)
	if kind == "" {
		return p.unexpected("a JSON value")
	}
	return javaError("Invalid type for %s, but found %s", javaType(n.schema.Type), kind)
}

// jsonKind names a value by its first byte as Jackson does; "" is no value.
func jsonKind(c byte) string {
	switch {
	case c == '"':
		return "STRING"
	case c == '{':
		return "OBJECT"
	case c == '[':
		return "ARRAY"
	case c == 't', c == 'f':
		return "BOOLEAN"
	case c == 'n':
		return "NULL"
	case c == '-', isDigit(c):
		return "NUMBER"
	default:
		return ""
	}
}

func (p *parser) typedStruct(n *node, c byte, depth int) (connect.Value, error) {
	switch {
	case c != '{' && jsonKind(c) == "":
		return connect.Value{}, p.unexpected("a JSON value")
	case c != '{':
		return connect.Value{}, javaError("Structs should be encoded as JSON objects, but found %s", jsonKind(c))
	case depth >= maxDepth:
		return connect.Value{}, p.fail(errDepth.Error())
	}
	p.pos++
	if err := p.spend(len(n.fields)); err != nil {
		return connect.Value{}, err
	}
	fields := p.a.Values(len(n.fields))
	if err := p.typedFields(n, fields, nil, depth); err != nil {
		return connect.Value{}, err
	}
	for i := range fields {
		if err := p.settle(&n.fields[i], &fields[i]); err != nil {
			return connect.Value{}, err
		}
	}
	return connect.StructValue(fields), nil
}

// settle gives a field that is null, or was not there, the value that it stands for.
func (p *parser) settle(f *field, v *connect.Value) (err error) {
	if !v.IsNull() || p.mayMiss(f.node) {
		return nil
	}
	if *v, err = p.null(f.node); err != nil {
		return at(err, f.name)
	}
	return nil
}

// typedFields reads the members of an object into the fields that have their
// names, and steps over the others. Unless wanted is nil, it steps over those, too, that
// wanted does not name by their places.
func (p *parser) typedFields(n *node, fields []connect.Value, wanted []bool, depth int) error {
	if p.next() == '}' {
		p.pos++
		return nil
	}
	for guess := 0; ; {
		key, err := p.name()
		if err != nil {
			return err
		}
		i := n.find(key, guess)
		if i >= 0 {
			guess = i + 1
		}
		if i < 0 || wanted != nil && (i >= len(wanted) || !wanted[i]) {
			err = p.skip(depth + 1)
		} else {
			err = p.typedField(n.fields[i], &fields[i], depth)
		}
		if err != nil {
			return err
		}
		more, err := p.more('}')
		if !more || err != nil {
			return err
		}
	}
}

func (p *parser) typedField(f field, into *connect.Value, depth int) error {
	if p.next() == 'n' { // what it stands for is settled when all fields are read
		var err error
		if *into, err = p.word('n'); err == nil && p.mayMiss(f.node) {
			_, err = p.null(f.node)
			return at(err, f.name)
		}
		return err
	}
	v, err := p.typed(f.node, depth+1)
	if err != nil {
		return at(err, f.name)
	}
	*into = v
	return nil
}

// mayMiss reports whether a field that is not there is null although its schema does
// not say so. A null that is there is not.
func (p *parser) mayMiss(n *node) bool {
	return p.rules.schemas && !n.schema.Optional && n.schema.Default == nil
}

func (p *parser) typedMap(n *node, c byte, depth int) (connect.Value, error) {
	kind := jsonKind(c)
	switch named := p.rules.named(n); {
	case kind == "":
		return connect.Value{}, p.unexpected("a JSON value")
	case named && c != '{':
		return connect.Value{}, javaError("Maps with string fields should be encoded as JSON objects, but found %s", kind)
	case named:
		return p.object(n.elem, depth)
	case c != '[':
		return connect.Value{}, javaError("Maps with non-string fields should be encoded as JSON array of tuples, but found %s", kind)
	case depth+1 >= maxDepth:
		return connect.Value{}, p.fail(errDepth.Error())
	}
	p.pos++
	if p.next() == ']' {
		p.pos++
		return connect.MapValue(nil), nil
	}
	base := len(p.entries)
	for {
		e, err := p.mapEntry(n, depth)
		if err != nil {
			return connect.Value{}, at(err, fmt.Sprintf("[%d]", len(p.entries)-base))
		}
		p.entries = append(p.entries, e)
		more, err := p.more(']')
		if err != nil {
			return connect.Value{}, err
		}
		if !more {
			return p.takeEntries(base), nil
		}
	}
}

func (p *parser) mapEntry(n *node, depth int) (connect.Entry, error) {
	if p.rules.schemas {
		return p.entry(n, depth)
	}
	return p.pair(n, depth)
}

// pair reads a map's entry that is written as an array of a key and a value.
func (p *parser) pair(n *node, depth int) (connect.Entry, error) {
	var e connect.Entry
	if c := p.next(); c != '[' {
		if jsonKind(c) == "" {
			return e, p.unexpected("a JSON value")
		}
		return e, javaError("Found invalid map entry instead of array tuple: %s", jsonKind(c))
	}
	start := p.pos
	p.pos++
	if p.next() == ']' {
		return e, p.pairSize(start)
	}
	var err error
	if e.Key, err = p.typed(n.key, depth+2); err != nil {
		return e, err
	}
	if more, err := p.more(']'); err != nil {
		return e, err
	} else if !more {
		return e, p.pairSize(start)
	}
	if e.Value, err = p.typed(n.elem, depth+2); err != nil {
		return e, err
	}
	more, err := p.more(']')
	if more {
		err = p.pairSize(start)
	}
	return e, err
}

// pairSize is the error of a pair that begins at start and is none.
func (p *parser) pairSize(start int) error {
	p.pos = start
	items, err := p.elements()
	if err != nil {
		return err
	}
	return javaError("Found invalid map entry, expected length 2 but found :%d", len(items))
}

var errBytes = javaError("Invalid bytes field")

func (p *parser) typedBytes(n *node, c byte) (connect.Value, error) {
	if c != '"' {
		return connect.Value{}, p.mismatch(n, c)
	}
	b, err := p.base64()
	return connect.BytesValue(b), err
}

func (p *parser) base64() ([]byte, error) {
	s, err := p.str()
	if err != nil {
		return nil, err
	}
	out := p.a.Bytes(base64.StdEncoding.DecodedLen(len(s)))
	size, err := base64.StdEncoding.Decode(out, s)
	if err != nil {
		return nil, fmt.Errorf("%w: it is not base64 with padding", errBytes)
	}
	return out[:size:size], nil
}

// typedFloat also reads the texts that are written for what JSON has no number
// for.
func (p *parser) typedFloat(n *node, c byte) (connect.Value, error) {
	var f float64
	single := n.schema.Type == connect.Float32
	switch {
	case c == '-' || isDigit(c):
		num, err := p.number()
		if err != nil {
			return connect.Value{}, err
		}
		f = num.float(64)
		if single {
			f = num.float(32)
		}
	case p.literal(`"NaN"`):
		f = math.NaN()
	case p.literal(`"Infinity"`):
		f = math.Inf(1)
	case p.literal(`"-Infinity"`):
		f = math.Inf(-1)
	default:
		return connect.Value{}, p.mismatch(n, c)
	}
	if single {
		return connect.Float32Value(float32(f)), nil
	}
	return connect.Float64Value(f), nil
}

func (p *parser) typedInt(n *node, c byte) (connect.Value, error) {
	if c != '-' && !isDigit(c) {
		return connect.Value{}, p.mismatch(n, c)
	}
	num, err := p.number()
	if err != nil {
		return connect.Value{}, err
	}
	t := n.schema.Type
	i, ok := num.exact()
	if width := 8 << (t - connect.Int8); !ok || i>>(width-1) != i>>63 {
		if !num.integral {
			return connect.Value{}, fmt.Errorf("number %s is no %s", num.text, javaType(t))
		}
		return connect.Value{}, tooLarge(num.text, javaType(t))
	}
	return connect.IntValue(t, i), nil
}
