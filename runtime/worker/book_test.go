// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/task"
)

// written is one write, with the time since the test began.
type written struct {
	At    time.Duration
	State task.State
	Epoch int64
	Final bool
}

type recorder struct {
	start time.Time
	mu    sync.Mutex
	list  []written
	err   error
}

func (r *recorder) write(_ context.Context, s TaskState, _ *TaskState) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	r.list = append(r.list, written{time.Since(r.start), s.State, s.Epoch, s.Released})
	return nil
}

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *recorder) check(t *testing.T, want ...written) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if diff := cmp.Diff(want, r.list); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

func runBook(t *testing.T, states func() []TaskState, f func(b *book, r *recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{start: time.Now()}
		b := newBook(r.write, quiet())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); b.run(ctx, states, func() {}) }()
		synctest.Wait()
		f(b, r)
		cancel()
		<-done
	})
}

func none() []TaskState { return nil }

func state(s task.State, epoch int64) TaskState {
	return TaskState{Connector: "a", Epoch: epoch, State: s}
}

func TestBookCoalesces(t *testing.T) {
	runBook(t, none, func(b *book, r *recorder) {
		b.report(state(task.Running, 1))
		synctest.Wait()
		time.Sleep(300 * time.Millisecond)
		for _, s := range []task.State{task.Paused, task.Running, task.Paused} {
			b.report(state(s, 1))
			synctest.Wait()
		}
		time.Sleep(3 * time.Second)
		r.check(t, written{0, task.Running, 1, false}, written{time.Second, task.Paused, 1, false})
	})
}

func TestBookWritesAReleaseAtOnceAndLast(t *testing.T) {
	runBook(t, none, func(b *book, r *recorder) {
		b.report(state(task.Running, 1))
		synctest.Wait()
		released := state(task.Unassigned, 1)
		released.Released = true
		time.Sleep(100 * time.Millisecond)
		b.report(released)
		b.report(state(task.Running, 1)) // late
		time.Sleep(10 * time.Second)
		b.report(released) // again
		time.Sleep(2 * remember)
		r.check(t, written{0, task.Running, 1, false}, written{100 * time.Millisecond, task.Unassigned, 1, true})
		if n := len(b.entries); n != 0 {
			t.Errorf("%d tasks are remembered for ever", n)
		}
	})
}

func TestBookKeepsTheNewerIncarnation(t *testing.T) {
	runBook(t, none, func(b *book, r *recorder) {
		b.report(state(task.Running, 2))
		b.report(state(task.Unassigned, 1))
		synctest.Wait()
		b.report(state(task.Unassigned, 1))
		time.Sleep(3 * time.Second)
		r.check(t, written{0, task.Running, 2, false})
	})
}

func TestBookTriesAgain(t *testing.T) {
	runBook(t, none, func(b *book, r *recorder) {
		r.fail(errors.New("no broker"))
		b.report(state(task.Running, 1))
		time.Sleep(2500 * time.Millisecond)
		b.report(state(task.Paused, 1))
		r.fail(nil)
		time.Sleep(2 * time.Second)
		r.check(t, written{3 * time.Second, task.Paused, 1, false})
	})
}

func TestBookRefreshesWhatHasMoved(t *testing.T) {
	var mu sync.Mutex
	now := state(task.Running, 1)
	states := func() []TaskState {
		mu.Lock()
		defer mu.Unlock()
		return []TaskState{now}
	}
	runBook(t, states, func(b *book, r *recorder) {
		b.report(now)
		time.Sleep(20*time.Second + time.Millisecond)
		r.check(t, written{0, task.Running, 1, false}) // idle: nothing to write
		mu.Lock()
		now.Progress.Records = 5
		mu.Unlock()
		time.Sleep(20 * time.Second)
		r.check(t, written{0, task.Running, 1, false}, written{25 * time.Second, task.Running, 1, false})
	})
}

func TestBookFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{start: time.Now()}
		b := newBook(r.write, quiet())
		b.report(state(task.Unassigned, 1))
		r.fail(errors.New("no broker"))
		time.AfterFunc(900*time.Millisecond, func() { r.fail(nil) })
		b.flush(t.Context())
		r.check(t, written{time.Second, task.Unassigned, 1, false})

		r.fail(errors.New("no broker"))
		b.report(state(task.Running, 2))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		b.flush(ctx)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("flush gave up after %s, want the 5s of its context", took)
		}
	})
}

// While Kafka is away a write may not end, not even with its context: the loop
// turns all the same, and there is one write a task.
func TestBookTurnsWhenKafkaHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		writes, turns := 0, 0
		release := make(chan struct{})
		b := newBook(func(context.Context, TaskState, *TaskState) error {
			mu.Lock()
			writes++
			mu.Unlock()
			<-release
			return nil
		}, quiet())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); b.run(ctx, none, func() { mu.Lock(); turns++; mu.Unlock() }) }()
		for range 60 {
			for i := range 100 {
				b.report(TaskState{Connector: "a", Index: i, State: task.Running, Epoch: 1})
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		mu.Lock()
		if writes != 100 || turns < 60 {
			t.Errorf("%d writes, %d turns; want 100 and at least 60", writes, turns)
		}
		mu.Unlock()
		cancel()
		<-done
		last, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		start := time.Now()
		b.flush(last)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("flush waited for %s, want the 5s of its context", took)
		}
		close(release)
		b.wait()
	})
}
