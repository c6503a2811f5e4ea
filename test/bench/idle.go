// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"time"
)

// idle is what a worker costs that has nothing to do.
type idle struct {
	rss, heap, cpu, connections, goroutines float64
	// answer and ready are the times from the start of the process to the first
	// answer to a request, and to the one that says that it works.
	answer, ready time.Duration
}

// measureIdle lets a worker settle and then looks at it for a while.
func (b *bench) measureIdle(ctx context.Context, r *running, settle, window time.Duration) (i idle, err error) {
	if err := wait(ctx, settle); err != nil {
		return i, err
	}
	before, err := r.CPU()
	if err != nil {
		return i, err
	}
	started := time.Now()
	if err := wait(ctx, window); err != nil {
		return i, err
	}
	after, err := r.CPU()
	took := time.Since(started)
	memory, merr := r.Memory()
	connections, cerr := r.Connections(b.broker.Port())
	if err := errors.Join(err, merr, cerr, r.Alone(), r.Err()); err != nil {
		return i, err
	}
	i.rss, i.cpu, i.connections = float64(memory.RSS), 100*(after-before).Seconds()/took.Seconds(), float64(connections)
	if r.system != ours {
		return i, nil
	}
	for name, into := range map[string]*float64{"go_goroutines": &i.goroutines, "go_memstats_heap_inuse_bytes": &i.heap} {
		if *into, err = r.metric(ctx, name); err != nil {
			return i, err
		}
	}
	stacks, err := r.metric(ctx, "go_memstats_stack_inuse_bytes")
	i.heap += stacks
	return i, err
}

// leave ends a worker whose records have all arrived. A JVM with a hundred
// connectors takes longer to stop than what is measured of it.
func (r *running) leave() error {
	if r.system == ours {
		return r.Stop()
	}
	r.Discard()
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
