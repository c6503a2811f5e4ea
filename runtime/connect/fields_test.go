// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect_test

import (
	"errors"
	"testing"
	"unsafe"

	"penstock.dev/runtime/connect"
)

// halves reads bytes as a Struct of two fields: the first byte and the second one.
// It fails for the second byte 0xFF, and counts.
type halves struct {
	schema       *connect.Schema
	whole, looks int
}

var errHalf = errors.New("no such half")

func (h *halves) FromConnect([]byte, string, *connect.Schema, connect.Value) ([]byte, error) {
	return nil, errHalf
}

func (h *halves) ToConnect(a *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	h.whole++
	if len(data) < 2 || data[1] == 0xFF {
		return nil, connect.Value{}, errHalf
	}
	fields := a.Values(2)
	fields[0], fields[1] = connect.Int64Value(int64(data[0])), connect.Int64Value(int64(data[1]))
	return h.schema, connect.StructValue(fields), nil
}

func (h *halves) ReadFields(_ *connect.Arena, _ string, data []byte, f *connect.Fields) (*connect.Schema, connect.Value, bool) {
	h.looks++
	into, wanted := f.Struct(h.schema)
	for i, want := range wanted {
		if i >= len(data) || want && data[i] == 0xFF {
			return nil, connect.Value{}, false
		}
		if want {
			into[i] = connect.Int64Value(int64(data[i]))
		}
	}
	return h.schema, connect.StructValue(into), true
}

func newHalves() (*halves, *connect.Codec) {
	h := &halves{schema: &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
		{Name: "a", Schema: connect.Int64Schema}, {Name: "b", Schema: connect.Int64Schema},
	}}}
	return h, &connect.Codec{Converter: h, Topic: "t", Arena: new(connect.Arena)}
}

func TestLookKeepsTheBytes(t *testing.T) {
	h, codec := newHalves()
	f := connect.NewFields("a", "none")
	var d connect.Datum
	d.SetRaw([]byte{7, 8}, codec)
	for range 3 {
		s, v, err := d.Look(f)
		if err != nil || s != h.schema || v.Items()[0].Int() != 7 || !v.Items()[1].IsNull() {
			t.Fatalf("%v, %v", v, err)
		}
	}
	if raw, _, ok := d.Raw(); !ok || string(raw) != "\x07\x08" || h.whole != 0 || h.looks != 3 {
		t.Errorf("raw %x %t, decoded %d times, looked at %d times", raw, ok, h.whole, h.looks)
	}
	f.Forget()
	if _, v, err := d.Get(); err != nil || v.Items()[0].Int() != 7 || v.Items()[1].Int() != 8 {
		t.Errorf("%v, %v", v, err)
	}
	if _, v, err := d.Look(f); err != nil || v.Items()[1].Int() != 8 || h.looks != 3 {
		t.Errorf("what is decoded is read again: %v, %v", v, err)
	}
}

func TestLookReadsWhole(t *testing.T) {
	h, codec := newHalves()
	var many []string
	for i := range 17 {
		many = append(many, string(rune('a'+i)))
	}
	tests := map[string]struct {
		raw    []byte
		fields *connect.Fields
		err    error
		looks  int
	}{
		"null":                {nil, connect.NewFields("a"), errHalf, 0},
		"the field is broken": {[]byte{1, 0xFF}, connect.NewFields("b"), errHalf, 1},
		"many names":          {[]byte{1, 2}, connect.NewFields(many...), nil, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h.whole, h.looks = 0, 0
			var d connect.Datum
			d.SetRaw(tc.raw, codec)
			if _, _, err := d.Look(tc.fields); !errors.Is(err, tc.err) || h.whole != 1 || h.looks != tc.looks {
				t.Errorf("error %v, decoded %d times, looked at %d times", err, h.whole, h.looks)
			}
		})
	}
}

// What is wrong with another field is found when the datum is decoded.
func TestLookLeavesOtherFieldsAlone(t *testing.T) {
	_, codec := newHalves()
	var d connect.Datum
	d.SetRaw([]byte{1, 0xFF}, codec)
	if _, v, err := d.Look(connect.NewFields("a")); err != nil || v.Items()[0].Int() != 1 {
		t.Errorf("%v, %v", v, err)
	}
	if _, _, err := d.Get(); !errors.Is(err, errHalf) {
		t.Errorf("error %v", err)
	}
}

// TestLookGivesUp checks that where most records are decoded all the same, few are
// looked at before that, and that it goes back when that changes.
func TestLookGivesUp(t *testing.T) {
	h, codec := newHalves()
	f := connect.NewFields("a")
	run := func(batches, kept int) (looks, whole int) {
		h.looks, h.whole = 0, 0
		data := make([]connect.Datum, 500)
		for range batches {
			for i := range data {
				data[i].SetRaw([]byte{1, 2}, codec)
				if _, _, err := data[i].Look(f); err != nil {
					t.Fatal(err)
				}
			}
			for i := range kept {
				if _, _, err := data[i].Get(); err != nil {
					t.Fatal(err)
				}
			}
			codec.Arena.Reset()
		}
		return h.looks, h.whole
	}
	if looks, whole := run(40, 25); looks != 20_000 || whole != 1_000 {
		t.Errorf("of 20,000 records of which 5 %% are kept, %d are looked at and %d decoded", looks, whole)
	}
	run(40, 475)
	if looks, whole := run(40, 475); looks > 20_000/15 || whole > 20_000 {
		t.Errorf("of 20,000 records of which 95 %% are kept, %d are looked at and %d decoded", looks, whole)
	}
	run(400, 25)
	if looks, whole := run(40, 25); looks != 20_000 || whole != 1_000 {
		t.Errorf("of 20,000 records of which 5 %% are kept again, %d are looked at and %d decoded", looks, whole)
	}
}

func TestFieldsOfAMap(t *testing.T) {
	f := connect.NewFields("a", "b")
	for range 2 {
		f.Forget()
		f.Put(connect.StringValue("b"), connect.Int64Value(1))
		f.Put(connect.StringValue("a"), connect.Int64Value(2))
		f.Put(connect.StringValue("b"), connect.Int64Value(3))
		want := connect.MapValue([]connect.Entry{{Key: connect.StringValue("b"), Value: connect.Int64Value(3)}, {Key: connect.StringValue("a"), Value: connect.Int64Value(2)}})
		if got := f.Map(); !got.Equal(want) || got.Entries()[0].Key.Str() != "b" {
			t.Errorf("%v", got)
		}
	}
	if !f.Wants([]byte("a")) || f.Wants([]byte("c")) {
		t.Error("another key is wanted")
	}
}

// Batches have two of these for each record.
func TestDatumIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(connect.Datum{}); size > 72 {
		t.Errorf("a Datum has %d bytes", size)
	}
}
