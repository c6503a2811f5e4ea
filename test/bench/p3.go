// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock.dev/test/bench/bare"
)

// p3 passes bytes through, out of a connector that makes them up and into one
// that discards them: what the loops cost over bare franz-go.
func p3(ctx context.Context, b *bench, v variant) error {
	results, err := b.hold(ctx, p3Source(b, v))
	if err != nil {
		return err
	}
	b.book.transfers("P3/source", results)
	topic := "p3-in"
	if err := b.broker.createTopic(ctx, topic, v.partitions); err != nil {
		return err
	}
	block := bare.Block()
	err = b.broker.load(ctx, topic, v.partitions, v.compression, v.records, func(i int64) []byte { return bare.Append(nil, block, i, v.size) })
	if err != nil {
		return err
	}
	if results, err = b.hold(ctx, p3Sink(b, v, topic)); err != nil {
		return err
	}
	b.book.transfers("P3/sink", results)
	return b.broker.deleteTopic(ctx, topic)
}

func p3Source(b *bench, v variant) contest {
	topic := func(turn string) string { return "p3-" + turn }
	size := itoa(v.size)
	want := func() (c checksum) {
		block := bare.Block()
		var value []byte
		for i := range v.records {
			value = bare.Append(value[:0], block, i, v.size)
			c.add(b.seed, value)
		}
		return c
	}()
	return contest{
		id: "P3/source", systems: []system{ours, bareKgo},
		prepare: func(ctx context.Context, s system, turn string) (job, transfer, error) {
			if err := b.broker.createTopic(ctx, topic(turn), v.partitions); err != nil {
				return job{}, transfer{}, err
			}
			count := func(ctx context.Context) (int64, error) { return b.broker.count(ctx, topic(turn)) }
			return job{
				own: true,
				connectors: []connector{{name: "p3-" + turn, class: "bench-source", config: map[string]string{
					"topic": topic(turn), "records": itoa(v.records), "size": size, "key.converter": bytesConverter, "value.converter": bytesConverter,
				}}},
				// The same codec as the worker's, or the bytes would not be the same work.
				bare: []string{
					"source", "-broker", b.broker.Address(), "-topic", topic(turn), "-records", itoa(v.records), "-size", size,
					"-compression", b.produces,
				},
			}, transfer{records: v.records, bytes: want.bytes, progress: count, look: 20 * time.Millisecond}, nil
		},
		check: func(ctx context.Context, s system, turn string) error {
			got, compression, err := b.broker.read(ctx, b.seed, topic(turn))
			if err != nil {
				return err
			}
			// A client sends as they are the bytes of which its codec makes no fewer.
			if compression != b.produces && compression != "none" {
				return fmt.Errorf("%s compresses with %s, %s was expected", s, compression, b.produces)
			}
			return errors.Join(want.diff(got), b.broker.deleteTopic(ctx, topic(turn)))
		},
	}
}

func p3Sink(b *bench, v variant, topic string) contest {
	want := bare.Expect(v.records, v.size)
	return contest{
		id: "P3/sink", systems: []system{ours, bareKgo},
		prepare: func(_ context.Context, _ system, turn string) (job, transfer, error) {
			report := b.path(turn, "count")
			return job{
					own: true,
					connectors: []connector{{name: "p3-" + turn, class: "bench-sink", config: map[string]string{
						"topics": topic, "records": itoa(v.records), "report": report, "key.converter": bytesConverter, "value.converter": bytesConverter,
					}}},
					bare: []string{"sink", "-broker", b.broker.Address(), "-topic", topic, "-records", itoa(v.records), "-report", report},
				}, transfer{
					records: v.records, bytes: want.Bytes, look: 5 * time.Millisecond,
					progress: func(context.Context) (int64, error) { return reported(report) },
				}, nil
		},
		check: func(_ context.Context, _ system, turn string) error {
			got, err := bare.Read(b.path(turn, "count"))
			if err == nil && got != want {
				err = fmt.Errorf("counted %+v, want %+v", got, want)
			}
			return err
		},
	}
}
