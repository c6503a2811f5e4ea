// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import "sync"

// Pool lends batches their memory, so that many tasks of which few are busy need
// as much as those few. The zero Pool is ready and safe for concurrent use.
type Pool struct{ records, chunks sync.Pool }

// keepRecords bounds the batches whose memory is taken back.
const keepRecords = 16 << 10

// NewBatch returns an empty batch as the function NewBatch does. It borrows
// memory with its first record and gives it back with Release.
func (p *Pool) NewBatch(maxRecords, maxBytes int) *Batch {
	b := NewBatch(maxRecords, maxBytes)
	b.pool, b.Arena.pool = p, p
	return b
}

// chunks are an arena's memory while it has none.
type chunks struct {
	bytes   []byte
	values  []Value
	entries []Entry
	headers []Header
}

// Release empties the batch as Reset does. One that has its memory from a pool
// gives it back.
func (b *Batch) Release() {
	b.Reset()
	b.Arena.release()
	if b.pool == nil {
		return
	}
	if b.lent != nil && cap(b.Records) <= keepRecords {
		*b.lent = b.Records
		b.pool.records.Put(b.lent)
	}
	b.lent, b.Records, b.failures = nil, nil, nil
}

// borrow gets a batch that has no memory some.
func (b *Batch) borrow() {
	if b.pool == nil || b.lent != nil {
		return
	}
	lent, ok := b.pool.records.Get().(*[]Record)
	if !ok {
		lent = new([]Record)
	}
	b.lent = lent
	if cap(b.Records) == 0 {
		b.Records = *lent
	}
}

func (a *Arena) borrow() {
	if a.pool == nil || a.lent != nil {
		return
	}
	lent, ok := a.pool.chunks.Get().(*chunks)
	if !ok {
		lent = new(chunks)
	}
	a.lent, a.bytes, a.values, a.entries, a.headers = lent, lent.bytes, lent.values, lent.entries, lent.headers
}

// release gives back what an arena without content has borrowed.
func (a *Arena) release() {
	if a.pool == nil {
		return
	}
	if a.lent != nil {
		*a.lent = chunks{a.bytes, a.values, a.entries, a.headers}
		a.pool.chunks.Put(a.lent)
	}
	a.lent, a.bytes, a.values, a.entries, a.headers = nil, nil, nil, nil, nil
}
