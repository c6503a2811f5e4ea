// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// decoder reads one value in Avro's binary encoding. Texts and bytes refer to data.
type decoder struct {
	a           *connect.Arena
	data        []byte
	pos         int
	useDefaults bool
	// empty is how many more values may come that take no bytes.
	empty int
	// For maps of many entries.
	table   []int32
	seed    maphash.Seed
	scratch [8]byte
}

const (
	// maxDepth bounds how deep data may nest.
	maxDepth = 1000
	// maxEmpty bounds how many values of an array may take no bytes at all: they are
	// bound by nothing else.
	maxEmpty = 1 << 16
	// millisPerDay bounds a Time.
	millisPerDay = 24 * 60 * 60 * 1000
)

var (
	errShort   = errors.New("the data ends within a value")
	errTooDeep = fmt.Errorf("the data nests deeper than %d levels", maxDepth)
	errLong    = errors.New("a number has more than ten bytes")
	errEmpty   = fmt.Errorf("the record has more than %d values without bytes", maxEmpty)
)

// long reads a number of at most 64 bits.
func (d *decoder) long() (int64, error) {
	n, size := binary.Varint(d.data[d.pos:])
	if size <= 0 {
		if size < 0 {
			return 0, errLong
		}
		return 0, errShort
	}
	d.pos += size
	return n, nil
}

// number reads one that must fit in that many bits.
func (d *decoder) number(bits int) (int64, error) {
	n, err := d.long()
	if err == nil && n>>(bits-1) != n>>63 {
		err = fmt.Errorf("the number %d does not fit in %d bits", n, bits)
	}
	return n, err
}

// take returns the next n bytes.
func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.data)-d.pos {
		return nil, errShort
	}
	b := d.data[d.pos : d.pos+n : d.pos+n]
	d.pos += n
	return b, nil
}

// bytes reads what begins with its length.
func (d *decoder) bytes() ([]byte, error) {
	n, err := d.long()
	switch {
	case err != nil:
		return nil, err
	case n < 0:
		return nil, fmt.Errorf("the length %d is negative", n)
	case n > int64(len(d.data)-d.pos):
		return nil, errShort
	}
	return d.take(int(n))
}

// value reads a value of n.
func (d *decoder) value(n *reader, depth int) (connect.Value, error) {
	switch n.op {
	case opRecord:
		return d.record(n, depth)
	case opOptional:
		return d.optional(n, depth)
	case opString:
		return d.string()
	case opInt:
		i, err := d.number(8 << (n.schema.Type - connect.Int8))
		return connect.IntValue(n.schema.Type, i), err
	case opLong:
		i, err := d.long()
		return connect.Int64Value(i), err
	case opArray:
		return d.array(n, depth)
	case opMap, opEntries:
		return d.entries(n, depth)
	case opUnion:
		return d.union(n, depth)
	case opSingle:
		if i, err := d.long(); err != nil || i != 0 {
			return connect.Value{}, branchError(i, 1, err)
		}
		return d.value(n.elem, depth+1)
	default:
		return d.scalar(n)
	}
}

func (d *decoder) scalar(n *reader) (connect.Value, error) {
	switch n.op {
	case opBoolean:
		b, err := d.take(1)
		if err != nil {
			return connect.Value{}, err
		}
		return connect.BooleanValue(b[0] == 1), nil
	case opTime:
		return d.time()
	case opFloat:
		b, err := d.take(4)
		if err != nil {
			return connect.Value{}, err
		}
		return connect.Float32Value(math.Float32frombits(binary.LittleEndian.Uint32(b))), nil
	case opDouble:
		b, err := d.take(8)
		if err != nil {
			return connect.Value{}, err
		}
		return connect.Float64Value(math.Float64frombits(binary.LittleEndian.Uint64(b))), nil
	case opFixed:
		b, err := d.take(n.size)
		if n.decimal {
			b = minimal(b)
		}
		return connect.BytesValue(b), err
	case opEnum:
		return d.symbol(n)
	case opNull:
		return connect.Value{}, nil
	default: // opBytes
		b, err := d.bytes()
		if n.decimal && err == nil {
			b, err = decimal(b)
		}
		return connect.BytesValue(b), err
	}
}

func (d *decoder) symbol(n *reader) (connect.Value, error) {
	i, err := d.long()
	if err != nil {
		return connect.Value{}, err
	}
	if i < 0 || i >= int64(len(n.symbols)) {
		return connect.Value{}, fmt.Errorf("the enum has no symbol %d, it has %d", i, len(n.symbols))
	}
	return n.symbols[i], nil
}

func decimal(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, errors.New("a decimal has no bytes")
	}
	return minimal(b), nil
}

// minimal cuts the leading bytes of a decimal that only repeat its sign, as Java's
// BigInteger does.
func minimal(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xFF && b[1] >= 0x80) {
		b = b[1:]
	}
	return b
}

func (d *decoder) time() (connect.Value, error) {
	i, err := d.number(32)
	if err == nil && (i < 0 || i > millisPerDay) {
		err = fmt.Errorf("the time %d is not between 0 and %d milliseconds", i, millisPerDay)
	}
	return connect.Int32Value(int32(i)), err
}

func (d *decoder) string() (connect.Value, error) {
	b, err := d.bytes()
	if err != nil {
		return connect.Value{}, err
	}
	return connect.StringOf(javatext.Decode(d.a, b)), nil
}

func (d *decoder) optional(n *reader, depth int) (connect.Value, error) {
	i, err := d.long()
	switch {
	case err == nil && i == int64(n.null):
		return connect.Value{}, nil
	case err != nil || i != int64(1-n.null):
		return connect.Value{}, branchError(i, 2, err)
	case depth >= maxDepth:
		return connect.Value{}, errTooDeep
	default:
		return d.value(n.elem, depth+1)
	}
}

func branchError(i int64, branches int, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("the union has no branch %d, it has %d", i, branches)
}

func (d *decoder) union(n *reader, depth int) (connect.Value, error) {
	i, err := d.long()
	switch {
	case err != nil || i < 0 || i >= int64(len(n.fields)):
		return connect.Value{}, branchError(i, len(n.fields), err)
	case i == int64(n.null):
		return connect.Value{}, nil
	case depth >= maxDepth:
		return connect.Value{}, errTooDeep
	}
	fields := d.a.Values(len(n.schema.Fields))
	fields[n.places[i]], err = d.value(n.fields[i], depth+1)
	return connect.StructValue(fields), err
}

func (d *decoder) record(n *reader, depth int) (connect.Value, error) {
	if depth >= maxDepth {
		return connect.Value{}, errTooDeep
	}
	if n.least == 0 {
		if d.empty -= len(n.fields); d.empty < 0 {
			return connect.Value{}, errEmpty
		}
	}
	fields := d.a.Values(len(n.fields))
	for i := range n.fields {
		var err error
		if fields[i], err = d.field(n, i, depth); err != nil {
			return connect.Value{}, err
		}
	}
	return connect.StructValue(fields), nil
}

// field reads a field of a record of n, by place.
func (d *decoder) field(n *reader, i, depth int) (connect.Value, error) {
	v, err := d.value(n.fields[i], depth+1)
	if err != nil {
		return connect.Value{}, at(err, n.schema.Fields[i].Name)
	}
	if v.IsNull() && d.useDefaults {
		if def := n.schema.Fields[i].Schema.Default; def != nil {
			v = d.copy(*def)
		}
	}
	return v, nil
}

// copy returns a default whose members a record may change.
func (d *decoder) copy(v connect.Value) connect.Value {
	switch v.Type() {
	case connect.Array, connect.Struct:
		out := d.a.Values(v.Len())
		for i, item := range v.Items() {
			out[i] = d.copy(item)
		}
		if v.Type() == connect.Array {
			return connect.ArrayValue(out)
		}
		return connect.StructValue(out)
	case connect.Map:
		out := d.a.Entries(v.Len())
		for i, e := range v.Entries() {
			out[i] = connect.Entry{Key: d.copy(e.Key), Value: d.copy(e.Value)}
		}
		return connect.MapValue(out)
	default:
		return v
	}
}

// block reads how many values follow, 0 for the end. Each takes at least so many
// bytes.
func (d *decoder) block(least int) (int, error) {
	n, err := d.long()
	if err != nil {
		return 0, err
	}
	if n < 0 { // The size of the block in bytes follows.
		if _, err := d.long(); err != nil {
			return 0, err
		}
		if n = -n; n < 0 {
			return 0, errShort
		}
	}
	if least > 0 {
		if n > int64((len(d.data)-d.pos)/least) {
			return 0, errShort
		}
		return int(n), nil
	}
	if n > int64(d.empty) {
		return 0, errEmpty
	}
	d.empty -= int(n)
	return int(n), nil
}

func (d *decoder) array(n *reader, depth int) (connect.Value, error) {
	if depth >= maxDepth {
		return connect.Value{}, errTooDeep
	}
	var items []connect.Value
	for {
		count, err := d.block(n.elem.least)
		if err != nil {
			return connect.Value{}, err
		}
		if count == 0 {
			return connect.ArrayValue(items), nil
		}
		from := len(items)
		items = grown(items, count, d.a.Values)
		for i := from; i < len(items); i++ {
			if items[i], err = d.value(n.elem, depth+1); err != nil {
				return connect.Value{}, at(err, "[]")
			}
		}
	}
}

// grown returns the items with room for so many more, which are zero. Each block may
// bring one item only, so that room is doubled.
func grown[T any](items []T, more int, room func(int) []T) []T {
	n := len(items) + more
	if n <= cap(items) {
		return items[:n]
	}
	out := room(max(n, 2*len(items)))[:n]
	copy(out, items)
	return out
}
