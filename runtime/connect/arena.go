// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"slices"
	"unsafe"
)

// Arena hands out memory that lives as long as its batch: a few large chunks
// instead of an allocation for each value. The zero Arena is ready. It is not
// safe for concurrent use.
type Arena struct {
	bytes   []byte
	values  []Value
	entries []Entry
	headers []Header
	used    int // bytes handed out since the last Reset, see Used
	left    int // size of the chunks that were full since the last Reset, in bytes

	pool *Pool   // nil: the memory is the arena's own
	lent *chunks // of the pool
}

const (
	// The first chunks; those that follow double. A thousand tasks may begin at the
	// same time.
	minByteChunk  = 4 << 10
	minValueChunk = 128
	// minHeaderChunk is small, for few records have headers.
	minHeaderChunk = 16
	// headerCost is what a header costs in memory besides its bytes: the structs of
	// the batch and of the client.
	headerCost = 120
	// keepBytes bounds what a Reset keeps, so that one huge record does not
	// stay in memory for ever.
	keepBytes   = 4 << 20
	keepValues  = keepBytes / valueSize
	keepHeaders = keepBytes / headerSize

	valueSize  = int(unsafe.Sizeof(Value{}))
	entrySize  = int(unsafe.Sizeof(Entry{}))
	headerSize = int(unsafe.Sizeof(Header{}))
)

// Bytes returns n bytes of any content.
func (a *Arena) Bytes(n int) []byte {
	a.used += n
	if cap(a.bytes)-len(a.bytes) < n {
		a.growBytes(n)
	}
	at := len(a.bytes)
	a.bytes = a.bytes[:at+n]
	return a.bytes[at : at+n : at+n]
}

// growBytes makes room for n bytes where there is not enough.
func (a *Arena) growBytes(n int) {
	a.borrow()
	if cap(a.bytes)-len(a.bytes) < n {
		a.left += cap(a.bytes)
		a.bytes = make([]byte, 0, max(n, 2*cap(a.bytes), minByteChunk))
	}
}

// Copy returns a copy of b.
func (a *Arena) Copy(b []byte) []byte {
	c := a.Bytes(len(b))
	copy(c, b)
	return c
}

// Tail returns an empty slice at the end of the arena with room for at least n
// bytes. The caller appends to it and gives the result to Take before it asks
// the arena for anything else.
func (a *Arena) Tail(n int) []byte {
	if cap(a.bytes)-len(a.bytes) < n {
		a.growBytes(n)
	}
	return a.bytes[len(a.bytes):len(a.bytes)]
}

// Take keeps what was appended to the slice that Tail returned, and returns it.
func (a *Arena) Take(b []byte) []byte {
	a.used += len(b)
	free := a.bytes[len(a.bytes):cap(a.bytes)]
	if cap(b) > 0 && cap(free) > 0 && &b[:1][0] == &free[:1][0] && len(b) <= cap(free) {
		a.bytes = a.bytes[:len(a.bytes)+len(b)]
		return slices.Clip(b)
	}
	// The append outgrew the chunk and moved: b is on the heap, and its room is
	// taken over as the new chunk.
	a.left += cap(a.bytes)
	a.bytes = b
	return slices.Clip(b)
}

// Values returns n null values.
func (a *Arena) Values(n int) []Value {
	if cap(a.values)-len(a.values) < n {
		a.growValues(n)
	}
	at := len(a.values)
	a.values = a.values[:at+n]
	return a.values[at : at+n : at+n]
}

func (a *Arena) growValues(n int) {
	a.borrow()
	if cap(a.values)-len(a.values) < n {
		a.left += valueSize * cap(a.values)
		a.values = make([]Value, 0, max(n, 2*cap(a.values), minValueChunk))
	}
}

// Entries returns n empty entries.
func (a *Arena) Entries(n int) []Entry {
	if cap(a.entries)-len(a.entries) < n {
		a.growEntries(n)
	}
	at := len(a.entries)
	a.entries = a.entries[:at+n]
	return a.entries[at : at+n : at+n]
}

func (a *Arena) growEntries(n int) {
	a.borrow()
	if cap(a.entries)-len(a.entries) < n {
		a.left += entrySize * cap(a.entries)
		a.entries = make([]Entry, 0, max(n, 2*cap(a.entries), minValueChunk/2))
	}
}

// Headers returns n headers without key and value. They are for the records of
// the arena's batch.
func (a *Arena) Headers(n int) []Header {
	a.used += n * headerCost
	if cap(a.headers)-len(a.headers) < n {
		a.growHeaders(n)
	}
	at := len(a.headers)
	a.headers = a.headers[:at+n]
	return a.headers[at : at+n : at+n]
}

func (a *Arena) growHeaders(n int) {
	a.borrow()
	if cap(a.headers)-len(a.headers) < n {
		a.left += headerSize * cap(a.headers)
		a.headers = make([]Header, 0, max(n, 2*cap(a.headers), minHeaderChunk))
	}
}

// Used returns how many bytes were handed out since the last Reset, as bytes and
// as headers.
func (a *Arena) Used() int { return a.used }

// Held returns how many bytes of memory the arena has, handed out or not, and what
// the client needs for the headers.
func (a *Arena) Held() int {
	return a.left + cap(a.bytes) + valueSize*cap(a.values) + entrySize*cap(a.entries) +
		headerSize*cap(a.headers) + (headerCost-headerSize)*len(a.headers)
}

// Reset takes back everything that was handed out.
func (a *Arena) Reset() {
	clear(a.values)
	clear(a.entries)
	clear(a.headers)
	a.bytes, a.values, a.entries, a.headers = a.bytes[:0], a.values[:0], a.entries[:0], a.headers[:0]
	a.used, a.left = 0, 0
	if cap(a.bytes) > keepBytes {
		a.bytes = nil
	}
	if cap(a.values) > keepValues {
		a.values = nil
	}
	if cap(a.entries) > keepValues/2 {
		a.entries = nil
	}
	if cap(a.headers) > keepHeaders {
		a.headers = nil
	}
}
