// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"fmt"
	"time"
)

// reachTimeout is how long a run that somebody waits for tries to reach Kafka.
const reachTimeout = time.Minute

// bind gives every task its first epoch and hands the tasks to the worker. It
// tries until it has or ctx is done, or, if it runs until there is nothing to do,
// until that has taken too long.
func (s *Standalone) bind(ctx context.Context) error {
	limit := ctx
	if s.o.UntilIdle > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeout(ctx, reachTimeout)
		defer cancel()
	}
	for _, p := range s.plans {
		for s.bindOne(limit, p) != nil {
			select {
			case <-limit.Done():
				return s.unbound(ctx)
			case <-time.After(again):
			}
		}
	}
	s.assign()
	return nil
}

// unbound says why the tasks could not be started; nil if it was just stopped.
func (s *Standalone) unbound(ctx context.Context) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("the connectors were not started within %s: %w", reachTimeout, s.o.Engine.Ready())
}

func (s *Standalone) bindOne(ctx context.Context, p *plan) error {
	err := s.epochs(ctx, p)
	if err != nil && ctx.Err() == nil {
		s.o.Logger.Warn("starting a connector failed, trying again", "connector", p.c.Name, "error", err)
	}
	return err
}

func (s *Standalone) epochs(ctx context.Context, p *plan) error {
	for i, k := range p.tasks {
		if k.epoch > 0 {
			continue
		}
		// Without a deadline: it waits until the worker has reached Kafka, which says
		// itself why it has not.
		epoch, err := s.o.Engine.NextEpoch(ctx, p.c.Name, i)
		if err != nil {
			return err
		}
		k.epoch = epoch
	}
	if err := s.o.Engine.Retire(ctx, p.c.Name, p.plugin.Kind, len(p.tasks)); err != nil {
		return err
	}
	if p.c.State == Stopped {
		return s.o.Engine.PutConnectorState(ctx, p.c.Name, "STOPPED")
	}
	return nil
}
