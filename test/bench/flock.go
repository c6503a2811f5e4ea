// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// flock is a number of small connectors in one worker.
type flock struct {
	b              *bench
	turn           string
	sources, sinks int
	in, out        string // topics: what sinks read, what sources write
}

// startMany starts a worker with small connectors and waits until each has moved
// its records.
func (b *bench) startMany(ctx context.Context, s system, sources, sinks int) (*running, flock, error) {
	b.serial++
	f := flock{b: b, turn: fmt.Sprintf("r%d", b.serial), sources: sources, sinks: sinks}
	f.in, f.out = "many-in-"+f.turn, "many-out-"+f.turn
	j, err := f.prepare(ctx)
	if err != nil {
		return nil, f, err
	}
	r, err := b.launch(ctx, s, f.turn, j)
	if err != nil {
		return nil, f, err
	}
	err = poll(ctx, 4*time.Minute, 200*time.Millisecond, func() error { return errors.Join(r.Err(), f.complete(ctx)) })
	if err != nil {
		return nil, f, errors.Join(fmt.Errorf("%d connectors in %s: %w", sources+sinks, s, err), r.Stop())
	}
	return r, f, nil
}

func (f flock) prepare(ctx context.Context) (j job, err error) {
	b := f.b
	if err := os.MkdirAll(b.path(f.turn, "files"), 0o755); err != nil {
		return j, err
	}
	for _, topic := range []string{f.in, f.out} {
		if err := b.broker.createTopic(ctx, topic, 1); err != nil {
			return j, err
		}
	}
	line := func(i int64) []byte { return fmt.Appendf(nil, "record %d", i) }
	if err := b.broker.load(ctx, f.in, 1, "none", small, line); err != nil {
		return j, err
	}
	var lines []byte
	for i := range int64(small) {
		lines = append(append(lines, line(i)...), '\n')
	}
	for i := range f.sources {
		file := f.file("in", i)
		if err := os.WriteFile(file, lines, 0o644); err != nil {
			return j, err
		}
		j.connectors = append(j.connectors, p2Connector(fmt.Sprintf("source-%s-%d", f.turn, i), file, f.out, "none"))
	}
	for i := range f.sinks {
		j.connectors = append(j.connectors, connector{
			name: fmt.Sprintf("sink-%s-%d", f.turn, i), class: "org.apache.kafka.connect.file.FileStreamSinkConnector",
			config: map[string]string{
				"topics": f.in, "file": f.file("out", i), "key.converter": stringConverter, "value.converter": stringConverter,
			},
		})
	}
	return j, nil
}

func (f flock) file(kind string, i int) string {
	return filepath.Join(f.b.path(f.turn, "files"), fmt.Sprintf("%s-%d", kind, i))
}

// complete returns an error as long as records are under way.
func (f flock) complete(ctx context.Context) error {
	n, err := f.b.broker.count(ctx, f.out)
	if err != nil {
		return err
	}
	if want := int64(f.sources) * small; n < want {
		return fmt.Errorf("%d of %d records are in Kafka", n, want)
	}
	for i := range f.sinks {
		got, err := sumLines(f.b.seed, f.file("out", i))
		if err != nil || got.records < small {
			return fmt.Errorf("sink %d has written %d of %d records, %w", i, got.records, small, err)
		}
	}
	return nil
}

// check makes sure that no record came twice, and puts everything away.
func (f flock) check(ctx context.Context) error {
	want := int64(f.sources) * small
	n, err := f.b.broker.count(ctx, f.out)
	if err == nil && n != want {
		err = fmt.Errorf("%d records came out of %d sources, want %d", n, f.sources, want)
	}
	for i := range f.sinks {
		got, serr := sumLines(f.b.seed, f.file("out", i))
		if serr == nil && got.records != small {
			serr = fmt.Errorf("sink %d has written %d records, want %d", i, got.records, small)
		}
		err = errors.Join(err, serr)
	}
	if err != nil {
		return err
	}
	return errors.Join(f.b.broker.deleteTopic(ctx, f.in), f.b.broker.deleteTopic(ctx, f.out), os.RemoveAll(f.b.path(f.turn, "")))
}
