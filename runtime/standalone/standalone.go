// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/task"
	"penstock.dev/runtime/worker"
)

const (
	// look is how often the connectors are looked at, beside at once after a change.
	look = 250 * time.Millisecond
	// patience bounds one write of an epoch to Kafka.
	patience = 10 * time.Second
	// again is the pause after which such a write is tried again.
	again = time.Second
)

// Engine runs tasks; a *worker.Worker is one.
type Engine interface {
	Run(ctx context.Context) error
	Assign(specs []worker.TaskSpec)
	Tasks() []worker.TaskState
	// Changed receives after the state of a task has changed.
	Changed() <-chan struct{}
	// Ready says why Kafka is not reached, for one; nil if everything is well.
	Ready() error
	// NextEpoch writes and returns an epoch above all that the task had.
	NextEpoch(ctx context.Context, connector string, index int) (int64, error)
	// HighestEpoch returns the highest epoch that the task ever had.
	HighestEpoch(ctx context.Context, connector string, index int) (int64, error)
	// Retire stops what other processes may still run of a connector's tasks from
	// this index on, and removes their statuses.
	Retire(ctx context.Context, connector string, kind connect.Kind, from int) error
	// PutConnectorState writes the state of a connector that has no task to do so.
	PutConnectorState(ctx context.Context, connector, state string) error
}

// Options are what New needs.
type Options struct {
	Engine     Engine
	Registry   connect.Registry
	Connectors []Connector
	// Restart holds for connectors that have no policy; zero is
	// DefaultRestartPolicy.
	Restart RestartPolicy
	// UntilIdle ends Run once every connector had nothing to do for that long; zero
	// runs until the context is done.
	UntilIdle time.Duration
	// Observe is called with the statuses of all connectors, in their order,
	// whenever the connectors were looked at. The slice is the observer's.
	Observe func([]Status)
	Logger  *slog.Logger
}

// FailedError says which connectors have tasks that failed and are not tried
// again.
type FailedError struct{ Failures []Failure }

// Failure is a task that has failed for good.
type Failure struct {
	Connector string
	Task      int
	Reason    string
}

// Error names the tasks and the reasons.
func (e *FailedError) Error() string {
	parts := make([]string, len(e.Failures))
	for i, f := range e.Failures {
		parts[i] = fmt.Sprintf("task %d of connector %s failed: %s", f.Task, f.Connector, f.Reason)
	}
	return strings.Join(parts, "; ")
}

// Standalone runs connectors on a worker of its own.
type Standalone struct {
	o     Options
	plans []*plan

	bound time.Time // when all tasks had their first epoch
	last  []Status
	idle  time.Time // since when there is nothing to do; zero: there is something
}

// New returns a Standalone that is not running yet. The connectors must have
// passed Validate.
func New(o Options) *Standalone {
	if o.Restart == (RestartPolicy{}) {
		o.Restart = DefaultRestartPolicy()
	}
	if o.Observe == nil {
		o.Observe = func([]Status) {}
	}
	s := &Standalone{o: o}
	for _, c := range o.Connectors {
		plugin, _ := o.Registry.Lookup(c.Class)
		s.plans = append(s.plans, newPlan(c, plugin, o.Restart))
	}
	return s
}

// Run runs the connectors until ctx is done or, with UntilIdle, until there is
// nothing to do; then it stops them gracefully. It returns nil after that, a
// *FailedError if UntilIdle ended it and a task had failed, ErrTakenOver, or the
// worker's error.
func (s *Standalone) Run(ctx context.Context) error {
	wctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.o.Engine.Run(wctx) }()

	lctx, cancel := context.WithCancel(ctx)
	defer cancel()
	looped := make(chan error, 1)
	go func() { looped <- s.loop(lctx) }()

	select {
	case err := <-ended:
		cancel()
		return fmt.Errorf("the worker has ended: %w", errors.Join(err, <-looped))
	case err := <-looped:
		stop()
		werr := <-ended
		s.observeEnd()
		if err == nil && werr != nil && !errors.Is(werr, context.Canceled) {
			return fmt.Errorf("stopping the worker: %w", werr)
		}
		return err
	}
}

// loop is the operator of the worker. It returns nil when ctx is done.
func (s *Standalone) loop(ctx context.Context) error {
	if err := s.bind(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	s.bound = time.Now()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		if done, err := s.turn(ctx, time.Now()); done {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.o.Engine.Changed():
		case <-ticker.C:
		}
	}
}

// turn looks at the tasks once and does what is to be done. It returns true if
// that was the last time.
func (s *Standalone) turn(ctx context.Context, now time.Time) (bool, error) {
	tasks := s.o.Engine.Tasks()
	if err := s.yield(ctx, tasks, now); err != nil {
		return true, err
	}
	s.fail(tasks, now)
	if s.restart(ctx, now) {
		s.assign()
	}
	statuses := s.statuses(tasks, now)
	if s.busy(statuses) {
		s.idle = time.Time{}
	} else if s.idle.IsZero() {
		s.idle = now
	}
	s.observe(statuses)
	if s.o.UntilIdle > 0 && !s.idle.IsZero() && now.Sub(s.idle) >= s.o.UntilIdle {
		return true, s.failures()
	}
	return false, nil
}

// fail notes which tasks have failed.
func (s *Standalone) fail(tasks []worker.TaskState, now time.Time) {
	for _, p := range s.plans {
		for _, t := range tasks {
			if t.Connector != p.c.Name || t.State != task.Failed || t.Epoch != p.tasks[t.Index].epoch {
				continue
			}
			k := p.tasks[t.Index]
			known := !k.retry.IsZero() || k.final != ""
			k.failed(p.policy, t.Error, now)
			if !known {
				s.logFailure(p, t, k, now)
			}
		}
	}
}

func (s *Standalone) logFailure(p *plan, t worker.TaskState, k *taskPlan, now time.Time) {
	log := s.o.Logger.With("connector", p.c.Name, "task", t.Index)
	if k.final != "" {
		log.Error("the task has failed and is not restarted any more", "restarts", len(k.restarts))
		return
	}
	log.Warn("the task has failed and is restarted", "in", k.retry.Sub(now), "restarts", len(k.restarts))
}

// restart gives a new epoch to the tasks whose pause is over; it returns whether
// there was one.
func (s *Standalone) restart(ctx context.Context, now time.Time) bool {
	changed := false
	for _, p := range s.plans {
		for i, k := range p.tasks {
			if k.retry.IsZero() || now.Before(k.retry) {
				continue
			}
			epoch, err := s.nextEpoch(ctx, p.c.Name, i)
			if err != nil {
				s.o.Logger.Warn("restarting a task failed, trying again", "connector", p.c.Name, "task", i, "error", err)
				k.retry = now.Add(again)
				continue
			}
			k.restarted(epoch, now)
			changed = true
		}
	}
	return changed
}

func (s *Standalone) nextEpoch(ctx context.Context, connector string, index int) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.o.Engine.NextEpoch(ctx, connector, index)
}

func (s *Standalone) assign() {
	var specs []worker.TaskSpec
	for _, p := range s.plans {
		for i := range p.tasks {
			specs = append(specs, p.spec(i))
		}
	}
	s.o.Engine.Assign(specs)
}

func (s *Standalone) statuses(tasks []worker.TaskState, now time.Time) []Status {
	of := map[string][]worker.TaskState{}
	for _, t := range tasks {
		of[t.Connector] = append(of[t.Connector], t)
	}
	out := make([]Status, len(s.plans))
	for i, p := range s.plans {
		out[i] = p.status(of[p.c.Name], now)
	}
	return out
}

func (s *Standalone) observe(statuses []Status) {
	s.last = statuses
	s.o.Observe(slices.Clone(statuses))
}

// observeEnd shows what was still written while the tasks stopped. Their states
// are those from before.
func (s *Standalone) observeEnd() {
	before := s.last
	end := s.statuses(s.o.Engine.Tasks(), time.Now())
	if len(before) != len(end) {
		return // it has ended before it looked for the first time
	}
	for i, e := range end {
		end[i] = before[i]
		end[i].Records, end[i].Bytes = e.Records, e.Bytes
		end[i].RecordsPerSecond = 0
	}
	s.observe(end)
}

// busy reports whether anything is to be done, or was done since the last look.
func (s *Standalone) busy(statuses []Status) bool {
	for i, st := range statuses {
		if !st.Idle || i >= len(s.last) || !sameWork(st, s.last[i]) {
			return true
		}
	}
	return false
}

func sameWork(a, b Status) bool {
	return a.Records == b.Records && a.Bytes == b.Bytes && a.Restarts == b.Restarts &&
		a.State == b.State && a.Tasks == b.Tasks
}

// failures returns the tasks that have failed for good as an error, or nil.
func (s *Standalone) failures() error {
	var e FailedError
	for _, p := range s.plans {
		for i, k := range p.tasks {
			if k.final != "" {
				e.Failures = append(e.Failures, Failure{p.c.Name, i, k.final})
			}
		}
	}
	if len(e.Failures) == 0 {
		return nil
	}
	return &e
}
