// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"penstock.dev/runtime/connect"
)

// decoder reads one record. It is kept for the next one, with its stacks.
type decoder struct {
	a      *connect.Arena
	budget int // how many fields of structs may still be made
	rework int // how many bytes may still be read a second time
	lists  []elements
	table  []uint32 // see distinct
}

// elements are those of a list or a map while its message is read. They are
// counted first, so that the arena gives their memory at once.
type elements struct {
	n       int
	values  []connect.Value
	entries []connect.Entry
}

// read reads a whole record.
func (d *decoder) read(a *connect.Arena, r *reading, data []byte) (connect.Value, error) {
	d.begin(a, data)
	v, err := d.payload(r, data, 0)
	d.end(err)
	return v, err
}

func (d *decoder) begin(a *connect.Arena, data []byte) {
	d.a, d.budget, d.rework = a, minFields+fieldsPerByte*len(data), reworkFactor*len(data)
}

// end lets go of the record.
func (d *decoder) end(err error) {
	if err != nil {
		clear(d.lists)
	}
	d.a, d.lists = nil, d.lists[:0]
	if cap(d.table) > keepTable {
		d.table = nil
	}
}

// payload reads the bytes of a message as the value that it stands for.
func (d *decoder) payload(r *reading, data []byte, depth int) (connect.Value, error) {
	if depth > maxDepth {
		return connect.Value{}, errDepth
	}
	switch r.form {
	case structure:
		return d.structure(r.sub, data, depth)
	case wrapper:
		return d.wrapped(r, data)
	case timestamp:
		return readTimestamp(data)
	case date:
		return readDate(data)
	case timeOfDay:
		return readTime(data)
	default:
		return d.decimal(r, data)
	}
}

// structure reads a message as a Struct.
func (d *decoder) structure(m *readMessage, data []byte, depth int) (connect.Value, error) {
	if d.budget -= m.size; d.budget < 0 {
		return connect.Value{}, errFields
	}
	into := d.a.Values(m.size)
	base := len(d.lists)
	if m.lists > 0 {
		if err := d.count(m, data, base); err != nil {
			return connect.Value{}, err
		}
	}
	b := body{d: d, m: m, data: data, into: into, base: base, depth: depth}
	if err := b.read(); err != nil {
		return connect.Value{}, err
	}
	b.finish()
	clear(d.lists[base:])
	d.lists = d.lists[:base]
	return connect.StructValue(into), nil
}

// count finds how many elements each list and map of a message has.
func (d *decoder) count(m *readMessage, data []byte, base int) error {
	d.lists = slices.Grow(d.lists, m.lists)[:base+m.lists]
	clear(d.lists[base:])
	for len(data) > 0 {
		num, typ, n := consumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		f := m.find(num)
		size := protowire.ConsumeFieldValue(num, typ, data)
		switch {
		case size < 0 && f != nil:
			return at(protowire.ParseError(size), f.name)
		case size < 0:
			return protowire.ParseError(size)
		case f != nil && f.many != single:
			d.lists[base+f.list].n += f.value.elementsIn(f.many, typ, data[:size])
		}
		data = data[size:]
	}
	for i := range m.fields {
		f := &m.fields[i]
		if f.many == single {
			continue
		}
		l := &d.lists[base+f.list]
		if f.many == list {
			l.values = d.a.Values(l.n)
		} else {
			l.entries = d.a.Entries(l.n)
		}
		l.n = 0
	}
	return nil
}

// elementsIn returns how many elements one occurrence of a list holds.
func (r *reading) elementsIn(m many, typ protowire.Type, data []byte) int {
	switch {
	case m == list && r.packed && typ == protowire.BytesType:
		p, _ := protowire.ConsumeBytes(data)
		switch r.wire {
		case protowire.Fixed32Type:
			return len(p) / 4
		case protowire.Fixed64Type:
			return len(p) / 8
		}
		n := 0
		for _, c := range p {
			if c < 0x80 {
				n++
			}
		}
		return n
	case m == list && typ == r.wireType() || m == mapping && typ == protowire.BytesType:
		return 1
	default:
		return 0
	}
}

// consumeTag is protowire's, with a way for the numbers up to 15.
func consumeTag(b []byte) (protowire.Number, protowire.Type, int) {
	if c := b[0]; c < 0x80 && c >= 8 {
		return protowire.Number(c >> 3), protowire.Type(c & 7), 1
	}
	num, typ, n := protowire.ConsumeTag(b)
	if num > protowire.MaxValidNumber {
		return 0, 0, badNumber
	}
	return num, typ, n
}

// badNumber is the code of protowire for a number that no field can have.
const badNumber = -2

// body is a message that is being read into the fields of a Struct.
type body struct {
	d     *decoder
	m     *readMessage
	data  []byte
	into  []connect.Value
	base  int // of its lists among the decoder's
	depth int
	// wanted are the places in into that fields looks for.
	wanted []bool
	// joined are fields and unions, as -1-i, that are complete although more of
	// them may follow.
	joined []protowire.Number
}

func (b *body) read() error {
	for data := b.data; len(data) > 0; {
		num, typ, n := consumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		if f := b.m.find(num); f != nil {
			size, err := b.field(f, typ, data)
			if err != nil {
				return at(err, f.name)
			}
			if size > 0 {
				data = data[size:]
				continue
			}
		}
		if n = protowire.ConsumeFieldValue(num, typ, data); n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
	}
	return nil
}

// field reads one occurrence of a field and returns its size; 0 says that it is
// not of the field's type, which makes it an unknown field.
func (b *body) field(f *readField, typ protowire.Type, data []byte) (int, error) {
	switch {
	case f.many == list:
		return b.element(f, typ, data)
	case f.many == mapping:
		return b.entry(f, typ, data)
	case typ != f.value.wireType():
		return 0, nil
	case f.value.form != scalar:
		return b.message(f, data)
	}
	v, n, err := f.value.scalar(data)
	if err != nil || v.IsNull() {
		return n, err
	}
	b.set(f, v)
	return n, nil
}

// wireType returns the wire type of the field itself: that of a wrapper is a
// message's.
func (r *reading) wireType() protowire.Type {
	if r.form == wrapper {
		return protowire.BytesType
	}
	return r.wire
}

// set puts a field that is no list where it belongs. A member of a oneof takes
// the others away.
func (b *body) set(f *readField, v connect.Value) {
	if f.union < 0 {
		b.into[f.slot] = v
		return
	}
	u := &b.m.unions[f.union]
	if u.slot < 0 {
		for _, slot := range u.slots {
			b.into[slot] = connect.Value{}
		}
		b.into[f.slot] = v
		return
	}
	items := b.into[u.slot].Items()
	if b.into[u.slot].IsNull() {
		items = b.d.a.Values(u.size)
		b.into[u.slot] = connect.StructValue(items)
	}
	clear(items)
	items[f.member] = v
}

// holds reports whether the field has a value.
func (b *body) holds(f *readField) bool {
	v := b.into[f.slot]
	if v.IsNull() || f.union < 0 || b.m.unions[f.union].slot < 0 {
		return !v.IsNull()
	}
	return !v.Items()[f.member].IsNull()
}

// element reads an occurrence of a list: one element, or many packed ones.
func (b *body) element(f *readField, typ protowire.Type, data []byte) (int, error) {
	l := &b.d.lists[b.base+f.list]
	r := &f.value
	switch {
	case r.packed && typ == protowire.BytesType:
		p, n := protowire.ConsumeBytes(data)
		if n < 0 {
			return 0, protowire.ParseError(n)
		}
		return n, r.unpack(l, p)
	case typ != r.wireType():
		return 0, nil
	case r.form == scalar:
		v, n, err := r.scalar(data)
		if err != nil {
			return 0, at(err, itemStep(l.n))
		}
		if !v.IsNull() {
			l.values[l.n] = v
			l.n++
		}
		return n, nil
	}
	p, n := consumePayload(f, data)
	if n < 0 {
		return 0, protowire.ParseError(n)
	}
	v, err := b.d.payload(r, p, b.depth+1)
	l = &b.d.lists[b.base+f.list] // it may have moved
	if err != nil {
		return 0, at(err, itemStep(l.n))
	}
	l.values[l.n] = v
	l.n++
	return n, nil
}

func itemStep(i int) string { return "[" + strconv.Itoa(i) + "]" }
