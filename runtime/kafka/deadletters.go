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

// EnsureDeadLetters creates a topic for dead letters, with one partition and the
// broker's defaults, unless it is there. replicas -1 is the broker's default.
func EnsureDeadLetters(ctx context.Context, adm *kadm.Client, topic string, replicas int16) error {
	there, err := exists(ctx, adm, topic)
	if there || err != nil {
		return err
	}
	r, err := adm.CreateTopic(ctx, 1, replicas, nil, topic)
	switch {
	case errors.Is(err, kerr.TopicAlreadyExists):
		return nil
	case errors.Is(err, kerr.InvalidReplicationFactor):
		return fmt.Errorf("creating the topic with replication factor %d, of which the brokers say %q: %w; set errors.deadletterqueue.topic.replication.factor to at most the number of brokers",
			replicas, r.ErrMessage, err)
	case err != nil:
		return fmt.Errorf("creating the topic with replication factor %d: %w", replicas, err)
	}
	return awaitTopic(ctx, adm, topic)
}
