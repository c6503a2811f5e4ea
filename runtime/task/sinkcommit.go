// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/runtime/connect"
)

// dirty reports whether there is something to commit.
func (s *Sink) dirty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.dirty() {
			return true
		}
	}
	return false
}

// uncommitted returns the offsets of all partitions that were read, or of the
// given ones, if something of them is not committed.
func (s *Sink) uncommitted(only []connect.TopicPartition) connect.Offsets {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, dirty := make(connect.Offsets, len(s.parts)), false
	for tp, p := range s.parts {
		if p.next >= 0 && (only == nil || slices.Contains(only, tp)) {
			o[tp] = p.next
			dirty = dirty || p.dirty()
		}
	}
	if !dirty {
		return nil
	}
	return o
}

// checkpoint asks the connector what is safe and commits it, for the given
// partitions or for all. It must not run while the group may change. The last
// one, of the partitions or of the task, returns every error. Another one returns
// errFencedMember and what fails the task; what may pass is logged, and the next
// checkpoint tries again.
func (m *member) checkpoint(only []connect.TopicPartition, last bool) error {
	s := m.s
	offsets := s.uncommitted(only)
	if len(offsets) == 0 || s.broken && s.pre != nil {
		return nil
	}
	start := time.Now()
	safe, err := s.preCommit(m.work, maps.Clone(offsets))
	late, err := lateErrors(err)
	switch {
	case s.abandoned.Load():
		return nil
	case err != nil && !last && retriable(err):
		s.progress.commitEnded(start, err)
		s.log.Warn("pre-committing failed; reading again from what is committed", "error", err)
		m.rewind(s.forget(nil))
		return nil
	case err != nil:
		s.progress.commitEnded(start, err)
		err = fmt.Errorf("pre-committing: %w", err)
		m.unsettle(only, err)
		return err
	}
	if only != nil {
		s.awaitLetters(m.work)
	}
	accepted := s.acceptable(safe, offsets)
	m.takeLate(accepted, late, only, last)
	if len(accepted) == 0 {
		return nil
	}
	err = m.commit(m.work, accepted)
	s.progress.commitEnded(start, err)
	if err != nil && !last && !refused(err) {
		s.log.Warn("committing offsets failed and is tried again", "error", err)
		return nil
	}
	return err
}

// acceptable returns what of the connector's answer can be committed: offsets of
// partitions that it was asked about, not beyond what it was given nor beyond a
// record whose dead letter Kafka has not taken, and beyond what is committed.
func (s *Sink) acceptable(safe, asked connect.Offsets) connect.Offsets {
	waiting := s.letters.first()
	s.mu.Lock()
	defer s.mu.Unlock()
	ok := make(connect.Offsets, len(safe))
	for tp, at := range safe {
		limit, known := asked[tp]
		switch p := s.parts[tp]; {
		case !known || at > limit || at < 0:
			s.log.Warn("the connector calls an offset safe that it was not asked about",
				"topic", tp.Topic, "partition", tp.Partition, "offset", at, "asked", limit)
		case p != nil:
			if first, some := waiting[tp]; some {
				at = min(at, first)
			}
			if at > p.committed {
				ok[tp] = at
			}
		}
	}
	return ok
}

// unsettle deals with a pre-commit that has failed while the given partitions go
// to another task; nil is all. The connector may hold nothing any more of what the
// other ones have brought, so that is read again, unless the error ends the task.
func (m *member) unsettle(going []connect.TopicPartition, err error) {
	switch {
	case going == nil:
	case retriable(err):
		m.owe(m.s.forget(going))
	default:
		m.s.fail(err)
	}
}

// owe notes where to read again after the callback that this is called from: the
// client must not be told in it.
func (m *member) owe(to connect.Offsets) {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	if m.owed == nil {
		m.owed = make(connect.Offsets)
	}
	for tp, at := range to {
		if old, ok := m.owed[tp]; !ok || at < old {
			m.owed[tp] = at
		}
	}
}

// settleOwed reads again from where it is owed, and what was polled as well. It
// reports whether there was anything.
func (m *member) settleOwed() bool {
	m.s.mu.Lock()
	owed := m.owed
	m.owed = nil
	m.s.mu.Unlock()
	if len(owed) == 0 {
		return false
	}
	to := m.s.batchStarts()
	maps.Copy(to, owed)
	m.rewind(to)
	return true
}

// forget takes the positions back to what is committed, but for the given
// partitions, and returns them.
func (s *Sink) forget(but []connect.TopicPartition) connect.Offsets {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := make(connect.Offsets)
	for tp, p := range s.parts {
		if p.dirty() && !slices.Contains(but, tp) {
			to[tp], p.next = p.committed, p.committed
		}
	}
	return to
}

// commit commits offsets, of which there are some, and waits for the answer.
func (m *member) commit(ctx context.Context, o connect.Offsets) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	var failure error
	m.cl.CommitOffsetsSync(ctx, epochOffsets(o),
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
			failure = commitFailure(resp, err)
		})
	if failure != nil {
		return fmt.Errorf("committing offsets: %w", failure)
	}
	m.s.committed(o)
	return nil
}

// commitFailure returns the first error of a commit.
func commitFailure(resp *kmsg.OffsetCommitResponse, err error) error {
	if err == nil {
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if e := kerr.ErrorForCode(p.ErrorCode); e != nil && err == nil {
					err = fmt.Errorf("partition %d of topic %q: %w", p.Partition, t.Topic, e)
				}
			}
		}
	}
	if errors.Is(err, kerr.FencedInstanceID) {
		return fmt.Errorf("%w: %w", errFencedMember, err)
	}
	return err
}

// refused reports whether the broker has refused a commit for good, a fence
// included. Errors of a membership that has passed are not: the client is about
// to join again.
func refused(err error) bool {
	if errors.Is(err, errFencedMember) {
		return true
	}
	for _, e := range []*kerr.Error{kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.RebalanceInProgress} {
		if errors.Is(err, e) {
			return false
		}
	}
	e := new(kerr.Error)
	return errors.As(err, &e) && !e.Retriable
}

// committed notes a commit.
func (s *Sink) committed(o connect.Offsets) {
	tps := slices.Collect(maps.Keys(o))
	sortPartitions(tps)
	texts, n := make([]PartitionOffset, 0, min(len(tps), keepOffsets)), 0
	s.mu.Lock()
	for _, tp := range tps {
		p := s.parts[tp]
		if p == nil {
			continue
		}
		p.committed, p.known = o[tp], true
		if len(texts) < cap(texts) {
			t := PartitionOffset{Partition: partitionText(tp), Offset: strconv.FormatInt(o[tp], 10)}
			if lag := p.lag(); lag >= 0 {
				t.Lag = &lag
			}
			texts = append(texts, t)
		}
	}
	for _, p := range s.parts {
		if p.known {
			n++
		}
	}
	s.mu.Unlock()
	s.progress.committed(texts, n)
}

// measureSoon asks for the ends of the partitions of which nothing was heard for
// a while, in a goroutine of its own: a fetch that brings nothing does not tell
// them, and neither does a task that is paused.
func (s *Sink) measureSoon(life context.Context) {
	m := s.member.Load()
	old := time.Now().Add(-measureInterval)
	var stale []connect.TopicPartition
	s.mu.Lock()
	for tp, p := range s.parts {
		if p.seen.Before(old) {
			stale = append(stale, tp)
		}
	}
	s.mu.Unlock()
	if m == nil || len(stale) == 0 || !s.busy.CompareAndSwap(false, true) {
		return
	}
	s.settling.Go(func() {
		defer s.busy.Store(false)
		ctx, cancel := context.WithTimeout(life, commitTimeout)
		defer cancel()
		if err := m.measure(ctx, stale); err != nil && life.Err() == nil {
			s.log.Debug("asking for the ends of partitions", "error", err)
		}
	})
}

// measure asks for the first and the last offset of partitions.
func (m *member) measure(ctx context.Context, tps []connect.TopicPartition) error {
	const latest, earliest = -1, -2 // ListOffsetsRequest's timestamps
	low, err := m.listOffsets(ctx, tps, earliest)
	if err != nil {
		return err
	}
	high, err := m.listOffsets(ctx, tps, latest)
	if err != nil {
		return err
	}
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	now := time.Now()
	for tp, at := range high {
		if p := m.s.parts[tp]; p != nil {
			p.measured(at, now)
			p.low = low[tp]
		}
	}
	return nil
}

func (m *member) listOffsets(ctx context.Context, tps []connect.TopicPartition, timestamp int64) (connect.Offsets, error) {
	topics := make(map[string]int)
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	for _, tp := range tps {
		i, ok := topics[tp.Topic]
		if !ok {
			t := kmsg.NewListOffsetsRequestTopic()
			t.Topic = tp.Topic
			i = len(req.Topics)
			topics[tp.Topic] = i
			req.Topics = append(req.Topics, t)
		}
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = tp.Partition, timestamp
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, p)
	}
	resp, err := req.RequestWith(ctx, m.cl)
	if err != nil {
		return nil, fmt.Errorf("listing offsets: %w", err)
	}
	at := make(connect.Offsets)
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if p.ErrorCode == 0 {
				at[connect.TopicPartition{Topic: t.Topic, Partition: p.Partition}] = p.Offset
			}
		}
	}
	return at, nil
}
