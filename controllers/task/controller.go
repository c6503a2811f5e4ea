// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package task binds Tasks to workers, as a scheduler binds Pods to nodes,
// restarts those that fail, and shows what their workers say of them.
package task

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
	"penstock.dev/controllers/internal/state"
)

// The label by which worker pods are known.
const (
	ComponentLabel  = "app.kubernetes.io/component"
	WorkerComponent = "worker"
)

// Kafka is what the task controllers need of it.
type Kafka interface {
	// Cluster returns what is known of a cluster's Kafka.
	Cluster(types.NamespacedName) (state.Cluster, bool)
	// Task returns the last word about a task; false if there is none.
	Task(state.TaskKey) (state.Task, bool)
	// NextEpoch writes an epoch that is higher than any the task ever had, and
	// returns it.
	NextEpoch(context.Context, state.TaskKey) (int64, error)
}

// Dependencies are what the controllers of this package work with.
type Dependencies struct {
	Client client.Client
	// Live reads from the API server, not from the cache.
	Live  client.Reader
	Kafka Kafka
	Clock clock.PassiveClock
}

// Reconciler keeps one Task's status and restarts the task.
type Reconciler struct {
	Dependencies
	binding *binding

	mu      sync.Mutex
	written map[types.UID]time.Time // when a status was last written
}

// New returns the two reconcilers of this package, which share how they write
// bindings.
func New(d Dependencies) (*Binder, *Reconciler) {
	b := newBinding(d)
	return &Binder{Dependencies: d, binding: b}, &Reconciler{Dependencies: d, binding: b, written: map[types.UID]time.Time{}}
}

// Reconcile brings a Task's status up to date and starts a new incarnation of the
// task if there must be one.
//
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=tasks/status,verbs=get;patch
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectors,verbs=get;list;watch
func (r *Reconciler) Reconcile(ctx context.Context, t *v1alpha1.Task) (reconcile.Result, error) {
	if t.DeletionTimestamp != nil {
		r.forget(t.UID)
		return reconcile.Result{}, nil
	}
	if c, ok := r.Kafka.Cluster(t.Cluster()); !ok || !c.CaughtUp {
		return reconcile.Result{}, nil
	}
	policy, err := r.policy(ctx, t)
	if err != nil {
		return reconcile.Result{}, err
	}
	last, known := r.Kafka.Task(keyOf(t))
	now := r.Clock.Now()
	s := observed(t, last, known, now)
	p := planNext(t, &s, last, policy, now)
	if p.first {
		if err := r.start(ctx, t, p); err != nil {
			return reconcile.Result{}, err
		}
	}
	ready(&s, now)
	if err := r.write(ctx, t, s, now); err != nil {
		return reconcile.Result{}, err
	}
	if p.start && !p.first {
		if err := r.start(ctx, t, p); err != nil {
			return reconcile.Result{}, err
		}
	}
	return reconcile.Result{RequeueAfter: p.again}, nil
}

func (r *Reconciler) policy(ctx context.Context, t *v1alpha1.Task) (policy, error) {
	var c v1alpha1.Connector
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: t.Namespace, Name: t.Spec.ConnectorRef.Name}, &c)
	if client.IgnoreNotFound(err) != nil {
		return policy{}, fmt.Errorf("reading the connector of task %s: %w", t.Name, err)
	}
	return policyOf(c.Spec.RestartPolicy), nil
}

func (r *Reconciler) start(ctx context.Context, t *v1alpha1.Task, p next) error {
	err := r.binding.start(ctx, t, *t.Spec.Worker, func(now *v1alpha1.Task) bool {
		return now.Spec.Epoch == t.Spec.Epoch && now.Spec.Worker != nil && *now.Spec.Worker == *t.Spec.Worker
	})
	if apierrors.IsConflict(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.why, err)
	}
	return nil
}

func (r *Reconciler) write(ctx context.Context, t *v1alpha1.Task, s v1alpha1.TaskStatus, now time.Time) error {
	if !worthWriting(t.Status, s, r.sinceWritten(t.UID, now)) {
		return nil
	}
	out := t.DeepCopy()
	out.Status = s
	if err := apply.Status(ctx, r.Client, fieldOwner, out); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.written[t.UID] = now
	return nil
}

func (r *Reconciler) sinceWritten(uid types.UID, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.written[uid]
	if !ok {
		return gaugeInterval
	}
	return now.Sub(at)
}

func (r *Reconciler) forget(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.written, uid)
}

// next is what to do about a task's incarnation.
type next struct {
	// start a new incarnation on the same worker; first says to do it before the
	// status is written, so that a crash in between does it twice and not never.
	start, first bool
	why          string
	again        time.Duration
}

// planNext decides about a new incarnation and notes in the status what follows
// from that. It is pure.
func planNext(t *v1alpha1.Task, s *v1alpha1.TaskStatus, last state.Task, p policy, now time.Time) next {
	asked := t.Annotations[v1alpha1.RestartAnnotation]
	isAsked := asked != s.RestartHandled
	s.RestartHandled = asked
	if t.Spec.Worker == nil {
		s.RestartAt = nil
		return next{}
	}
	switch {
	case t.Spec.BoundRevision != t.Spec.ConfigRevision:
		s.RestartAt, s.RecentRestarts = nil, nil
		return next{start: true, first: true, why: "starting the new config"}
	case isAsked:
		s.RestartAt, s.RecentRestarts = nil, nil
		return next{start: true, first: true, why: "restarting as asked"}
	case last.HighestEpoch > t.Spec.Epoch:
		// An epoch was raised and then not used: whoever runs has stopped.
		return next{start: true, first: true, why: "replacing an incarnation that was superseded"}
	case s.State != v1alpha1.TaskStateFailed:
		s.RestartAt = nil
		return next{}
	}
	return planRestart(s, p, now)
}

func planRestart(s *v1alpha1.TaskStatus, p policy, now time.Time) next {
	if s.RestartAt == nil {
		at, ok := p.next(s.LastErrorAt.Time, s.RecentRestarts)
		if !ok {
			return next{}
		}
		s.RestartAt = &metav1.Time{Time: at}
	}
	s.State = v1alpha1.TaskStateRestarting
	if wait := s.RestartAt.Sub(now); wait > 0 {
		return next{again: wait}
	}
	s.RestartAt = nil
	s.Restarts++
	s.RecentRestarts = append(p.within(now, s.RecentRestarts), metav1.NewTime(now))
	return next{start: true, why: "restarting after a failure"}
}
