// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import "slices"

// FieldReader is a converter that can read some fields of a key or value and step
// over the others, which takes less time than to read them.
type FieldReader interface {
	Converter
	// ReadFields is ToConnect for whoever looks at nothing but the fields f. It
	// returns a Struct that f.Struct has given, or a Map that f.Map has, whose other
	// fields are null or not there, whether or not they could be read. ok is false for
	// what it cannot, or need not, take apart: a value of another type, and all that
	// ToConnect would return an error for, as far as it has looked.
	ReadFields(a *Arena, topic string, data []byte, f *Fields) (s *Schema, v Value, ok bool)
}

// Fields are names of fields of the key or the value that somebody looks at, and
// the memory into which they are read. They are for one goroutine.
type Fields struct {
	names   []string
	places  *places
	known   map[*Schema]*places
	values  []Value
	entries []Entry
}

// places says where in a Struct the fields are.
type places struct {
	schema *Schema
	wanted []bool
}

const (
	// maxFieldNames bounds how many fields are looked for among the others.
	maxFieldNames = 16
	// maxPlaces bounds how many schemas are remembered.
	maxPlaces = 1000
)

// NewFields returns the fields of those names.
func NewFields(names ...string) *Fields { return &Fields{names: names} }

// Struct returns the fields of a Struct of that schema, which are null, and for each place
// whether it is to be read. Behind the end of wanted none is.
func (f *Fields) Struct(s *Schema) (into []Value, wanted []bool) {
	f.Forget()
	if f.places == nil || f.places.schema != s {
		f.places = f.placesIn(s)
	}
	if n := len(s.Fields); cap(f.values) < n {
		f.values = make([]Value, n)
	} else {
		f.values = f.values[:n]
	}
	return f.values, f.places.wanted
}

func (f *Fields) placesIn(s *Schema) *places {
	p, ok := f.known[s]
	if ok {
		return p
	}
	if f.known == nil || len(f.known) >= maxPlaces {
		f.known = make(map[*Schema]*places)
	}
	p = &places{schema: s, wanted: []bool{}}
	for _, name := range f.names {
		if i := s.FieldIndex(name); i >= 0 {
			for len(p.wanted) <= i {
				p.wanted = append(p.wanted, false)
			}
			p.wanted[i] = true
		}
	}
	f.known[s] = p
	return p
}

// Wants reports whether the value of a Map's key is to be read.
func (f *Fields) Wants(key []byte) bool {
	return slices.Contains(f.names, StringOf(key).Str())
}

// Put adds an entry for Map. The last value of a key is the one that counts.
func (f *Fields) Put(key, v Value) {
	for i := range f.entries {
		if f.entries[i].Key.Equal(key) {
			f.entries[i].Value = v
			return
		}
	}
	f.entries = append(f.entries, Entry{Key: key, Value: v})
}

// Map returns the Map of what was put since Forget.
func (f *Fields) Map() Value { return MapValue(f.entries) }

// Forget lets go of what was read. The memory is used again.
func (f *Fields) Forget() {
	clear(f.values)
	clear(f.entries)
	f.values, f.entries = f.values[:0], f.entries[:0]
}

// Look returns what Get returns, for whoever looks at nothing but the fields f of
// a Struct or Map: others may be null or missing, and may not have been read at
// all. The value is good until f is used again. The datum keeps its bytes
// where that is likely to be worth it; an error is that of Get.
func (d *Datum) Look(f *Fields) (*Schema, Value, error) {
	if d.codec == nil || d.raw == nil || len(f.names) > maxFieldNames {
		return d.Get()
	}
	r, ok := d.codec.Converter.(FieldReader)
	if !ok || !d.codec.sparing() {
		return d.Get()
	}
	s, v, ok := r.ReadFields(d.codec.Arena, d.codec.Topic, d.raw, f)
	if !ok {
		return d.Get()
	}
	if !d.looked {
		d.looked = true
		d.codec.look()
	}
	return s, v, nil
}

// yield is what a Codec has learnt from its records: how many of those of which
// fields were read alone were decoded as a whole all the same.
type yield struct{ turn, looked, decoded uint32 }

const (
	// yieldWindow is after how many records the earlier ones count half.
	yieldWindow = 1 << 13
	// yieldProbe is one in how many records is looked at although most are decoded
	// afterwards, to find out when that changes.
	yieldProbe = 16
)

// sparing reports whether to read fields alone: if half of the records or more are
// decoded afterwards, to do both takes longer than it saves.
func (c *Codec) sparing() bool {
	c.yield.turn++
	return 2*c.yield.decoded < c.yield.looked || c.yield.looked == 0 || c.yield.turn%yieldProbe == 0
}

func (c *Codec) look() {
	y := &c.yield
	if y.looked++; y.looked >= yieldWindow {
		y.looked, y.decoded = y.looked/2, y.decoded/2
	}
}
