// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"time"
)

// created is the time in records whose latency nobody measures.
const created = 1_700_000_000_000_000

const (
	stringConverter = "org.apache.kafka.connect.storage.StringConverter"
	jsonConverter   = "org.apache.kafka.connect.json.JsonConverter"
	bytesConverter  = "org.apache.kafka.connect.converters.ByteArrayConverter"
)

// loaded is a topic with records, and what must come out of it.
type loaded struct {
	topic string
	// raw are the records as they are in Kafka; out as a sink must write them.
	raw, out checksum
}

// loadEnvelopes fills a topic with JSON envelopes; render says how a sink writes
// a record.
func (b *bench) loadEnvelopes(ctx context.Context, topic string, v variant, render func(shape, []byte, record) []byte) (loaded, error) {
	l := loaded{topic: topic}
	if err := b.broker.createTopic(ctx, topic, v.partitions); err != nil {
		return l, err
	}
	s := newShape(v.size)
	var buf []byte
	return l, b.broker.load(ctx, topic, v.partitions, v.compression, v.records, func(i int64) []byte {
		r := record{id: i, created: created}
		value := s.envelope(make([]byte, 0, v.size+16), r)
		l.raw.add(b.seed, value)
		buf = render(s, buf[:0], r)
		l.out.add(b.seed, buf)
		return value
	})
}

// p1 moves JSON with schema envelopes from Kafka to a file.
func p1(ctx context.Context, b *bench, v variant) error {
	l, err := b.loadEnvelopes(ctx, "p1-"+v.compression+itoa(v.size)+"-"+itoa(v.partitions)+"-"+itoa(v.tasks), v, shape.printed)
	if err != nil {
		return err
	}
	connectorOf := func(turn string) connector { return p1Connector(turn, l.topic, b.path(turn, "out"), v.tasks) }
	c := sinkContest(b, v, "P1", l, connectorOf, false)
	results, err := b.hold(ctx, c)
	if err != nil {
		return err
	}
	b.book.transfers(c.id, results)
	if v.name == "" {
		b.book.rates["P1"] = halfLoad(results)
	}
	return b.broker.deleteTopic(ctx, l.topic)
}

func p1Connector(turn, topic, file string, tasks int) connector {
	return connector{name: "p1-" + turn, class: "org.apache.kafka.connect.file.FileStreamSinkConnector", tasks: tasks, config: map[string]string{
		"topics": topic, "file": file, "key.converter": stringConverter,
		"value.converter": jsonConverter, "value.converter.schemas.enable": "true",
	}}
}

// sinkContest compares systems that write a topic to a file.
func sinkContest(b *bench, v variant, work string, l loaded, connectorOf func(turn string) connector, own bool) contest {
	return contest{
		id: v.id(work), systems: []system{ours, peer, tunedPeer, bareKgo},
		prepare: func(_ context.Context, s system, turn string) (job, transfer, error) {
			out := b.path(turn, "out")
			want := l.out
			if s == bareKgo {
				want = l.raw
			}
			return job{
				connectors: []connector{connectorOf(turn)}, own: own,
				bare: []string{"sink", "-broker", b.broker.Address(), "-topic", l.topic, "-file", out, "-records", itoa(v.records)},
			}, transfer{records: v.records, bytes: l.raw.bytes, progress: growing(out, want), look: 10 * time.Millisecond}, nil
		},
		check: func(_ context.Context, s system, turn string) error {
			got, err := sumLines(b.seed, b.path(turn, "out"))
			if err != nil {
				return err
			}
			if s == bareKgo {
				return l.raw.diff(got)
			}
			return l.out.diff(got)
		},
	}
}

// halfLoad is half of what the slowest worker can do, for all of them the same.
func halfLoad(results map[system][]measured) float64 {
	rate := 0.0
	for _, s := range []system{ours, peer, tunedPeer} {
		of := collect(results[s], measured.perSecond)
		if m := middleOf(of); m > 0 && (rate == 0 || m < rate) {
			rate = m
		}
	}
	return rate / 2
}
