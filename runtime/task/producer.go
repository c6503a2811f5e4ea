// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// unknownTopicLooks is how often the client looks for a topic that is not there,
// a quarter of a second apart with the client's default MetadataMinAge.
const unknownTopicLooks = 20

const linger = 5 * time.Millisecond

// ProducerOpts returns what the producer must be that many sources share:
//
//   - It never blocks in Produce because of what other tasks have given it: the
//     limits are the tasks' own budgets (MaxInFlightBytes), not the client's. The
//     records for a topic that does not exist wait in the client while it looks
//     for the topic, and hold nobody up but their own task.
//   - A missing topic is created by the broker if it may do so
//     (auto.create.topics.enable); otherwise its records fail with
//     UNKNOWN_TOPIC_OR_PARTITION after unknownTopicLooks, and their task
//     with them.
//   - Batches are not compressed, and wait 5 ms for more: compression.type is none
//     and linger.ms is 5 in Kafka 4's producer (KIP-1030), and so in Kafka Connect.
//     The client's own defaults are snappy and 10 ms.
//   - A record goes to the partition that its connector asked for, or else, as
//     Kafka's default partitioner does, by the hash of its key.
func ProducerOpts() []kgo.Opt {
	return []kgo.Opt{
		kgo.MaxBufferedRecords(math.MaxInt32),
		kgo.AllowAutoTopicCreation(),
		kgo.UnknownTopicRetries(unknownTopicLooks),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerLinger(linger),
		Partitioned(kgo.StickyKeyPartitioner(nil)),
	}
}

// Partitioned lets p give a partition to the records whose connector asks for none.
func Partitioned(p kgo.Partitioner) kgo.Opt { return kgo.RecordPartitioner(partitioner{p}) }

// partitioner obeys the connector where it asks for a partition.
type partitioner struct{ byKey kgo.Partitioner }

// ForTopic returns the topic's partitioner.
func (p partitioner) ForTopic(topic string) kgo.TopicPartitioner {
	tp := &topicPartitioner{TopicPartitioner: p.byKey.ForTopic(topic)}
	tp.onNew, _ = tp.TopicPartitioner.(kgo.TopicPartitionerOnNewBatch)
	return tp
}

type topicPartitioner struct {
	kgo.TopicPartitioner
	onNew kgo.TopicPartitionerOnNewBatch
}

// The client overwrites Record.Partition before it may ask again, so what the
// connector asked for is read from the slot.
func asked(r *kgo.Record) (int, bool) {
	if s := slotOf(r.Context); s != nil && s.partition >= 0 {
		return int(s.partition), true
	}
	return 0, false
}

// RequiresConsistency reports whether the partition may not be chosen freely.
func (p *topicPartitioner) RequiresConsistency(r *kgo.Record) bool {
	if _, ok := asked(r); ok {
		return true
	}
	return p.TopicPartitioner.RequiresConsistency(r)
}

// Partition returns the partition of n that r goes to.
func (p *topicPartitioner) Partition(r *kgo.Record, n int) int {
	if at, ok := asked(r); ok {
		return at
	}
	return p.TopicPartitioner.Partition(r, n)
}

// OnNewBatch lets the sticky partitioner change its partition.
func (p *topicPartitioner) OnNewBatch() {
	if p.onNew != nil {
		p.onNew.OnNewBatch()
	}
}

// purger is a Producer that knows topics by their ids: one that was deleted and made
// anew is lost for it until it is told to forget the topic (KIP-516).
type purger interface{ PurgeTopicsFromProducing(topics ...string) }

// topicLost reports whether a record was refused because the producer knows its topic
// by an id that is no more. It says nothing of the record. What waits in the producer
// while it forgets the topic has an error that is not exported.
func topicLost(err error) bool {
	return errors.Is(err, kerr.UnknownTopicID) || strings.Contains(err.Error(), "topic purged while buffered")
}

// forget lets a producer forget a topic that is lost for it. It is for promises, and
// does not wait: the producer may be waiting for them.
func forget(p Producer, topic string) {
	if p, ok := p.(purger); ok {
		go p.PurgeTopicsFromProducing(topic)
	}
}
