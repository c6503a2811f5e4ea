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

// small is how many records each of many connectors moves.
const small = 10

// p8 compares the memory of a worker that does nothing, and of one with a
// hundred small connectors.
func p8(ctx context.Context, b *bench) error {
	settle := 8 * time.Second
	if b.quick {
		settle = 2 * time.Second
	}
	if err := b.p8Idle(ctx, settle); err != nil {
		return fmt.Errorf("P8: %w", err)
	}
	n := 100
	if b.quick {
		n = 10
	}
	if err := b.p8Many(ctx, n, settle); err != nil {
		return fmt.Errorf("P8: %w", err)
	}
	return nil
}

func (b *bench) p8Idle(ctx context.Context, settle time.Duration) error {
	results := map[system][]idle{}
	for round := range b.rounds {
		for _, s := range inTurn([]system{ours, peer}, round) {
			r, turn, _, err := b.startIdle(ctx, s)
			if err != nil {
				return err
			}
			i, err := b.measureIdle(ctx, r, settle, 2*time.Second)
			if err := errors.Join(err, r.leave(), os.RemoveAll(b.path(turn, ""))); err != nil {
				return err
			}
			b.say("P8           %-20s idle: %.1f MB", s, i.rss/1e6)
			results[s] = append(results[s], i)
		}
	}
	b.bookIdle("idle_rss_mb", "idle_cpu_percent", results)
	return nil
}

func (b *bench) bookIdle(memory, cpu string, results map[system][]idle) {
	rss := func(i idle) float64 { return i.rss / 1e6 }
	b.book.compare("P8", memory, "MB", lower, collect(results[ours], rss), peer, collect(results[peer], rss))
	percent := func(i idle) float64 { return i.cpu }
	b.book.compare("P8", cpu, "% of a core", lower, collect(results[ours], percent), peer, collect(results[peer], percent))
}

func (b *bench) p8Many(ctx context.Context, n int, settle time.Duration) error {
	results := map[system][]idle{}
	for round := range b.rounds {
		for _, s := range inTurn([]system{ours, peer}, round) {
			r, f, err := b.startMany(ctx, s, n/2, n/2)
			if err != nil {
				return err
			}
			i, err := b.measureIdle(ctx, r, settle, 5*time.Second)
			if err := errors.Join(err, r.leave(), f.check(ctx)); err != nil {
				return err
			}
			b.say("P8           %-20s %d connectors: %.1f MB, %.2f %% of a core", s, n, i.rss/1e6, i.cpu)
			results[s] = append(results[s], i)
		}
	}
	b.bookIdle(fmt.Sprintf("rss_mb_%d_connectors", n), fmt.Sprintf("cpu_percent_%d_connectors", n), results)
	return nil
}
