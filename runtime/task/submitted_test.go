// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
)

// model is submitted, the slow way, and what drives both.
type model struct {
	t         *testing.T
	rnd       *rand.Rand
	s         *submitted
	ring      *ring
	records   []modelRecord
	unacked   []int // indexes of records
	committed map[string]int64
	recycled  int
}

type modelRecord struct {
	part   int   // -1 is none
	offset int64 // 0 is none
	acked  bool
	slot   *slot
}

// positions returns for each partition the last offset of its acked prefix.
func (m *model) positions() map[string]int64 {
	at, ended := map[string]int64{}, map[int]bool{}
	for _, r := range m.records {
		if !r.acked {
			ended[r.part] = true
		}
		if r.part >= 0 && !ended[r.part] && r.offset > 0 {
			at[partKey(r.part)] = r.offset
		}
	}
	return at
}

func (m *model) back(f *flight) {
	m.recycled++
	m.ring.back(f)
}

// submit makes a flight of a few records.
func (m *model) submit() {
	f := m.ring.take()
	if f == nil {
		return
	}
	n := 1 + m.rnd.IntN(6)
	f.prepare(n)
	for i := range n {
		part, offset := m.rnd.IntN(4)-1, int64(len(m.records)+1)
		if m.rnd.IntN(5) == 0 || part < 0 {
			offset = 0
		}
		rec := f.batch.Add()
		if part >= 0 {
			// A new pointer each time: equal partitions are the same.
			rec.Source = &connect.SourcePartition{Key: map[string]any{"p": part}, Fields: []string{"n"}}
		}
		if offset > 0 {
			rec.SourceOffset = f.batch.Offset(connect.Int64Value(offset))
		}
		f.slots[i] = slot{flight: f, index: int32(i)}
		m.unacked = append(m.unacked, len(m.records))
		m.records = append(m.records, modelRecord{part: part, offset: offset, slot: &f.slots[i]})
	}
	if err := m.s.add(f, n); err != nil {
		m.t.Fatal(err)
	}
	m.ring.depart(f)
}

// ack acks one record that is not.
func (m *model) ack(i int) {
	r := &m.records[m.unacked[i]]
	m.unacked = append(m.unacked[:i], m.unacked[i+1:]...)
	r.acked = true
	r.slot.acked.Store(true)
	r.slot.flight.left.Add(-1)
}

// commit takes a snapshot and, unless the commit fails, compares it.
func (m *model) commit() {
	snap := m.s.take()
	if m.rnd.IntN(4) == 0 {
		return
	}
	for i, o := range snap.offsets {
		n := o.Offset[0].Int()
		if key := snap.keys[i]; n <= m.committed[key] {
			m.t.Fatalf("partition %s goes from %d to %d", key, m.committed[key], n)
		}
		m.committed[snap.keys[i]] = n
	}
	if m.rnd.IntN(2) == 0 {
		m.s.sweep(m.back) // while the commit is under way
	}
	m.s.done(snap)
	if diff := cmp.Diff(m.positions(), m.committed); diff != "" {
		m.t.Fatalf("committed (-want +got):\n%s", diff)
	}
}

// TestSubmittedProperty compares the offsets that are committed with a model's,
// over random batches, acks in random order, sweeps and commits.
func TestSubmittedProperty(t *testing.T) {
	for seed := range uint64(300) {
		m := &model{
			t: t, rnd: rand.New(rand.NewPCG(seed, 1)), s: newSubmitted(), ring: &ring{memory: new(Memory), budget: 1 << 30},
			committed: map[string]int64{},
		}
		for range 200 {
			switch m.rnd.IntN(6) {
			case 0, 1:
				m.submit()
			case 2, 3:
				for range min(m.rnd.IntN(8), len(m.unacked)) {
					m.ack(m.rnd.IntN(len(m.unacked)))
				}
			case 4:
				m.s.sweep(m.back)
			default:
				m.commit()
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		for len(m.unacked) > 0 {
			m.ack(0)
		}
		m.s.sweep(m.back)
		m.s.done(m.s.take())
		if s := m.s; s.pending != 0 || s.dirty != 0 || len(s.flights) != 0 || len(s.parts) != 0 || len(s.byKey) != 0 {
			t.Fatalf("seed %d: at the end %d pending, %d dirty, %d flights, %d and %d partitions are left",
				seed, s.pending, s.dirty, len(s.flights), len(s.parts), len(s.byKey))
		}
		if s := m.s; s.given != s.popped || s.given != int64(len(m.records)) || m.ring.out != 0 || m.recycled == 0 {
			t.Fatalf("seed %d: %d given, %d popped; the ring has %d out", seed, s.given, s.popped, m.ring.out)
		}
	}
}

func TestRing(t *testing.T) {
	r := &ring{memory: new(Memory), budget: 100}
	a, b := r.take(), r.take()
	a.cost = 76
	r.depart(a)
	if r.take() != nil {
		t.Error("a flight although less than a quarter of the budget is left")
	}
	r.back(a)
	if got := r.take(); got != a {
		t.Error("the last one that came back is not the first to go out")
	}
	r.back(a)
	r.back(b)
	r.trim() // both may have been needed
	r.take()
	r.trim()
	if len(r.free) != 0 {
		t.Errorf("%d free flights that nobody needed", len(r.free))
	}
	var out []*flight
	for f := r.take(); f != nil; f = r.take() {
		out = append(out, f)
	}
	if r.out != maxFlights {
		t.Errorf("%d flights, want %d", r.out, maxFlights)
	}
	for _, f := range out {
		r.back(f)
	}
}

func TestCloneValue(t *testing.T) {
	text, bytes := []byte("text"), []byte("bytes")
	v := connect.StructValue([]connect.Value{
		connect.StringOf(text), connect.BytesValue(bytes), connect.Int64Value(7), connect.NullValue(),
		connect.ArrayValue([]connect.Value{connect.StringOf(text)}),
		connect.MapValue([]connect.Entry{{Key: connect.StringOf(text), Value: connect.BooleanValue(true)}}),
	})
	c, again := cloneValue(v), cloneValue(v)
	clear(text)
	clear(bytes)
	clear(v.Items())
	if !c.Equal(again) || c.Equal(v) || c.Items()[0].Str() != "text" || string(c.Items()[1].Bytes()) != "bytes" {
		t.Errorf("the copy has changed: %v", plain(c))
	}
}
