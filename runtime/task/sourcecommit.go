// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"time"

	"penstock.dev/runtime/connect"
)

const (
	// commitTimeout bounds one commit; it is the timeout of the transactions in
	// which offsets are written.
	commitTimeout = 10 * time.Second
	// retryCommit is how soon a failed commit is tried again, unless the flush
	// interval is shorter.
	retryCommit = time.Second
	// stallIntervals is for how many flush intervals a source may produce without
	// a successful commit (docs/architecture.md, "Who owns a task"). What an old
	// incarnation can still produce is bounded by that.
	stallIntervals = 3
)

// stalled reports whether the task must not produce before a commit succeeds.
func (s *Source) stalled() bool {
	return s.held || !s.since.IsZero() && time.Since(s.since) >= stallIntervals*s.o.FlushInterval
}

// commitSoon commits in a goroutine of its own, again and again until it
// succeeds or the task ends; unless one is at it.
func (s *Source) commitSoon(life context.Context) {
	s.mu.Lock()
	s.reclaim()
	s.ring.trim()
	s.mu.Unlock()
	if !s.busy.CompareAndSwap(false, true) {
		return
	}
	s.settling.Go(func() {
		defer s.busy.Store(false)
		for {
			ctx, cancel := context.WithTimeout(life, commitTimeout)
			err := s.commit(ctx)
			cancel()
			if err == nil || errors.Is(err, ErrSuperseded) || life.Err() != nil {
				return
			}
			s.log.Warn("committing offsets failed and is tried again", "error", err)
			t := time.NewTimer(min(retryCommit, s.o.FlushInterval))
			select {
			case <-life.Done():
			case <-s.ending:
			case <-t.C:
				continue
			}
			t.Stop()
			return
		}
	})
}

// commit writes the offsets that moved, if any. Superseded, it fails the task.
func (s *Source) commit(ctx context.Context) (err error) {
	select {
	case s.commits <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("waiting for another commit: %w", context.Cause(ctx))
	}
	defer func() { <-s.commits }()
	defer s.caught(committing, &err)
	if s.superseded() {
		return s.failed.get()
	}
	snap := s.snapshot()
	if len(snap.offsets) == 0 && !s.isHeld() {
		return nil
	}
	start := time.Now()
	err = s.write(ctx, snap.offsets)
	switch {
	case errors.Is(err, ErrSuperseded):
		s.fail(err)
		return err
	case err != nil:
		s.progress.commitEnded(start, err)
		return fmt.Errorf("committing offsets: %w", err)
	case len(snap.offsets) > 0:
		s.progress.commitEnded(start, nil)
	}
	s.committed(snap)
	return nil
}

// write commits offsets, if there are any, and answers a fence before or once
// meanwhile.
func (s *Source) write(ctx context.Context, offsets []connect.CommittedOffset) error {
	err := s.answerFence(ctx)
	if err == nil && len(offsets) > 0 {
		err = s.offsets.Commit(ctx, offsets)
	}
	if errors.Is(err, ErrFenced) {
		s.setHeld(true)
		if err = s.answerFence(ctx); err == nil {
			err = s.offsets.Commit(ctx, offsets)
		}
	}
	return err
}

// answerFence answers a fence, if there is one: this incarnation fences again if
// there is none with a higher epoch.
func (s *Source) answerFence(ctx context.Context) error {
	if !s.isHeld() {
		return nil
	}
	if err := s.checkEpoch(ctx); err != nil {
		return err
	}
	s.log.Info("fenced by an incarnation that is not newer; fencing again")
	if err := s.offsets.Fence(ctx); err != nil {
		return fmt.Errorf("fencing again: %w", err)
	}
	s.setHeld(false)
	return nil
}

func (s *Source) isHeld() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

func (s *Source) setHeld(held bool) {
	s.mu.Lock()
	s.held = held
	s.mu.Unlock()
	s.signal()
}

func (s *Source) snapshot() snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	written, bytes := s.sub.written, s.sub.bytes
	snap := s.sub.take()
	s.count(written, bytes)
	if len(snap.offsets) == 0 && !s.held {
		s.nothingToCommit(snap)
	}
	return snap
}

// nothingToCommit notes that no offset waits. What Kafka has taken since the last
// commit, if anything, came without one and needs none; while it takes nothing,
// what is in flight still waits for its commit. The caller holds mu.
func (s *Source) nothingToCommit(snap snapshot) {
	switch {
	case s.sub.clean():
		s.since = time.Time{}
	case snap.popped > s.settled:
		s.since = time.Now()
	}
	s.settled = snap.popped
}

// committed notes a successful commit.
func (s *Source) committed(snap snapshot) {
	if len(snap.offsets) == 0 {
		return
	}
	s.mu.Lock()
	s.sub.done(snap)
	s.settled = snap.popped
	s.since = time.Time{}
	if !s.sub.clean() {
		s.since = time.Now()
	}
	for _, key := range snap.keys {
		s.seen.add(key)
	}
	n := s.seen.len()
	if s.committer != nil {
		for i, key := range snap.keys {
			s.unheard[key] = snap.offsets[i]
		}
	}
	s.mu.Unlock()
	s.progress.committed(offsetTexts(snap), n)
	if s.committer != nil {
		s.interrupt.now()
	}
	s.signal()
}

// tell gives a Committer what was committed since it was last told. Its error is
// logged, as Kafka Connect does; only a panic fails the task.
func (s *Source) tell(ctx context.Context) error {
	s.mu.Lock()
	var heard []connect.CommittedOffset
	if len(s.unheard) > 0 {
		for _, key := range slices.Sorted(maps.Keys(s.unheard)) {
			heard = append(heard, s.unheard[key])
		}
		clear(s.unheard)
	}
	s.mu.Unlock()
	if len(heard) == 0 || s.abandoned.Load() {
		return nil
	}
	err := s.tellCommitter(ctx, heard)
	if isPanic(err) {
		return err
	}
	if err != nil {
		s.log.Warn("the connector could not take note of committed offsets", "error", err)
	}
	return nil
}

func (s *Source) tellCommitter(ctx context.Context, heard []connect.CommittedOffset) (err error) {
	s.progress.enter(committing)
	defer s.caught(committing, &err)
	return s.committer.Commit(ctx, heard)
}

// offsetTexts returns what Progress shows of a commit.
func offsetTexts(snap snapshot) []PartitionOffset {
	texts := make([]PartitionOffset, 0, min(len(snap.offsets), keepOffsets))
	for i, o := range snap.offsets[:cap(texts)] {
		texts = append(texts, PartitionOffset{Partition: snap.keys[i], Offset: offsetText(o)})
	}
	return texts
}

func offsetText(o connect.CommittedOffset) string {
	fields := make(map[string]any, len(o.Offset))
	for i, v := range o.Offset {
		fields[o.Partition.Fields[i]] = plain(v)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return fmt.Sprint(fields)
	}
	return string(text)
}

// plain returns a value as encoding/json takes it.
func plain(v connect.Value) any {
	switch v.Type() {
	case connect.Null:
		return nil
	case connect.Boolean:
		return v.Bool()
	case connect.Float32, connect.Float64:
		return v.Float()
	case connect.String:
		return v.Str()
	case connect.Bytes:
		return v.Bytes()
	case connect.Array, connect.Struct:
		items := make([]any, 0, v.Len())
		for _, item := range v.Items() {
			items = append(items, plain(item))
		}
		return items
	case connect.Map:
		m := make(map[string]any, v.Len())
		for _, e := range v.Entries() {
			m[fmt.Sprint(plain(e.Key))] = plain(e.Value)
		}
		return m
	default:
		return v.Int()
	}
}

// maxCounted bounds the memory of a partitionCount.
const maxCounted = 1 << 16

// partitionCount counts distinct partitions by a hash of their keys, up to
// maxCounted.
type partitionCount struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
}

func (c *partitionCount) add(key string) {
	if c.hashes == nil {
		c.seed, c.hashes = maphash.MakeSeed(), make(map[uint64]struct{})
	}
	if len(c.hashes) < maxCounted {
		c.hashes[maphash.String(c.seed, key)] = struct{}{}
	}
}

func (c *partitionCount) len() int { return len(c.hashes) }
