// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"testing"

	"penstock.dev/runtime/connect"
)

// batch is as many records as the arena is used for before it is reset.
const batch = 500

func BenchmarkRead(b *testing.B) {
	c, _ := newTest(b, nil)
	data, err := c.FromConnect([]byte{}, "orders", orderSchema(), orderValue())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var a connect.Arena
	i := 0
	for b.Loop() {
		if i++; i%batch == 0 {
			a.Reset()
		}
		if _, _, err := c.ToConnect(&a, "orders", data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	c, _ := newTest(b, nil)
	s, v := orderSchema(), orderValue()
	buf := make([]byte, 0, 4<<10)
	data, err := c.FromConnect(buf, "orders", s, v)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.FromConnect(buf, "orders", s, v); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAllocations says that a record costs no allocation of its own.
func TestAllocations(t *testing.T) {
	union := `{"oneOf":[{"type":"integer"},{"type":"object","properties":{"a":{"type":"integer"}}}]}`
	c, _ := newTest(t, nil, union)
	s, v := orderSchema(), orderValue()
	data, err := c.FromConnect([]byte{}, "orders", s, v)
	if err != nil {
		t.Fatal(err)
	}
	var a connect.Arena
	buf := make([]byte, 0, 4<<10)
	got := testing.AllocsPerRun(20, func() { // a batch
		a.Reset()
		for range batch {
			if _, _, err := c.ToConnect(&a, "orders", data); err != nil {
				t.Fatal(err)
			}
			if _, _, err := c.ToConnect(&a, "t", record1); err != nil {
				t.Fatal(err)
			}
			if _, err := c.FromConnect(buf, "orders", s, v); err != nil {
				t.Fatal(err)
			}
		}
	})
	// The parser may be dropped by its pool, and with the race detector often is.
	if got > batch/20 && !raceEnabled {
		t.Errorf("%v allocations for %d records", got, batch)
	}
}

var record1 = record(1, `{"a":1}`)
