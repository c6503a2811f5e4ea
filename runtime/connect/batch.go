// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

// Batch is a run of records and the memory that they use. A source appends to
// it; a sink reads it.
type Batch struct {
	Records []Record
	Arena   Arena

	maxRecords, maxBytes int
	failures             []Failure

	pool *Pool     // nil: the batch's memory is its own
	lent *[]Record // of the pool
}

// Failure is a record that could not be handled, by its place in the batch.
type Failure struct {
	Index int
	Err   error
}

// NewBatch returns an empty batch that is full at that many records, or at that
// many bytes handed out by its arena.
func NewBatch(maxRecords, maxBytes int) *Batch {
	return &Batch{maxRecords: maxRecords, maxBytes: maxBytes}
}

// Add appends a record without topic, key and value, whose partition is ByKey
// and which has no timestamp, and returns it. The pointer is good until the next
// Add.
func (b *Batch) Add() *Record {
	n := len(b.Records)
	if n < cap(b.Records) {
		b.Records = b.Records[:n+1]
	} else {
		b.grow()
	}
	r := &b.Records[n]
	r.Partition, r.Timestamp = ByKey, NoTimestamp
	return r
}

// grow appends an empty record to a batch that has no room.
func (b *Batch) grow() {
	b.borrow()
	b.Records = append(b.Records, Record{})
}

// Offset copies the values of a source offset into the batch.
func (b *Batch) Offset(v ...Value) []Value {
	o := b.Arena.Values(len(v))
	copy(o, v)
	return o
}

// Full reports whether the source should return what it has. It may be asked
// before the first Add; an empty batch is never full.
func (b *Batch) Full() bool {
	n := len(b.Records)
	return n > 0 && (n >= b.maxRecords || b.Arena.Used() >= b.maxBytes)
}

// Limit changes at how many bytes the batch is full. It is for the loop of a
// source, which knows how many it may hold.
func (b *Batch) Limit(maxBytes int) { b.maxBytes = maxBytes }

// Fail says that record i could not be handled and goes to the error policy;
// the others stand.
func (b *Batch) Fail(i int, err error) {
	b.failures = append(b.failures, Failure{Index: i, Err: err})
}

// Failures returns what Fail was told, in that order.
func (b *Batch) Failures() []Failure { return b.failures }

// Compact removes the records that were dropped, and forgets what Fail was told:
// the places of the others change. It is for the loop of a sink.
func (b *Batch) Compact() {
	n := 0
	for i := range b.Records {
		if b.Records[i].dropped {
			continue
		}
		if n != i {
			b.Records[n] = b.Records[i]
		}
		n++
	}
	clear(b.Records[n:])
	b.Records = b.Records[:n]
	clear(b.failures)
	b.failures = b.failures[:0]
}

// Reset empties the batch for reuse.
func (b *Batch) Reset() {
	clear(b.Records)
	b.Records = b.Records[:0]
	clear(b.failures)
	b.failures = b.failures[:0]
	b.Arena.Reset()
}
