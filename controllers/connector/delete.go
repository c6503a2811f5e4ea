// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
)

// defaultDeletionTimeout bounds a deletion unless the connector says otherwise.
const defaultDeletionTimeout = 2 * time.Minute

// deadline is when a deletion stops waiting.
func (r *Reconciler) deadline(s *scope) time.Time {
	timeout := defaultDeletionTimeout
	if d := s.connector.Spec.Deletion; d != nil && d.Timeout != nil {
		timeout = d.Timeout.Duration
	}
	return s.connector.DeletionTimestamp.Add(timeout)
}

func (r *Reconciler) lateToWait(s *scope) bool { return !s.now.Before(r.deadline(s)) }

// clean removes what a connector leaves in Kafka, then lets the connector go.
// Past the deadline, or without a cluster, it goes as it is, and an Event says
// what stays.
func (r *Reconciler) clean(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	switch {
	case !s.ran: // it has left nothing
	case s.cluster == nil:
		r.leave(s, "its ConnectCluster is gone")
	case s.heldByAnother():
		r.leave(s, "the internal topics belong to the ConnectCluster "+s.kafka.HeldByName)
	case r.lateToWait(s):
		r.leave(s, "Kafka or a worker did not answer in time")
	default:
		// A connector that never ran has nothing there, and what is there under its
		// name may be its rival's.
		if accepted, result, err := r.accept(ctx, s); err != nil || !accepted {
			if err != nil {
				return false, result, err
			}
			break
		}
		if err := r.forget(ctx, s); err != nil {
			s.waiting = "its states are being removed from Kafka"
			return false, reconcile.Result{}, err
		}
	}
	before := s.connector.DeepCopy()
	if controllerutil.RemoveFinalizer(s.connector, v1alpha1.Finalizer) {
		err := r.Client.Patch(ctx, s.connector, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
		if client.IgnoreNotFound(err) != nil {
			return false, reconcile.Result{}, fmt.Errorf("removing the finalizer: %w", err)
		}
	}
	s.connector = nil
	return true, reconcile.Result{}, nil
}

func (r *Reconciler) leave(s *scope, why string) {
	r.Recorder.Eventf(s.connector, nil, corev1.EventTypeWarning, "NotCleaned", "Delete",
		"deleted without cleaning up in Kafka, because %s: states, and offsets if they were to be deleted, may be left", why)
}

func (r *Reconciler) forget(ctx context.Context, s *scope) error {
	ctx, cancel := context.WithTimeout(ctx, kafkaTimeout)
	defer cancel()
	d := s.connector.Spec.Deletion
	offsets := d != nil && d.Offsets == v1alpha1.OffsetsDelete
	if err := r.Kafka.Forget(ctx, s.connector.Cluster(), s.connector.KafkaName(), offsets); err != nil {
		return fmt.Errorf("removing the states of %s from Kafka: %w", s.connector.KafkaName(), err)
	}
	return nil
}
