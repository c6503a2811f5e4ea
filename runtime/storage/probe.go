// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/runtime/kafka"
)

// probeBytes is how much a probe reads at once.
const probeBytes = 1 << 20

// probe asks brokers whether anything stands between where the log is and the
// ends that are waited for. Compaction may have removed the last records of a
// partition, and the batches that remain without records are not handed on.
func (l *Log) probe(ends map[int32]int64) error {
	for p, end := range ends {
		l.mu.Lock()
		at := l.position[p]
		l.mu.Unlock()
		next, err := l.skipEmpty(p, at, end)
		if err != nil {
			if kafka.IsRetriable(err) {
				continue // the next probe may find the leader
			}
			return fmt.Errorf("reading the end of %s, partition %d: %w", l.topic, p, err)
		}
		l.mu.Lock()
		if next > l.position[p] {
			l.skip(p, next)
			l.wake()
		}
		l.mu.Unlock()
	}
	return nil
}

// skipEmpty returns the offset of the first record from at on, or end if there is
// none before end.
func (l *Log) skipEmpty(p int32, at, end int64) (int64, error) {
	for at < end {
		got, next, err := l.fetch(l.ctx, p, at)
		if err != nil {
			return 0, err
		}
		switch {
		case len(got.Records) > 0, got.HighWatermark < end:
			// The log itself will get there.
			return at, nil
		case next <= at:
			return end, nil
		}
		at = next
	}
	return at, nil
}

// fetch reads from one offset on, apart from the log's own reading. next is at if
// nothing came, not even an empty batch.
func (l *Log) fetch(ctx context.Context, p int32, at int64) (got kgo.FetchPartition, next int64, err error) {
	m, err := l.adm.Metadata(ctx, l.topic)
	if err != nil {
		return got, 0, err
	}
	d := m.Topics[l.topic]
	if d.Err != nil {
		return got, 0, d.Err
	}
	req := kmsg.NewPtrFetchRequest()
	req.MinBytes, req.MaxBytes = 0, probeBytes
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = l.topic, d.ID
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition, part.FetchOffset, part.PartitionMaxBytes = p, at, probeBytes
	topic.Partitions = append(topic.Partitions, part)
	req.Topics = append(req.Topics, topic)
	kresp, err := l.client.Broker(int(d.Partitions[p].Leader)).RetriableRequest(ctx, req)
	if err != nil {
		return got, 0, err
	}
	resp, ok := kresp.(*kmsg.FetchResponse)
	if !ok {
		return got, 0, fmt.Errorf("the broker answered a fetch with a %T", kresp)
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return got, 0, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return got, 0, fmt.Errorf("the broker answered a fetch of one partition for %d topics", len(resp.Topics))
	}
	got, next = kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		KeepControlRecords: true, Offset: at, Topic: l.topic, Partition: p,
	}, &resp.Topics[0].Partitions[0], kgo.DefaultDecompressor(), nil)
	return got, next, got.Err
}
