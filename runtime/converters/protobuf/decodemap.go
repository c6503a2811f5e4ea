// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"hash/maphash"
	"math/bits"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

// entry reads an entry of a map.
func (b *body) entry(f *readField, typ protowire.Type, data []byte) (int, error) {
	if typ != protowire.BytesType {
		return 0, nil
	}
	p, n := protowire.ConsumeBytes(data)
	if n < 0 {
		return 0, protowire.ParseError(n)
	}
	e, err := b.readEntry(f, p)
	l := &b.d.lists[b.base+f.list]
	if err != nil {
		return 0, at(err, itemStep(l.n))
	}
	if !e.Key.IsNull() && !e.Value.IsNull() {
		l.entries[l.n] = e
		l.n++
	}
	return n, nil
}

// readEntry reads the key and the value of an entry; what did not occur is zero. A
// number that a closed enum does not have makes it null.
func (b *body) readEntry(f *readField, data []byte) (connect.Entry, error) {
	key, value := part{r: &f.key}, part{r: &f.value}
	var err error
	for len(data) > 0 {
		num, typ, n := consumeTag(data)
		if n < 0 {
			return connect.Entry{}, protowire.ParseError(n)
		}
		data = data[n:]
		size := protowire.ConsumeFieldValue(num, typ, data)
		if size < 0 {
			return connect.Entry{}, protowire.ParseError(size)
		}
		switch {
		case num == f.keyNumber && typ == f.key.wireType():
			err = key.add(b.d, num, data[:size])
		case num == f.valueNumber && typ == f.value.wireType():
			err = value.add(b.d, num, data[:size])
		}
		if err != nil {
			return connect.Entry{}, err
		}
		data = data[size:]
	}
	k, err := key.value(b)
	if err != nil {
		return connect.Entry{}, at(err, "key")
	}
	v, err := value.value(b)
	if err != nil {
		return connect.Entry{}, at(err, entryStep(k))
	}
	return connect.Entry{Key: k, Value: v}, nil
}

func entryStep(key connect.Value) string {
	if key.Type() == connect.String {
		return key.Str()
	}
	return strconv.FormatInt(key.Int(), 10)
}

// part is the key or the value of an entry while it is looked for.
type part struct {
	r    *reading
	data []byte
	here bool
}

// add takes an occurrence: the last scalar counts, and all of a message.
func (p *part) add(d *decoder, num protowire.Number, data []byte) error {
	if p.r.form == scalar {
		p.data, p.here = data, true
		return nil
	}
	var b []byte
	if p.r.kind == protoreflect.GroupKind {
		b, _ = protowire.ConsumeGroup(num, data)
	} else {
		b, _ = protowire.ConsumeBytes(data)
	}
	if p.here {
		if d.rework -= len(p.data) + len(b); d.rework < 0 {
			return errJoined
		}
		whole := d.a.Bytes(len(p.data) + len(b))
		copy(whole[copy(whole, p.data):], b)
		b = whole
	}
	p.data, p.here = b, true
	return nil
}

func (p *part) value(b *body) (connect.Value, error) {
	if p.r.form != scalar {
		return b.d.payload(p.r, p.data, b.depth+2)
	}
	if !p.here {
		return p.r.zero, nil
	}
	v, _, err := p.r.scalar(p.data)
	return v, err
}

// finish sets the lists and maps, and what did not occur.
func (b *body) finish() {
	b.finishLists()
	for i := range b.m.fill {
		if f := &b.m.fill[i]; b.into[f.slot].IsNull() {
			b.into[f.slot] = b.d.copy(f.value)
		}
	}
}

func (b *body) finishLists() {
	if b.m.lists > 0 {
		for i := range b.m.fields {
			f := &b.m.fields[i]
			if f.many == single {
				continue
			}
			l := &b.d.lists[b.base+f.list]
			switch {
			case l.n == 0:
			case f.many == list:
				b.into[f.slot] = connect.ArrayValue(l.values[:l.n:l.n])
			default:
				b.into[f.slot] = connect.MapValue(b.d.distinct(l.entries[:l.n]))
			}
		}
	}
}

// copy returns a value of its own of a Struct that many records would share: the
// members of a record may be changed in place.
func (d *decoder) copy(v connect.Value) connect.Value {
	if v.Type() != connect.Struct {
		return v
	}
	fields := d.a.Values(v.Len())
	for i, f := range v.Items() {
		fields[i] = d.copy(f)
	}
	return connect.StructValue(fields)
}

// fewEntries is up to how many entries each is compared with all others.
const fewEntries = 8

// distinct leaves one entry of each key: at the place of the first, the value of
// the last.
func (d *decoder) distinct(entries []connect.Entry) []connect.Entry {
	n := 0
	if len(entries) <= fewEntries {
		for _, e := range entries {
			i := 0
			for i < n && !entries[i].Key.Equal(e.Key) {
				i++
			}
			entries[i] = e
			n = max(n, i+1)
		}
		return entries[:n:n]
	}
	size := 1 << bits.Len(uint(2*len(entries)))
	if cap(d.table) < size {
		d.table = make([]uint32, size)
	}
	table := d.table[:size]
	clear(table)
	seed := maphash.MakeSeed()
	for _, e := range entries {
		h := hash(seed, e.Key) & uint64(size-1)
		for table[h] != 0 && !entries[table[h]-1].Key.Equal(e.Key) {
			h = (h + 1) & uint64(size-1)
		}
		if table[h] == 0 {
			entries[n] = e
			n++
			table[h] = uint32(n)
		} else {
			entries[table[h]-1] = e
		}
	}
	return entries[:n:n]
}

func hash(seed maphash.Seed, key connect.Value) uint64 {
	if key.Type() == connect.String || key.Type() == connect.Bytes {
		return maphash.Bytes(seed, key.Bytes())
	}
	return maphash.Comparable(seed, key.Int())
}
