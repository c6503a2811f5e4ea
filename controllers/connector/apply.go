// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
)

// applyTasks makes the Tasks what the plan says. Who runs them, and under which
// epoch, is the task controller's.
func (r *Reconciler) applyTasks(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	changed := false
	for _, want := range s.plan.tasks {
		if have := find(s.tasks, want.Name); have != nil && same(have, want) {
			continue
		}
		changed = true
		if err := apply.Owned(ctx, r.Client, fieldOwner, s.connector, want); err != nil {
			return false, reconcile.Result{}, err
		}
	}
	if !changed {
		return true, reconcile.Result{}, nil
	}
	return true, reconcile.Result{}, r.listTasks(ctx, s)
}

func find(tasks []v1alpha1.Task, name string) *v1alpha1.Task {
	for i := range tasks {
		if tasks[i].Name == name {
			return &tasks[i]
		}
	}
	return nil
}

// same reports whether a Task is as planned, so that nothing is written: a write
// that changes nothing costs the API server as much as one that does.
func same(have, want *v1alpha1.Task) bool {
	spec := *have.Spec.DeepCopy()
	spec.Worker, spec.Epoch, spec.BoundRevision, spec.Releasing = nil, 0, "", nil
	if !equality.Semantic.DeepEqual(spec, want.Spec) {
		return false
	}
	for k, v := range want.Labels {
		if have.Labels[k] != v {
			return false
		}
	}
	return true
}
