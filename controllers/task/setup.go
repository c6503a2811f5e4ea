// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

const (
	// taskIndex finds the Task that a record of the status topic speaks of.
	taskIndex = "kafka"
	// workerIndex finds the Tasks that are bound to a pod.
	workerIndex = "spec.worker.name"
	// statusDelay gathers what a worker says at about the same time into one write.
	// It is part of the two seconds within which a state must show.
	statusDelay = 250 * time.Millisecond
	// workersAtOnce is how many reconciles of a controller run at the same time: one
	// that waits for a slow Kafka must not keep the others.
	workersAtOnce = 16
	// reconcileTimeout bounds one reconcile.
	reconcileTimeout = time.Minute
	// firstRetry and lastRetry lie between tries after errors.
	firstRetry = 20 * time.Millisecond
	lastRetry  = 15 * time.Second
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
	err := errors.Join(
		index(ctx, mgr, taskIndex, func(t *v1alpha1.Task) string { return indexKey(keyOf(t)) }),
		index(ctx, mgr, workerIndex, func(t *v1alpha1.Task) string {
			if t.Spec.Worker == nil {
				return ""
			}
			return t.Spec.Worker.Name
		}),
	)
	if err != nil {
		return fmt.Errorf("indexing tasks: %w", err)
	}
	binder, tasks := New(d)
	err = ctrl.NewControllerManagedBy(mgr).Named("binding").WithOptions(options()).
		Watches(&v1alpha1.Task{}, handler.EnqueueRequestsFromMapFunc(clusterOfTask), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(clusterOfPod), builder.WithPredicates(workerChanged())).
		WatchesRawSource(source.TypedChannel(e.PlacedTasks, handler.TypedEnqueueRequestsFromMapFunc(clusterOfKey))).
		WatchesRawSource(source.TypedChannel(e.Clusters, handler.TypedEnqueueRequestsFromMapFunc(clusterItself))).
		Complete(binder)
	if err != nil {
		return fmt.Errorf("setting up the binding controller: %w", err)
	}
	err = ctrl.NewControllerManagedBy(mgr).Named("task").WithOptions(options()).
		For(&v1alpha1.Task{}, builder.WithPredicates(predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.ConnectCluster{}, handler.EnqueueRequestsFromMapFunc(tasksOf(d.Client, v1alpha1.ClusterLabel))).
		// A restart policy may have changed.
		Watches(&v1alpha1.Connector{}, handler.EnqueueRequestsFromMapFunc(tasksOf(d.Client, v1alpha1.ConnectorLabel)), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(tasksOfPod(d.Client)), builder.WithPredicates(workerChanged())).
		WatchesRawSource(source.TypedChannel(e.Tasks, taskOfKey(d.Client))).
		Complete(reconcile.AsReconciler(mgr.GetClient(), tasks))
	if err != nil {
		return fmt.Errorf("setting up the task controller: %w", err)
	}
	return nil
}

func options() controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: workersAtOnce, ReconciliationTimeout: reconcileTimeout,
		RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
	}
}

func index(ctx context.Context, mgr ctrl.Manager, name string, value func(*v1alpha1.Task) string) error {
	return mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Task{}, name, func(o client.Object) []string {
		return []string{value(o.(*v1alpha1.Task))}
	})
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

// taskOfKey wakes the Task that a record of the status topic speaks of, after a
// moment in which more may come.
func taskOfKey(c client.Client) handler.TypedEventHandler[state.TaskKey, reconcile.Request] {
	return handler.TypedFuncs[state.TaskKey, reconcile.Request]{
		GenericFunc: func(ctx context.Context, e event.TypedGenericEvent[state.TaskKey], q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			k := e.Object
			for _, r := range find(ctx, c, k.Cluster.Namespace, client.MatchingFields{taskIndex: indexKey(k)}) {
				q.AddAfter(r, statusDelay)
			}
		},
	}
}

// tasksOf wakes the tasks that carry a label with an object's name: those of a
// cluster when its Kafka may have become known, those of a connector.
func tasksOf(c client.Client, label string) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		return find(ctx, c, o.GetNamespace(), client.MatchingLabels{label: o.GetName()})
	}
}

func tasksOfPod(c client.Client) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		return find(ctx, c, o.GetNamespace(), client.MatchingFields{workerIndex: o.GetName()})
	}
}

// workerChanged lets through the pods that run tasks, when they change in a way
// that matters here.
func workerChanged() predicate.Predicate {
	return predicate.And[client.Object](
		predicate.NewPredicateFuncs(func(o client.Object) bool {
			return o.GetLabels()[v1alpha1.ClusterLabel] != "" && o.GetLabels()[ComponentLabel] == WorkerComponent
		}),
		predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
			before, after := e.ObjectOld.(*corev1.Pod), e.ObjectNew.(*corev1.Pod)
			return workerOf(before) != workerOf(after) || before.Status.Phase != after.Status.Phase
		}},
	)
}

func find(ctx context.Context, c client.Client, namespace string, opts ...client.ListOption) []reconcile.Request {
	var list v1alpha1.TaskList
	if err := c.List(ctx, &list, append(opts, client.InNamespace(namespace), client.UnsafeDisableDeepCopy)...); err != nil {
		return nil // the cache is stopping
	}
	out := make([]reconcile.Request, len(list.Items))
	for i := range list.Items {
		out[i].NamespacedName = client.ObjectKeyFromObject(&list.Items[i])
	}
	return out
}
