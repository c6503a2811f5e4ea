// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// Source moves records from a connector to Kafka.
//
// Run supervises; the loop, in a goroutine of its own, is the only one that
// calls the connector; offsets are committed by a goroutine that lives as long
// as the commit, so that neither a Poll that blocks nor a slow commit holds up
// the other.
type Source struct {
	base
	offsets  OffsetStore
	producer Producer
	creator  TopicCreator // nil: nobody
	promise  func(*kgo.Record, error)

	task       connect.SourceTask
	committer  connect.Committer // nil if the task is none
	chain      chain
	key, value side
	header     side
	topics     topicNames

	mu       sync.Mutex // of what follows
	sub      *submitted
	ring     ring
	since    time.Time // when what is not committed began to wait; zero: nothing is
	held     bool      // fenced, and not known by whom
	settled  int64     // records popped at the last commit
	seen     partitionCount
	unheard  map[string]connect.CommittedOffset // committed; the Committer does not know yet
	settling sync.WaitGroup

	lostTopic atomic.Bool // of which the producer was told

	commits chan struct{} // has room for one: one commit at a time
	busy    atomic.Bool   // a goroutine commits
	ending  chan struct{}
	landed  chan struct{} // a flight, while the loop waits in Poll
}

// NewSource returns a source task that is not running yet.
func NewSource(o SourceOptions) *Source {
	s := &Source{offsets: o.Offsets, producer: o.Producer, creator: o.Topics}
	s.init(o.Options)
	s.env.Offsets = o.Offsets
	s.promise = s.acked
	s.chain = chain{b: &s.base, links: o.Transforms}
	s.key = newSide("key", stageKey, o.Errors.KeyClass, o.Key)
	s.value = newSide("value", stageValue, o.Errors.ValueClass, o.Value)
	s.header = newSide("header", stageHeader, o.Errors.HeaderClass, o.Header)
	s.topics.all, s.topics.note = make(map[string]string), o.Topics != nil
	s.sub = newSubmitted()
	s.ring.memory, s.ring.budget = s.o.Memory, s.o.MaxInFlightBytes
	s.unheard = make(map[string]connect.CommittedOffset)
	s.commits, s.ending, s.landed = make(chan struct{}, 1), make(chan struct{}), make(chan struct{}, 1)
	return s
}

var _ Task = (*Source)(nil)

// Run implements Task. It is called once.
func (s *Source) Run(ctx context.Context) error {
	if err := s.own(ctx); err != nil {
		return stopped(ctx, err)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	err := s.supervise(ctx, s.loop, beats{tick: func() { s.commitSoon(life) }, news: s.landed, hear: s.collect})
	cancel()
	if !errors.Is(err, ErrAbandoned) {
		s.settling.Wait()
	}
	return err
}

// own makes sure that the task is this incarnation's: nobody newer exists, and
// nobody older can commit any more.
func (s *Source) own(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.offsets.Fence(ctx); err != nil {
		return fmt.Errorf("fencing older incarnations: %w", err)
	}
	return s.checkEpoch(ctx)
}

// Progress implements Task.
func (s *Source) Progress() Progress {
	s.mu.Lock()
	s.reclaim()
	s.progress.pending.Store(s.sub.given - s.settled)
	s.mu.Unlock()
	return s.progress.copy()
}

// reclaim takes back the flights that Kafka has answered, and counts them.
func (s *Source) reclaim() {
	written, bytes := s.sub.written, s.sub.bytes
	s.sub.sweep(s.ring.back)
	s.count(written, bytes)
}

// collect takes back flights in the place of a loop that waits in Poll.
func (s *Source) collect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reclaim()
}

// count adds what was written since.
func (s *Source) count(written, bytes int64) {
	s.progress.wrote(s.sub.written-written, s.sub.bytes-bytes)
}

// acked is the promise of all records. It is called by the producer, one record
// at a time, and must be quick.
func (s *Source) acked(r *kgo.Record, err error) {
	sl := slotOf(r.Context)
	if err == nil {
		sl.acked.Store(true)
	} else if s.unproduced(sl, r, err) {
		return // its dead letter is on its way
	}
	// The flight may be reused from here on.
	if sl.flight.left.Add(-1) == 0 {
		s.signal()
		if s.progress.waiting.Load() {
			signal(s.landed)
		}
	}
}

// submit gives the first n records of a flight to the producer, but for those
// that a transform has dropped.
func (s *Source) submit(f *flight, n int) error {
	f.weigh()
	end := f.end(n)
	s.mu.Lock()
	err := s.sub.add(f, n)
	s.ring.depart(f)
	if s.since.IsZero() && !s.sub.clean() {
		s.since = time.Now()
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.progress.lastRecord.Store(time.Now().UnixNano())
	// Once the last of them is produced, the flight may be reused.
	for i := range end {
		if sl := &f.slots[i]; !sl.dropped {
			s.producer.Produce(context.Background(), &sl.rec, s.promise)
		}
	}
	return nil
}
