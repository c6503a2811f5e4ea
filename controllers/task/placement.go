// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

const (
	// notReadyGrace is how long a worker may be not ready before its tasks go
	// elsewhere.
	notReadyGrace = 30 * time.Second
	// releaseTimeout is how long a worker is waited for that does not let a task go.
	// What it might still do is fenced in Kafka.
	releaseTimeout = 10 * time.Second
)

// worker is a worker's pod.
type worker struct {
	name string
	uid  types.UID
	// ready since or not ready since; both zero while it has not started.
	ready    bool
	since    time.Time
	stopping bool
}

// ref names the pod.
func (w worker) ref() v1alpha1.WorkerRef { return v1alpha1.WorkerRef{Name: w.name, UID: w.uid} }

// verb is what is done to a task's binding.
type verb int

const (
	bind    verb = iota // to a worker, under a new epoch
	release             // from its worker, which is there to let it go
	unbind              // from a worker that is gone, when there is no other
)

type action struct {
	verb verb
	task *v1alpha1.Task
	to   v1alpha1.WorkerRef
}

// place says what to do about the bindings of a cluster's tasks now, and after
// what time to look again if nothing happens before; 0 is never. It is pure.
func place(tasks []v1alpha1.Task, workers []worker, last func(*v1alpha1.Task) state.Task, now time.Time) ([]action, time.Duration) {
	p := placement{workers: workers, last: last, now: now}
	target := p.schedule(tasks)
	var actions []action
	for i := range tasks {
		if a, ok := p.decide(&tasks[i], target); ok {
			actions = append(actions, a)
		}
	}
	return actions, p.again
}

type placement struct {
	workers []worker
	last    func(*v1alpha1.Task) state.Task
	now     time.Time
	again   time.Duration
}

func (p *placement) schedule(tasks []v1alpha1.Task) map[string]worker {
	receiving, holding := p.sort()
	byName := map[string]worker{}
	for _, w := range p.workers {
		byName[w.name] = w
	}
	units := make([]unit, 0, len(tasks))
	for i := range tasks {
		t := &tasks[i]
		u := unit{name: t.Name, connector: t.Spec.ConnectorRef.Name}
		if w, ok := p.holder(t); ok {
			u.worker = w.name
		}
		units = append(units, u)
	}
	out := map[string]worker{}
	for name, w := range schedule(units, receiving, holding) {
		out[name] = byName[w]
	}
	return out
}

// sort tells the workers that may get tasks from those that may only keep what
// they have. If none may get any, all that are there keep theirs: workers are not
// ready when they cannot reach Kafka, and to take their tasks then helps nobody.
func (p *placement) sort() (receiving, holding []string) {
	var late []string
	for _, w := range p.workers {
		switch {
		case w.stopping:
		case w.ready:
			receiving = append(receiving, w.name)
		case w.since.IsZero() || p.now.Sub(w.since) >= notReadyGrace:
			late = append(late, w.name)
		default:
			holding = append(holding, w.name)
			p.lookAgain(w.since.Add(notReadyGrace))
		}
	}
	slices.Sort(receiving)
	if len(receiving) == 0 {
		holding = append(holding, late...)
	}
	return receiving, holding
}

// holder is the pod that a task is bound to, if it is there.
func (p *placement) holder(t *v1alpha1.Task) (worker, bool) {
	if t.Spec.Worker == nil {
		return worker{}, false
	}
	return p.find(*t.Spec.Worker)
}

func (p *placement) find(ref v1alpha1.WorkerRef) (worker, bool) {
	for _, w := range p.workers {
		if w.ref() == ref {
			return w, true
		}
	}
	return worker{}, false
}

func (p *placement) decide(t *v1alpha1.Task, target map[string]worker) (action, bool) {
	to, wanted := target[t.Name]
	holder, held := p.holder(t)
	switch {
	case t.DeletionTimestamp != nil:
		return action{}, false
	case held && wanted && to.ref() == holder.ref():
		return action{}, false
	case held:
		return action{verb: release, task: t}, true
	case t.Spec.Releasing != nil && !p.released(t):
		return action{}, false
	case wanted:
		return action{verb: bind, task: t, to: to.ref()}, true
	case t.Spec.Worker != nil:
		return action{verb: unbind, task: t}, true
	}
	return action{}, false
}

// released reports whether the last worker of a task is done with it: it said so,
// its pod is gone, or it was waited for long enough.
func (p *placement) released(t *v1alpha1.Task) bool {
	r := t.Spec.Releasing
	if _, there := p.find(r.Worker); !there {
		return true
	}
	if said := p.last(t); said.Released && said.Epoch >= t.Spec.Epoch {
		return true
	}
	if p.now.Sub(r.Since.Time) >= releaseTimeout {
		return true
	}
	p.lookAgain(r.Since.Add(releaseTimeout))
	return false
}

func (p *placement) lookAgain(at time.Time) {
	d := max(at.Sub(p.now), time.Millisecond)
	if p.again == 0 || d < p.again {
		p.again = d
	}
}
