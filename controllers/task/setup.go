// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

const (
	// taskIndex finds the Task that a record of the status topic speaks of.
	taskIndex = "kafka"
	// workersAtOnce is how many reconciles of a controller run at the same time: one
	// that waits for a slow Kafka must not keep the others.
	workersAtOnce = 16
	// reconcileTimeout bounds one reconcile.
	reconcileTimeout = time.Minute
)

// Events are what wakes these controllers from outside the API server. Each
// channel is for these controllers alone.
type Events struct {
	// Tasks and PlacedTasks carry the keys of tasks of which Kafka knows something
	// new, Clusters those of clusters.
	Tasks, PlacedTasks <-chan event.TypedGenericEvent[state.TaskKey]
	Clusters           <-chan event.TypedGenericEvent[types.NamespacedName]
}

// SetupWithManager adds both controllers to a manager.
func SetupWithManager(ctx context.Context, mgr ctrl.Manager, d Dependencies, e Events) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Task{}, taskIndex, func(o client.Object) []string {
		return []string{indexKey(keyOf(o.(*v1alpha1.Task)))}
	})
	if err != nil {
		return fmt.Errorf("indexing tasks: %w", err)
	}
	binder, tasks := New(d)
	options := controller.Options{MaxConcurrentReconciles: workersAtOnce, ReconciliationTimeout: reconcileTimeout}
	err = ctrl.NewControllerManagedBy(mgr).Named("binding").WithOptions(options).
		Watches(&v1alpha1.Task{}, handler.EnqueueRequestsFromMapFunc(clusterOfTask)).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(clusterOfPod)).
		WatchesRawSource(source.TypedChannel(e.PlacedTasks, handler.TypedEnqueueRequestsFromMapFunc(clusterOfKey))).
		WatchesRawSource(source.TypedChannel(e.Clusters, handler.TypedEnqueueRequestsFromMapFunc(clusterItself))).
		Complete(binder)
	if err != nil {
		return fmt.Errorf("setting up the binding controller: %w", err)
	}
	err = ctrl.NewControllerManagedBy(mgr).Named("task").WithOptions(options).
		For(&v1alpha1.Task{}).
		Watches(&v1alpha1.ConnectCluster{}, handler.EnqueueRequestsFromMapFunc(tasksOfCluster(d.Client))).
		WatchesRawSource(source.TypedChannel(e.Tasks, handler.TypedEnqueueRequestsFromMapFunc(taskOfKey(d.Client)))).
		Complete(reconcile.AsReconciler(mgr.GetClient(), tasks))
	if err != nil {
		return fmt.Errorf("setting up the task controller: %w", err)
	}
	return nil
}

func indexKey(k state.TaskKey) string {
	return k.Cluster.String() + "/" + k.Connector + "/" + strconv.Itoa(k.Index)
}

func clusterOfTask(_ context.Context, o client.Object) []reconcile.Request {
	return request(o.(*v1alpha1.Task).Cluster())
}

func clusterOfPod(_ context.Context, o client.Object) []reconcile.Request {
	name := o.GetLabels()[v1alpha1.ClusterLabel]
	if name == "" {
		return nil
	}
	return request(types.NamespacedName{Namespace: o.GetNamespace(), Name: name})
}

func clusterOfKey(_ context.Context, k state.TaskKey) []reconcile.Request { return request(k.Cluster) }

func clusterItself(_ context.Context, k types.NamespacedName) []reconcile.Request { return request(k) }

func request(k types.NamespacedName) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: k}}
}

func taskOfKey(c client.Client) handler.TypedMapFunc[state.TaskKey, reconcile.Request] {
	return func(ctx context.Context, k state.TaskKey) []reconcile.Request {
		var list v1alpha1.TaskList
		if err := c.List(ctx, &list, client.InNamespace(k.Cluster.Namespace), client.MatchingFields{taskIndex: indexKey(k)}); err != nil {
			return nil // the cache is stopping
		}
		return requests(list)
	}
}

// tasksOfCluster wakes every task when its cluster changes: its Kafka may have
// become known.
func tasksOfCluster(c client.Client) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		var list v1alpha1.TaskList
		if err := c.List(ctx, &list, client.InNamespace(o.GetNamespace()), client.MatchingLabels{v1alpha1.ClusterLabel: o.GetName()}); err != nil {
			return nil // the cache is stopping
		}
		return requests(list)
	}
}

func requests(list v1alpha1.TaskList) []reconcile.Request {
	var out []reconcile.Request
	for i := range list.Items {
		out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return out
}
