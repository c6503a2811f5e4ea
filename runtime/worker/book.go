// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"penstock.dev/runtime/task"
)

const (
	// coalesce is the least time between two writes about a task; a release does
	// not wait for it.
	coalesce = time.Second
	// detailInterval is how often what a task has done is written, if it has done
	// anything.
	detailInterval = 5 * time.Second
	// writeTimeout bounds one write to the status topic.
	writeTimeout = 10 * time.Second
	// remember is how long a released task is remembered, so that its last word is
	// not written twice.
	remember = time.Minute
)

// book decides when the state of which task is written to the status topic.
// Anyone may report; one goroutine runs.
type book struct {
	// write writes a state; before is what was written last about the task in this
	// process.
	write  func(ctx context.Context, s TaskState, before *TaskState) error
	log    *slog.Logger
	wake   chan struct{}
	writes sync.WaitGroup // that are under way

	mu      sync.Mutex
	entries map[task.ID]*entry
	failing bool
}

type entry struct {
	pending *TaskState // to be written; nil is nothing
	written *TaskState // nil is nothing yet
	at      time.Time  // of the last try
	busy    bool       // it is being written
}

func newBook(write func(context.Context, TaskState, *TaskState) error, log *slog.Logger) *book {
	return &book{write: write, log: log, wake: make(chan struct{}, 1), entries: map[task.ID]*entry{}}
}

// report takes a state to be written. The last one wins, but an older
// incarnation never follows a newer one.
func (b *book) report(s TaskState) {
	b.mu.Lock()
	e := b.entries[s.id()]
	if e == nil {
		e = &entry{}
		b.entries[s.id()] = e
	}
	if !e.knowsNewer(s) {
		e.pending = &s
	}
	b.mu.Unlock()
	signal(b.wake)
}

func (e *entry) knowsNewer(s TaskState) bool {
	for _, known := range []*TaskState{e.pending, e.written} {
		if known == nil {
			continue
		}
		// After a release nothing more comes of an incarnation.
		if known.Epoch > s.Epoch || known.Epoch == s.Epoch && known.Released {
			return true
		}
	}
	return false
}

// run writes until ctx is done. turn is called every time it looks.
func (b *book) run(ctx context.Context, states func() []TaskState, turn func()) {
	tick := time.NewTicker(coalesce)
	defer tick.Stop()
	details := time.Now()
	for {
		turn()
		b.writeDue(ctx, time.Now(), false)
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		case now := <-tick.C:
			if now.Sub(details) >= detailInterval {
				details = now
				b.refresh(states())
			}
		}
	}
}

// refresh reports the states that have moved since they were written.
func (b *book) refresh(states []TaskState) {
	for _, s := range states {
		if !s.Superseded && b.moved(s) {
			b.report(s)
		}
	}
}

func (b *book) moved(s TaskState) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[s.id()]
	if e == nil || e.pending != nil || e.written == nil {
		return false
	}
	w, now := e.written.Progress, s.Progress
	return w.Records != now.Records || w.Lag != now.Lag || !w.LastCommit.Equal(now.LastCommit) ||
		e.written.RecordsPerSecond != s.RecordsPerSecond || len(w.Assignment) != len(now.Assignment)
}

// flush writes everything that is pending, now, and waits until it is written or
// ctx is done.
func (b *book) flush(ctx context.Context) {
	for {
		b.writeDue(ctx, time.Now(), true)
		if b.settled() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		case <-time.After(coalesce / 4):
		}
	}
}

func (b *book) settled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		if e.pending != nil {
			return false
		}
	}
	return true
}

// await returns when everything that was reported of a connector's tasks is
// written.
func (b *book) await(ctx context.Context, connector string) error {
	tick := time.NewTicker(coalesce / 20)
	defer tick.Stop()
	for b.owes(connector) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the last states of connector %s to be written: %w", connector, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

func (b *book) owes(connector string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, e := range b.entries {
		if id.Connector == connector && (e.pending != nil || e.busy) {
			return true
		}
	}
	return false
}

// wait returns when no write is under way. What is may outlive its context, until
// the client is closed.
func (b *book) wait() { b.writes.Wait() }

// writeDue starts to write what is due. It does not wait: while Kafka is away, a
// write does not end, not even with its context; what is under way is not cut off
// by the end of ctx.
func (b *book) writeDue(ctx context.Context, now time.Time, all bool) {
	ctx = context.WithoutCancel(ctx)
	for id, due := range b.take(now, all) {
		b.writes.Go(func() {
			// After a failure the next try waits.
			if b.writeOne(ctx, id, due) {
				signal(b.wake)
			}
		})
	}
}

// take returns the entries that are due, as they are now.
func (b *book) take(now time.Time, all bool) map[task.ID]entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	due := map[task.ID]entry{}
	for id, e := range b.entries {
		if e.busy {
			continue
		}
		if e.pending == nil {
			if e.written.Released && now.Sub(e.at) > remember {
				delete(b.entries, id)
			}
			continue
		}
		if all || e.written == nil && e.at.IsZero() || e.pending.Released || now.Sub(e.at) >= coalesce {
			e.busy, e.at = true, now
			due[id] = *e
		}
	}
	return due
}

// writeOne reports whether the state was written.
func (b *book) writeOne(ctx context.Context, id task.ID, due entry) bool {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err := b.write(ctx, *due.pending, due.written)
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[id]
	e.busy = false
	b.note(err)
	if err != nil {
		return false
	}
	e.written = due.pending
	if e.pending == due.pending {
		e.pending = nil
	}
	return true
}

// note logs when writing begins to fail and when it works again.
func (b *book) note(err error) {
	switch {
	case err != nil && !b.failing:
		b.log.Warn("writing task states has failed and is tried again", "error", err)
	case err == nil && b.failing:
		b.log.Info("task states are written again")
	}
	b.failing = err != nil
}
