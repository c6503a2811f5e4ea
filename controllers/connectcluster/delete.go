// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
)

// waitForConnectors keeps a cluster until its connectors are gone, unless they
// are to be left behind.
func (r *Reconciler) waitForConnectors(_ context.Context, s *scope) (bool, reconcile.Result, error) {
	d := s.cluster.Spec.Deletion
	if len(s.connectors) == 0 || d != nil && d.Connectors == v1alpha1.ConnectorsOrphan {
		return true, reconcile.Result{}, nil
	}
	s.connectorsLeft = true
	s.waiting = fmt.Sprintf("%d connectors are left, such as %s: delete them, or set spec.deletion.connectors to Orphan",
		len(s.connectors), s.connectors[0].Name)
	return false, reconcile.Result{}, nil
}

// release lets another cluster have the topics, now that no worker of this one
// writes to them any more, and lets the cluster go. Kafka gets a while to answer an
// operator that has just started.
func (r *Reconciler) release(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	key := client.ObjectKeyFromObject(s.cluster)
	if s.before.Status.KafkaClusterID != "" || s.kafka.HeldBy == string(s.cluster.UID) { // there may be a claim
		kctx, cancel := context.WithTimeout(ctx, kafkaTimeout)
		defer cancel()
		if err := r.Kafka.Release(kctx, key); err != nil {
			late := (s.kafka.Tried || s.unread) && !s.now.Before(s.cluster.DeletionTimestamp.Add(releaseTimeout))
			if s.missing == "" && !late {
				s.waiting = "releasing the internal topics: " + err.Error()
				return false, reconcile.Result{RequeueAfter: retryInterval}, nil
			}
			r.notCleaned(s)
		}
	}
	before := s.cluster.DeepCopy()
	if controllerutil.RemoveFinalizer(s.cluster, v1alpha1.Finalizer) {
		err := r.Client.Patch(ctx, s.cluster, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
		if client.IgnoreNotFound(err) != nil {
			return false, reconcile.Result{}, fmt.Errorf("removing the finalizer: %w", err)
		}
	}
	r.Kafka.Disconnect(key)
	s.gone = true
	return true, reconcile.Result{}, nil
}

func (r *Reconciler) notCleaned(s *scope) {
	r.Recorder.Eventf(s.cluster, nil, corev1.EventTypeWarning, "NotCleaned", "Delete",
		"deleted although its claim on the topics could not be removed: a cluster that uses them again needs the annotation %s: %s",
		v1alpha1.TakeOverAnnotation, s.cluster.UID)
}
