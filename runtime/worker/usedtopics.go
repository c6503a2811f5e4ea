// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"sync/atomic"
	"time"

	"penstock.dev/runtime/storage"
)

// onTopic returns what notes the topics of a task in the status topic, nil if
// that is not wanted. It is called for each batch, so that a topic comes back
// after the connector's topics were reset.
func (w *Worker) onTopic(s TaskSpec) func(topic string) {
	if !w.o.TrackTopics {
		return nil
	}
	id := storage.TaskID(s.id())
	var writing atomic.Bool // one write at a time; the next batch brings what is left out
	return func(topic string) {
		if w.link.statuses.UsesTopic(id.Connector, topic) || !writing.CompareAndSwap(false, true) {
			return
		}
		w.writes.Go(func() {
			defer writing.Store(false)
			ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
			defer cancel()
			if err := w.link.statuses.PutUsedTopic(ctx, id, topic, time.Now()); err != nil {
				w.log.Warn("noting the topic of a connector failed, the next batch tries again", "connector", id.Connector, "topic", topic, "error", err)
			}
		})
	}
}
