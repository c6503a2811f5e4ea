// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"math/rand/v2"
	"testing"

	"penstock.dev/runtime/connect"
)

func pickNames(s *connect.Schema, pick uint64) []string {
	names := []string{"there is none"}
	for i, f := range s.Fields {
		if pick>>(i%64)&1 == 1 {
			names = append(names, f.Name)
		}
	}
	return names
}

// compareFields reads some fields alone and all of them, and compares.
func compareFields(t *testing.T, r *reader, data []byte, pick uint64) {
	t.Helper()
	if r.value.form != structure {
		return
	}
	names := pickNames(r.schema, pick)
	into, wanted := connect.NewFields(names...).Struct(r.schema)
	alone := new(decoder).fields(new(connect.Arena), r.value.sub, data, into, wanted, wantsList(r.schema, wanted))
	v, err := new(decoder).read(new(connect.Arena), &r.value, data)
	switch {
	case err != nil:
		return
	case alone != nil:
		t.Fatalf("the fields %q of %s cannot be read alone: %v", names, describe(r.schema, v), alone)
	}
	for i, got := range into {
		if i < len(wanted) && wanted[i] && !got.Equal(v.Items()[i]) {
			t.Fatalf("the field %s is read as %v alone, and as %v of the whole %x", r.schema.Fields[i].Name, got, v.Items()[i], data)
		}
	}
}

// TestRandomFields says that fields that are read alone are what they are in the whole.
func TestRandomFields(t *testing.T) {
	settings := map[string]Mapping{
		"optional": with(func(m *Mapping) { m.OptionalForNullables = true }),
		"wrapper":  with(func(m *Mapping) { m.WrapperForNullables = true }),
		"enhanced": with(func(m *Mapping) { m.OptionalForNullables, m.EnhancedSupport, m.GeneralizedSumTypes = true, true, true }),
	}
	for name, m := range settings {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(60) {
				g := generator{rand.New(rand.NewPCG(seed, 3)), 0, m}
				s := g.structOf(0)
				_, md, how := writerOf(t, m, s)
				r := mustReader(t, m, md)
				for range 5 {
					data, err := encoder{}.root([]byte{}, &how, g.value(s))
					if err != nil {
						t.Fatal(err)
					}
					compareFields(t, r, data, g.Uint64())
					compareFields(t, r, append(data, data...), g.Uint64()) // all occur twice
				}
			}
		})
	}
}

// FuzzFields does the same with any data, as the messages of the golden file.
func FuzzFields(f *testing.F) {
	var readers []*reader
	for _, m := range []Mapping{with(func(m *Mapping) { m.OptionalForNullables = true }), with(func(m *Mapping) { m.FlattenUnions = true })} {
		for _, row := range goldenRows(f) {
			if len(row.data) >= 1000 {
				continue
			}
			f.Add(byte(len(readers)), row.data, uint64(0xAAAA))
			readers = append(readers, mustReader(f, m, row.md))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte, pick uint64) {
		compareFields(t, readers[int(which)%len(readers)], data, pick)
	})
}

func TestReadFields(t *testing.T) {
	c, _, data := benchmarked(t)
	var a connect.Arena
	whole, v, err := c.ToConnect(&a, "orders", data)
	if err != nil {
		t.Fatal(err)
	}
	names := pickNames(whole, 0b1010_1010_1010)
	s, got, ok := c.ReadFields(&a, "orders", data, connect.NewFields(names...))
	if !ok || s != whole {
		t.Fatalf("read: %t", ok)
	}
	for i, f := range whole.Fields {
		if i > 0 && i < 12 && i%2 == 1 && !got.Items()[i].Equal(v.Items()[i]) {
			t.Errorf("%s is %v, want %v", f.Name, got.Items()[i], v.Items()[i])
		}
	}
	for name, bad := range map[string][]byte{"no header": data[:3], "cut": data[:len(data)-1], "no path": data[:5]} {
		if _, _, ok := c.ReadFields(&a, "orders", bad, connect.NewFields(names...)); ok {
			t.Errorf("%s: it is read", name)
		}
	}
}
