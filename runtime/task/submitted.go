// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"penstock.dev/runtime/connect"
)

// submitted knows what was given to the producer and how far each source
// partition is acked without a gap: only that far may its offset be committed.
// Acks come in any order, for records of one source partition may go to many
// Kafka partitions. It is not safe for concurrent use, except that slots may be
// acked at any time.
type submitted struct {
	parts   map[*connect.SourcePartition]*sourcePart
	byKey   map[string]*sourcePart
	last    *sourcePart // the one looked up last
	none    sourcePart  // records that come from no source partition
	flights []*flight   // in the order of submission

	given, popped int64 // records
	written       int64 // the popped ones that no transform has dropped
	bytes         int64 // of those
	pending       int   // records with a source partition that are not popped
	dirty         int   // partitions whose offset moved since it was committed
}

// sourcePart is a source partition.
type sourcePart struct {
	src        *connect.SourcePartition
	key        string // canonical JSON
	head, tail *slot  // given and not popped
	flight     *flight

	acked  *slot           // the last one popped that has an offset; nil: it was copied
	offset []connect.Value // the copy
	seq    uint64          // moves with acked
	dirty  bool
}

func newSubmitted() *submitted {
	return &submitted{
		parts: make(map[*connect.SourcePartition]*sourcePart),
		byKey: make(map[string]*sourcePart),
	}
}

// part returns the state of a source partition. Connectors make one
// SourcePartition for each, but two that are equal are the same all the same.
func (s *submitted) part(src *connect.SourcePartition) (*sourcePart, error) {
	if src == nil {
		return &s.none, nil
	}
	if s.last != nil && s.last.src == src {
		return s.last, nil
	}
	p, ok := s.parts[src]
	if !ok {
		key, err := partitionKey(src)
		if err != nil {
			return nil, err
		}
		if p = s.byKey[key]; p == nil {
			p = &sourcePart{src: src, key: key}
			s.byKey[key] = p
		}
		s.parts[src] = p
	}
	s.last = p
	return p, nil
}

func partitionKey(src *connect.SourcePartition) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(src.Key); err != nil {
		return "", fmt.Errorf("the connector's source partition %v cannot be written as JSON: %w", src.Key, err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// add notes the first n records of a flight, before they are given to the
// producer.
func (s *submitted) add(f *flight, n int) error {
	left := 0
	for i := range n {
		p, err := s.part(f.batch.Records[i].Source)
		if err != nil {
			return err
		}
		if p.flight != f {
			p.flight = f
			f.parts = append(f.parts, p)
		}
		sl := &f.slots[i]
		if !sl.dropped {
			left++
		}
		if p.tail == nil {
			p.head = sl
		} else {
			p.tail.next = sl
		}
		p.tail = sl
		if p != &s.none {
			s.pending++
		}
	}
	f.unpopped = n
	f.left.Store(int32(left))
	s.given += int64(n)
	s.flights = append(s.flights, f)
	return nil
}

// pop moves the acked prefix of a partition forward.
func (s *submitted) pop(p *sourcePart) {
	for sl := p.head; sl != nil && sl.acked.Load(); sl = p.head {
		p.head = sl.next
		if p.head == nil {
			p.tail = nil
		}
		f := sl.flight
		f.unpopped--
		s.popped++
		if !sl.dropped && !sl.dead {
			s.written++
			s.bytes += int64(len(sl.rec.Key) + len(sl.rec.Value))
		}
		if p == &s.none {
			continue
		}
		s.pending--
		if r := &f.batch.Records[sl.index]; r.SourceOffset != nil {
			p.acked, p.src = sl, r.Source
			p.seq++
			if !p.dirty {
				p.dirty = true
				s.dirty++
			}
		}
	}
}

// sweep pops what it can of the flights that are fully answered, and removes
// those of which nothing is needed any more: it gives them to back.
func (s *submitted) sweep(back func(*flight)) {
	for _, f := range s.flights {
		if !f.swept && f.left.Load() == 0 {
			f.swept = true
			for _, p := range f.parts {
				s.pop(p)
			}
		}
	}
	s.flights = slices.DeleteFunc(s.flights, func(f *flight) bool {
		if f.unpopped > 0 || f.left.Load() > 0 {
			return false
		}
		for _, p := range f.parts {
			p.leave(f)
		}
		back(f)
		return true
	})
}

// leave copies the partition's offset out of a flight that goes away.
func (p *sourcePart) leave(f *flight) {
	if p.flight == f {
		p.flight = nil
	}
	if p.acked != nil && p.acked.flight == f {
		p.offset = p.offset[:0]
		for _, v := range f.batch.Records[p.acked.index].SourceOffset {
			p.offset = append(p.offset, cloneValue(v))
		}
		p.acked = nil
	}
}

// position returns the offset of the acked prefix.
func (p *sourcePart) position() []connect.Value {
	if p.acked != nil {
		return p.acked.flight.batch.Records[p.acked.index].SourceOffset
	}
	return p.offset
}

// snapshot is what one commit writes, in memory of its own.
type snapshot struct {
	offsets []connect.CommittedOffset
	parts   []*sourcePart
	keys    []string
	seqs    []uint64
	popped  int64
}

// take returns the offsets that moved since the last commit, in the order of
// the partitions' keys.
func (s *submitted) take() snapshot {
	for _, p := range s.byKey {
		s.pop(p)
	}
	s.pop(&s.none)
	snap := snapshot{popped: s.popped}
	if s.dirty == 0 {
		return snap
	}
	for _, p := range s.byKey {
		if p.dirty {
			snap.parts = append(snap.parts, p)
		}
	}
	slices.SortFunc(snap.parts, func(a, b *sourcePart) int { return strings.Compare(a.key, b.key) })
	for _, p := range snap.parts {
		var offset []connect.Value
		for _, v := range p.position() {
			offset = append(offset, cloneValue(v))
		}
		snap.offsets = append(snap.offsets, connect.CommittedOffset{Partition: p.src, Offset: offset})
		snap.keys = append(snap.keys, p.key)
		snap.seqs = append(snap.seqs, p.seq)
	}
	return snap
}

// done notes that a snapshot was committed. Partitions of which nothing is on
// its way are forgotten, so that a source may have any number of them over time.
func (s *submitted) done(snap snapshot) {
	for i, p := range snap.parts {
		if p.dirty && p.seq == snap.seqs[i] {
			p.dirty = false
			s.dirty--
		}
	}
	for src, p := range s.parts {
		if p.head == nil && !p.dirty {
			delete(s.parts, src)
			delete(s.byKey, p.key)
		}
	}
	s.last = nil
}

// clean reports whether nothing with a source partition waits to be committed.
func (s *submitted) clean() bool { return s.pending == 0 && s.dirty == 0 }

// cloneValue copies what a value refers to.
func cloneValue(v connect.Value) connect.Value {
	switch v.Type() {
	case connect.String:
		return connect.StringValue(strings.Clone(v.Str()))
	case connect.Bytes:
		return connect.BytesValue(slices.Clone(v.Bytes()))
	case connect.Array:
		return connect.ArrayValue(cloneValues(v.Items()))
	case connect.Struct:
		return connect.StructValue(cloneValues(v.Items()))
	case connect.Map:
		entries := slices.Clone(v.Entries())
		for i, e := range entries {
			entries[i] = connect.Entry{Key: cloneValue(e.Key), Value: cloneValue(e.Value)}
		}
		return connect.MapValue(entries)
	default:
		return v
	}
}

func cloneValues(vs []connect.Value) []connect.Value {
	c := slices.Clone(vs)
	for i, v := range c {
		c[i] = cloneValue(v)
	}
	return c
}
