// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"time"
)

// sinkPart is what a sink knows of a partition that is assigned to it. Offsets
// are those of the next record, as Kafka commits them; -1 is unknown.
type sinkPart struct {
	next      int64 // after the last record that was put
	committed int64 // or where the partition began, if nothing is committed: where a rewind goes
	known     bool  // committed is the group's
	low, high int64 // the log's
	seen      time.Time
}

func newSinkPart() *sinkPart { return &sinkPart{next: -1, committed: -1, low: -1, high: -1} }

// resume notes the group's committed offset.
func (p *sinkPart) resume(at int64) { p.next, p.committed, p.known = at, at, true }

// begin notes the first record that is read. One that lies before what was put says
// that the log was cut off or made anew, for whoever reads again takes next back.
func (p *sinkPart) begin(at int64) {
	switch {
	case p.committed < 0:
		p.committed = at
	case at < p.next:
		p.next, p.committed = at, at
	}
}

// measured notes the ends of the log.
func (p *sinkPart) measured(high int64, now time.Time) {
	if high >= 0 {
		p.high, p.seen = high, now
	}
}

// dirty reports whether something was put that is not committed.
func (p *sinkPart) dirty() bool { return p.next > p.committed }

// pending is how much of that there is.
func (p *sinkPart) pending() int64 {
	if p.committed < 0 {
		return 0
	}
	return max(p.next-p.committed, 0)
}

// lag is how many records there are beyond what was put, -1 if that is unknown.
func (p *sinkPart) lag() int64 {
	switch {
	case p.high < 0:
		return -1
	case p.next >= 0:
		return max(p.high-p.next, 0)
	case p.committed >= 0: // read, and not put yet
		return max(p.high-p.committed, 0)
	case p.low == p.high:
		return 0
	default:
		// Where it begins is the reset policy's to say.
		return -1
	}
}

// addLag adds a partition's lag to a sum; one that is unknown makes it unknown.
func addLag(sum, lag int64) int64 {
	if lag < 0 {
		return -1
	}
	return sum + lag
}

// The sizes of a fetch.
const minFetchSize = 64 << 10

// firstFetchSize is what a fetch asks for to begin with.
func firstFetchSize(budget int) int32 { return fetchSize(budget/8, budget) }

// nextFetchSize returns what a fetch should ask for, when held bytes are in
// memory. A fetch's limit counts bytes as they are compressed and for each
// broker, the budget counts them all and as they are: so the limit is found by
// trying.
func nextFetchSize(now int32, held int64, budget int) int32 {
	switch {
	case held > int64(budget)*3/4:
		return fetchSize(int(now)/2, budget)
	case held < int64(budget)/8:
		return fetchSize(int(now)+int(now)/8, budget)
	default:
		return now
	}
}

func fetchSize(n, budget int) int32 {
	return int32(min(max(n, minFetchSize), max(budget/4, minFetchSize), 1<<30))
}
