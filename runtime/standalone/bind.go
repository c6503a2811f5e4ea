// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"time"
)

// bind gives every task its first epoch and hands the tasks to the worker. It
// tries until it has, and returns false if ctx is done before.
func (s *Standalone) bind(ctx context.Context) bool {
	for _, p := range s.plans {
		for s.bindOne(ctx, p) != nil {
			select {
			case <-ctx.Done():
				return false
			case <-time.After(again):
			}
		}
	}
	s.assign()
	return ctx.Err() == nil
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
