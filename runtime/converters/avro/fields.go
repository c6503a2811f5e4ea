// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters/registry"
)

// ReadFields implements connect.FieldReader. It does not look at what follows the
// last of the fields.
func (c *Converter) ReadFields(a *connect.Arena, topic string, data []byte, f *connect.Fields) (*connect.Schema, connect.Value, bool) {
	id, rest, err := registry.ParseHeader(data)
	if err != nil {
		return nil, connect.Value{}, false
	}
	r, err := c.readerOf(id, topic)
	if err != nil || r.reader == nil || r.reader.op != opRecord || r.change != nil {
		return nil, connect.Value{}, false
	}
	d := c.take(a, rest)
	defer c.give(d)
	v, ok := d.fields(r.reader, f)
	return r.schema, v, ok
}

// fields reads those fields of a record of n.
func (d *decoder) fields(n *reader, f *connect.Fields) (connect.Value, bool) {
	if n.least == 0 {
		d.empty -= len(n.fields)
	}
	into, wanted := f.Struct(n.schema)
	for i, want := range wanted {
		if !want {
			if !d.skip(n.fields[i], 1) {
				return connect.Value{}, false
			}
			continue
		}
		var err error
		if into[i], err = d.field(n, i, 0); err != nil {
			return connect.Value{}, false
		}
	}
	return connect.StructValue(into), true
}

// skip steps over a value of n. It returns false if it does not find where the value ends.
func (d *decoder) skip(n *reader, depth int) bool {
	switch n.op {
	case opNull:
		return true
	case opInt, opLong, opTime, opEnum:
		return d.skipLong()
	case opString, opBytes:
		return d.skipBytes()
	case opBoolean:
		return d.jump(1)
	case opFloat:
		return d.jump(4)
	case opDouble:
		return d.jump(8)
	case opFixed:
		return d.jump(n.size)
	case opArray, opMap, opEntries:
		return depth < maxDepth && d.skipBlocks(n, depth)
	case opRecord:
		return depth < maxDepth && d.skipRecord(n, depth)
	default: // opOptional, opUnion, opSingle
		return depth < maxDepth && d.skipUnion(n, depth)
	}
}

func (d *decoder) jump(n int) bool {
	d.pos += n
	return d.pos <= len(d.data)
}

func (d *decoder) skipLong() bool {
	for i := d.pos; i < len(d.data); i++ {
		if d.data[i] < 0x80 {
			d.pos = i + 1
			return true
		}
	}
	return false
}

func (d *decoder) skipBytes() bool {
	if d.pos < len(d.data) && d.data[d.pos] < 0x80 { // the length is less than 64
		n := d.data[d.pos]
		return n&1 == 0 && d.jump(1+int(n>>1))
	}
	_, err := d.bytes()
	return err == nil
}

func (d *decoder) skipUnion(n *reader, depth int) bool {
	i, err := d.long()
	switch {
	case err != nil:
		return false
	case n.op != opSingle && i == int64(n.null):
		return true
	case n.op == opUnion && i >= 0 && i < int64(len(n.fields)):
		return d.skip(n.fields[i], depth+1)
	default:
		return (n.op == opOptional && i == int64(1-n.null) || n.op == opSingle && i == 0) && d.skip(n.elem, depth+1)
	}
}

func (d *decoder) skipRecord(n *reader, depth int) bool {
	if n.least == 0 {
		if d.empty -= len(n.fields); d.empty < 0 {
			return false
		}
	}
	for _, f := range n.fields {
		if !d.skip(f, depth+1) {
			return false
		}
	}
	return true
}

func (d *decoder) skipBlocks(n *reader, depth int) bool {
	for {
		count, err := d.block(n.leastItem())
		if err != nil || count == 0 {
			return err == nil
		}
		for range count {
			if !d.skipItem(n, depth+1) {
				return false
			}
		}
	}
}

// skipItem steps over an element of an array or an entry of a map.
func (d *decoder) skipItem(n *reader, depth int) bool {
	switch {
	case n.op == opArray:
		return d.skip(n.elem, depth)
	case n.op == opMap:
		return d.skipBytes() && d.skip(n.elem, depth)
	case n.swapped:
		return d.skip(n.elem, depth) && d.skip(n.key, depth)
	default:
		return d.skip(n.key, depth) && d.skip(n.elem, depth)
	}
}
