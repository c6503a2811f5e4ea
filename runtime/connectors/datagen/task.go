// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package datagen

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"penstock.dev/runtime/connect"
)

// Names of kafka-connect-datagen's source partition, offset and headers.
const (
	taskIDField     = "task.id"
	generationField = "task.generation"
	iterationField  = "current.iteration"
	seedField       = "random.seed"
)

type task struct {
	config     Config
	now        func() time.Time
	quickstart *quickstart
	key        int // the place of the key's field
	source     *connect.SourcePartition

	generation int64 // how many times the task was started from an offset
	count      int64 // records made, in all generations
	seed       int64 // where the next record's random numbers start
	due        time.Time
	pauses     *rand.Rand // of no influence on the records
	rng        random     // of the record that is being made

	id int64
}

func open(ctx context.Context, env connect.Env, c Config) (connect.SourceTask, error) {
	q := quickstartOf(c.Quickstart)
	name := q.key
	if c.KeyField != "" {
		name = c.KeyField
	}
	id := int64(env.Index)
	t := &task{
		config: c, now: env.Now, quickstart: q, key: q.schema.FieldIndex(name),
		source: &connect.SourcePartition{
			Key:    map[string]any{taskIDField: id},
			Fields: []string{generationField, iterationField, seedField},
		},
		seed:   firstSeed(c.Seed, env.Index),
		pauses: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		id:     id,
	}
	offset, err := env.Offsets.Offset(ctx, t.source.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the offset of task %d: %w", id, err)
	}
	if err := t.restore(offset); err != nil {
		return nil, err
	}
	t.due = t.now()
	t.schedule()
	return t, nil
}

// firstSeed returns a seed of its own for each task.
func firstSeed(configured *int64, index int) int64 {
	r := random{rand.Uint64()}
	if configured != nil {
		r.state = uint64(*configured)
	}
	for range index {
		r.state = r.next()
	}
	return int64(r.state)
}

// restore goes on where an offset says.
func (t *task) restore(offset map[string]any) error {
	if offset == nil {
		return nil
	}
	for field, into := range map[string]*int64{
		generationField: &t.generation, iterationField: &t.count, seedField: &t.seed,
	} {
		switch n := offset[field].(type) {
		case int64:
			*into = n
		case float64:
			if n != math.Trunc(n) || math.Abs(n) >= math.MaxInt64 {
				return badOffset(field, n)
			}
			*into = int64(n)
		default:
			return badOffset(field, n)
		}
	}
	return nil
}

func badOffset(field string, v any) error {
	return fmt.Errorf("the committed offset's %s is %v (%T), not a whole number; reset the connector's offsets", field, v, v)
}

// Poll implements connect.SourceTask.
func (t *task) Poll(ctx context.Context, b *connect.Batch) error {
	if t.done() {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := t.wait(ctx); err != nil {
		return err
	}
	now := t.now()
	for !t.done() && !b.Full() && !t.due.After(now) {
		t.add(b)
		t.schedule()
		if late := now.Add(-t.config.MaxInterval); t.due.Before(late) {
			t.due = late // after a pause, go on, and do not catch up
		}
	}
	return nil
}

func (t *task) done() bool {
	return t.config.Iterations > 0 && t.count >= int64(t.config.Iterations)
}

// schedule says when the next record is due.
func (t *task) schedule() {
	t.due = t.due.Add(time.Duration(t.pauses.Float64() * float64(t.config.MaxInterval)))
}

func (t *task) wait(ctx context.Context) error {
	d := t.due.Sub(t.now())
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// add makes a record.
func (t *task) add(b *connect.Batch) {
	t.rng.state = uint64(t.seed)
	fields := b.Arena.Values(len(t.quickstart.schema.Fields))
	t.quickstart.fill(&b.Arena, &t.rng, t.count, fields)
	t.seed = int64(t.rng.next())

	r := b.Add()
	r.Topic = t.config.Topic
	r.Headers = b.Arena.Headers(3)
	setHeader(&r.Headers[0], generationField, t.generation)
	setHeader(&r.Headers[1], taskIDField, t.id)
	setHeader(&r.Headers[2], iterationField, t.count)
	t.count++
	r.Key.Set(t.quickstart.schema.Fields[t.key].Schema, fields[t.key])
	r.Value.Set(t.quickstart.schema, connect.StructValue(fields))
	r.Source = t.source
	r.SourceOffset = b.Offset(connect.Int64Value(t.generation+1), connect.Int64Value(t.count), connect.Int64Value(t.seed))
}

func setHeader(h *connect.Header, key string, n int64) {
	h.Key = key
	h.Value.Set(connect.Int64Schema, connect.Int64Value(n))
}

// Close implements connect.SourceTask.
func (t *task) Close(context.Context) error { return nil }
