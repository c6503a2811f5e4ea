// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"

	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/storage"
)

// The methods in this file let a process that is its own operator ask Kafka and
// write to it for its users. Each waits until Kafka is reached.

// Configs returns the config topic; it is an error if the worker has none.
func (w *Worker) Configs(ctx context.Context) (*storage.Configs, error) {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return nil, err
	}
	if l.configs == nil {
		return nil, errors.New("this worker has no config topic")
	}
	return l.configs, nil
}

// Statuses returns the status topic.
func (w *Worker) Statuses(ctx context.Context) (*storage.Statuses, error) {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return nil, err
	}
	return l.statuses, nil
}

// Offsets returns the offsets topic.
func (w *Worker) Offsets(ctx context.Context) (*storage.Offsets, error) {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return nil, err
	}
	return l.offsets, nil
}

// ClusterID asks Kafka for its id.
func (w *Worker) ClusterID(ctx context.Context) (string, error) {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return "", err
	}
	return kafka.ClusterID(ctx, l.control)
}

// GroupOffsets returns the committed offsets of a sink connector's group.
func (w *Worker) GroupOffsets(ctx context.Context, group string) ([]kafka.GroupOffset, error) {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return nil, err
	}
	return kafka.GroupOffsets(ctx, l.admin, group)
}

// SetGroupOffsets commits offsets for a sink connector's group, whose tasks must have
// ended, and removes those that are nil.
func (w *Worker) SetGroupOffsets(ctx context.Context, group string, offsets []kafka.GroupOffset) error {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return err
	}
	return kafka.SetGroupOffsets(ctx, l.admin, group, offsets)
}

// ResetGroup removes the committed offsets of a sink connector's group, whose tasks must
// have ended.
func (w *Worker) ResetGroup(ctx context.Context, group string) error {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return err
	}
	return kafka.ResetGroup(ctx, l.admin, group)
}

// Forget removes the statuses of a connector whose tasks have ended.
func (w *Worker) Forget(ctx context.Context, connector string) error {
	l, err := w.awaitLink(ctx)
	if err != nil {
		return err
	}
	if err := l.statuses.ReadToEnd(ctx); err != nil {
		return err
	}
	return l.statuses.DeleteConnector(ctx, connector)
}
