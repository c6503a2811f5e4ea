// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"penstock.dev/runtime/connect"
)

// batch is as many records as the arena is used for before it is reset.
const batch = 500

func benchmarked(tb testing.TB) (*Converter, *fakeRegistry, []byte) {
	tb.Helper()
	f := &fakeRegistry{}
	c := newConverter(f, defaults())
	data, err := c.FromConnect([]byte{}, "orders", orderSchema(), orderValue())
	if err != nil {
		tb.Fatal(err)
	}
	return c, f, data
}

func BenchmarkRead(b *testing.B) {
	c, f, data := benchmarked(b)
	b.Run("ours", func(b *testing.B) {
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
	})
	b.Run("dynamicpb", func(b *testing.B) {
		md := mustCompile(b, f.schemas[0].Schema.Schema).Messages().Get(0)
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if err := proto.Unmarshal(data[6:], dynamicpb.NewMessage(md)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	c, f, data := benchmarked(b)
	b.Run("ours", func(b *testing.B) {
		s, v := orderSchema(), orderValue()
		buf := make([]byte, 0, 4<<10)
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.FromConnect(buf, "orders", s, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("dynamicpb", func(b *testing.B) {
		m := dynamicpb.NewMessage(mustCompile(b, f.schemas[0].Schema.Schema).Messages().Get(0))
		if err := proto.Unmarshal(data[6:], m); err != nil {
			b.Fatal(err)
		}
		buf := make([]byte, 0, 4<<10)
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := (proto.MarshalOptions{}).MarshalAppend(buf, m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestAllocations says that a record costs no allocation of its own.
func TestAllocations(t *testing.T) {
	c, _, data := benchmarked(t)
	s, v := orderSchema(), orderValue()
	if _, err := c.FromConnect([]byte{}, "orders", s, v); err != nil {
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
			if _, err := c.FromConnect(buf, "orders", s, v); err != nil {
				t.Fatal(err)
			}
		}
	})
	// The decoder may be dropped by its pool, and with the race detector often is.
	if got > batch/20 && !raceEnabled {
		t.Errorf("%v allocations for %d records", got, batch)
	}
}
