// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// PartitionLag is where a consumer group is in a partition.
type PartitionLag struct {
	Topic     string
	Partition int32
	// Offset is the committed offset, -1 if there is none.
	Offset int64
	// Lag counts the records from the committed offset, or from the start of the
	// partition, to its end.
	Lag int64
}

// Lag returns the lag of a consumer group by topic and partition, in order. It
// covers the topics of which the group has committed an offset or a member has a
// partition, except those that are gone. A group that does not exist has none.
func Lag(ctx context.Context, adm *kadm.Client, group string) ([]PartitionLag, error) {
	lags, err := adm.Lag(ctx, group)
	if err == nil {
		err = lags.Error()
	}
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lag of group %s: %w", group, err)
	}
	var out []PartitionLag
	for _, l := range lags[group].Lag.Sorted() {
		if errors.Is(l.Err, kerr.UnknownTopicOrPartition) {
			continue
		}
		if l.Err != nil {
			return nil, fmt.Errorf("reading the lag of group %s in %s-%d: %w", group, l.Topic, l.Partition, l.Err)
		}
		out = append(out, PartitionLag{Topic: l.Topic, Partition: l.Partition, Offset: l.Commit.At, Lag: l.Lag})
	}
	return out, nil
}
