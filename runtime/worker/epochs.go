// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"fmt"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

// The methods in this file are for a process that is its own operator. In a
// cluster the operator does the same, from outside.

// awaitLink waits until the worker has reached Kafka.
func (w *Worker) awaitLink(ctx context.Context) (*link, error) {
	select {
	case <-w.reached:
		return w.link, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for Kafka: %w", ctx.Err())
	}
}

// NextEpoch writes and returns an epoch for a task that is above all that it ever
// had, and that no other process is given. It waits until Kafka is reached.
func (w *Worker) NextEpoch(ctx context.Context, connector string, index int) (int64, error) {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return 0, err
	}
	return l.nextEpoch(ctx, storage.TaskID{Connector: connector, Index: index})
}

// HighestEpoch returns the highest epoch that a task ever had, 0 if none. It waits
// until Kafka is reached.
func (w *Worker) HighestEpoch(ctx context.Context, connector string, index int) (int64, error) {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return 0, err
	}
	id := storage.TaskID{Connector: connector, Index: index}
	epoch, err := l.statuses.Highest(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("reading the epoch of task %s: %w", task.ID(id), err)
	}
	return epoch, nil
}

func (l *link) nextEpoch(ctx context.Context, id storage.TaskID) (int64, error) {
	epoch, err := l.statuses.Raise(ctx, id, 0)
	if err != nil {
		return 0, fmt.Errorf("raising the epoch of task %s: %w", task.ID(id), err)
	}
	return epoch, nil
}

// Retire ends the tasks of a connector that have an index of at least from, as
// far as the status topic knows them: wherever one still runs, it learns from its
// epoch that its time is over, can commit no more, and leaves its group. Their
// statuses are removed, after the last word of those that ran here is written.
func (w *Worker) Retire(ctx context.Context, connector string, kind connect.Kind, from int) error {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return err
	}
	if err := w.book.await(ctx, connector); err != nil {
		return err
	}
	if err := l.statuses.ReadToEnd(ctx); err != nil {
		return err
	}
	var retired []storage.TaskID
	for _, id := range l.statuses.Tasks() {
		if id.Connector == connector && id.Index >= from {
			retired = append(retired, id)
		}
	}
	for _, id := range retired {
		if _, err := l.nextEpoch(ctx, id); err != nil {
			return err
		}
	}
	if err := w.fence(ctx, l, kind, retired); err != nil {
		return err
	}
	for _, id := range retired {
		if err := l.statuses.DeleteTask(ctx, id); err != nil {
			return fmt.Errorf("removing the status of task %s: %w", task.ID(id), err)
		}
	}
	return nil
}

// fence takes away what lets old incarnations commit.
func (w *Worker) fence(ctx context.Context, l *link, kind connect.Kind, tasks []storage.TaskID) error {
	if len(tasks) == 0 {
		return nil
	}
	ids := make([]string, len(tasks))
	for i, id := range tasks {
		// Kafka Connect's transactional ids, and our group instance ids, look alike.
		ids[i] = storage.TransactionalID(w.o.GroupID, id.Connector, id.Index)
	}
	if kind == connect.SourceKind {
		return kafka.FenceProducers(ctx, l.control, ids)
	}
	return kafka.RemoveMembers(ctx, l.admin, l.statuses.Group(tasks[0].Connector), ids)
}

// PutConnectorState writes the state of a connector that has no task to do so,
// and why it is in it, if there is more to say.
func (w *Worker) PutConnectorState(ctx context.Context, connector, state, trace string) error {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return err
	}
	return l.statuses.PutConnector(ctx, connector, storage.Status{State: state, Trace: trace, WorkerID: w.o.WorkerID})
}
