// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// sinkBatchRecords bounds the records of a Put, unless the Options say otherwise.
const sinkBatchRecords = 2000

// Sink moves records from Kafka to a connector.
//
// Run supervises. The loop, in a goroutine of its own, polls, puts and commits;
// between its polls the group client calls back about partitions that come and
// go. Rebalances are blocked while the loop works on what it has polled, so the
// connector is called by one of the two at a time.
type Sink struct {
	base
	topics     []string
	pattern    string // in the place of topics
	group      string
	records    int // that a Put has at most
	limits     fetchLimits
	newClient  func(...kgo.Opt) (*kgo.Client, error)
	key, value connect.Converter
	header     connect.Converter

	chain      chain
	task       connect.SinkTask
	pre        connect.PreCommitter // nil if the task is none
	rebalancer connect.Rebalancer   // nil if the task is none
	broken     bool                 // the connector has panicked: only Close is left

	batch  *connect.Batch
	codecs map[string]*topicCodecs
	runs   []run // of the batch

	fetches kgo.Fetches                 // what the batch was made of, while it is delivered
	settled map[connect.Origin]struct{} // its records that have failed and are done with
	late    map[connect.Origin]error    // what the connector has failed after its put
	letters letters

	member   atomic.Pointer[member]
	busy     atomic.Bool // a goroutine asks for the ends of partitions
	settling sync.WaitGroup

	mu    sync.Mutex
	parts map[connect.TopicPartition]*sinkPart // the assignment
}

// topicCodecs decode the keys, values and headers of a topic.
type topicCodecs struct{ key, value, header connect.Codec }

// NewSink returns a sink task that is not running yet.
func NewSink(o SinkOptions) *Sink {
	s := &Sink{
		topics: o.Topics, pattern: o.Pattern, group: o.Group, records: cmp.Or(o.BatchRecords, sinkBatchRecords),
		limits:    fetchLimits{fetch: o.MaxFetchBytes, partition: o.MaxPartitionFetchBytes, batch: o.MaxBatchBytes},
		newClient: o.NewClient, key: o.Key, value: o.Value, header: o.Header,
	}
	s.init(o.Options)
	s.chain = chain{b: &s.base, links: o.Transforms, sink: true}
	s.batch = s.o.Memory.batches.NewBatch(s.records, s.o.MaxInFlightBytes)
	s.codecs = make(map[string]*topicCodecs)
	s.parts = make(map[connect.TopicPartition]*sinkPart)
	return s
}

var _ Task = (*Sink)(nil)

// Run implements Task. It is called once.
func (s *Sink) Run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return stopped(ctx, err)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	err := s.supervise(ctx, s.loop, beats{tick: func() { s.measureSoon(life) }})
	cancel()
	if errors.Is(err, ErrAbandoned) {
		// The loop may never get to it. Without heartbeats the group gives the
		// partitions to others after the session timeout.
		if m := s.member.Load(); m != nil {
			go m.close()
		}
		return err
	}
	s.settling.Wait()
	return err
}

// Progress implements Task.
func (s *Sink) Progress() Progress {
	s.mu.Lock()
	lag, most, pending := int64(0), int64(0), int64(0)
	for _, p := range s.parts {
		most = max(most, p.lag())
		if lag >= 0 {
			lag = addLag(lag, p.lag())
		}
		pending += p.pending()
	}
	s.mu.Unlock()
	s.progress.pending.Store(pending)
	c := s.progress.copy()
	c.Lag, c.LagMax = lag, most
	return c
}

// loop opens the task and moves records until ctx is done or the task fails. A
// member that was fenced by nobody newer joins again.
func (s *Sink) loop(ctx context.Context) (err error) {
	defer s.caught(starting, &err)
	if err := s.open(ctx); err != nil {
		return stopped(ctx, err)
	}
	s.pre, _ = s.task.(connect.PreCommitter)
	s.rebalancer, _ = s.task.(connect.Rebalancer)
	work, cancel := s.outlive(ctx)
	defer cancel()
	if !s.paused.Load() {
		s.o.OnState(Running)
	}
	for s.going(ctx) {
		if err := s.session(ctx, work); err != nil {
			s.settleFence(ctx, err)
		}
	}
	return s.verdict(ctx, s.finish(ctx))
}

// outlive returns a context that goes on after ctx is done, for the graceful
// part of a stop.
func (s *Sink) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	undo := context.AfterFunc(ctx, func() {
		last, release := context.WithTimeout(work, s.graceTime())
		defer release()
		<-last.Done()
		cancel()
	})
	return work, func() {
		undo()
		cancel()
	}
}

// goneRetry is the pause before a topic is looked at again that was deleted.
const goneRetry = time.Second

// settleFence finds out whether the one that took our place in the group is a
// newer incarnation. If not, the loop joins again.
func (s *Sink) settleFence(ctx context.Context, cause error) {
	switch {
	case errors.Is(cause, errTopicGone):
		s.log.Warn("joining the group again", "error", cause)
		s.pause(ctx, goneRetry)
		return
	case !errors.Is(cause, errFencedMember):
		s.fail(cause)
		return
	}
	var retry backoff
	for s.going(ctx) {
		err := s.checkEpoch(ctx)
		if err == nil {
			s.log.Info("another member had our place in the group and is not newer; joining again")
			return
		}
		if errors.Is(err, ErrSuperseded) {
			s.fail(err)
			return
		}
		s.log.Warn("fenced, and the epoch cannot be read", "error", err)
		s.pause(ctx, retry.next(firstRetry, lastRetry))
	}
}

// finish closes the connector and returns why the task ends.
func (s *Sink) finish(ctx context.Context) error {
	gctx, cancel := s.grace(ctx)
	defer cancel()
	err := s.failed.get()
	if cerr := s.close(gctx); cerr != nil {
		s.log.Warn("closing the connector failed", "error", cerr)
		if err == nil && isPanic(cerr) {
			err = cerr
		}
	}
	return err
}

func (s *Sink) open(ctx context.Context) (err error) {
	s.progress.enter(opening)
	defer s.caught(opening, &err)
	if err := s.policy.DeadLetters.ensure(ctx); err != nil {
		return err
	}
	t, err := s.o.Plugin.OpenSink(ctx, s.env, s.o.Config)
	if err != nil {
		return fmt.Errorf("opening the connector: %w", err)
	}
	s.task = t
	return nil
}

func (s *Sink) put(ctx context.Context) (err error) {
	if len(s.batch.Records) == 0 {
		return nil // all dropped
	}
	s.progress.enter(putting)
	defer s.crashed(&err)
	defer s.caught(putting, &err)
	return s.task.Put(ctx, s.batch)
}

func (s *Sink) preCommit(ctx context.Context, o connect.Offsets) (safe connect.Offsets, err error) {
	if s.pre == nil {
		return o, nil
	}
	s.progress.enter(preCommitting)
	defer s.crashed(&err)
	defer s.caught(preCommitting, &err)
	return s.pre.PreCommit(ctx, o)
}

func (s *Sink) tellAssigned(ctx context.Context, tps []connect.TopicPartition) (err error) {
	if s.rebalancer == nil || s.broken {
		return nil
	}
	s.progress.enter(assigning)
	defer s.crashed(&err)
	defer s.caught(assigning, &err)
	return s.rebalancer.Assigned(ctx, tps)
}

func (s *Sink) tellRevoked(ctx context.Context, tps []connect.TopicPartition) (err error) {
	if s.rebalancer == nil || s.broken {
		return nil
	}
	s.progress.enter(revoking)
	defer s.crashed(&err)
	defer s.caught(revoking, &err)
	return s.rebalancer.Revoked(ctx, tps)
}

func (s *Sink) close(ctx context.Context) (err error) {
	s.progress.enter(closing)
	defer s.caught(closing, &err)
	return s.task.Close(ctx)
}

// crashed notes a panic of the connector.
func (s *Sink) crashed(err *error) {
	if isPanic(*err) {
		s.broken = true
	}
}

// measureInterval is how often a sink asks for the end of a partition from
// which nothing comes.
const measureInterval = 30 * time.Second
