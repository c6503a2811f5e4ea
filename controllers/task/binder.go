// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

// bindAtOnce bounds how many tasks of a cluster are bound at the same time.
const bindAtOnce = 16

// Binder places the tasks of one ConnectCluster, which the request names.
type Binder struct {
	Dependencies
	binding *binding
}

// +kubebuilder:rbac:groups=connect.penstock.dev,resources=tasks,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch

// Reconcile looks at all tasks and workers of a cluster and binds what must be
// bound.
func (b *Binder) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	// Without the status topic nobody knows what was released, nor which epoch comes
	// next; running tasks run on, and a change of the cluster's state brings us here
	// again. In topics of another cluster the epochs of these names are its own.
	if !usable(b.Kafka.Cluster(req.NamespacedName)) {
		return reconcile.Result{}, nil
	}
	tasks, err := b.tasks(ctx, req.NamespacedName)
	if err != nil {
		return reconcile.Result{}, err
	}
	workers, err := b.workers(ctx, req.NamespacedName)
	if err != nil {
		return reconcile.Result{}, err
	}
	actions, again := place(tasks, workers, b.last, b.Clock.Now())
	return reconcile.Result{RequeueAfter: again}, b.act(ctx, actions)
}

// usable reports whether bindings can be decided and written.
func usable(c state.Cluster, known bool) bool {
	return known && c.CaughtUp && c.Reachable == nil && !c.HeldByAnother
}

func (b *Binder) last(t *v1alpha1.Task) state.Task {
	s, _ := b.Kafka.Task(keyOf(t))
	return s
}

func (b *Binder) tasks(ctx context.Context, cluster types.NamespacedName) ([]v1alpha1.Task, error) {
	var list v1alpha1.TaskList
	err := b.Client.List(ctx, &list, client.InNamespace(cluster.Namespace), client.MatchingLabels{v1alpha1.ClusterLabel: cluster.Name})
	if err != nil {
		return nil, fmt.Errorf("listing tasks: %w", err)
	}
	return list.Items, nil
}

func (b *Binder) workers(ctx context.Context, cluster types.NamespacedName) ([]worker, error) {
	var list corev1.PodList
	err := b.Client.List(ctx, &list, client.InNamespace(cluster.Namespace), client.MatchingLabels{
		v1alpha1.ClusterLabel: cluster.Name, ComponentLabel: WorkerComponent,
	})
	if err != nil {
		return nil, fmt.Errorf("listing workers: %w", err)
	}
	out := make([]worker, 0, len(list.Items))
	for i := range list.Items {
		if p := &list.Items[i]; p.Status.Phase != corev1.PodFailed && p.Status.Phase != corev1.PodSucceeded {
			out = append(out, workerOf(p))
		}
	}
	return out, nil
}

func workerOf(p *corev1.Pod) worker {
	w := worker{name: p.Name, uid: p.UID, stopping: p.DeletionTimestamp != nil}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			w.ready, w.since = c.Status == corev1.ConditionTrue, c.LastTransitionTime.Time
		}
	}
	return w
}

// act carries actions out, several at once; one that fails does not keep the
// rest.
func (b *Binder) act(ctx context.Context, actions []action) error {
	errs := make([]error, len(actions))
	room := make(chan struct{}, bindAtOnce)
	var wg sync.WaitGroup
	for i, a := range actions {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			errs[i] = b.do(ctx, a)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (b *Binder) do(ctx context.Context, a action) error {
	switch a.verb {
	case release:
		return b.binding.release(ctx, a.task, true)
	case unbind:
		return b.binding.release(ctx, a.task, false)
	}
	done, err := b.binding.start(ctx, a.task, a.to, func(now *v1alpha1.Task) bool { return sameBinding(a.task, now) })
	if from := previous(a.task); done && from != "" {
		b.Recorder.Eventf(a.task, nil, corev1.EventTypeNormal, "TaskMoved", "Bind", "moved from worker %s to %s", from, a.to.Name)
	}
	return err
}

// previous is the worker that a task had before, "" if none.
func previous(t *v1alpha1.Task) string {
	switch {
	case t.Spec.Releasing != nil:
		return t.Spec.Releasing.Worker.Name
	case t.Spec.Worker != nil:
		return t.Spec.Worker.Name
	}
	return ""
}
