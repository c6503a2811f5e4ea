// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"context"
	"hash/fnv"
	"log/slog"
	"time"
)

// Env is what a task is given when it is opened.
type Env struct {
	// Connector is the connector's name in Kafka.
	Connector string
	// Index is the task's number, from 0 to Count-1; Count is the number of tasks
	// among which the connector's work is shared.
	Index, Count int
	// Logger carries the connector and the task.
	Logger *slog.Logger
	// Offsets reads what a source has committed; nil for a sink.
	Offsets OffsetReader
	// Now is the clock.
	Now func() time.Time
}

// OffsetReader reads committed source offsets.
type OffsetReader interface {
	// Offset returns the committed offset of a source partition, or nil if there
	// is none. Numbers come as int64 or float64, as Kafka Connect reads them.
	Offset(ctx context.Context, partition map[string]any) (map[string]any, error)
}

// Owns reports whether this task is the one of Count that owns key: a table, a
// file, a partition. Each key has one owner, found by rendezvous hashing, so that
// a changed count moves as few keys as it can.
func (e Env) Owns(key string) bool { return Share(key, e.Count) == e.Index }

// Share returns which of count tasks owns key.
func Share(key string, count int) int {
	best, owner := uint64(0), 0
	for i := range count {
		h := fnv.New64a()
		h.Write([]byte(key))
		h.Write([]byte{0, byte(i), byte(i >> 8), byte(i >> 16)})
		if w := mix(h.Sum64()); w > best || i == 0 {
			best, owner = w, i
		}
	}
	return owner
}

// mix spreads the bits of an FNV hash, whose last byte hardly moves the high ones.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
