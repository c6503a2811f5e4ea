// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/runtime/kafka"
)

// produceTimeoutMillis is how long a leader waits for the other replicas.
const produceTimeoutMillis = 5_000

// transactional marks a batch as part of a transaction (KIP-98).
const transactional = 0x10

// maxBatchBytes bounds the records of a batch, well below the message.max.bytes
// that brokers come with.
const maxBatchBytes = 512 << 10

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// produce writes the records, a batch to each partition at a time.
func (t *txn) produce(ctx context.Context, records map[int32][]kmsg.Record) error {
	now := time.Now().UnixMilli()
	for len(records) > 0 {
		pending, rest := map[int32][]byte{}, map[int32][]kmsg.Record{}
		for p, rs := range records {
			n := fitting(rs)
			pending[p] = t.batch(rs[:n], t.sequence[p], now)
			t.sequence[p] += int32(n)
			if n < len(rs) {
				rest[p] = rs[n:]
			}
		}
		if err := kafka.Retry(ctx, kafka.IsRetriable, func() error { return t.producePending(ctx, pending) }); err != nil {
			return err
		}
		records = rest
	}
	return nil
}

// fitting returns how many of the records go into one batch, at least one.
func fitting(records []kmsg.Record) int {
	const overhead = 32 // lengths and deltas, rather too much
	size := 0
	for i, r := range records {
		if size += len(r.Key) + len(r.Value) + overhead; size > maxBatchBytes {
			return max(i, 1)
		}
	}
	return len(records)
}

// producePending writes each pending batch to its partition's leader and removes
// from pending what was taken. A batch that was written although its answer was
// lost is recognised by its sequence number when it comes again.
func (t *txn) producePending(ctx context.Context, pending map[int32][]byte) error {
	byLeader := map[int32][]int32{}
	for p := range pending {
		leader, err := t.leader(ctx, p)
		if err != nil {
			return fmt.Errorf("looking for the leader of partition %d: %w", p, err)
		}
		byLeader[leader] = append(byLeader[leader], p)
	}
	var errs []error
	for leader, partitions := range byLeader {
		if err := t.produceTo(ctx, leader, partitions, pending); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		t.client.ForceMetadataRefresh() // a leader may have moved
	}
	return hardest(errs)
}

// hardest returns an error that makes trying again useless, if there is one.
func hardest(errs []error) error {
	for _, err := range errs {
		if !kafka.IsRetriable(err) {
			return err
		}
	}
	return errors.Join(errs...)
}

// leader asks the client, which follows the topic and so knows.
func (t *txn) leader(ctx context.Context, p int32) (int32, error) {
	if leader, _, err := t.client.PartitionLeader(t.topic, p); err == nil && leader >= 0 {
		return leader, nil
	}
	m, err := kadm.NewClient(t.client).Metadata(ctx, t.topic)
	if err != nil {
		return 0, err
	}
	d := m.Topics[t.topic]
	if d.Err != nil {
		return 0, d.Err
	}
	detail, ok := d.Partitions[p]
	if !ok || detail.Leader < 0 {
		return 0, kerr.LeaderNotAvailable
	}
	return detail.Leader, nil
}

// produceTo removes from pending what the leader has taken.
func (t *txn) produceTo(ctx context.Context, leader int32, partitions []int32, pending map[int32][]byte) error {
	req := kmsg.NewPtrProduceRequest()
	req.TransactionID = kmsg.StringPtr(t.id)
	req.Acks, req.TimeoutMillis = -1, produceTimeoutMillis
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic = t.topic
	for _, p := range partitions {
		part := kmsg.NewProduceRequestTopicPartition()
		part.Partition, part.Records = p, pending[p]
		topic.Partitions = append(topic.Partitions, part)
	}
	req.Topics = append(req.Topics, topic)
	kresp, err := t.client.Broker(int(leader)).RetriableRequest(ctx, req)
	if errors.Is(err, kgo.ErrClientClosed) {
		return err
	}
	if err != nil {
		// The broker may be gone for good, and the partition led by another one.
		return fmt.Errorf("broker %d: %w: %w", leader, kerr.LeaderNotAvailable, err)
	}
	resp, ok := kresp.(*kmsg.ProduceResponse)
	if !ok {
		return fmt.Errorf("the broker answered a produce request with a %T", kresp)
	}
	var errs []error
	for _, rt := range resp.Topics {
		for _, p := range rt.Partitions {
			err := fenced(p.ErrorCode)
			if err == nil || errors.Is(err, kerr.DuplicateSequenceNumber) {
				delete(pending, p.Partition)
				continue
			}
			errs = append(errs, fmt.Errorf("partition %d: %w", p.Partition, err))
		}
	}
	return hardest(errs)
}

// batch encodes a record batch of magic 2 (KIP-98).
func (t *txn) batch(records []kmsg.Record, sequence int32, millis int64) []byte {
	b := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1,
		Magic:                2,
		Attributes:           transactional,
		LastOffsetDelta:      int32(len(records) - 1),
		FirstTimestamp:       millis,
		MaxTimestamp:         millis,
		ProducerID:           t.producer,
		ProducerEpoch:        t.epoch,
		FirstSequence:        sequence,
		NumRecords:           int32(len(records)),
	}
	for i := range records {
		b.Records = appendRecord(b.Records, records[i], int32(i))
	}
	const lengthEnd, crcEnd = 12, 21
	raw := b.AppendTo(nil)
	b.Length = int32(len(raw) - lengthEnd)
	b.CRC = int32(crc32.Checksum(raw[crcEnd:], castagnoli))
	return b.AppendTo(raw[:0])
}

func appendRecord(dst []byte, r kmsg.Record, delta int32) []byte {
	r.OffsetDelta = delta
	// The length counts what follows it: it is known once the rest is encoded, and
	// a zero takes one byte.
	r.Length = 0
	r.Length = int32(len(r.AppendTo(nil)) - 1)
	return r.AppendTo(dst)
}
