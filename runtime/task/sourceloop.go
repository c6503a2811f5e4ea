// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock.dev/runtime/connect"
)

// Pauses after which a connector is asked again.
const (
	firstRetry = 300 * time.Millisecond
	lastRetry  = 30 * time.Second
	firstEmpty = time.Millisecond
	lastEmpty  = 100 * time.Millisecond
)

// loop opens the task and polls it until ctx is done or the task fails.
func (s *Source) loop(ctx context.Context) (err error) {
	defer s.caught(starting, &err)
	err = s.open(ctx)
	switch {
	case err != nil:
		return stopped(ctx, err)
	case s.abandoned.Load():
		return s.finish(ctx)
	}
	s.committer, _ = s.task.(connect.Committer)
	s.o.OnState(Running)
	s.policy.hold = func(d time.Duration) bool { return s.hold(ctx, d) }
	s.fail(s.turns(ctx))
	return s.verdict(ctx, s.finish(ctx))
}

// turns is the loop proper.
func (s *Source) turns(ctx context.Context) (err error) {
	defer s.caught(polling, &err)
	var empty, retry backoff
	for s.going(ctx) {
		pctx := s.interrupt.context(ctx)
		if err := s.tell(ctx); err != nil {
			return err
		}
		if s.paused.Load() {
			s.rest(ctx)
			continue
		}
		f := s.take()
		if f == nil {
			s.await(ctx, touch)
			continue
		}
		polled, err := s.turn(ctx, pctx, f)
		switch {
		case !s.going(ctx):
		case err != nil && pctx.Err() != nil:
			s.interrupted(err)
		case retriable(err):
			s.retry(pctx, err, retry.next(firstRetry, lastRetry))
		case err != nil:
			return err
		case polled > 0:
			empty, retry = 0, 0
		case pctx.Err() == nil:
			// A connector should block; one that does not must not spin.
			retry = 0
			s.pause(pctx, empty.next(firstEmpty, lastEmpty))
		}
	}
	return nil
}

//go:noinline
func (s *Source) interrupted(err error) { s.log.Debug("polling was interrupted", "error", err) }

// retry waits after a Poll that failed.
//
//go:noinline
func (s *Source) retry(ctx context.Context, err error, d time.Duration) {
	s.progress.retried()
	s.log.Warn("polling failed and is tried again", "error", err, "pause", d)
	s.pause(ctx, d)
}

// take returns a flight to poll into, or nil if the loop must wait for Kafka:
// the budget is used up, or too much waits to be committed.
func (s *Source) take() *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reclaim()
	if s.stalled() {
		return nil
	}
	return s.ring.take()
}

// turn polls once and produces what came; the records that came with an error
// count. It returns how many there were, and the error of Poll; what else goes
// wrong fails the task here, for such records must not be skipped.
func (s *Source) turn(ctx, pctx context.Context, f *flight) (int, error) {
	start := time.Now()
	err := s.poll(pctx, f.batch)
	if isPanic(err) {
		s.fail(err) // who knows what it was about to append
		return 0, nil
	}
	polled := len(f.batch.Records)
	switch {
	case s.abandoned.Load():
	case polled == 0:
		s.mu.Lock()
		s.ring.back(f)
		s.mu.Unlock()
	default:
		s.progress.polled.Add(int64(polled))
		s.progress.delivered(polled, start)
		s.send(ctx, f)
	}
	return polled, err
}

// send produces what was polled.
//
//go:noinline
func (s *Source) send(ctx context.Context, f *flight) {
	n, err := s.convert(f)
	if s.topicsReady(ctx) && s.mayProduce(ctx) {
		s.lose(s.submit(f, n))
		s.lose(err)
	}
}

// lose fails the task because of a record that cannot be written; nil does
// nothing, and what was interrupted is no failure.
func (s *Source) lose(err error) {
	if err == nil || errors.Is(err, errInterrupted) {
		return
	}
	if !errors.Is(err, errExceeded) {
		s.progress.failures.Add(1) // the policy was not asked
	}
	s.fail(err)
}

// mayProduce waits until offsets were committed recently enough. It returns
// false if the task ends before, or was abandoned while it made the records; then
// they are dropped, to be read again after a restart.
func (s *Source) mayProduce(ctx context.Context) bool {
	for {
		s.mu.Lock()
		stalled := s.stalled()
		s.mu.Unlock()
		if !stalled || !s.going(ctx) {
			return !stalled && !s.abandoned.Load()
		}
		s.await(ctx, touch)
	}
}

// rest is a pause: what is in flight is written and committed first, as far as
// Kafka lets it within a flush interval.
func (s *Source) rest(ctx context.Context) {
	fctx, cancel := context.WithTimeout(ctx, s.o.FlushInterval)
	err := errors.Join(s.land(fctx), s.commit(fctx))
	cancel()
	if err != nil && s.going(ctx) {
		s.log.Warn("paused before everything was committed", "error", err)
	}
	s.park(ctx, func() { s.fail(s.tell(ctx)) })
	if s.going(ctx) {
		s.o.OnState(Running)
	}
}

// land waits for the answers to all that is in flight.
func (s *Source) land(ctx context.Context) error {
	for !s.answered() {
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for Kafka to acknowledge records: %w", context.Cause(ctx))
		}
		s.await(ctx, touch)
	}
	return nil
}

// answered reports whether Kafka has answered everything.
func (s *Source) answered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reclaim()
	for _, f := range s.sub.flights {
		if f.left.Load() > 0 {
			return false
		}
	}
	return true
}

// finish ends the task: it flushes, commits the acked prefix, tells the
// connector and closes it.
func (s *Source) finish(ctx context.Context) error {
	close(s.ending)
	gctx, cancel := s.grace(ctx)
	defer cancel()
	if s.abandoned.Load() {
		return s.close(gctx)
	}
	err := s.failed.get()
	if !s.superseded() {
		err = s.flush(gctx, err)
	}
	if cerr := s.close(gctx); cerr != nil {
		s.log.Warn("closing the connector failed", "error", cerr)
		if err == nil && isPanic(cerr) {
			err = cerr
		}
	}
	return err
}

// flush commits what it can before the end, and returns why the task ends.
func (s *Source) flush(ctx context.Context, cause error) error {
	lctx, cancel := context.WithTimeout(ctx, s.o.StopTimeout/2)
	err := s.land(lctx)
	cancel()
	// If not all has landed, what has is still worth a commit.
	err = errors.Join(err, s.commit(ctx))
	if !isPanic(cause) {
		err = errors.Join(err, s.tell(ctx))
	}
	if cause == nil {
		cause = s.failed.get() // while it landed
	}
	switch {
	case errors.Is(err, ErrSuperseded), cause == nil && err == nil:
		return err
	case cause == nil:
		return fmt.Errorf("stopping: %w", err)
	case err != nil:
		s.log.Warn("offsets were not committed at the end", "error", err)
	}
	return cause
}

func (s *Source) open(ctx context.Context) (err error) {
	s.progress.enter(opening)
	defer s.caught(opening, &err)
	if err := s.policy.DeadLetters.ensure(ctx); err != nil {
		return err
	}
	t, err := s.o.Plugin.OpenSource(ctx, s.env, s.o.Config)
	if err != nil {
		return fmt.Errorf("opening the connector: %w", err)
	}
	s.task = t
	return nil
}

func (s *Source) poll(ctx context.Context, b *connect.Batch) (err error) {
	s.progress.enter(polling)
	s.progress.waiting.Store(true)
	defer s.progress.waiting.Store(false)
	defer s.caught(polling, &err)
	return pollError(s.task.Poll(ctx, b))
}

//go:noinline
func pollError(err error) error {
	if err != nil {
		return fmt.Errorf("polling: %w", err)
	}
	return nil
}

func (s *Source) close(ctx context.Context) (err error) {
	if s.task == nil {
		return nil
	}
	s.progress.enter(closing)
	defer s.caught(closing, &err)
	return s.task.Close(ctx)
}

// backoff doubles pauses.
type backoff time.Duration

func (b *backoff) next(first, last time.Duration) time.Duration {
	d := min(max(time.Duration(*b)*2, first), last)
	*b = backoff(d)
	return d
}
