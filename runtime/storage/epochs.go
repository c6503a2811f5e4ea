// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"crypto/rand"
)

// takeEpoch keeps the highest, whatever the order of the log, and of those with
// the same number the first: the records of a key are in one partition.
func (s *Statuses) takeEpoch(id TaskID, value []byte) error {
	v, ok, err := decode[epoch](value)
	if err == nil && ok && v.Epoch > s.epochs[id].Epoch {
		s.epochs[id] = v
	}
	return err
}

// Epoch returns the highest epoch of a task that was read so far, 0 if none.
func (s *Statuses) Epoch(id TaskID) int64 {
	e, _ := get(s, s.epochs, id)
	return e.Epoch
}

// Highest returns the highest epoch ever written for a task, 0 if none, after it
// has read the topic to its end.
func (s *Statuses) Highest(ctx context.Context, id TaskID) (int64, error) {
	if err := s.ReadToEnd(ctx); err != nil {
		return 0, err
	}
	return s.Epoch(id), nil
}

// Raise gives a task an epoch that is above all that it ever had and above the
// given one, and returns it. It is the caller's alone: when others raise it at the
// same time, each gets another one, and the highest holds.
//
// All of them may read the same number and write the next. So each record names
// its writer, and after it was written the topic is read to its end again: the
// writer of the first record with that number has it, the others raise again.
// Compaction leaves the last record of a key, not the first. Who has to skip
// offsets between its two readings can therefore not know whether another record
// stood there, and raises again as well.
func (s *Statuses) Raise(ctx context.Context, id TaskID, above int64) (int64, error) {
	if err := s.ReadToEnd(ctx); err != nil {
		return 0, err
	}
	for {
		skipped := s.skippedOffsets() // first: what is applied from here on is seen
		mine := epoch{Epoch: max(s.Epoch(id), above) + 1, Holder: rand.Text()}
		if err := s.putJSON(ctx, taskKey(epochPrefix, id), mine); err != nil {
			return 0, err
		}
		if err := s.ReadToEnd(ctx); err != nil {
			return 0, err
		}
		now, _ := get(s, s.epochs, id)
		if now == mine && s.skippedOffsets() == skipped {
			return mine.Epoch, nil
		}
		s.log.Info("another process may have raised the epoch of the task to the same number, raising it again",
			"connector", id.Connector, "task", id.Index, "epoch", mine.Epoch)
	}
}
