// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// compact is the only cleanup policy that keeps the last word of every key.
const compact = "compact"

// defaultReplication is how many brokers hold an internal topic unless there are
// fewer or the user says otherwise.
const defaultReplication = 3

// TopicSpec describes a compacted topic.
type TopicSpec struct {
	Name       string
	Partitions int32
	// Exactly refuses a topic that is there with another number of partitions.
	Exactly bool
	// ReplicationFactor 0 is 3, or the number of brokers if there are fewer.
	ReplicationFactor int16
}

// TopicError says that a topic is there and cannot be used as it is.
type TopicError struct {
	Topic, Message string
}

// Error names the topic.
func (e *TopicError) Error() string { return "topic " + e.Topic + ": " + e.Message }

// EnsureTopic creates a compacted topic unless it is there, and returns a
// *TopicError if it is there and is not compacted, for anything but compaction
// would lose offsets, or not of that many partitions if it must be.
func EnsureTopic(ctx context.Context, adm *kadm.Client, spec TopicSpec) error {
	there, err := exists(ctx, adm, spec.Name)
	if err != nil {
		return err
	}
	if !there {
		if err := create(ctx, adm, spec); err != nil {
			return err
		}
		if err := awaitTopic(ctx, adm, spec.Name); err != nil {
			return err
		}
	}
	if spec.Exactly {
		if err := checkPartitions(ctx, adm, spec); err != nil {
			return err
		}
	}
	return checkPolicy(ctx, adm, spec.Name)
}

// checkPartitions: of several partitions there is no order between their records.
func checkPartitions(ctx context.Context, adm *kadm.Client, spec TopicSpec) error {
	m, err := adm.Metadata(ctx, spec.Name)
	if err != nil {
		return fmt.Errorf("counting the partitions of topic %s: %w", spec.Name, err)
	}
	if n := len(m.Topics[spec.Name].Partitions); n != int(spec.Partitions) {
		return &TopicError{spec.Name, fmt.Sprintf(
			"it has %d partitions and must have %d, or its records would be read in another order than they were written; name another topic", n, spec.Partitions)}
	}
	return nil
}

func exists(ctx context.Context, adm *kadm.Client, topic string) (bool, error) {
	m, err := adm.Metadata(ctx, topic)
	if err != nil {
		return false, fmt.Errorf("looking for topic %s: %w", topic, err)
	}
	d := m.Topics[topic]
	if errors.Is(d.Err, kerr.UnknownTopicOrPartition) {
		return false, nil
	}
	if d.Err != nil {
		return false, fmt.Errorf("looking for topic %s: %w", topic, d.Err)
	}
	return len(d.Partitions) > 0, nil
}

func create(ctx context.Context, adm *kadm.Client, spec TopicSpec) error {
	rf := spec.ReplicationFactor
	if rf == 0 {
		m, err := adm.BrokerMetadata(ctx)
		if err != nil {
			return fmt.Errorf("counting brokers: %w", err)
		}
		rf = int16(min(defaultReplication, max(len(m.Brokers), 1)))
	}
	policy := compact
	_, err := adm.CreateTopic(ctx, spec.Partitions, rf, map[string]*string{"cleanup.policy": &policy}, spec.Name)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("creating topic %s with %d partitions and replication factor %d: %w", spec.Name, spec.Partitions, rf, err)
	}
	return nil
}

// awaitTopic waits until the brokers agree that a topic is there.
func awaitTopic(ctx context.Context, adm *kadm.Client, topic string) error {
	for {
		there, err := exists(ctx, adm, topic)
		if err == nil && there {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waiting for topic %s: %w", topic, ctx.Err()), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func checkPolicy(ctx context.Context, adm *kadm.Client, topic string) error {
	rs, err := adm.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return fmt.Errorf("reading the config of topic %s: %w", topic, err)
	}
	for _, r := range rs {
		if r.Err != nil {
			return fmt.Errorf("reading the config of topic %s: %w", topic, r.Err)
		}
		for _, c := range r.Configs {
			if c.Key == "cleanup.policy" && c.MaybeValue() != compact {
				return &TopicError{topic, fmt.Sprintf(
					"its cleanup.policy is %q and must be %q, or offsets and states would be lost; set it with: kafka-configs.sh --alter --topic %s --add-config cleanup.policy=compact",
					c.MaybeValue(), compact, topic)}
			}
		}
	}
	return nil
}

// ClusterID asks Kafka for its own id; any answer says that Kafka is reachable. It
// asks the broker each time: kadm would answer from what the client remembers.
func ClusterID(ctx context.Context, client *kgo.Client) (string, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{} // none; nil would be all
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return "", fmt.Errorf("asking Kafka for its cluster id: %w", err)
	}
	if resp.ClusterID == nil {
		return "", nil
	}
	return *resp.ClusterID, nil
}
