// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/task"
)

// maxError bounds the text of an error that leaves the worker, in bytes.
const maxError = 1 << 10

// opened is a task that is ready to run.
type opened struct {
	task task.Task
	kind connect.Kind
	// redact takes the task's secrets out of its errors.
	redact *secrets.Redactor
	// traffic is that of the task's own Kafka client, nil if it has none.
	traffic *kafka.Traffic
	// group is the consumer group of a sink.
	group string
	// release gives back what the task has borrowed, after it has ended.
	release []func()
}

// opener builds the task of a spec into o. It sets the redactor as soon as it
// knows a secret, so that neither an error nor a panic gives it away.
type opener func(ctx context.Context, s TaskSpec, onState func(task.State), o *opened) error

// runner is one incarnation of a task: a goroutine from newRunner's start to
// done.
type runner struct {
	spec   TaskSpec
	open   opener
	log    *slog.Logger
	change func(*runner)
	// tried is told how the start has ended; it must not block.
	tried  func(good bool)
	cancel context.CancelCauseFunc
	done   chan struct{}

	mu       sync.Mutex
	task     task.Task // nil until it is open
	kind     connect.Kind
	redact   *secrets.Redactor
	traffic  *kafka.Traffic
	group    string
	paused   bool
	state    task.State
	err      string
	started  time.Time
	finished bool
	released bool
	stale    bool // superseded
	rate     meter
	polled   meter
	clock    stateClock
	begun    bool // its start has succeeded
}

// errStopped is the cause with which a runner is stopped.
var errStopped = errors.New("the task was stopped")

// startRunner starts an incarnation; change is called, without locks held, after
// anything about it has changed, and tried once its start has succeeded or failed.
func startRunner(ctx context.Context, s TaskSpec, open opener, log *slog.Logger, change func(*runner), tried func(bool)) *runner {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &runner{
		spec: s, open: open, change: change, tried: tried, cancel: cancel, done: make(chan struct{}),
		log:    log.With("connector", s.Connector, "task", s.Index),
		paused: s.Paused, state: task.Unassigned, started: time.Now(),
	}
	go r.run(ctx)
	return r
}

func (r *runner) run(ctx context.Context) {
	var o opened
	err := r.serve(ctx, &o)
	for _, release := range o.release {
		release()
	}
	r.finish(context.Cause(ctx), o.redact, err)
	r.cancel(nil)
	close(r.done)
	r.change(r)
}

// serve opens and runs the task. A panic on the way is an error like any other.
func (r *runner) serve(ctx context.Context, o *opened) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("the task has panicked", "panic", o.redact.Redact(fmt.Sprint(p)), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if err := r.prepare(ctx, o); err != nil {
		return err
	}
	return o.task.Run(ctx)
}

// prepare opens the task. What it needs of the stack is not kept while the task
// runs.
//
//go:noinline
func (r *runner) prepare(ctx context.Context, o *opened) error {
	if err := r.open(ctx, r.spec, r.onState, o); err != nil {
		return err
	}
	r.hold(o)
	return nil
}

// hold keeps the open task, and tells it of a pause that came meanwhile.
func (r *runner) hold(o *opened) {
	r.mu.Lock()
	r.task, r.kind, r.redact, r.traffic, r.group = o.task, o.kind, o.redact, o.traffic, o.group
	paused := r.paused
	r.mu.Unlock()
	if paused != r.spec.Paused {
		o.task.SetPaused(paused)
	}
}

func (r *runner) onState(s task.State) {
	r.mu.Lock()
	same := r.state == s || r.finished
	first := false
	if !same {
		r.state = s
		r.clock.enter(s, time.Now())
		first = !r.begun && (s == task.Running || s == task.Paused)
		r.begun = r.begun || first
	}
	r.mu.Unlock()
	if first {
		r.tried(true)
	}
	if !same {
		r.log.Info("task state has changed", "state", s)
		r.change(r)
	}
}

// finish notes why the incarnation has ended; cause is nil unless it was stopped.
func (r *runner) finish(cause error, redact *secrets.Redactor, err error) {
	stopping := cause != nil
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = true
	defer func() { r.clock.enter(r.state, time.Now()) }()
	text := ""
	if err != nil {
		text = secrets.Shorten(redact.Redact(kafka.Explain(err).Error()), maxError)
	}
	switch {
	case errors.Is(err, task.ErrSuperseded), errors.Is(cause, task.ErrSuperseded):
		r.state, r.stale = task.Unassigned, true
		r.log.Info("the task has stopped: a newer incarnation of it runs elsewhere", "epoch", r.spec.Epoch)
	case stopping && !errors.Is(err, task.ErrAbandoned):
		r.state, r.released = task.Unassigned, true
		r.logStop(text)
	case stopping:
		// Its goroutine still holds the outside system, so it is not released.
		r.state, r.err = task.Unassigned, text
		r.log.Error("the task did not stop in time", "error", text)
	default:
		if err == nil {
			text = "the task has ended without a reason"
		}
		r.state, r.err = task.Failed, text
		if !r.begun {
			r.tried(false)
		}
		r.log.Error("the task has failed", "error", text)
	}
}

func (r *runner) logStop(text string) {
	if text == "" || text == errStopped.Error() || text == context.Canceled.Error() {
		r.log.Info("the task has stopped", "epoch", r.spec.Epoch)
		return
	}
	r.log.Warn("the task has stopped with an error", "error", text)
}

// stop ends the incarnation; it does not wait.
func (r *runner) stop(cause error) { r.cancel(cause) }

// release marks an incarnation that had failed as released; its state stays.
func (r *runner) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == task.Failed {
		r.released = true
	}
}

func (r *runner) setPaused(paused bool) {
	r.mu.Lock()
	same := r.paused == paused || r.finished
	r.paused = paused
	t := r.task
	r.mu.Unlock()
	if !same && t != nil {
		t.SetPaused(paused)
	}
}

func (r *runner) isFinished() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

func (r *runner) snapshot(now time.Time) TaskState {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := TaskState{
		UID: r.spec.UID, Connector: r.spec.Connector, Index: r.spec.Index, Count: r.spec.Count,
		Class: r.spec.Class, Kind: r.kind, Group: r.group, Epoch: r.spec.Epoch, State: r.state, Error: r.err,
		Superseded: r.stale, Released: r.released, StartedAt: r.started,
		Progress: task.Progress{Lag: -1}, Traffic: r.traffic.Counts(),
	}
	if r.task != nil {
		s.Progress = shown(r.task.Progress(), r.redact)
	}
	s.RunningRatio, s.PauseRatio = r.clock.ratios(r.started, now)
	if r.state == task.Running {
		s.RecordsPerSecond = r.rate.at(now, s.Progress.Records)
		s.PolledPerSecond = r.polled.at(now, s.Progress.Polled)
	}
	return s
}

// shown takes secrets out of the texts of a progress: a connector may put them
// into a source partition, a file's name for one.
func shown(p task.Progress, redact *secrets.Redactor) task.Progress {
	if redact == nil {
		return p
	}
	p.Offsets, p.Assignment = slices.Clone(p.Offsets), slices.Clone(p.Assignment)
	for i := range p.Offsets {
		o := &p.Offsets[i]
		o.Partition, o.Offset = redact.Redact(o.Partition), redact.Redact(o.Offset)
	}
	for i, tp := range p.Assignment {
		p.Assignment[i] = redact.Redact(tp)
	}
	return p
}
