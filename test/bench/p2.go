// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// p2 moves the lines of a file to Kafka. A file has one task, so several tasks
// are several connectors with a share of the lines each.
func p2(ctx context.Context, b *bench, v variant) error {
	files, want, err := b.writeLines(v)
	if err != nil {
		return err
	}
	results, err := b.hold(ctx, sourceContest(b, v, files, want))
	if err != nil {
		return err
	}
	b.book.transfers(v.id("P2"), results)
	if v.name == "" {
		b.book.rates["P2"] = halfLoad(results)
	}
	return os.RemoveAll(filepath.Dir(files[0]))
}

func p2Connector(name, file, topic, compression string) connector {
	c := connector{name: name, class: "org.apache.kafka.connect.file.FileStreamSourceConnector", config: map[string]string{
		"file": file, "topic": topic, "key.converter": stringConverter, "value.converter": stringConverter,
	}}
	if compression != "none" {
		c.config["producer.override.compression.type"] = compression
	}
	return c
}

// writeLines writes as many files as there are tasks.
func (b *bench) writeLines(v variant) (files []string, want checksum, err error) {
	dir := filepath.Join(b.dir, "p2")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, want, err
	}
	s := newShape(v.size)
	for task := range v.tasks {
		path := filepath.Join(dir, fmt.Sprintf("in-%d", task))
		files = append(files, path)
		f, err := os.Create(path)
		if err != nil {
			return nil, want, err
		}
		w := bufio.NewWriterSize(f, 1<<20)
		var line []byte
		for i := int64(task); i < v.records; i += int64(v.tasks) {
			line = s.line(line[:0], record{id: i, created: created})
			want.add(b.seed, line)
			_, _ = w.Write(append(line, '\n')) // Flush returns its error
		}
		if err := errors.Join(w.Flush(), f.Close()); err != nil {
			return nil, want, err
		}
	}
	return files, want, nil
}

func sourceContest(b *bench, v variant, files []string, want checksum) contest {
	systems := []system{ours, peer, tunedPeer, bareKgo}
	if len(files) > 1 {
		systems = systems[:3] // bare knows one file
	}
	topic := func(turn string) string { return "p2-" + turn }
	return contest{
		id: v.id("P2"), systems: systems,
		prepare: func(ctx context.Context, _ system, turn string) (job, transfer, error) {
			if err := b.broker.createTopic(ctx, topic(turn), v.partitions); err != nil {
				return job{}, transfer{}, err
			}
			j := job{bare: []string{
				"source", "-broker", b.broker.Address(), "-topic", topic(turn), "-file", files[0],
				"-records", itoa(v.records), "-compression", v.compression,
			}}
			for i, f := range files {
				j.connectors = append(j.connectors, p2Connector(fmt.Sprintf("p2-%s-%d", turn, i), f, topic(turn), v.compression))
			}
			count := func(ctx context.Context) (int64, error) { return b.broker.count(ctx, topic(turn)) }
			return j, transfer{records: v.records, bytes: want.bytes, progress: count, look: 20 * time.Millisecond}, nil
		},
		check: func(ctx context.Context, s system, turn string) error {
			got, compression, err := b.broker.read(ctx, b.seed, topic(turn))
			if err != nil {
				return err
			}
			if compression != v.compression {
				return fmt.Errorf("%s compresses with %s, %s was asked for", s, compression, v.compression)
			}
			return errors.Join(want.diff(got), b.broker.deleteTopic(ctx, topic(turn)))
		},
	}
}
