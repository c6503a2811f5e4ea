// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
)

// yieldTopics stops the workers of a cluster whose topics another has taken over.
// Epochs keep a task that both have from committing twice; that nothing else is
// written into topics that are another's, only this does. The cluster's objects
// stay, and the workers start again when the topics are its own again.
func (r *Reconciler) yieldTopics(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	if held := s.kafka.HeldBy; held == "" || held == string(s.cluster.UID) || s.takesOver() || s.workers == nil || stopped(s.workers) {
		return true, reconcile.Result{}, nil
	}
	if err := r.scaleToNothing(ctx, s); err != nil {
		return false, reconcile.Result{}, err
	}
	r.Recorder.Eventf(s.cluster, nil, corev1.EventTypeWarning, "WorkersStopped", "Stop",
		"the workers are stopped, because the internal topics belong to the ConnectCluster %s now", s.kafka.HeldByName)
	return true, reconcile.Result{}, nil
}

// takesOver reports whether the cluster is told to take the topics over from the
// one that holds them. One that is being deleted takes nothing over any more.
func (s *scope) takesOver() bool {
	return s.cluster.DeletionTimestamp == nil && s.kafka.HeldBy != "" && s.kafka.HeldBy != string(s.cluster.UID) && s.cluster.Annotations[v1alpha1.TakeOverAnnotation] == s.kafka.HeldBy
}

func stopped(set *appsv1.StatefulSet) bool {
	return set.Spec.Replicas != nil && *set.Spec.Replicas == 0
}

func (r *Reconciler) scaleToNothing(ctx context.Context, s *scope) error {
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":0}}`))
	if err := r.Client.Patch(ctx, s.workers, patch, fieldOwner); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("stopping the workers: %w", err)
	}
	return nil
}

// stopWorkers ends the workers of a cluster that is being deleted, and waits until
// they have: once the topics are released another cluster may write to them.
func (r *Reconciler) stopWorkers(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	if s.workers != nil && !stopped(s.workers) {
		if err := r.scaleToNothing(ctx, s); err != nil {
			return false, reconcile.Result{}, err
		}
	}
	var pods corev1.PodList
	err := r.Client.List(ctx, &pods, client.InNamespace(s.cluster.Namespace), client.MatchingLabels(selector(s.cluster)))
	if err != nil {
		return false, reconcile.Result{}, fmt.Errorf("listing the workers: %w", err)
	}
	left := 0
	for i := range pods.Items {
		if mayRun(&pods.Items[i], childName(s.cluster), s.now) {
			left++
		}
	}
	if left == 0 {
		return true, reconcile.Result{}, nil
	}
	s.waiting = fmt.Sprintf("%d workers are stopping", left)
	return false, reconcile.Result{RequeueAfter: stopInterval}, nil
}

// mayRun reports whether a pod is one of the workers, may still write, and will
// end: by the StatefulSet of that name or, if that is gone, by the garbage
// collector. It is pure.
func mayRun(p *corev1.Pod, set string, now time.Time) bool {
	by := metav1.GetControllerOf(p)
	switch {
	case by == nil || by.Kind != "StatefulSet" || by.Name != set: // a copy for debugging, or left behind on purpose
		return false
	case p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed:
		return false
	case p.DeletionTimestamp == nil:
		return true
	}
	return now.Before(p.DeletionTimestamp.Add(lostAfter))
}

// replicas is how many workers a cluster should have.
func replicas(c *v1alpha1.ConnectCluster) int32 {
	if c.Spec.Replicas == nil {
		return 1
	}
	return *c.Spec.Replicas
}
