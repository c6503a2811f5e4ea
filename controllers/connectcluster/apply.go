// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
)

// apply writes everything that the workers consist of.
func (r *Reconciler) apply(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	props := settings(s.cluster, s.config)
	maps.Copy(props, workerConnection(s.cluster))
	for _, child := range children(s.cluster, r.Image, format(props), secretNames(s.connectors)) {
		if err := apply.Owned(ctx, r.Client, fieldOwner, s.cluster, child); err != nil {
			return false, reconcile.Result{}, err
		}
	}
	_, err := r.statefulSet(ctx, s)
	return true, reconcile.Result{}, err
}

// ran reports whether workers were started before.
func (r *Reconciler) ran(ctx context.Context, s *scope) bool {
	there, err := r.statefulSet(ctx, s)
	return err == nil && there
}

func (r *Reconciler) statefulSet(ctx context.Context, s *scope) (bool, error) {
	var set appsv1.StatefulSet
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: s.cluster.Namespace, Name: childName(s.cluster)}, &set)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("reading the workers: %w", err)
	}
	if err != nil {
		return false, nil
	}
	s.workers = &set
	return true, nil
}

// secretNames are the Secrets that connectors name: all that a worker may read.
func secretNames(connectors []v1alpha1.Connector) []string {
	names := map[string]bool{}
	for i := range connectors {
		for _, f := range connectors[i].Spec.ConfigFrom {
			names[f.SecretKeyRef.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
