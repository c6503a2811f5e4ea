// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"fmt"
	"hash/maphash"
	"math/bits"

	"penstock.dev/runtime/connect"
)

// document reads the whole data as one value; nil is no schema. Nothing at all
// is null, as in Kafka Connect.
func (p *parser) document(n *node) (connect.Value, error) {
	if p.next(); p.pos == len(p.data) {
		if n == nil {
			return connect.Value{}, nil
		}
		return p.null(n)
	}
	v, err := p.value(n, 0)
	if err != nil {
		return connect.Value{}, err
	}
	return v, p.end()
}

func (p *parser) value(n *node, depth int) (connect.Value, error) {
	if n == nil {
		return p.any(depth)
	}
	return p.typed(n, depth)
}

// any reads a value without schema.
func (p *parser) any(depth int) (connect.Value, error) {
	switch c := p.next(); c {
	case '"':
		return p.stringValue()
	case '{':
		return p.object(nil, depth)
	case '[':
		return p.array(nil, depth)
	case 't', 'f', 'n':
		return p.word(c)
	default:
		if c != '-' && !isDigit(c) {
			return connect.Value{}, p.unexpected("a JSON value")
		}
		return p.anyNumber()
	}
}

func (p *parser) anyNumber() (connect.Value, error) {
	num, err := p.number()
	switch {
	case err != nil:
		return connect.Value{}, err
	case !num.integral:
		return connect.Float64Value(num.float(64)), nil
	case !num.fits:
		return connect.Value{}, tooLarge(num.text, "INT64")
	default:
		return connect.Int64Value(num.n), nil
	}
}

// tooLarge is the error of an integer that Java would cut to its low bits.
func tooLarge(text []byte, typ string) error {
	const show = 40
	s := string(text)
	if len(s) > show {
		s = s[:show] + "..."
	}
	return fmt.Errorf("number %s does not fit %s; send it as a string or with a schema of a wider type", s, typ)
}

// word reads true, false or null.
func (p *parser) word(c byte) (connect.Value, error) {
	switch {
	case c == 't' && p.literal("true"):
		return connect.BooleanValue(true), nil
	case c == 'f' && p.literal("false"):
		return connect.BooleanValue(false), nil
	case c == 'n' && p.literal("null"):
		return connect.Value{}, nil
	default:
		return connect.Value{}, p.unexpected("true, false or null")
	}
}

// object reads an object as a Map with String keys, whose values have the schema
// elem, or none if it is nil.
func (p *parser) object(elem *node, depth int) (connect.Value, error) {
	if depth >= maxDepth {
		return connect.Value{}, p.fail(errDepth.Error())
	}
	p.pos++
	base := len(p.entries)
	if p.next() == '}' {
		p.pos++
		return connect.MapValue(nil), nil
	}
	for {
		key, err := p.member()
		if err != nil {
			return connect.Value{}, err
		}
		v, err := p.value(elem, depth+1)
		if err != nil {
			if elem != nil {
				err = at(err, string(key.Bytes()))
			}
			return connect.Value{}, err
		}
		p.entries = append(p.entries, connect.Entry{Key: key, Value: v})
		more, err := p.more('}')
		if err != nil {
			return connect.Value{}, err
		}
		if !more {
			return p.takeEntries(base), nil
		}
	}
}

// name reads the name of a member and its colon.
func (p *parser) name() ([]byte, error) {
	key, err := p.member()
	return key.Bytes(), err
}

// member reads the name of a member and its colon, as a value.
func (p *parser) member() (connect.Value, error) {
	if p.next() != '"' {
		return connect.Value{}, p.unexpected("the name of a field")
	}
	key, err := p.stringValue()
	if err != nil {
		return connect.Value{}, err
	}
	if p.next() != ':' {
		return connect.Value{}, p.unexpected("':'")
	}
	p.pos++
	return key, nil
}

// more steps over a comma, or over the closing bracket, and reports which.
func (p *parser) more(closing byte) (bool, error) {
	switch p.next() {
	case ',':
		p.pos++
		return true, nil
	case closing:
		p.pos++
		return false, nil
	default:
		return false, p.unexpected("',' or '" + string(rune(closing)) + "'")
	}
}

// array reads an array whose elements have the schema elem, or none.
func (p *parser) array(elem *node, depth int) (connect.Value, error) {
	if depth >= maxDepth {
		return connect.Value{}, p.fail(errDepth.Error())
	}
	p.pos++
	base := len(p.values)
	if p.next() == ']' {
		p.pos++
		return connect.ArrayValue(nil), nil
	}
	for {
		v, err := p.value(elem, depth+1)
		if err != nil {
			if elem != nil {
				err = at(err, fmt.Sprintf("[%d]", len(p.values)-base))
			}
			return connect.Value{}, err
		}
		p.values = append(p.values, v)
		more, err := p.more(']')
		if err != nil {
			return connect.Value{}, err
		}
		if !more {
			return p.takeValues(base), nil
		}
	}
}

func (p *parser) takeValues(base int) connect.Value {
	top := p.values[base:]
	out := p.a.Values(len(top))
	copy(out, top)
	clear(top)
	p.values = p.values[:base]
	return connect.ArrayValue(out)
}

func (p *parser) takeEntries(base int) connect.Value {
	top := p.entries[base:]
	n := p.unique(top)
	out := p.a.Entries(n)
	copy(out, top)
	clear(top)
	p.entries = p.entries[:base]
	return connect.MapValue(out)
}

// unique moves the entries with different keys to the front and returns how many
// they are. Of equal keys the last value wins, in the place of the first.
func (p *parser) unique(e []connect.Entry) int {
	const few = 8
	if len(e) <= few {
		return uniqueOfFew(e)
	}
	size := 1 << bits.Len(uint(2*len(e)-1))
	if cap(p.table) < size {
		p.table = make([]uint32, size)
	}
	table := p.table[:size]
	clear(table)
	n := 0
	for i := range e {
		at := int(hash(e[i].Key)) & (size - 1)
		for table[at] != 0 && !e[table[at]-1].Key.Equal(e[i].Key) {
			at = (at + 1) & (size - 1)
		}
		if table[at] != 0 {
			e[table[at]-1].Value = e[i].Value
			continue
		}
		e[n] = e[i]
		n++
		table[at] = uint32(n)
	}
	return n
}

func uniqueOfFew(e []connect.Entry) int {
	n := 0
next:
	for i := range e {
		for j := range n {
			if e[j].Key.Len() == e[i].Key.Len() && e[j].Key.Equal(e[i].Key) {
				e[j].Value = e[i].Value
				continue next
			}
		}
		e[n] = e[i]
		n++
	}
	return n
}

// seed keeps others from choosing keys that collide.
var seed = maphash.MakeSeed()

func hash(v connect.Value) uint64 {
	switch v.Type() {
	case connect.String, connect.Bytes:
		return maphash.Bytes(seed, v.Bytes())
	case connect.Array, connect.Struct:
		h := uint64(v.Len())
		for _, item := range v.Items() {
			h = h*31 + hash(item)
		}
		return h
	case connect.Map:
		return uint64(v.Len()) // the entries have no order
	default:
		return maphash.Comparable(seed, v.Int())
	}
}
