// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"penstock.dev/runtime/task"
)

// fleet brings the running tasks to what is desired. One goroutine calls its
// methods, apart from snapshot.
type fleet struct {
	open   opener
	log    *slog.Logger
	report func(TaskState) // what there is to write about a task
	wake   func()          // something has ended: call reconcile again

	mu      sync.Mutex // guards the maps themselves
	runners map[task.ID]*runner
	starts  map[task.ID]int // how often each was started

	outcomes starts
	moving   atomic.Bool // something is stopping so that the assignment is fulfilled
}

func newFleet(open opener, log *slog.Logger, report func(TaskState), wake func()) *fleet {
	return &fleet{open: open, log: log, report: report, wake: wake,
		runners: map[task.ID]*runner{}, starts: map[task.ID]int{}}
}

// reconcile stops what is not desired, starts what is and does not run, and
// hands pauses on. A task whose old incarnation still stops is started by a
// later call.
func (f *fleet) reconcile(ctx context.Context, desired map[task.ID]TaskSpec) {
	moving := false
	for id, r := range f.copy() {
		want, ok := desired[id]
		switch {
		case ok && r.spec.sameRun(want):
			r.setPaused(want.Paused)
		case r.isFinished():
			f.drop(id, r, ok)
		default:
			r.stop(errStopped)
			moving = true
		}
	}
	f.moving.Store(moving)
	for id, want := range desired {
		if _, ok := f.get(id); !ok {
			f.put(id, startRunner(ctx, want, f.open, f.log, f.changed, func(good bool) { f.outcomes.ended(id.Index, good) }))
		}
	}
}

// drop forgets a finished incarnation. If no newer one follows here, the world
// learns that it is released, before it is gone from the snapshot.
func (f *fleet) drop(id task.ID, r *runner, followed bool) {
	if !followed {
		r.release()
		f.tell(r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.runners, id)
	if !followed {
		delete(f.starts, id)
	}
}

// tell reports the state of a task, unless a newer incarnation does.
func (f *fleet) tell(r *runner) {
	if s := r.snapshot(time.Now()); !s.Superseded {
		f.report(s)
	}
}

// supersede stops the tasks of which highest knows a higher epoch.
func (f *fleet) supersede(highest func(task.ID) int64) {
	for id, r := range f.copy() {
		if highest(id) > r.spec.Epoch {
			r.stop(task.ErrSuperseded)
		}
	}
}

func (f *fleet) changed(r *runner) {
	f.tell(r)
	f.wake()
}

// stopAll stops every task and waits for them for at most d. The tasks stay in
// the snapshot.
func (f *fleet) stopAll(d time.Duration) {
	all := f.copy()
	for _, r := range all {
		r.stop(errStopped)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for _, r := range all {
		select {
		case <-r.done:
			r.release()
			f.tell(r)
		case <-timer.C:
			f.log.Error("tasks did not stop in time, leaving them behind", "timeout", d)
			return
		}
	}
}

func (f *fleet) snapshot() []TaskState {
	now := time.Now()
	all := f.copy()
	states := make([]TaskState, 0, len(all))
	for _, r := range all {
		states = append(states, r.snapshot(now))
	}
	slices.SortFunc(states, byTask)
	return states
}

func (f *fleet) copy() map[task.ID]*runner {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.runners)
}

func (f *fleet) get(id task.ID) (*runner, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.runners[id]
	return r, ok
}

func (f *fleet) put(id task.ID, r *runner) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runners[id] = r
	f.starts[id]++
}

// restarts returns how often a task was started again by this worker.
func (f *fleet) restarts(id task.ID) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(f.starts[id]-1, 0)
}
