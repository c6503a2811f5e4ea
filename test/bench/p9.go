// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// idleJob is a worker without a task. Ours needs a connector to start at all.
func idleJob(s system, turn string) job {
	if s != ours {
		return job{}
	}
	c := p2Connector("idle-"+turn, "/nowhere", "nothing", "none")
	c.stopped = true
	return job{connectors: []connector{c}}
}

// startIdle starts a worker without a task and times its answers.
func (b *bench) startIdle(ctx context.Context, s system) (r *running, turn string, i idle, err error) {
	b.serial++
	turn = fmt.Sprintf("r%d", b.serial)
	r, err = b.launch(ctx, s, turn, idleJob(s, turn))
	if err != nil {
		return nil, turn, i, err
	}
	first, ready := "/livez", "/readyz"
	if s != ours {
		first, ready = "/", "/health"
	}
	for _, step := range []struct {
		path string
		into *time.Duration
	}{{first, &i.answer}, {ready, &i.ready}} {
		err := poll(ctx, stall, time.Millisecond, func() error {
			if err := r.Err(); err != nil {
				return err
			}
			_, status, err := get(ctx, r.url+step.path)
			if err == nil && status != 200 {
				err = fmt.Errorf("%s answers with status %d", step.path, status)
			}
			return err
		})
		if err != nil {
			return nil, turn, i, errors.Join(fmt.Errorf("starting %s: %w", s, err), r.Stop())
		}
		*step.into = time.Since(r.Started)
	}
	return r, turn, i, nil
}

// p9 times the start of a worker.
func p9(ctx context.Context, b *bench) error {
	results := map[system][]idle{}
	for round := range b.rounds {
		for _, s := range inTurn([]system{ours, peer}, round) {
			r, turn, i, err := b.startIdle(ctx, s)
			if err != nil {
				return fmt.Errorf("P9: %w", err)
			}
			if err := errors.Join(r.leave(), os.RemoveAll(b.path(turn, ""))); err != nil {
				return fmt.Errorf("P9: %w", err)
			}
			b.say("P9           %-20s first answer after %s, ready after %s", s, i.answer, i.ready)
			results[s] = append(results[s], i)
		}
	}
	for _, m := range []struct {
		name string
		of   func(idle) float64
	}{
		{"start_to_first_answer_s", func(i idle) float64 { return i.answer.Seconds() }},
		{"start_to_ready_s", func(i idle) float64 { return i.ready.Seconds() }},
	} {
		b.book.compare("P9", m.name, "s", lower, collect(results[ours], m.of), peer, collect(results[peer], m.of))
	}
	return nil
}
