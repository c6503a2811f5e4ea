// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// identityPartition is where all claims are written.
const identityPartition = 0

// putIdentity writes a claim, or withdraws it if v is nil.
func (s *Statuses) putIdentity(ctx context.Context, uid string, v any) error {
	r := record(identityPrefix+uid, nil)
	if v != nil {
		data, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("encoding the identity: %w", err)
		}
		r.Value = data
	}
	r.Partition = identityPartition
	return s.Put(ctx, r)
}

// byKey is Kafka's default partitioner, but for claims.
func byKey() kgo.Partitioner { return identityPartitioner{kgo.StickyKeyPartitioner(nil)} }

type identityPartitioner struct{ kgo.Partitioner }

// ForTopic implements kgo.Partitioner.
func (p identityPartitioner) ForTopic(topic string) kgo.TopicPartitioner {
	return identityTopic{p.Partitioner.ForTopic(topic)}
}

type identityTopic struct{ kgo.TopicPartitioner }

// Partition implements kgo.TopicPartitioner.
func (t identityTopic) Partition(r *kgo.Record, n int) int {
	if strings.HasPrefix(string(r.Key), identityPrefix) {
		return identityPartition
	}
	return t.TopicPartitioner.Partition(r, n)
}

func cutPrefix(key, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(key, prefix)
	return rest, ok && rest != ""
}
