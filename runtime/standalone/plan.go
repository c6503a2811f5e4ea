// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"errors"
	"slices"
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/task"
	"penstock.dev/runtime/worker"
)

// phase is how far a plan is.
type phase int

// A plan binds its tasks to new epochs, is settled while they run, and drains
// when they have to end, because the connector has changed or is gone.
const (
	binding phase = iota
	settled
	draining
)

// plan is a connector and what has become of its tasks.
type plan struct {
	c      Connector
	plugin connect.Plugin
	policy RestartPolicy
	tasks  []*taskPlan
	// invalid is why the connector cannot run; it has no tasks then.
	invalid string

	phase phase
	// next is what the connector is to become, nil if that is what it is; gone says
	// that it is to be nothing.
	next *Connector
	gone bool
	// busy says that a job works on it, notBefore when the next one may.
	busy      bool
	notBefore time.Time
}

func newPlan(c Connector, r connect.Registry, defaults map[string]string, fallback RestartPolicy) *plan {
	p := &plan{}
	p.become(c, r, defaults, fallback)
	return p
}

// become makes the plan that of another state of its connector. The tasks have
// ended.
func (p *plan) become(c Connector, r connect.Registry, defaults map[string]string, fallback RestartPolicy) {
	*p = plan{c: c, policy: fallback, busy: p.busy}
	if c.Restart != nil {
		p.policy = *c.Restart
	}
	v := r.Validate(c.Class, c.Config, defaults)
	p.plugin = v.Plugin
	if len(v.Problems) > 0 {
		errs := make([]error, len(v.Problems))
		for i, problem := range v.Problems {
			errs[i] = problem
		}
		p.invalid = errors.Join(errs...).Error()
		return
	}
	if c.State == Stopped {
		return
	}
	for range p.plugin.Tasks(c.Config, max(c.TasksMax, 1)) {
		p.tasks = append(p.tasks, &taskPlan{})
	}
}

// want notes what the connector is to be. A pause does not end tasks.
func (p *plan) want(c Connector) {
	p.gone = false
	if p.c.same(c) {
		p.c.State, p.next = c.State, nil
		return
	}
	p.next = &c
}

// leaving reports whether the tasks are to end.
func (p *plan) leaving() bool { return p.gone || p.next != nil }

// drained reports whether no task of the connector is left.
func (p *plan) drained(tasks []worker.TaskState) bool {
	return !slices.ContainsFunc(tasks, func(t worker.TaskState) bool { return t.Connector == p.c.Name })
}

func (p *plan) spec(index int) worker.TaskSpec {
	return worker.TaskSpec{
		Connector: p.c.Name, Index: index, Count: len(p.tasks), Class: p.c.Class,
		Config: p.c.Config, Epoch: p.tasks[index].epoch, Paused: p.c.State == Paused,
	}
}

// task returns what is planned for a task that runs, nil for one of a plan that
// is over.
func (p *plan) task(t worker.TaskState) *taskPlan {
	if p == nil || p.phase != settled || t.Index >= len(p.tasks) {
		return nil
	}
	return p.tasks[t.Index]
}

func (p *plan) failedForGood() bool {
	if p.invalid != "" {
		return true
	}
	for _, t := range p.tasks {
		if t.final != "" {
			return true
		}
	}
	return false
}

// taskPlan is the life of one task through its incarnations.
type taskPlan struct {
	// epoch is that of the incarnation that is to run, 0 before the first.
	epoch int64
	// restarts are the times of its restarts.
	restarts []time.Time
	// retry is when a failed incarnation is followed by the next; zero: it has not
	// failed.
	retry time.Time
	// final is why the task has failed and is not tried again.
	final string
	// asked says that somebody wants it restarted, lost that another process had
	// taken it over and it is to be taken back.
	asked, lost bool

	past, now written
	nowEpoch  int64
}

type written struct{ records, bytes int64 }

// observe keeps what older incarnations have written: the count of a new one
// begins at zero.
func (k *taskPlan) observe(t worker.TaskState) {
	if t.Epoch != k.nowEpoch {
		k.past.records += k.now.records
		k.past.bytes += k.now.bytes
		k.nowEpoch = t.Epoch
	}
	k.now = written{t.Progress.Records, t.Progress.Bytes}
}

func (k *taskPlan) records() int64 { return k.past.records + k.now.records }
func (k *taskPlan) bytes() int64   { return k.past.bytes + k.now.bytes }

func (k *taskPlan) nextTry() *time.Time {
	if k.retry.IsZero() || k.final != "" {
		return nil
	}
	t := k.retry
	return &t
}

// failed notes that the current incarnation has failed, once.
func (k *taskPlan) failed(policy RestartPolicy, reason string, now time.Time) {
	if !k.retry.IsZero() || k.final != "" {
		return
	}
	pause, ok := policy.next(k.restarts, now)
	if !ok {
		k.final = reason
		return
	}
	k.retry = now.Add(pause)
}

// due reports whether the task needs a new epoch.
func (k *taskPlan) due(now time.Time) bool {
	return k.epoch == 0 || k.asked || k.lost || !k.retry.IsZero() && !now.Before(k.retry)
}

// renewed notes that a new incarnation takes the place of the one before.
func (k *taskPlan) renewed(epoch int64, now time.Time) {
	switch {
	case k.asked: // it has a clean slate
		k.restarts, k.final = nil, ""
	case !k.retry.IsZero():
		k.restarts = append(k.restarts, now)
	}
	k.epoch, k.retry, k.asked, k.lost = epoch, time.Time{}, false, false
}

// idle reports whether the task has nothing to do and nothing to commit. Whether
// it has moved since the last look is for the caller to see.
func (k *taskPlan) idle(t worker.TaskState) bool {
	switch t.State {
	case task.Paused:
		return true
	case task.Failed:
		return k.final != ""
	case task.Running:
		return t.Progress.Pending == 0 && t.Progress.Lag == 0
	default:
		return false
	}
}
