// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"fmt"
)

// TopicCreator creates the topics of a source before the first record goes there.
type TopicCreator interface {
	// Ensure returns when the topics are there, or nobody here can do anything about
	// it. A connect.Retriable error is tried again.
	Ensure(ctx context.Context, topics []string) error
}

// topicsReady sees to it that the topics are there to which the first records have
// come. It is called once a batch and asks once a topic; meanwhile the loop waits,
// and what is in flight goes on. It returns false if the task ends before.
func (s *Source) topicsReady(ctx context.Context) bool {
	if len(s.topics.fresh) == 0 {
		return true
	}
	var retry backoff
	for s.going(ctx) {
		err := s.creator.Ensure(ctx, s.topics.fresh)
		switch {
		case err == nil:
			s.topics.fresh = s.topics.fresh[:0]
			return true
		case !s.going(ctx):
		case retriable(err):
			s.progress.retried()
			d := retry.next(firstRetry, lastRetry)
			s.log.Warn("creating topics failed and is tried again", "error", err, "pause", d)
			s.pause(ctx, d)
		default:
			s.fail(fmt.Errorf("creating topics: %w", err))
		}
	}
	return false
}
