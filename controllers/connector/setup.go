// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
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
	// nameIndex finds the Connectors of a name in Kafka.
	nameIndex = "kafka"
	// workersAtOnce is how many connectors are reconciled at the same time: one that
	// waits for a slow Kafka must not keep the others.
	workersAtOnce = 16
	// reconcileTimeout bounds one reconcile.
	reconcileTimeout = time.Minute
	// firstRetry and lastRetry lie between tries after errors: a deletion that is to
	// end after a time must not wait longer than that for its next try.
	firstRetry = 20 * time.Millisecond
	lastRetry  = 15 * time.Second
)

// Events are what wakes this controller from outside the API server. Each channel
// is for it alone.
type Events struct {
	Tasks    <-chan event.TypedGenericEvent[state.TaskKey]
	Clusters <-chan event.TypedGenericEvent[types.NamespacedName]
	Groups   <-chan event.TypedGenericEvent[state.ConnectorKey]
}

// SetupWithManager adds the controller to a manager.
func SetupWithManager(ctx context.Context, mgr ctrl.Manager, d Dependencies, e Events) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Connector{}, nameIndex, func(o client.Object) []string {
		c := o.(*v1alpha1.Connector)
		return []string{indexKey(c.Cluster(), c.KafkaName())}
	})
	if err != nil {
		return fmt.Errorf("indexing connectors: %w", err)
	}
	err = ctrl.NewControllerManagedBy(mgr).Named("connector").
		WithOptions(controller.Options{
			MaxConcurrentReconciles: workersAtOnce, ReconciliationTimeout: reconcileTimeout,
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
		}).
		For(&v1alpha1.Connector{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&v1alpha1.Task{}).
		Watches(&v1alpha1.ConnectCluster{}, handler.EnqueueRequestsFromMapFunc(ofCluster(d.Client)), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		// The one that loses a name wants to know when the winner goes.
		Watches(&v1alpha1.Connector{}, handler.EnqueueRequestsFromMapFunc(rivals(d.Client)), builder.WithPredicates(predicate.Funcs{
			CreateFunc: func(event.CreateEvent) bool { return false },
			UpdateFunc: func(event.UpdateEvent) bool { return false },
		})).
		WatchesRawSource(source.TypedChannel(e.Tasks, handler.TypedEnqueueRequestsFromMapFunc(ofTask(d.Client)))).
		WatchesRawSource(source.TypedChannel(e.Clusters, handler.TypedEnqueueRequestsFromMapFunc(ofClusterKey(d.Client)))).
		WatchesRawSource(source.TypedChannel(e.Groups, handler.TypedEnqueueRequestsFromMapFunc(ofGroup(d.Client)))).
		Complete(reconcile.AsReconciler(mgr.GetClient(), New(d)))
	if err != nil {
		return fmt.Errorf("setting up the connector controller: %w", err)
	}
	return nil
}

func indexKey(cluster types.NamespacedName, name string) string { return cluster.String() + "/" + name }

func ofCluster(c client.Client) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		return ofClusterKey(c)(ctx, client.ObjectKeyFromObject(o))
	}
}

func ofClusterKey(c client.Client) handler.TypedMapFunc[types.NamespacedName, reconcile.Request] {
	return func(ctx context.Context, key types.NamespacedName) []reconcile.Request {
		return requests(ctx, c, key.Namespace, func(o *v1alpha1.Connector) bool { return o.Cluster() == key })
	}
}

func rivals(c client.Client) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		gone := o.(*v1alpha1.Connector)
		return requests(ctx, c, "", func(o *v1alpha1.Connector) bool {
			refused := meta.IsStatusConditionFalse(o.Status.Conditions, v1alpha1.AcceptedCondition)
			return o.UID != gone.UID && (refused || o.Status.State != string(o.Spec.State)) && o.DeletionTimestamp == nil
		})
	}
}

// ofTask wakes the connector of a task that is to end and may have: what else
// workers say comes with the Tasks' statuses.
func ofTask(c client.Client) handler.TypedMapFunc[state.TaskKey, reconcile.Request] {
	return func(ctx context.Context, k state.TaskKey) []reconcile.Request {
		return requests(ctx, c, k.Cluster.Namespace, func(o *v1alpha1.Connector) bool {
			var t v1alpha1.Task
			err := c.Get(ctx, types.NamespacedName{Namespace: o.Namespace, Name: o.TaskName(k.Index)}, &t)
			return err == nil && t.DeletionTimestamp != nil
		}, client.MatchingFields{nameIndex: indexKey(k.Cluster, k.Connector)})
	}
}

// ofGroup wakes the connector whose consumer group has changed.
func ofGroup(c client.Client) handler.TypedMapFunc[state.ConnectorKey, reconcile.Request] {
	return func(ctx context.Context, k state.ConnectorKey) []reconcile.Request {
		return requests(ctx, c, k.Cluster.Namespace, nil, client.MatchingFields{nameIndex: indexKey(k.Cluster, k.Connector)})
	}
}

func requests(ctx context.Context, c client.Client, namespace string, want func(*v1alpha1.Connector) bool, opts ...client.ListOption) []reconcile.Request {
	var list v1alpha1.ConnectorList
	if err := c.List(ctx, &list, append(opts, client.InNamespace(namespace), client.UnsafeDisableDeepCopy)...); err != nil {
		return nil // the cache is stopping
	}
	var out []reconcile.Request
	for i := range list.Items {
		if want == nil || want(&list.Items[i]) {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return out
}
