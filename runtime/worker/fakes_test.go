// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// fakeTask is a task that does what a test says.
type fakeTask struct {
	onState func(task.State)
	end     chan error // what Run returns
	stop    func(ctx context.Context) error

	mu       sync.Mutex
	paused   bool
	progress task.Progress
}

func (f *fakeTask) Run(ctx context.Context) error {
	f.onState(task.Running)
	select {
	case <-ctx.Done():
		if f.stop != nil {
			return f.stop(ctx)
		}
		return nil
	case err := <-f.end:
		return err
	}
}

func (f *fakeTask) SetPaused(paused bool) {
	f.mu.Lock()
	f.paused = paused
	f.mu.Unlock()
	state := task.Running
	if paused {
		state = task.Paused
	}
	f.onState(state)
}

func (f *fakeTask) Progress() task.Progress {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.progress
}

// yard is a fleet of fake tasks and what it has reported.
type yard struct {
	*fleet
	mu       sync.Mutex
	tasks    []*fakeTask // in the order in which they were opened
	reported []TaskState
	// openErr is what opening a class fails with.
	openErr map[string]error
	stop    func(ctx context.Context) error
}

var errBoom = errors.New("boom with s3cret")

func newYard() *yard {
	y := &yard{openErr: map[string]error{}}
	y.fleet = newFleet(y.open, quiet(), func(s TaskState) {
		y.mu.Lock()
		defer y.mu.Unlock()
		y.reported = append(y.reported, s)
	}, func() {})
	return y
}

func (y *yard) open(_ context.Context, s TaskSpec, onState func(task.State), o *opened) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	o.kind, o.redact = connect.SourceKind, secrets.NewRedactor([]string{"s3cret"})
	if s.Class == "panics" {
		panic("the plugin knows s3cret")
	}
	if err := y.openErr[s.Class]; err != nil {
		return err
	}
	t := &fakeTask{onState: onState, end: make(chan error, 1), stop: y.stop}
	y.tasks = append(y.tasks, t)
	o.task = t
	return nil
}

func (y *yard) last(t *testing.T) TaskState {
	t.Helper()
	y.mu.Lock()
	defer y.mu.Unlock()
	if len(y.reported) == 0 {
		t.Fatal("nothing was reported")
	}
	return y.reported[len(y.reported)-1]
}

func (y *yard) opened() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return len(y.tasks)
}

func want(specs ...TaskSpec) map[task.ID]TaskSpec {
	out := map[task.ID]TaskSpec{}
	for _, s := range specs {
		out[s.id()] = s
	}
	return out
}
