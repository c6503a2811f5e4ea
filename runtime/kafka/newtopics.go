// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// NewTopic is a topic to be created. Partitions and Replication may be -1 for what
// the broker has as its default.
type NewTopic struct {
	Name        string
	Partitions  int32
	Replication int16
	Config      map[string]string
}

// MissingTopics returns which topics are not there. It asks a broker, not what the
// client remembers.
func MissingTopics(ctx context.Context, client *kgo.Client, topics []string) ([]string, error) {
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("looking for topics: %w", err)
	}
	var missing []string
	for _, t := range resp.Topics {
		switch err := kerr.ErrorForCode(t.ErrorCode); {
		case t.Topic == nil:
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			missing = append(missing, *t.Topic)
		case err != nil && !kerr.IsRetriable(err):
			return nil, fmt.Errorf("looking for topic %s: %w", *t.Topic, err)
		}
	}
	return missing, nil
}

// CreateTopic creates a topic and returns whether it was not there.
func CreateTopic(ctx context.Context, adm *kadm.Client, t NewTopic) (created bool, err error) {
	config := make(map[string]*string, len(t.Config))
	for k, v := range t.Config {
		config[k] = &v
	}
	_, err = adm.CreateTopic(ctx, t.Partitions, t.Replication, config, t.Name)
	switch {
	case errors.Is(err, kerr.TopicAlreadyExists):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("creating topic %s: %w", t.Name, err)
	}
	return true, nil
}
