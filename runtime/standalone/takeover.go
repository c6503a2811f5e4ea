// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock.dev/runtime/worker"
)

// ErrTakenOver says that another process runs the same connectors with the same
// group id now.
var ErrTakenOver = errors.New("another process with the same group id has taken over")

// settleTime is for how long after its start a process takes back what another
// one has taken of it. Two that start in the same moment take turns with their
// tasks: without that, each could lose one to the other, and both would stop.
const settleTime = 10 * time.Second

// yield looks whether another process has taken tasks over, and returns
// ErrTakenOver if this one is to stop. Of two that have just started the one stays
// that has the first task, in the order of names, and takes the others back.
func (s *Standalone) yield(ctx context.Context, tasks []worker.TaskState, now time.Time) error {
	lost := s.lost(tasks)
	if len(lost) == 0 {
		return nil
	}
	first := s.first()
	for _, t := range lost {
		if !s.bound.IsZero() && now.Sub(s.bound) >= settleTime || t.Connector == first && t.Index == 0 {
			return fmt.Errorf("%w: it runs task %d of connector %s, so this process stops", ErrTakenOver, t.Index, t.Connector)
		}
	}
	if err := s.stays(ctx, first); err != nil {
		return err
	}
	for _, t := range lost {
		k := s.plan(t.Connector).task(t)
		if !k.lost {
			s.o.Logger.Info("another process started at the same time; taking a task back", "connector", t.Connector, "task", t.Index)
		}
		k.lost = true
	}
	return nil
}

// stays returns ErrTakenOver if another process has the first task. This one may
// not have noticed: a source looks when it commits.
func (s *Standalone) stays(ctx context.Context, first string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	highest, err := s.o.Engine.HighestEpoch(ctx, first, 0)
	if err != nil {
		return nil // Kafka is away: neither takes anything, and this is looked at again
	}
	if highest > s.plan(first).tasks[0].epoch {
		return fmt.Errorf("%w: it runs task 0 of connector %s, so this process stops", ErrTakenOver, first)
	}
	return nil
}

// lost returns the tasks of which a newer incarnation runs elsewhere. A task that
// is about to have a new epoch of this process is none: its worker may see that
// epoch in Kafka before the loop is told.
func (s *Standalone) lost(tasks []worker.TaskState) []worker.TaskState {
	var lost []worker.TaskState
	for _, t := range tasks {
		p := s.plan(t.Connector)
		k := p.task(t)
		if t.Superseded && k != nil && t.Epoch == k.epoch && !p.busy && !k.asked {
			lost = append(lost, t)
		}
	}
	return lost
}

func (s *Standalone) plan(connector string) *plan {
	for _, p := range s.plans {
		if p.c.Name == connector {
			return p
		}
	}
	return nil
}

// first names the connector whose first task decides who stays.
func (s *Standalone) first() string {
	name := ""
	for _, p := range s.plans {
		if p.phase == settled && len(p.tasks) > 0 && (name == "" || p.c.Name < name) {
			name = p.c.Name
		}
	}
	return name
}
