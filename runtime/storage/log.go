// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// fetchWait is how long a broker waits for something to send.
const fetchWait = 500 * time.Millisecond

// Log follows one compacted topic from its beginning and hands every record on,
// in the order of each partition. Transactions that are open or were aborted are
// read too (docs/architecture.md, "Who owns a task").
type Log struct {
	topic  string
	log    *slog.Logger
	client *kgo.Client
	adm    *kadm.Client
	apply  func(*kgo.Record)
	ctx    context.Context // of the goroutines below
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	position map[int32]int64 // everything before it was applied
	skipped  int64           // offsets that position has passed without a record
	moved    chan struct{}   // closed and replaced when position changes
	err      error           // why following does not go on just now
	next     *round          // the calls of ReadToEnd that are not served yet
	serving  bool
}

// OpenLog starts to follow the topic, which must exist. apply is called by one
// goroutine, for each record; it must not keep the record.
func OpenLog(newClient NewClient, topic string, log *slog.Logger, apply func(*kgo.Record), extra ...kgo.Opt) (*Log, error) {
	client, err := newClient(append([]kgo.Opt{
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// The end of a transaction is a record too, which counts when the end of a
		// partition is waited for.
		kgo.KeepControlRecords(),
		kgo.FetchMaxWait(fetchWait),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(0),
		kgo.RecordDeliveryTimeout(time.Minute),
	}, extra...)...)
	if err != nil {
		return nil, err
	}
	l := &Log{
		topic: topic, log: log, client: client, adm: kadm.NewClient(client), apply: apply,
		position: map[int32]int64{}, moved: make(chan struct{}),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.wg.Go(l.follow)
	return l, nil
}

func (l *Log) follow() {
	for {
		fetches := l.client.PollFetches(l.ctx)
		if l.ctx.Err() != nil || fetches.IsClientClosed() {
			return
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			for _, r := range p.Records {
				if !r.Attrs.IsControl() {
					l.apply(r)
				}
			}
		})
		l.advance(fetches)
		l.passLarge(fetches)
	}
}

// passLarge goes on behind batches that the client does not decompress, because
// they would take too much memory: nobody's offsets and states are so large.
func (l *Log) passLarge(fetches kgo.Fetches) {
	fetches.EachError(func(_ string, partition int32, err error) {
		large, ok := errors.AsType[*kgo.ErrDecompressTooLarge](err)
		if !ok {
			return
		}
		l.log.Error("skipping a batch of records that is too large once it is decompressed",
			"topic", l.topic, "partition", partition, "offset", large.Offset, "next", large.NextOffset)
		l.client.SetOffsets(map[string]map[int32]kgo.EpochOffset{l.topic: {partition: {Epoch: large.Epoch, Offset: large.NextOffset}}})
		l.mu.Lock()
		defer l.mu.Unlock()
		l.skip(partition, large.NextOffset)
		l.wake()
	})
}

func (l *Log) advance(fetches kgo.Fetches) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = nil
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		for _, r := range p.Records {
			l.skip(p.Partition, r.Offset)
			l.position[p.Partition] = r.Offset + 1
		}
		if p.Err != nil {
			l.err = fmt.Errorf("following %s, partition %d: %w", l.topic, p.Partition, p.Err)
		}
	})
	l.wake()
}

// skip moves a position forward to at, past offsets that have no record: what
// stood there was compacted or deleted.
func (l *Log) skip(partition int32, at int64) {
	if now := l.position[partition]; at > now {
		l.skipped += at - now
		l.position[partition] = at
	}
}

// skippedOffsets returns how many offsets were passed without a record so far. If
// it stays the same, nothing that was written meanwhile has been missed.
func (l *Log) skippedOffsets() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.skipped
}

func (l *Log) wake() {
	close(l.moved)
	l.moved = make(chan struct{})
}

// Err returns why the log cannot be followed just now, or nil.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Put writes records and returns when every replica in sync has them. A nil value
// deletes its key.
func (l *Log) Put(ctx context.Context, records ...*kgo.Record) error {
	for _, r := range records {
		r.Topic = l.topic
	}
	if err := l.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("writing to %s: %w", l.topic, err)
	}
	return nil
}

// Partitions returns how many partitions the topic has.
func (l *Log) Partitions(ctx context.Context) (int, error) {
	m, err := l.adm.Metadata(ctx, l.topic)
	if err != nil {
		return 0, fmt.Errorf("asking for the partitions of %s: %w", l.topic, err)
	}
	d := m.Topics[l.topic]
	if d.Err != nil {
		return 0, fmt.Errorf("asking for the partitions of %s: %w", l.topic, d.Err)
	}
	if len(d.Partitions) == 0 {
		return 0, fmt.Errorf("asking for the partitions of %s: %w", l.topic, kerr.UnknownTopicOrPartition)
	}
	return len(d.Partitions), nil
}

// Close stops following. Records that were not written yet are given up.
func (l *Log) Close() {
	l.mu.Lock()
	l.cancel() // no goroutine starts after this
	l.mu.Unlock()
	l.client.Close()
	l.wg.Wait()
}
