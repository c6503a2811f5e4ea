// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
)

// apply writes everything that the workers consist of.
func (r *Reconciler) apply(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	props := settings(s.cluster, s.config)
	maps.Copy(props, workerConnection(s.cluster))
	text := format(props)
	v := revisions{config: hash(text), credentials: s.credentials}.settle(s)
	before := s.workers
	var applied int64
	for _, child := range children(s.cluster, r.Image, text, v, secretNames(s.connectors)) {
		if err := apply.Owned(ctx, r.Client, fieldOwner, s.cluster, child); err != nil {
			return false, reconcile.Result{}, err
		}
		if set, ok := child.(*appsv1.StatefulSet); ok {
			applied = set.Generation
		}
	}
	if before != nil {
		r.tellRotation(s, before.Spec.Template.Annotations[credentialsHashKey], v.credentials)
	}
	var err error
	if s.workers, err = r.statefulSet(ctx, s.cluster); err == nil && s.workers != nil {
		// The cache may not hold yet what was applied: its status speaks of what was.
		s.workers.Generation = max(s.workers.Generation, applied)
	}
	return true, reconcile.Result{}, err
}

// tellRotation says why workers restart that nobody has touched.
func (r *Reconciler) tellRotation(s *scope, before, now string) {
	if before != "" && now != "" && before != now {
		r.Recorder.Eventf(s.cluster, nil, corev1.EventTypeNormal, "CredentialsChanged", "Restart", "a Secret that spec.kafka names has changed, the workers restart with it")
	}
}

// statefulSet reads the cluster's workers; nil if there are none.
func (r *Reconciler) statefulSet(ctx context.Context, c *v1alpha1.ConnectCluster) (*appsv1.StatefulSet, error) {
	var set appsv1.StatefulSet
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: childName(c)}, &set)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading the workers: %w", err)
	}
	if err != nil || !metav1.IsControlledBy(&set, c) {
		return nil, nil
	}
	return &set, nil
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
