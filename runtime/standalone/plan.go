// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/task"
	"penstock.dev/runtime/worker"
)

// plan is a connector and what has become of its tasks.
type plan struct {
	c      Connector
	plugin connect.Plugin
	policy RestartPolicy
	tasks  []*taskPlan
}

func newPlan(c Connector, plugin connect.Plugin, fallback RestartPolicy) *plan {
	p := &plan{c: c, plugin: plugin, policy: fallback}
	if c.Restart != nil {
		p.policy = *c.Restart
	}
	if c.State == Stopped {
		return p
	}
	for range plugin.Tasks(c.Config, max(c.TasksMax, 1)) {
		p.tasks = append(p.tasks, &taskPlan{})
	}
	return p
}

func (p *plan) spec(index int) worker.TaskSpec {
	return worker.TaskSpec{
		Connector: p.c.Name, Index: index, Count: len(p.tasks), Class: p.c.Class,
		Config: p.c.Config, Epoch: p.tasks[index].epoch, Paused: p.c.State == Paused,
	}
}

func (p *plan) failedForGood() bool {
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

// restarted notes that a new incarnation has taken the failed one's place.
func (k *taskPlan) restarted(epoch int64, now time.Time) {
	k.epoch, k.retry = epoch, time.Time{}
	k.restarts = append(k.restarts, now)
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
