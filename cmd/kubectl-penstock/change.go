// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
)

// states are spec.state for each target.
func states() map[cli.Target]v1alpha1.ConnectorState {
	return map[cli.Target]v1alpha1.ConnectorState{
		cli.Running: v1alpha1.ConnectorRunning, cli.Paused: v1alpha1.ConnectorPaused, cli.Stopped: v1alpha1.ConnectorStopped,
	}
}

// SetTarget pauses, resumes or stops a connector.
func (b *backend) SetTarget(ctx context.Context, name string, t cli.Target) error {
	return b.patch(ctx, name, map[string]any{"state": states()[t]})
}

// Restart restarts all tasks of a connector, or some.
func (b *backend) Restart(ctx context.Context, name string, what cli.Restart) (bool, error) {
	c, err := b.get(ctx, name)
	if err != nil {
		return false, err
	}
	if c.Spec.State == v1alpha1.ConnectorStopped {
		return false, errors.New("it is stopped and has no tasks to restart; resume it")
	}
	now := b.now.Now().UTC().Format(time.RFC3339Nano)
	if what.Task == nil && !what.OnlyFailed {
		return true, b.patch(ctx, name, map[string]any{"restartNonce": now})
	}
	all, err := b.tasks(ctx, client.MatchingLabels{v1alpha1.ConnectorLabel: name})
	if err != nil {
		return false, err
	}
	tasks := all[client.ObjectKeyFromObject(c)]
	if what.Task != nil && !has(tasks, *what.Task) {
		return false, fmt.Errorf("it has no task %d, its tasks are 0 to %d", *what.Task, len(tasks)-1)
	}
	asked := false
	for i := range tasks {
		t := &tasks[i]
		if what.Task != nil && int(t.Spec.Index) != *what.Task || what.Task == nil && !failed(t) {
			continue
		}
		if err := b.restartTask(ctx, t, now); err != nil {
			return asked, fmt.Errorf("task %d: %w", t.Spec.Index, err)
		}
		asked = true
	}
	return asked, nil
}

func has(tasks []v1alpha1.Task, index int) bool {
	for i := range tasks {
		if int(tasks[i].Spec.Index) == index {
			return true
		}
	}
	return false
}

func (b *backend) restartTask(ctx context.Context, t *v1alpha1.Task, now string) error {
	before := t.DeepCopy()
	if t.Annotations == nil {
		t.Annotations = map[string]string{}
	}
	t.Annotations[v1alpha1.RestartAnnotation] = now
	return b.c.Patch(ctx, t, client.MergeFrom(before), client.FieldOwner(owner))
}

// Delete deletes a connector.
func (b *backend) Delete(ctx context.Context, name string) error {
	return b.plain(b.c.Delete(ctx, b.named(name)))
}

// patch changes fields of a connector's spec and nothing else.
func (b *backend) patch(ctx context.Context, name string, spec map[string]any) error {
	data, err := json.Marshal(map[string]any{"spec": spec})
	if err != nil {
		return err
	}
	return b.plain(b.c.Patch(ctx, b.named(name), client.RawPatch(types.MergePatchType, data), client.FieldOwner(owner)))
}

func (b *backend) named(name string) *v1alpha1.Connector {
	c := &v1alpha1.Connector{}
	c.Namespace, c.Name = b.namespace, name
	return c
}
