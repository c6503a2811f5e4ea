// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"penstock.dev/runtime/connect"
)

// checkFields compares reading fields alone with what was read of the whole.
func checkFields(t *testing.T, names []string, s, whole *connect.Schema, got, v connect.Value) {
	t.Helper()
	if s != whole || got.Type() != v.Type() {
		t.Fatalf("the fields are read as a %s of another schema than the whole, a %s", got.Type(), v.Type())
	}
	for _, name := range names {
		var a, b connect.Value
		var in, of bool
		if s == nil {
			a, in = got.Get(name)
			b, of = v.Get(name)
		} else if i := s.FieldIndex(name); i >= 0 {
			a, b = got.Items()[i], v.Items()[i]
		}
		if in != of || !a.Equal(b) {
			t.Fatalf("the field %q is read as %v alone, and as %v of the whole", name, a, b)
		}
	}
}

// pickNames returns some of a schema's fields, by the bits of pick, and one that it
// has not.
func pickNames(s *connect.Schema, pick uint64) []string {
	names := []string{"there is none"}
	for i, f := range s.Fields {
		if pick>>(i%64)&1 == 1 {
			names = append(names, f.Name)
		}
	}
	return names
}

// readSome reads fields as ReadFields does.
func readSome(t testing.TB, n *reader, data []byte, names []string) (connect.Value, bool) {
	t.Helper()
	d := decoder{a: new(connect.Arena), data: data, empty: maxEmpty, useDefaults: true}
	return d.fields(n, connect.NewFields(names...))
}

// TestRandomFields says that fields that are read alone are what they are in the whole.
func TestRandomFields(t *testing.T) {
	rounds := uint64(2000)
	if raceEnabled || testing.Short() {
		rounds = 200
	}
	rules := defaultRules(t)
	for seed := range rounds {
		m := maker{r: rand.New(rand.NewPCG(seed, 2))}
		c := &connect.Schema{Type: connect.Struct, Name: "my.ns.Top"}
		for i := range 1 + m.r.IntN(9) {
			c.Fields = append(c.Fields, connect.Field{Name: string(rune('a' + i)), Schema: m.schema(3)})
		}
		s, err := rules.fromSchema(c)
		if err != nil {
			t.Fatal(err)
		}
		w, err := rules.writer(c, s)
		if err != nil {
			t.Fatal(err)
		}
		data, err := encoder{useDefaults: true}.value([]byte{}, w, m.value(c, false), 0)
		if err != nil {
			t.Fatal(err)
		}
		back, err := rules.toSchema(s, 0)
		if err != nil {
			t.Fatal(err)
		}
		n, err := rules.reader(s, back)
		if err != nil {
			t.Fatal(err)
		}
		names := pickNames(back, m.r.Uint64())
		got, ok := readSome(t, n, data, names)
		if !ok {
			t.Fatalf("seed %d: the fields %q of %s cannot be read alone", seed, names, show(decodeAll(t, n, data)))
		}
		checkFields(t, names, back, back, got, decodeAll(t, n, data))
	}
}

// FuzzFields does the same with any schema and data.
func FuzzFields(f *testing.F) {
	for _, row := range rows(f, "golden.tsv", 3) {
		f.Add(row[1], fromHex(f, row[2]), uint64(0xAAAA))
	}
	f.Add(`{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]},{"name":"z","type":"int"}]}`, bytes.Repeat([]byte{2}, 5000), uint64(2))
	f.Add(`{"type":"record","name":"N","fields":[{"name":"n","type":{"type":"array","items":"null"}},{"name":"z","type":"int"}]}`, []byte{0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0, 2}, uint64(2))
	rules := defaultRules(f)
	f.Fuzz(func(t *testing.T, text string, data []byte, pick uint64) {
		s, err := newParser().parse(text)
		if err != nil || len(text) > 10_000 {
			return
		}
		c, err := rules.toSchema(s, 0)
		if err != nil {
			return
		}
		n, err := rules.reader(s, c)
		if err != nil || n.op != opRecord {
			return
		}
		names := pickNames(c, pick)
		got, ok := readSome(t, n, data, names)
		d := decoder{a: new(connect.Arena), data: data, empty: maxEmpty, useDefaults: true}
		whole, err := d.value(n, 0)
		switch {
		case err == nil && !ok:
			t.Fatalf("the fields %q of %s cannot be read alone", names, show(whole))
		case err == nil:
			checkFields(t, names, c, c, got, whole)
		}
	})
}

func TestReadFields(t *testing.T) {
	c := newTestConverter(t, newFake(t).URL())
	s := orderSchema()
	data := write(t, c, "t", s, order())
	var a connect.Arena
	whole, v, err := c.ToConnect(&a, "t", data)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"created", "address", "note"}
	got, read, ok := c.ReadFields(&a, "t", data, connect.NewFields(names...))
	if !ok {
		t.Fatal("the fields cannot be read alone")
	}
	checkFields(t, names, got, whole, read, v)
	if _, _, ok := c.ReadFields(&a, "t", data[:20], connect.NewFields("id")); !ok {
		t.Error("what follows the field is looked at")
	}
	for name, bad := range map[string][]byte{"no header": data[:3], "the field is cut": data[:len(data)-200]} {
		if _, _, ok := c.ReadFields(&a, "t", bad, connect.NewFields("description")); ok {
			t.Errorf("%s: it is read", name)
		}
	}
	text := write(t, c, "u", connect.StringSchema, str("x"))
	if _, _, ok := c.ReadFields(&a, "u", text, connect.NewFields("id")); ok {
		t.Error("a text has fields")
	}
}
