// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/test/apache"
	"penstock.dev/test/bench/bare"
)

// broker is the Kafka on which everything runs.
type broker struct {
	*apache.Broker
	adm *kadm.Client
	cl  *kgo.Client
}

// startBroker starts a broker with no data.
func startBroker(ctx context.Context, root, data string, port int) (*broker, error) {
	kafka, err := apache.StartBroker(ctx, root, data, port)
	if err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(kafka.Address()))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("building the harness's client: %w", err), kafka.Stop())
	}
	return &broker{kafka, kadm.NewClient(cl), cl}, nil
}

// stop stops the broker and removes its data, also after the context has ended.
func (b *broker) stop() error {
	b.cl.Close()
	return b.Stop()
}

// createTopic makes a topic that keeps what comes as it comes.
func (b *broker) createTopic(ctx context.Context, topic string, partitions int) error {
	_, err := b.adm.CreateTopic(ctx, int32(partitions), 1, map[string]*string{
		"retention.ms": kadm.StringPtr("-1"), "file.delete.delay.ms": kadm.StringPtr("1000"),
	}, topic)
	if err != nil {
		return fmt.Errorf("creating topic %s: %w", topic, err)
	}
	// The broker answers before it knows the topic itself.
	return poll(ctx, 10*time.Second, 10*time.Millisecond, func() error {
		_, err := b.ends(ctx, topic)
		return err
	})
}

// poll calls f until it returns nil, or its last error when the time is over.
func poll(ctx context.Context, limit, pause time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w, after %s", err, limit)
		case <-ticker.C:
		}
	}
}

func (b *broker) deleteTopic(ctx context.Context, topic string) error {
	if _, err := b.adm.DeleteTopic(ctx, topic); err != nil {
		return fmt.Errorf("deleting topic %s: %w", topic, err)
	}
	return nil
}

// count returns how many records a topic has.
func (b *broker) count(ctx context.Context, topic string) (int64, error) {
	ends, err := b.ends(ctx, topic)
	n := int64(0)
	for _, end := range ends {
		n += end
	}
	return n, err
}

func (b *broker) ends(ctx context.Context, topic string) (map[int32]int64, error) {
	offsets, err := b.adm.ListEndOffsets(ctx, topic)
	if err == nil {
		err = offsets.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("reading the ends of topic %s: %w", topic, err)
	}
	ends := map[int32]int64{}
	for p, o := range offsets[topic] {
		ends[p] = o.Offset
	}
	return ends, nil
}

// load writes n records, evenly over the topic's partitions.
func (b *broker) load(ctx context.Context, topic string, partitions int, compression string, n int64, record func(i int64) []byte) error {
	codec, err := bare.Codec(compression)
	if err != nil {
		return err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Address()), kgo.DefaultProduceTopic(topic),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(codec), kgo.MaxBufferedRecords(50000))
	if err != nil {
		return fmt.Errorf("building a client: %w", err)
	}
	defer cl.Close()
	var failed atomic.Pointer[error]
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			failed.CompareAndSwap(nil, &err)
		}
	}
	for i := range n {
		cl.Produce(ctx, &kgo.Record{Partition: int32(i % int64(partitions)), Value: record(i)}, promise)
	}
	if err := cl.Flush(ctx); err != nil {
		return fmt.Errorf("loading topic %s: %w", topic, err)
	}
	if err := failed.Load(); err != nil {
		return fmt.Errorf("loading topic %s: %w", topic, *err)
	}
	return nil
}

// read sums up the values of a topic and returns how its batches are compressed.
func (b *broker) read(ctx context.Context, seed maphash.Seed, topic string) (c checksum, compression string, err error) {
	err = b.each(ctx, topic, func(r *kgo.Record) {
		compression = compressions[r.Attrs.CompressionType()&7]
		c.add(seed, r.Value)
	})
	return c, compression, err
}

// each calls f with the records of a topic.
func (b *broker) each(ctx context.Context, topic string, f func(*kgo.Record)) error {
	ends, err := b.ends(ctx, topic)
	if err != nil {
		return err
	}
	from := map[int32]kgo.Offset{}
	left := int64(0)
	for p, end := range ends {
		from[p] = kgo.NewOffset().AtStart()
		left += end
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Address()), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchMaxPartitionBytes(4<<20), kgo.KeepControlRecords())
	if err != nil {
		return fmt.Errorf("building a client: %w", err)
	}
	defer cl.Close()
	for left > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("reading topic %s: %w", topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			left--
			f(r)
		})
	}
	return nil
}

// compressions are Kafka's by number.
var compressions = [8]string{"none", "gzip", "snappy", "lz4", "zstd", "5", "6", "7"}
