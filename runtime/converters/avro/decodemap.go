// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"

	"penstock.dev/runtime/connect"
)

// fewEntries is up to how many entries keys are compared with each other.
const fewEntries = 8

// entries reads a map, or an array of entries.
func (d *decoder) entries(n *reader, depth int) (connect.Value, error) {
	if depth >= maxDepth {
		return connect.Value{}, errTooDeep
	}
	var entries []connect.Entry
	for {
		count, err := d.block(n.leastItem())
		if err != nil {
			return connect.Value{}, err
		}
		if count == 0 {
			return connect.MapValue(d.unique(entries)), nil
		}
		from := len(entries)
		entries = grown(entries, count, d.a.Entries)
		for i := from; i < len(entries); i++ {
			if entries[i], err = d.entry(n, depth); err != nil {
				return connect.Value{}, at(err, "{}")
			}
		}
	}
}

func (d *decoder) entry(n *reader, depth int) (e connect.Entry, err error) {
	switch {
	case n.op == opMap:
		e.Key, err = d.string()
	case n.swapped:
		if e.Value, err = d.value(n.elem, depth+1); err == nil {
			e.Key, err = d.value(n.key, depth+1)
		}
		return e, err
	default:
		e.Key, err = d.value(n.key, depth+1)
	}
	if err == nil {
		e.Value, err = d.value(n.elem, depth+1)
	}
	return e, err
}

// unique keeps the last entry of each key, at the place of the first, as a map does
// into which they are put.
func (d *decoder) unique(entries []connect.Entry) []connect.Entry {
	if len(entries) <= fewEntries {
		return uniqueFew(entries)
	}
	d.prepare(len(entries))
	out := entries[:0]
	for _, e := range entries {
		key, ok := d.keyBytes(e.Key)
		if !ok { // A key that has parts. Who writes a map writes no key twice.
			out = append(out, e)
			continue
		}
		slot := d.slot(key, e.Key, out)
		if i := d.table[slot]; i != 0 {
			out[i-1].Value = e.Value
			continue
		}
		out = append(out, e)
		d.table[slot] = int32(len(out))
	}
	return out
}

// prepare makes the table of places empty and large enough for n keys.
func (d *decoder) prepare(n int) {
	size := 1 << bits.Len(uint(2*n))
	if cap(d.table) < size {
		d.table, d.seed = make([]int32, size), maphash.MakeSeed()
	}
	d.table = d.table[:size]
	clear(d.table)
}

// slot returns where in the table the place of a key stands, counted from 1, or would
// stand.
func (d *decoder) slot(key []byte, v connect.Value, out []connect.Entry) int {
	mask := len(d.table) - 1
	slot := int(maphash.Bytes(d.seed, key)) & mask
	for d.table[slot] != 0 && !out[d.table[slot]-1].Key.Equal(v) {
		slot = (slot + 1) & mask
	}
	return slot
}

// keyBytes returns what tells a key from others of its type.
func (d *decoder) keyBytes(v connect.Value) ([]byte, bool) {
	switch v.Type() {
	case connect.String, connect.Bytes:
		return v.Bytes(), true
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64, connect.Boolean:
		return binary.BigEndian.AppendUint64(d.scratch[:0], uint64(v.Int())), true
	case connect.Float32, connect.Float64:
		return binary.BigEndian.AppendUint64(d.scratch[:0], math.Float64bits(v.Float())), true
	default:
		return nil, false
	}
}

func uniqueFew(entries []connect.Entry) []connect.Entry {
	out := entries[:0]
next:
	for _, e := range entries {
		for i := range out {
			if out[i].Key.Equal(e.Key) {
				out[i].Value = e.Value
				continue next
			}
		}
		out = append(out, e)
	}
	return out
}
