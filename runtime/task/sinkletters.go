// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// letters are a sink's dead letters that Kafka has not taken yet. The offsets of
// their records, and those behind them, are not committed.
type letters struct {
	mu    sync.Mutex
	queue []*letter // in the order in which they were given to Kafka
	bytes int

	lostTopic atomic.Bool // of which the producer was told
}

// letter is a dead letter on its way.
type letter struct {
	rec  kgo.Record
	from connect.Origin
	size int
	lost bool // Kafka has refused it
}

// add takes a letter in, unless there is no room for it below the budget.
func (ls *letters) add(l *letter, budget int) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if len(ls.queue) > 0 && ls.bytes+l.size > budget {
		return false
	}
	ls.queue = append(ls.queue, l)
	ls.bytes += l.size
	return true
}

// answered notes what has become of a letter. One that is lost stays.
func (ls *letters) answered(l *letter, err error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if err != nil {
		l.lost = true
		return
	}
	if i := slices.Index(ls.queue, l); i >= 0 {
		ls.queue = slices.Delete(ls.queue, i, i+1)
		ls.bytes -= l.size
	}
}

// waiting reports whether an answer may still come.
func (ls *letters) waiting() bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return slices.ContainsFunc(ls.queue, func(l *letter) bool { return !l.lost })
}

// first returns for each partition the offset of the first record whose letter is
// not taken; nil if all are.
func (ls *letters) first() connect.Offsets {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if len(ls.queue) == 0 {
		return nil
	}
	at := make(connect.Offsets)
	for _, l := range ls.queue {
		tp := connect.TopicPartition{Topic: l.from.Topic, Partition: l.from.Partition}
		if o, ok := at[tp]; !ok || l.from.Offset < o {
			at[tp] = l.from.Offset
		}
	}
	return at
}

// letterShare is the part of a task's budget that its dead letters may take.
const letterShare = 8

// post gives a dead letter to Kafka. While there is no room for it, it waits; it
// returns false if the batch is to be given up meanwhile.
func (m *member) post(ctx context.Context, rec kgo.Record, from connect.Origin) bool {
	s := m.s
	l := &letter{rec: rec, from: from, size: size(&rec) + recordCost}
	for !s.letters.add(l, s.o.MaxInFlightBytes/letterShare) {
		if m.pressed(ctx) {
			return false
		}
		s.await(ctx, touch)
	}
	s.progress.letters.Add(1)
	s.policy.DeadLetters.Producer.Produce(context.Background(), &l.rec, func(_ *kgo.Record, err error) {
		s.letters.answered(l, err)
		if err != nil {
			s.progress.lettersLost.Add(1)
			if errors.Is(err, kerr.UnknownTopicID) && s.letters.lostTopic.CompareAndSwap(false, true) {
				forget(s.policy.DeadLetters.Producer, rec.Topic)
			}
			s.fail(fmt.Errorf("writing the dead letter of the record at offset %d of partition %d of topic %q to topic %q: %w",
				from.Offset, from.Partition, from.Topic, rec.Topic, err))
		}
		s.signal()
	})
	return true
}

// awaitLetters waits for Kafka to take the dead letters, as long as a commit may
// take.
func (s *Sink) awaitLetters(ctx context.Context) {
	end := time.Now().Add(commitTimeout)
	for s.letters.waiting() && ctx.Err() == nil && time.Now().Before(end) {
		s.await(ctx, min(time.Until(end), touch))
	}
}
