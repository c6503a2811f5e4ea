// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/twmb/avro"

	"penstock.dev/runtime/connect"
)

// maker makes schemas and values up.
type maker struct {
	r     *rand.Rand
	names int
}

var simple = []*connect.Schema{
	connect.Int8Schema, connect.Int16Schema, connect.Int32Schema, connect.Int64Schema, connect.Float32Schema, connect.Float64Schema,
	connect.BooleanSchema, connect.StringSchema, connect.BytesSchema, connect.DateSchema, connect.TimeSchema, connect.TimestampSchema,
	{Type: connect.Bytes, Name: connect.DecimalName, Version: 1, Parameters: params("scale", "3")},
}

func (m *maker) schema(depth int) *connect.Schema {
	s := *simple[m.r.IntN(len(simple))]
	if depth > 0 {
		switch m.r.IntN(8) {
		case 0:
			s = connect.Schema{Type: connect.Array, Elem: m.schema(depth - 1)}
		case 1:
			s = connect.Schema{Type: connect.Map, Key: connect.StringSchema, Elem: m.schema(depth - 1)}
		case 2:
			// Two entries of different types may not have the same name.
			m.names++
			s = connect.Schema{Type: connect.Map, Name: fmt.Sprintf("maps.M%d", m.names), Key: connect.Int64Schema, Elem: m.schema(depth - 1)}
		case 3, 4, 5:
			m.names++
			s = connect.Schema{Type: connect.Struct, Name: fmt.Sprintf("my.ns.R%d", m.names), Version: m.r.IntN(3)}
			for i := range m.r.IntN(6) {
				s.Fields = append(s.Fields, connect.Field{Name: fmt.Sprintf("f%d", i), Schema: m.schema(depth - 1)})
			}
		}
	}
	s.Optional = m.r.IntN(3) == 0
	if m.r.IntN(4) == 0 && s.Type != connect.Struct && s.Type != connect.Map {
		s.Default = value(m.value(&s, false))
	}
	if m.r.IntN(6) == 0 {
		s.Doc = "a \"doc\" é"
	}
	return &s
}

func (m *maker) value(s *connect.Schema, null bool) connect.Value {
	if null && s.Optional && s.Default == nil && m.r.IntN(3) == 0 {
		return connect.Value{}
	}
	switch s.Type {
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		if s.Name == connect.TimeName {
			return connect.Int32Value(int32(m.r.IntN(millisPerDay)))
		}
		bits := 8 << (s.Type - connect.Int8)
		return connect.IntValue(s.Type, int64(m.r.Uint64())>>(64-bits)>>m.r.IntN(bits))
	case connect.Float32:
		return connect.Float32Value(float32(m.r.NormFloat64()))
	case connect.Float64:
		return connect.Float64Value(m.r.NormFloat64() * math.Pow(10, float64(m.r.IntN(40))))
	case connect.Boolean:
		return connect.BooleanValue(m.r.IntN(2) == 0)
	case connect.String:
		return str([]string{"", "a", "Zürich", "😀\n\"", "0123456789"}[m.r.IntN(5)])
	case connect.Bytes:
		b := make([]byte, 1+m.r.IntN(5))
		for i := range b {
			b[i] = byte(m.r.Uint32())
		}
		if s.Name == connect.DecimalName {
			b = minimal(b)
		}
		return connect.BytesValue(b)
	case connect.Array:
		items := make([]connect.Value, m.r.IntN(4))
		for i := range items {
			items[i] = m.value(s.Elem, true)
		}
		return connect.ArrayValue(items)
	case connect.Map:
		entries := make([]connect.Entry, m.r.IntN(12))
		for i := range entries {
			entries[i] = connect.Entry{Key: connect.Int64Value(int64(i)), Value: m.value(s.Elem, true)}
			if s.Key.Type == connect.String {
				entries[i].Key = str(fmt.Sprint(i))
			}
		}
		return connect.MapValue(entries)
	default:
		fields := make([]connect.Value, len(s.Fields))
		for i, f := range s.Fields {
			fields[i] = m.value(f.Schema, true)
		}
		return connect.StructValue(fields)
	}
}

// TestRandomSchemas writes and reads values of schemas that are made up: schema and
// value come back, and another library reads the same bytes and writes them again.
func TestRandomSchemas(t *testing.T) {
	rounds := 2000
	if raceEnabled || testing.Short() {
		rounds = 200
	}
	r := defaultRules(t)
	for seed := range uint64(rounds) {
		m := maker{r: rand.New(rand.NewPCG(seed, 1))}
		c := m.schema(4)
		v := m.value(c, false)
		s, err := r.fromSchema(c)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		text, err := s.print()
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		w, err := r.writer(c, s)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		data, err := encoder{useDefaults: true}.value([]byte{}, w, v, 0)
		if err != nil {
			t.Fatalf("seed %d: %s of %s: %v", seed, show(v), text, err)
		}
		parsed := mustParse(t, text)
		back, err := r.toSchema(parsed, 0)
		if err != nil || showSchema(back) != showSchema(c) {
			t.Fatalf("seed %d: %s, %v\nof\n%s", seed, showSchema(back), err, showSchema(c))
		}
		n, err := r.reader(parsed, back)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if read := decodeAll(t, n, data); !read.Equal(v) {
			t.Fatalf("seed %d: %s is read as %s of %s", seed, show(v), show(read), text)
		}
		library(t, seed, text, data)
	}
}

// library lets an independent implementation read what we have written. Its maps have
// no order, so that what it writes is compared by its length.
func library(t *testing.T, seed uint64, text string, data []byte) {
	t.Helper()
	s, err := avro.Parse(text)
	if err != nil {
		t.Fatalf("seed %d: %s: %v", seed, text, err)
	}
	var v any
	rest, err := s.Decode(data, &v)
	if err != nil || len(rest) != 0 {
		t.Fatalf("seed %d: %s: %v, %d bytes are left", seed, text, err, len(rest))
	}
	again, err := s.AppendEncode(nil, v)
	if err != nil || len(again) != len(data) {
		t.Errorf("seed %d: the library writes %d bytes, we %d: %v\n%s", seed, len(again), len(data), err, text)
	}
	if !bytes.Contains([]byte(text), []byte(`"map"`)) && !bytes.Contains([]byte(text), []byte(`"decimal"`)) && !bytes.Equal(again, data) {
		t.Errorf("seed %d: the library writes %x, we %x of %s", seed, again, data, text)
	}
}
