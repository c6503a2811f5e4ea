// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"time"

	"penstock.dev/runtime/connect"
)

// jobsAtOnce bounds how many connectors are worked on in Kafka at the same time.
const jobsAtOnce = 16

// job is what is to be written to Kafka for one connector. The loop does not wait
// for it: Kafka may be slow for one connector, and away for all.
type job struct {
	plan *plan
	// tasks need new epochs.
	tasks []int
	// bind says that it is the first time: the tasks of an earlier state of the
	// connector are retired. forget retires all of them and removes the statuses.
	bind, forget bool

	// What it needs of the plan, which is the loop's.
	connector string
	kind      connect.Kind
	count     int
	state     string // to write for the connector, "" if its first task does
	trace     string
	first     bool // of this process: it waits until Kafka is reached
}

// done is what has become of a job.
type done struct {
	job
	epochs map[int]int64
	err    error
}

// newJob returns what there is to do for a plan, nil if nothing.
func (s *Standalone) newJob(p *plan, now time.Time) *job {
	j := &job{plan: p, connector: p.c.Name, kind: p.plugin.Kind, count: len(p.tasks), first: s.bound.IsZero()}
	switch p.phase {
	case draining:
		j.forget = true // whoever asks has looked whether it is drained and gone
		return j
	case binding:
		j.bind = true
		switch {
		case p.invalid != "":
			j.state, j.trace = "FAILED", p.invalid
		case p.c.State == Stopped:
			j.state = "STOPPED"
		}
	case settled:
	}
	for i, k := range p.tasks {
		if k.due(now) {
			j.tasks = append(j.tasks, i)
		}
	}
	if !j.bind && len(j.tasks) == 0 {
		return nil
	}
	return j
}

// start works on a job; its result comes to the loop.
func (s *Standalone) start(ctx context.Context, j *job) {
	j.plan.busy = true
	s.working.Go(func() {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-ctx.Done():
			return
		}
		d := done{job: *j, epochs: map[int]int64{}}
		d.err = s.work(ctx, *j, d.epochs)
		select {
		case s.results <- d:
		case <-ctx.Done():
		}
	})
}

// work writes to Kafka. What it has reached before an error is in epochs.
func (s *Standalone) work(ctx context.Context, j job, epochs map[int]int64) error {
	if !j.first {
		// The first one waits until the worker has reached Kafka, which says itself why
		// it has not.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	e := s.o.Engine
	if j.forget {
		if j.kind != "" {
			if err := e.Retire(ctx, j.connector, j.kind, 0); err != nil {
				return err
			}
		}
		return e.Forget(ctx, j.connector)
	}
	for _, i := range j.tasks {
		epoch, err := e.NextEpoch(ctx, j.connector, i)
		if err != nil {
			return err
		}
		epochs[i] = epoch
	}
	if !j.bind {
		return nil
	}
	if j.kind != "" {
		if err := e.Retire(ctx, j.connector, j.kind, j.count); err != nil {
			return err
		}
	}
	if j.state != "" {
		return e.PutConnectorState(ctx, j.connector, j.state, j.trace)
	}
	return nil
}

// finish takes the result of a job.
func (s *Standalone) finish(d done, now time.Time) {
	p := d.plan
	p.busy = false
	for i, epoch := range d.epochs {
		p.tasks[i].renewed(epoch, now)
	}
	if d.err != nil {
		s.failedJob(d, now)
		return
	}
	switch {
	case d.forget && p.gone:
		s.remove(p)
	case d.forget:
		// It came back meanwhile.
	case d.bind:
		p.phase = settled
	}
	s.changed = true
}

func (s *Standalone) failedJob(d done, now time.Time) {
	p := d.plan
	log := s.o.Logger.With("connector", d.connector)
	switch {
	case d.forget:
		log.Warn("removing what a deleted connector has left in Kafka failed, trying again", "error", d.err)
		p.notBefore = now.Add(again)
	case d.bind:
		log.Warn("starting a connector failed, trying again", "error", d.err)
		p.notBefore = now.Add(again)
	default:
		log.Warn("restarting tasks failed, trying again", "tasks", d.tasks, "error", d.err)
		p.notBefore = now.Add(look)
		for _, i := range d.tasks {
			k := p.tasks[i]
			if !k.lost && !k.asked && !k.retry.IsZero() {
				k.retry = now.Add(again)
			}
		}
	}
}
