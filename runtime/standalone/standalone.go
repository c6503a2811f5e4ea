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
	"sync"
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
	// reachTimeout is how long a run that somebody waits for tries to reach Kafka.
	reachTimeout = time.Minute
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
	PutConnectorState(ctx context.Context, connector, state, trace string) error
	// Forget removes the statuses of a connector that is no more.
	Forget(ctx context.Context, connector string) error
}

// Options are what New needs.
type Options struct {
	Engine   Engine
	Registry connect.Registry
	// Defaults is the worker's config, which validation refers to.
	Defaults map[string]string
	// Desired says which connectors are to run.
	Desired Desired
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

// Standalone runs connectors on a worker of its own. One goroutine, the loop, owns
// what is planned; it waits for nothing but its ticker and messages.
type Standalone struct {
	o     Options
	plans []*plan

	requests chan func()
	wake     chan struct{} // Desired has changed
	results  chan done
	slots    chan struct{}
	working  sync.WaitGroup
	ended    chan struct{} // closed when the loop has ended
	waiters  []*waiter

	seen    int64     // the version of Desired that was last looked at
	changed bool      // the assignment is to be made again
	begun   time.Time // when the loop began
	bound   time.Time // when all tasks had their first epoch
	last    []Status
	idle    time.Time // since when there is nothing to do; zero: there is something
}

// New returns a Standalone that is not running yet.
func New(o Options) *Standalone {
	if o.Restart == (RestartPolicy{}) {
		o.Restart = DefaultRestartPolicy()
	}
	if o.Observe == nil {
		o.Observe = func([]Status) {}
	}
	return &Standalone{
		o: o, seen: -1, requests: make(chan func()), wake: make(chan struct{}, 1), results: make(chan done),
		slots: make(chan struct{}, jobsAtOnce), ended: make(chan struct{}),
	}
}

// Wake tells that Desired has changed. It never blocks.
func (s *Standalone) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
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
	ctx, cancel := context.WithCancel(ctx)
	defer s.working.Wait()
	defer close(s.ended)
	defer cancel()
	s.begun = time.Now()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		if over, err := s.turn(ctx, time.Now()); over {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case f := <-s.requests:
			f()
		case d := <-s.results:
			s.finish(d, time.Now())
		case <-s.wake:
		case <-s.o.Engine.Changed():
		case <-ticker.C:
		}
	}
}

// turn looks at the tasks once and does what is to be done. It returns true if
// that was the last time.
func (s *Standalone) turn(ctx context.Context, now time.Time) (bool, error) {
	loaded := s.sync()
	tasks := s.o.Engine.Tasks()
	if err := s.yield(ctx, tasks, now); err != nil {
		return true, err
	}
	s.fail(tasks, now)
	s.step(ctx, tasks, now)
	if s.changed {
		s.changed = false
		s.assign()
	}
	if s.bound.IsZero() {
		if !loaded || s.unbound() {
			return s.impatient(now)
		}
		s.bound = now
	}
	statuses := s.statuses(tasks, now)
	if s.busy(statuses) {
		s.idle = time.Time{}
	} else if s.idle.IsZero() {
		s.idle = now
	}
	s.observe(statuses)
	s.answerWaiters()
	if s.o.UntilIdle > 0 && !s.idle.IsZero() && now.Sub(s.idle) >= s.o.UntilIdle {
		return true, s.failures()
	}
	return false, nil
}

// unbound reports whether a connector waits for its first epochs.
func (s *Standalone) unbound() bool {
	return slices.ContainsFunc(s.plans, func(p *plan) bool { return p.phase == binding })
}

// impatient gives up if somebody waits and it has taken too long.
func (s *Standalone) impatient(now time.Time) (bool, error) {
	s.answerWaiters()
	if s.o.UntilIdle == 0 || now.Sub(s.begun) < reachTimeout {
		return false, nil
	}
	return true, fmt.Errorf("the connectors were not started within %s: %w", reachTimeout, s.o.Engine.Ready())
}

// sync takes over what is desired, if that has changed. It returns false as long
// as that is not known.
func (s *Standalone) sync() bool {
	version := s.o.Desired.Version()
	if version < 0 {
		return false
	}
	if version == s.seen {
		return true
	}
	s.seen = version
	wanted := map[string]bool{}
	for _, c := range s.o.Desired.Connectors() {
		wanted[c.Name] = true
		if p := s.plan(c.Name); p != nil {
			p.want(c)
			continue
		}
		s.plans = append(s.plans, newPlan(c, s.o.Registry, s.o.Defaults, s.o.Restart))
	}
	for _, p := range s.plans {
		p.gone = p.gone || !wanted[p.c.Name]
	}
	s.changed = true // a pause, for one
	return true
}

// step brings every plan one step on.
func (s *Standalone) step(ctx context.Context, tasks []worker.TaskState, now time.Time) {
	for _, p := range slices.Clone(s.plans) {
		if p.busy {
			continue
		}
		if p.phase != draining && p.leaving() {
			p.phase, p.tasks = draining, nil
			s.changed = true
			s.assign() // before it is looked whether they have ended
			continue
		}
		if p.phase == draining {
			if !p.drained(tasks) {
				continue
			}
			if !p.gone {
				s.revive(p)
			}
		}
		if now.Before(p.notBefore) {
			continue
		}
		if j := s.newJob(p, now); j != nil {
			s.start(ctx, j)
		}
	}
}

// revive makes a drained plan that of the connector's next state.
func (s *Standalone) revive(p *plan) {
	c := p.c
	if p.next != nil {
		c = *p.next
	}
	p.become(c, s.o.Registry, s.o.Defaults, s.o.Restart)
}

func (s *Standalone) remove(p *plan) {
	s.plans = slices.DeleteFunc(s.plans, func(o *plan) bool { return o == p })
}

// fail notes which tasks have failed.
func (s *Standalone) fail(tasks []worker.TaskState, now time.Time) {
	for _, t := range tasks {
		p := s.plan(t.Connector)
		k := p.task(t)
		if k == nil || t.State != task.Failed || t.Epoch != k.epoch {
			continue
		}
		known := !k.retry.IsZero() || k.final != ""
		k.failed(p.policy, t.Error, now)
		if !known {
			s.logFailure(p, t, k, now)
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

func (s *Standalone) assign() {
	var specs []worker.TaskSpec
	for _, p := range s.plans {
		if p.phase != settled {
			continue
		}
		for i := range p.tasks {
			specs = append(specs, p.spec(i))
		}
	}
	s.o.Engine.Assign(specs)
}
