// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javavalues

import (
	"bytes"
	"encoding/binary"
	"slices"

	"penstock.dev/runtime/connect"
)

// array reads an array after its bracket.
func (p *parser) array() (datum, error) {
	var items []datum
	var common merger
	for p.more() {
		if p.take("]") {
			return p.arrayOf(items, common)
		}
		if p.take(",") {
			return datum{}, errNo // an element is missing
		}
		d, err := p.parse(true)
		if err != nil {
			return datum{}, err
		}
		common.add(d)
		items = append(items, d)
		here := p.mark()
		if p.take("]") {
			p.rewind(here)
		} else if !p.take(",") {
			return datum{}, errNo
		}
	}
	return datum{}, errNo // it does not end
}

func (p *parser) arrayOf(items []datum, common merger) (datum, error) {
	for _, d := range items {
		common.settle(d)
	}
	values := p.arena.Values(len(items))
	for i, d := range items {
		v, ok := p.unify(common.schema, d)
		if !ok {
			return datum{}, errNo
		}
		values[i] = v
	}
	return datum{arraySchema(common.schema), connect.ArrayValue(values)}, nil
}

// entry is a map's before its values are unified.
type entry struct{ key, value datum }

// object reads a map after its brace. A comma between two entries may be missing.
func (p *parser) object() (datum, error) {
	var entries []entry
	var keys, values merger
	for p.more() {
		if p.take("}") {
			return p.mapOf(entries, keys, values)
		}
		if p.take(",") {
			return datum{}, errNo // an entry is missing
		}
		key, err := p.parse(true)
		if err != nil {
			return datum{}, err
		}
		if key.schema == nil || !p.take(":") {
			return datum{}, errNo
		}
		value, err := p.parse(true)
		if err != nil {
			return datum{}, err
		}
		p.take(",")
		keys.add(key)
		values.add(value)
		entries = append(entries, entry{key, value})
	}
	return datum{}, errNo // it does not end
}

// mapOf makes a map of which each key is there once, in the place of the first and
// with the value of the last. Without a common schema of the keys the values have
// none either.
func (p *parser) mapOf(entries []entry, keys, values merger) (datum, error) {
	if keys.schema == nil {
		values.schema = nil
	}
	for _, e := range entries {
		keys.settle(e.key)
		values.settle(e.value)
	}
	entries = lastOfEach(entries, func(e entry) datum { return e.key })
	unified := p.arena.Entries(len(entries))
	for i, e := range entries {
		var okKey, okValue bool
		unified[i].Key, okKey = p.unify(keys.schema, e.key)
		unified[i].Value, okValue = p.unify(values.schema, e.value)
		if !okKey || !okValue {
			return datum{}, errNo
		}
	}
	unified = lastOfEach(unified, func(e connect.Entry) datum { return datum{keys.schema, e.Key} })
	return datum{mapSchema(keys.schema, values.schema), connect.MapValue(unified)}, nil
}

// lastOfEach keeps one entry for each key: in the place of the first, the last.
func lastOfEach[E any](entries []E, key func(E) datum) []E {
	kept, at := entries[:0], make(map[string]int, len(entries))
	var id []byte
	for _, e := range entries {
		k := key(e)
		id = appendIdentity(id[:0], k.schema, k.value)
		if i, ok := at[string(id)]; ok {
			kept[i] = e
			continue
		}
		at[string(id)] = len(kept)
		kept = append(kept, e)
	}
	return kept
}

// appendIdentity appends bytes that are the same for equal values and for no
// others. Decimals of different scales differ.
func appendIdentity(dst []byte, s *connect.Schema, v connect.Value) []byte {
	if s == nil {
		s = noSchema
	}
	dst = append(dst, byte(v.Type()))
	switch v.Type() {
	case connect.Bytes:
		dst = binary.AppendVarint(dst, int64(scaleOf(s)))
		return append(binary.AppendUvarint(dst, uint64(v.Len())), v.Bytes()...)
	case connect.String:
		return append(binary.AppendUvarint(dst, uint64(v.Len())), v.Bytes()...)
	case connect.Array:
		dst = binary.AppendUvarint(dst, uint64(v.Len()))
		for _, item := range v.Items() {
			dst = appendIdentity(dst, s.Elem, item)
		}
		return dst
	case connect.Map:
		entries := make([][]byte, v.Len())
		for i, e := range v.Entries() {
			entries[i] = appendIdentity(appendIdentity(nil, s.Key, e.Key), s.Elem, e.Value)
		}
		slices.SortFunc(entries, bytes.Compare)
		dst = binary.AppendUvarint(dst, uint64(v.Len()))
		for _, e := range entries {
			dst = append(dst, e...)
		}
		return dst
	default:
		return binary.BigEndian.AppendUint64(dst, uint64(v.Int())) // the bits of any number
	}
}

var noSchema = new(connect.Schema)
