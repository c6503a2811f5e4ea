// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
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
)

const (
	// workersAtOnce is how many clusters are reconciled at the same time.
	workersAtOnce = 8
	// reconcileTimeout bounds one reconcile.
	reconcileTimeout = time.Minute
)

// SetupWithManager adds the controller to a manager. clusters carries the names of
// clusters of whose Kafka something new is known; it is for this controller alone.
func SetupWithManager(mgr ctrl.Manager, d Dependencies, clusters <-chan event.TypedGenericEvent[types.NamespacedName]) error {
	changed := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	err := ctrl.NewControllerManagedBy(mgr).Named("connectcluster").
		WithOptions(controller.Options{MaxConcurrentReconciles: workersAtOnce, ReconciliationTimeout: reconcileTimeout}).
		For(&v1alpha1.ConnectCluster{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Owns(&appsv1.StatefulSet{}).
		Owns(&corev1.Service{}, changed).
		Owns(&corev1.ServiceAccount{}, changed).
		Owns(&corev1.ConfigMap{}, changed).
		Owns(&rbacv1.Role{}, changed).
		Owns(&rbacv1.RoleBinding{}, changed).
		Owns(&policyv1.PodDisruptionBudget{}, changed).
		Watches(&v1alpha1.Connector{}, handler.EnqueueRequestsFromMapFunc(ofConnector), changed).
		Watches(&v1alpha1.Task{}, handler.EnqueueRequestsFromMapFunc(ofTask), builder.WithPredicates(predicate.Funcs{UpdateFunc: stateChanged})).
		WatchesRawSource(source.TypedChannel(clusters, handler.TypedEnqueueRequestsFromMapFunc(itself))).
		Complete(reconcile.AsReconciler(mgr.GetClient(), New(d)))
	if err != nil {
		return fmt.Errorf("setting up the cluster controller: %w", err)
	}
	return nil
}

func ofConnector(_ context.Context, o client.Object) []reconcile.Request {
	return request(o.(*v1alpha1.Connector).Cluster())
}

func ofTask(_ context.Context, o client.Object) []reconcile.Request {
	return request(o.(*v1alpha1.Task).Cluster())
}

func itself(_ context.Context, key types.NamespacedName) []reconcile.Request { return request(key) }

func request(key types.NamespacedName) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: key}}
}

// stateChanged passes what the counters depend on.
func stateChanged(e event.UpdateEvent) bool {
	before, ok := e.ObjectOld.(*v1alpha1.Task)
	after, ok2 := e.ObjectNew.(*v1alpha1.Task)
	return !ok || !ok2 || before.Status.State != after.Status.State
}
