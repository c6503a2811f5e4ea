// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"sync"
	"sync/atomic"
	"time"
)

// keepOffsets bounds Progress.Offsets.
const keepOffsets = 16

// progress is what the loops count. The atomic fields may be written at any
// time, the others under mu.
type progress struct {
	records, bytes, pending atomic.Int64
	lastRecord, lastTurn    atomic.Int64 // Unix nanoseconds, 0 is never
	waiting                 atomic.Bool
	act                     atomic.Int32 // what the connector is asked to do

	polled, failures, retries atomic.Int64
	errors, skipped, logged   atomic.Int64
	letters, lettersLost      atomic.Int64
	lastError                 atomic.Int64 // Unix nanoseconds
	batch, batchTime          measure
	commitTime, commitFailed  measure

	mu         sync.Mutex
	lastCommit time.Time
	lag        int64
	assignment []string
	offsets    []PartitionOffset
	partitions int
}

func (p *progress) turn() { p.lastTurn.Store(time.Now().UnixNano()) }

// enter notes what the connector is asked to do.
func (p *progress) enter(a act) {
	p.act.Store(int32(a))
	p.turn()
}

// doing names what the connector was last asked to do.
func (p *progress) doing() string { return act(p.act.Load()).String() }

// wrote counts records that were written.
func (p *progress) wrote(records, bytes int64) {
	if records > 0 {
		p.records.Add(records)
		p.bytes.Add(bytes)
		p.lastRecord.Store(time.Now().UnixNano())
	}
}

// erred notes that something went wrong just now.
func (p *progress) erred() { p.lastError.Store(time.Now().UnixNano()) }

// retried notes that something is tried again.
func (p *progress) retried() {
	p.retries.Add(1)
	p.erred()
}

// delivered measures a batch of n records that the connector has given or taken,
// from start on.
func (p *progress) delivered(n int, start time.Time) {
	p.batch.add(time.Now(), int64(n))
	p.batchTime.since(start)
}

// commitEnded measures a commit that has begun at start.
func (p *progress) commitEnded(start time.Time, err error) {
	if err == nil {
		p.commitTime.since(start)
		return
	}
	p.commitFailed.since(start)
	p.erred()
}

// committed notes a commit of the given offsets, newest first, after which
// partitions many partitions have one.
func (p *progress) committed(offsets []PartitionOffset, partitions int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastCommit = time.Now()
	p.offsets = newestFirst(offsets, p.offsets)
	p.partitions = partitions
}

// newestFirst puts fresh in front of old, each partition once, bounded.
func newestFirst(fresh, old []PartitionOffset) []PartitionOffset {
	merged := make([]PartitionOffset, 0, min(len(fresh)+len(old), keepOffsets))
	seen := make(map[string]bool, cap(merged))
	for _, list := range [][]PartitionOffset{fresh, old} {
		for _, o := range list {
			if len(merged) < keepOffsets && !seen[o.Partition] {
				seen[o.Partition] = true
				merged = append(merged, o)
			}
		}
	}
	return merged
}

func (p *progress) copy() Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	return Progress{
		Records: p.records.Load(), Bytes: p.bytes.Load(), Pending: p.pending.Load(),
		LastRecord: moment(p.lastRecord.Load()), LastTurn: moment(p.lastTurn.Load()),
		LastCommit: p.lastCommit, Waiting: p.waiting.Load(), Lag: p.lag,
		// The slices are replaced, never written into.
		Assignment: p.assignment, Offsets: p.offsets, Partitions: p.partitions,
		Polled: p.polled.Load(), Failures: p.failures.Load(), Retries: p.retries.Load(), LastError: moment(p.lastError.Load()),
		Errors: p.errors.Load(), Skipped: p.skipped.Load(), Logged: p.logged.Load(),
		DeadLetters: p.letters.Load(), DeadLetterFailures: p.lettersLost.Load(),
		Batch: p.batch.copy(now), BatchTime: p.batchTime.copy(now),
		CommitTime: p.commitTime.copy(now), CommitFailed: p.commitFailed.copy(now),
	}
}

func moment(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}
