// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/task"
)

const (
	// createTimeout bounds one try to create topics.
	createTimeout = 30 * time.Second
	// createAtOnce bounds how many topics are created at a time.
	createAtOnce = 8
)

// topicCreator creates the topics of a source as its config says.
type topicCreator struct {
	admin *kgo.Client
	rules *connect.TopicCreation
	log   *slog.Logger
}

// topicCreator returns what creates the topics of a connector, nil if nobody here
// is to, and what gives it back.
func (w *Worker) topicCreator(c resolved, log *slog.Logger) (task.TopicCreator, func(), error) {
	rules, problems, _ := connect.TopicCreationFor(c.props)
	if len(problems) > 0 {
		return nil, nil, problems[0]
	}
	if rules == nil || !w.config.TopicCreation {
		return nil, func() {}, nil
	}
	admin, release, err := w.admin(c)
	if err != nil {
		return nil, nil, err
	}
	return &topicCreator{admin: admin, rules: rules, log: log}, release, nil
}

// Ensure implements task.TopicCreator.
func (t *topicCreator) Ensure(ctx context.Context, topics []string) error {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	missing, err := kafka.MissingTopics(ctx, t.admin, topics)
	if err != nil {
		return passing(err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(createAtOnce)
	for _, name := range missing {
		g.Go(func() error { return t.create(ctx, name) })
	}
	return g.Wait()
}

// create creates one topic. One that may not be created fails the task, as in Kafka
// Connect: whoever says how a topic is to be is not served by another one.
func (t *topicCreator) create(ctx context.Context, name string) error {
	rule := t.rules.For(name)
	created, err := kafka.CreateTopic(ctx, kadm.NewClient(t.admin), kafka.NewTopic{
		Name: name, Partitions: rule.Partitions, Replication: rule.Replication, Config: rule.Config,
	})
	switch {
	case errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Errorf("allow Create on Topic %s to the principal of admin.override… or else of the worker, or create the topic: %w", name, err)
	case err != nil:
		return passing(fmt.Errorf("as its group %s says: %w", rule.Group, err))
	case created:
		t.log.Info("created the topic", "topic", name, "group", rule.Group, "partitions", rule.Partitions, "replicationFactor", rule.Replication)
	}
	return nil
}

// passing marks an error that may pass.
func passing(err error) error {
	if kafka.IsRetriable(err) || errors.Is(err, context.DeadlineExceeded) {
		return connect.Retriable(err)
	}
	return err
}
