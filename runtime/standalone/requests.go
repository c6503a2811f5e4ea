// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"errors"
	"slices"
)

// ErrShuttingDown is what a request gets that comes too late.
var ErrShuttingDown = errors.New("Worker is shutting down")

// do lets the loop call f, which must not block, and returns when it has.
func (s *Standalone) do(ctx context.Context, f func()) error {
	called := make(chan struct{})
	select {
	case s.requests <- func() { f(); close(called) }:
	case <-s.ended:
		return ErrShuttingDown
	case <-ctx.Done():
		return ctx.Err()
	}
	<-called // the loop has it
	return nil
}

// waiter waits for something to come true in the loop.
type waiter struct {
	ok   func() bool
	done chan struct{}
	gone bool
}

// await returns when ok, which the loop calls, is true.
func (s *Standalone) await(ctx context.Context, ok func() bool) error {
	w := &waiter{ok: ok, done: make(chan struct{})}
	if err := s.do(ctx, func() { s.waiters = append(s.waiters, w) }); err != nil {
		return err
	}
	select {
	case <-w.done:
		return nil
	case <-s.ended:
		return ErrShuttingDown
	case <-ctx.Done():
		// The loop may have ended; then nobody looks at the waiter any more.
		_ = s.do(context.WithoutCancel(ctx), func() { w.gone = true })
		return ctx.Err()
	}
}

func (s *Standalone) answerWaiters() {
	s.waiters = slices.DeleteFunc(s.waiters, func(w *waiter) bool {
		if w.gone {
			return true
		}
		if w.ok() {
			close(w.done)
			return true
		}
		return false
	})
}

// restartTasks restarts the tasks of a connector that which names.
func (s *Standalone) restartTasks(ctx context.Context, connector string, which func(index int) bool) error {
	return s.do(ctx, func() {
		p := s.plan(connector)
		if p == nil {
			return
		}
		for i, k := range p.tasks {
			k.asked = k.asked || which(i)
		}
	})
}

// awaitStopped returns when no task of a connector is left and nothing about it
// is under way.
func (s *Standalone) awaitStopped(ctx context.Context, connector string) error {
	return s.await(ctx, func() bool {
		p := s.plan(connector)
		return p == nil || p.phase == settled && !p.busy && !p.leaving() && len(p.tasks) == 0 && p.drained(s.o.Engine.Tasks())
	})
}
