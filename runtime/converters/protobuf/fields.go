// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters/registry"
)

// ReadFields implements connect.FieldReader. Of a field that occurs twice the last
// one counts, so all of the message is looked at; of the others just where they end.
func (c *Converter) ReadFields(a *connect.Arena, topic string, data []byte, f *connect.Fields) (*connect.Schema, connect.Value, bool) {
	id, rest, err := registry.ParseHeader(data)
	if err != nil {
		return nil, connect.Value{}, false
	}
	size, err := pathSize(rest)
	if err != nil {
		return nil, connect.Value{}, false
	}
	r, err := c.readerFor(topic, id, rest[:size])
	if err != nil || r.value.form != structure {
		return nil, connect.Value{}, false
	}
	d := c.decoders.Get().(*decoder)
	defer c.decoders.Put(d)
	into, wanted := f.Struct(r.schema)
	err = d.fields(a, r.value.sub, rest[size:], into, wanted, wantsList(r.schema, wanted))
	return r.schema, connect.StructValue(into), err == nil
}

// fields reads the fields of a message that wanted names by their places.
func (d *decoder) fields(a *connect.Arena, m *readMessage, data []byte, into []connect.Value, wanted []bool, lists bool) error {
	d.begin(a, data)
	b := body{d: d, m: m, data: data, into: into, wanted: wanted}
	err := b.fields(lists)
	d.end(err)
	return err
}

func (b *body) fields(lists bool) error {
	if lists {
		if err := b.d.count(b.m, b.data, b.base); err != nil {
			return err
		}
	}
	for data := b.data; len(data) > 0; {
		if n := b.passed(data); n > 0 {
			data = data[n:]
			continue
		}
		num, typ, n := consumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		n = 0
		if f := b.m.find(num); f != nil && b.takes(f) {
			var err error
			if n, err = b.field(f, typ, data); err != nil {
				return err
			}
		}
		if n == 0 {
			if n = protowire.ConsumeFieldValue(num, typ, data); n < 0 {
				return protowire.ParseError(n)
			}
		}
		data = data[n:]
	}
	if lists {
		b.finishLists()
	}
	b.fill()
	return nil
}

// fill sets what did not occur.
func (b *body) fill() {
	for slot, want := range b.wanted {
		if !want || !b.into[slot].IsNull() {
			continue
		}
		for i := range b.m.fill {
			if f := &b.m.fill[i]; f.slot == slot {
				b.into[slot] = b.d.copy(f.value)
			}
		}
	}
}

// passed returns how many bytes the field has that data begins with, if it is none
// that is wanted and its number and size are small; 0 says to look closer.
func (b *body) passed(data []byte) int {
	c, n := data[0], 1
	number := int(c >> 3)
	if c >= 0x80 {
		if len(data) < 2 || data[1] >= 0x80 {
			return 0
		}
		number, n = number&0xF|int(data[1])<<4, 2
	}
	if slot := b.m.slotOf(protowire.Number(number)); slot == noSlot || b.wants(slot) {
		return 0
	}
	if size := shortSize(protowire.Type(c&7), data[n:]); size > 0 && n+size <= len(data) {
		return n + size
	}
	return 0
}

// shortSize returns the size that a value says it has, or 0 for one that is long or
// not whole.
func shortSize(typ protowire.Type, data []byte) int {
	switch typ {
	case protowire.VarintType:
		for i, c := range data[:min(len(data), 9)] {
			if c < 0x80 {
				return i + 1
			}
		}
	case protowire.BytesType:
		if len(data) > 0 && data[0] < 0x80 {
			return 1 + int(data[0])
		}
	case protowire.Fixed64Type:
		return 8
	case protowire.Fixed32Type:
		return 4
	}
	return 0
}

func wantsList(s *connect.Schema, wanted []bool) bool {
	for i, want := range wanted {
		if t := s.Fields[i].Schema.Type; want && (t == connect.Array || t == connect.Map) {
			return true
		}
	}
	return false
}

// takes reports whether a field is to be read: if it is wanted, or takes away
// another one of its oneof that is.
func (b *body) takes(f *readField) bool {
	return b.wants(f.slot) || f.union >= 0 && slices.ContainsFunc(b.m.unions[f.union].slots, b.wants)
}

func (b *body) wants(slot int) bool { return slot < len(b.wanted) && b.wanted[slot] }
