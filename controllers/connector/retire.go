// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

// releaseTimeout is how long a worker is waited for that does not let a deleted
// task go. What it might still do is fenced in Kafka.
const releaseTimeout = 10 * time.Second

// retireTasks ends the tasks that should not be there before new ones start.
func (r *Reconciler) retireTasks(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	victims := surplus(s.tasks, *s.plan)
	if replaced(s.tasks, *s.plan) {
		victims = all(s.tasks)
	}
	for i := range s.tasks { // what is going already goes whatever the plan says now
		if s.tasks[i].DeletionTimestamp != nil && !contains(victims, &s.tasks[i]) {
			victims = append(victims, &s.tasks[i])
		}
	}
	return r.retire(ctx, s, victims)
}

// stopTasks ends every task of a connector that is being deleted.
func (r *Reconciler) stopTasks(ctx context.Context, s *scope) (bool, reconcile.Result, error) {
	if s.cluster == nil || r.lateToWait(s) {
		return true, reconcile.Result{}, r.letGo(ctx, all(s.tasks))
	}
	if len(s.tasks) > 0 { // what a rival runs must not be fenced
		if accepted, result, err := r.accept(ctx, s); err != nil || !accepted {
			return err == nil, result, err
		}
	}
	done, result, err := r.retire(ctx, s, all(s.tasks))
	if !done {
		result = sooner(result, r.deadline(s).Sub(s.now))
	}
	return done, result, err
}

// retire deletes tasks, waits until their workers have let them go, takes from
// those that have not what they could still do, and only then lets the objects
// go.
func (r *Reconciler) retire(ctx context.Context, s *scope, victims []*v1alpha1.Task) (bool, reconcile.Result, error) {
	if len(victims) == 0 {
		return true, reconcile.Result{}, nil
	}
	var again time.Duration
	waiting := 0
	for _, t := range victims {
		if t.DeletionTimestamp == nil {
			if err := r.deleteTask(ctx, t); err != nil {
				return false, reconcile.Result{}, err
			}
			waiting++
			continue
		}
		released, err := r.released(ctx, s, t)
		if err != nil {
			return false, reconcile.Result{}, err
		}
		if !released {
			waiting++
			again = shorter(again, t.DeletionTimestamp.Add(releaseTimeout).Sub(s.now))
		}
	}
	if waiting > 0 {
		s.waiting = fmt.Sprintf("%d tasks are stopping", waiting)
		return false, reconcile.Result{RequeueAfter: again}, nil
	}
	if err := r.fence(ctx, s, victims); err != nil {
		s.waiting = "stopped tasks are being fenced"
		return false, reconcile.Result{}, err
	}
	if err := r.letGo(ctx, victims); err != nil {
		return false, reconcile.Result{}, err
	}
	return true, reconcile.Result{}, r.listTasks(ctx, s)
}

func shorter(a, b time.Duration) time.Duration {
	b = max(b, time.Millisecond)
	if a == 0 || b < a {
		return b
	}
	return a
}

func (r *Reconciler) deleteTask(ctx context.Context, t *v1alpha1.Task) error {
	err := r.Client.Delete(ctx, t, client.Preconditions{UID: &t.UID})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting task %s: %w", t.Name, err)
	}
	return nil
}

// released reports whether nobody runs a deleted task any more, or was waited for
// long enough.
func (r *Reconciler) released(ctx context.Context, s *scope, t *v1alpha1.Task) (bool, error) {
	holder := t.Spec.Worker
	if holder == nil && t.Spec.Releasing != nil {
		holder = &t.Spec.Releasing.Worker
	}
	if holder == nil || s.now.Sub(t.DeletionTimestamp.Time) >= releaseTimeout {
		return true, nil
	}
	said, ok := r.Kafka.Task(state.TaskKey{Cluster: t.Cluster(), Connector: t.Spec.ConnectorName, Index: int(t.Spec.Index)})
	if ok && said.Released && said.Epoch >= t.Spec.Epoch {
		return true, nil
	}
	var pod corev1.Pod
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: t.Namespace, Name: holder.Name}, &pod)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("reading pod %s: %w", holder.Name, err)
	}
	return err != nil || pod.UID != holder.UID, nil
}

// fence makes sure in Kafka that the retired tasks can do nothing more. It
// touches no task that stays: those that are made again in the midst of others
// are fenced by their new incarnation.
func (r *Reconciler) fence(ctx context.Context, s *scope, victims []*v1alpha1.Task) error {
	if s.heldByAnother() { // what has our names there is another's
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, kafkaTimeout)
	defer cancel()
	first, count, stay := int32(0), int32(0), false
	for i := range s.tasks {
		if !contains(victims, &s.tasks[i]) {
			first, stay = max(first, s.tasks[i].Spec.Index+1), true
		}
		count = max(count, s.tasks[i].Spec.Count, s.tasks[i].Spec.Index+1)
	}
	key, name := s.connector.Cluster(), s.connector.KafkaName()
	switch isSource := victims[0].Spec.Type == v1alpha1.SourceType; {
	case isSource && !stay:
		return r.Kafka.FenceSource(ctx, key, name, int(count))
	case !isSource && first < count:
		return r.Kafka.RemoveMembers(ctx, key, name, int(first))
	}
	return nil
}

// heldByAnother reports whether the internal topics are another ConnectCluster's.
func (s *scope) heldByAnother() bool {
	return s.cluster != nil && s.kafka.HeldBy != "" && s.kafka.HeldBy != string(s.cluster.UID)
}

// letGo removes the finalizer from deleted tasks; a task that was not deleted yet
// is deleted first.
func (r *Reconciler) letGo(ctx context.Context, tasks []*v1alpha1.Task) error {
	var errs []error
	for _, t := range tasks {
		if t.DeletionTimestamp == nil {
			errs = append(errs, r.deleteTask(ctx, t))
		}
		errs = append(errs, r.removeFinalizer(ctx, t))
	}
	return errors.Join(errs...)
}

// removeFinalizer removes it from the very task that was read: one that was let
// go already may have a successor of its name, which must keep its own.
func (r *Reconciler) removeFinalizer(ctx context.Context, t *v1alpha1.Task) error {
	before := t.DeepCopy()
	before.UID = "" // so that the patch has it
	if !controllerutil.RemoveFinalizer(t, v1alpha1.Finalizer) {
		return nil
	}
	err := r.Client.Patch(ctx, t, client.MergeFrom(before))
	if err == nil || apierrors.IsNotFound(err) || isAnother(err) {
		return nil
	}
	return fmt.Errorf("letting task %s go: %w", t.Name, err)
}

// isAnother reports whether a patch was refused because the object of that name
// has another UID: the one that was read is gone.
func isAnother(err error) bool {
	_, ok := apierrors.StatusCause(err, metav1.CauseTypeFieldValueInvalid)
	var status apierrors.APIStatus
	if !ok || !errors.As(err, &status) {
		return false
	}
	return slices.ContainsFunc(status.Status().Details.Causes, func(c metav1.StatusCause) bool { return c.Field == "metadata.uid" })
}

func all(tasks []v1alpha1.Task) []*v1alpha1.Task {
	out := make([]*v1alpha1.Task, len(tasks))
	for i := range tasks {
		out[i] = &tasks[i]
	}
	return out
}

func contains(tasks []*v1alpha1.Task, t *v1alpha1.Task) bool {
	for _, o := range tasks {
		if o.UID == t.UID {
			return true
		}
	}
	return false
}
