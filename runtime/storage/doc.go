// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package storage keeps offsets and states in compacted topics, in the formats
// of Kafka Connect's KafkaOffsetBackingStore and KafkaStatusBackingStore, and
// beside them what only Penstock knows, under keys that Kafka Connect ignores.
// Connectors that are made through the REST API are kept in a third one, in the
// format of KafkaConfigBackingStore.
package storage

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/kafka"
)

// Kafka Connect's defaults.
const (
	defaultOffsetsPartitions = 25
	defaultStatusPartitions  = 5
)

// Topics names the internal topics and says how they are created.
type Topics struct {
	Offsets, Status string
	// Config is the config topic, which always has one partition; "" is none.
	Config string
	// OffsetsPartitions is 25 unless set, StatusPartitions 5.
	OffsetsPartitions, StatusPartitions int32
	// ReplicationFactor 0 is 3, or the number of brokers if there are fewer.
	ReplicationFactor int16
}

// Ensure creates the topics unless they are there. A *kafka.TopicError in the
// error's tree says that one cannot be used as it is.
func (t Topics) Ensure(ctx context.Context, adm *kadm.Client) error {
	specs := []kafka.TopicSpec{
		{Name: t.Offsets, Partitions: or(t.OffsetsPartitions, defaultOffsetsPartitions), ReplicationFactor: t.ReplicationFactor},
		{Name: t.Status, Partitions: or(t.StatusPartitions, defaultStatusPartitions), ReplicationFactor: t.ReplicationFactor},
	}
	if t.Config != "" {
		specs = append(specs, kafka.TopicSpec{Name: t.Config, Partitions: 1, Exactly: true, ReplicationFactor: t.ReplicationFactor})
	}
	for _, spec := range specs {
		if err := kafka.EnsureTopic(ctx, adm, spec); err != nil {
			return err
		}
	}
	return nil
}

func or(n, fallback int32) int32 {
	if n > 0 {
		return n
	}
	return fallback
}

// NewClient builds a client with what the store adds.
type NewClient func(extra ...kgo.Opt) (*kgo.Client, error)
