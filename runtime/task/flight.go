// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// slot is a record on its way to Kafka. It is the Context of its kgo.Record, so
// that one promise function serves all records and finds the slot again without
// a closure or an allocation. As a context it is never done: the records of many
// tasks share the producer's batches, and a record that is cancelled takes its
// whole partition down with it.
type slot struct {
	rec       kgo.Record
	flight    *flight
	next      *slot // the next record of the same source partition
	index     int32 // of the record in the flight's batch
	partition int32 // what the connector asked for; rec.Partition is the client's
	dropped   bool  // by a transform: acked from the start, and not produced
	dead      bool  // what is in rec, if anything, is its dead letter
	acked     atomic.Bool
}

// slotKey finds a slot from a context that was derived from it.
type slotKey struct{}

// Deadline says that there is none.
func (s *slot) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done returns nil: never.
func (s *slot) Done() <-chan struct{} { return nil }

// Err returns nil.
func (s *slot) Err() error { return nil }

// Value returns the slot itself for its key.
func (s *slot) Value(key any) any {
	if key == (slotKey{}) {
		return s
	}
	return nil
}

// slotOf returns the slot of a produced record, nil if it is not a loop's.
func slotOf(ctx context.Context) *slot {
	if s, ok := ctx.(*slot); ok {
		return s
	}
	if ctx == nil {
		return nil
	}
	s, _ := ctx.Value(slotKey{}).(*slot)
	return s
}

// flight is what one Poll returned and the records that were made of it. It
// keeps the batch's memory, and its own, until all is acked and no offset in it is
// needed.
type flight struct {
	batch  *connect.Batch
	memory *Memory
	*slab                // of memory, from prepare on
	parts  []*sourcePart // with records in the flight, each once

	left     atomic.Int32 // records without an answer from Kafka
	unpopped int          // records that are not in the acked prefix of their partition
	swept    bool         // its partitions were looked at since left is 0
	cost     int          // bytes, what the budget counts
	extra    int          // of those, what is not in the batch: the headers of dead letters
}

// recordCost is what a record costs in memory besides its bytes: the structs of
// the batch and of the client, about 264 and 240 bytes.
const recordCost = 512

// newFlight returns a flight that is full at that many records. At how many bytes
// is for its batch's Limit to say.
func newFlight(m *Memory, maxRecords int) *flight {
	return &flight{batch: m.batches.NewBatch(maxRecords, 1), memory: m}
}

// prepare makes room for n records.
func (f *flight) prepare(n int) {
	if f.slab == nil {
		f.slab = f.memory.slab()
	}
	if cap(f.slots) < n {
		f.slots = make([]slot, n)
	}
	f.slots = f.slots[:n]
}

// end returns how many of the first n records there are up to the last one that
// is to be produced.
func (f *flight) end(n int) int {
	for n > 0 && f.slots[n-1].dropped {
		n--
	}
	return n
}

// weigh sets the cost of the flight.
func (f *flight) weigh() {
	f.cost = f.batch.Arena.Held() + recordCost*len(f.batch.Records) + f.extra
}

// reset empties the flight for reuse, and gives back its memory.
func (f *flight) reset() {
	f.batch.Release()
	if f.slab != nil {
		clear(f.slots)
		clear(f.headers)
		f.slots, f.headers = f.slots[:0], f.headers[:0]
		f.memory.slabs.Put(f.slab)
		f.slab = nil
	}
	clear(f.parts)
	f.parts = f.parts[:0]
	f.left.Store(0)
	f.unpopped, f.swept, f.cost, f.extra = 0, false, 0, 0
}
