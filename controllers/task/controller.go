// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package task binds Tasks to workers, as a scheduler binds Pods to nodes,
// restarts those that fail, and shows what their workers say of them.
package task

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
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
	// NextEpoch writes an epoch that is higher than any the task ever had and than
	// the given one, and returns it.
	NextEpoch(ctx context.Context, k state.TaskKey, above int64) (int64, error)
}

// Dependencies are what the controllers of this package work with.
type Dependencies struct {
	Client client.Client
	// Live reads from the API server, not from the cache.
	Live  client.Reader
	Kafka Kafka
	Clock clock.PassiveClock
	// Recorder records what becomes of tasks.
	Recorder events.EventRecorder
}

// staleDelay is what a pass waits for whose view of a Task was old: a change of
// the status alone is no event here.
const staleDelay = 250 * time.Millisecond

// kafkaDelay is what a pass waits for that needs Kafka and finds it away: nothing
// may tell of a Kafka that has been away for a moment only.
const kafkaDelay = 5 * time.Second

// Reconciler keeps one Task's status and restarts the task.
type Reconciler struct {
	Dependencies
	binding *binding

	mu      sync.Mutex
	written map[types.UID]time.Time // when a status was last written
	pruned  time.Time               // when written was last rid of old entries
}

// New returns the two reconcilers of this package, which share how they write
// bindings.
func New(d Dependencies) (*Binder, *Reconciler) {
	b := newBinding(d)
	return &Binder{Dependencies: d, binding: b}, &Reconciler{Dependencies: d, binding: b, written: map[types.UID]time.Time{}}
}

// +kubebuilder:rbac:groups=connect.penstock.dev,resources=tasks/status,verbs=get;patch
// +kubebuilder:rbac:groups=connect.penstock.dev,resources=connectors,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings a Task's status up to date and starts a new incarnation of the
// task if there must be one.
func (r *Reconciler) Reconcile(ctx context.Context, t *v1alpha1.Task) (reconcile.Result, error) {
	if t.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	cluster, known := r.Kafka.Cluster(t.Cluster())
	if !known || !cluster.CaughtUp {
		return reconcile.Result{RequeueAfter: kafkaDelay}, nil
	}
	policy, err := r.policy(ctx, t)
	if err != nil {
		return reconcile.Result{}, err
	}
	holder, err := r.holder(ctx, t)
	if err != nil {
		return reconcile.Result{}, err
	}
	last, said := r.Kafka.Task(keyOf(t))
	now := r.Clock.Now()
	s := observed(t, last, said, now)
	p := planNext(t, &s, last, policy, now)
	// Without Kafka there is no new epoch, nor in another's topics.
	if p.start && !usable(cluster, known) {
		return reconcile.Result{RequeueAfter: kafkaDelay}, nil
	}
	// The new incarnation comes before the note of it: after a crash in between one
	// too many is better than one that is counted and never came.
	if p.start {
		if done, err := r.start(ctx, t, p); err != nil || !done {
			return reconcile.Result{RequeueAfter: staleDelay}, err
		}
	}
	ready(&s, holder, now)
	again, err := r.write(ctx, t, s, now)
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: staleDelay}, nil
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	r.tell(t, s, p)
	return reconcile.Result{RequeueAfter: sooner(p.again, again)}, nil
}

// sooner is the shorter of two times; 0 is never.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// tell records the events that a pass has found or made.
func (r *Reconciler) tell(t *v1alpha1.Task, s v1alpha1.TaskStatus, p next) {
	if s.LastErrorAt != nil && !s.LastErrorAt.Equal(t.Status.LastErrorAt) {
		r.Recorder.Eventf(t, nil, corev1.EventTypeWarning, "TaskFailed", "Run", "%s", s.LastError)
	}
	if p.start {
		r.Recorder.Eventf(t, nil, corev1.EventTypeNormal, "TaskRestarted", "Restart", "%s", p.why)
	}
}

// holder is the pod that a task is bound to; nil if there is none.
func (r *Reconciler) holder(ctx context.Context, t *v1alpha1.Task) (*worker, error) {
	if t.Spec.Worker == nil {
		return nil, nil
	}
	var pod corev1.Pod
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: t.Namespace, Name: t.Spec.Worker.Name}, &pod)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading the worker of task %s: %w", t.Name, err)
	}
	if err != nil || pod.UID != t.Spec.Worker.UID {
		return nil, nil
	}
	w := workerOf(&pod)
	return &w, nil
}

func (r *Reconciler) policy(ctx context.Context, t *v1alpha1.Task) (policy, error) {
	var c v1alpha1.Connector
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: t.Namespace, Name: t.Spec.ConnectorRef.Name}, &c)
	if client.IgnoreNotFound(err) != nil {
		return policy{}, fmt.Errorf("reading the connector of task %s: %w", t.Name, err)
	}
	return policyOf(c.Spec.RestartPolicy), nil
}

func (r *Reconciler) start(ctx context.Context, t *v1alpha1.Task, p next) (bool, error) {
	done, err := r.binding.start(ctx, t, *t.Spec.Worker, func(now *v1alpha1.Task) bool {
		return now.Spec.Epoch == t.Spec.Epoch && now.Spec.Worker != nil && *now.Spec.Worker == *t.Spec.Worker &&
			// The status tells what was acted upon: an old one would have it done again.
			equality.Semantic.DeepEqual(now.Status, t.Status)
	})
	if err != nil {
		return false, fmt.Errorf("%s: %w", p.why, err)
	}
	return done, nil
}

// write writes a status that is worth it, and says when to look again at one that
// is not yet.
func (r *Reconciler) write(ctx context.Context, t *v1alpha1.Task, s v1alpha1.TaskStatus, now time.Time) (time.Duration, error) {
	if wait, worth := worthWriting(t.Status, s, r.sinceWritten(t.UID, now)); !worth {
		return wait, nil
	}
	out := t.DeepCopy()
	out.Status = s
	if err := apply.Status(ctx, r.Client, fieldOwner, out); err != nil {
		return 0, err
	}
	r.note(t.UID, now)
	return 0, nil
}

// note remembers when a status was written, as long as that matters.
func (r *Reconciler) note(uid types.UID, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.written[uid] = now
	if now.Sub(r.pruned) < gaugeInterval {
		return
	}
	r.pruned = now
	maps.DeleteFunc(r.written, func(_ types.UID, at time.Time) bool { return now.Sub(at) >= gaugeInterval })
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

// next is what to do about a task's incarnation: to start a new one on the same
// worker, and why, or when to look again.
type next struct {
	start bool
	why   string
	again time.Duration
}

// planNext decides about a new incarnation and notes in the status what follows
// from that. It is pure.
func planNext(t *v1alpha1.Task, s *v1alpha1.TaskStatus, last state.Task, p policy, now time.Time) next {
	asked := truncate(t.Annotations[v1alpha1.RestartAnnotation], maxAsked)
	isAsked := asked != "" && asked != s.RestartHandled
	if isAsked {
		s.RestartHandled = asked
	}
	if t.Spec.Worker == nil {
		s.RestartAt = nil
		return next{}
	}
	switch {
	case t.Spec.BoundRevision != t.Spec.ConfigRevision:
		s.RestartAt, s.RecentRestarts = nil, nil
		return next{start: true, why: "starting the new config"}
	case isAsked:
		s.RestartAt, s.RecentRestarts = nil, nil
		return next{start: true, why: "restarting as asked"}
	case last.HighestEpoch > t.Spec.Epoch:
		// An epoch was raised and then not used: whoever runs has stopped.
		return next{start: true, why: "replacing an incarnation that was superseded"}
	case s.State != v1alpha1.TaskStateFailed:
		s.RestartAt = nil
		return next{}
	}
	return planRestart(s, p, now)
}

func planRestart(s *v1alpha1.TaskStatus, p policy, now time.Time) next {
	at, ok := p.next(s.LastErrorAt.Time, s.RecentRestarts)
	if !ok {
		s.RestartAt = nil
		return next{}
	}
	s.State = v1alpha1.TaskStateRestarting
	if wait := at.Sub(now); wait > 0 {
		s.RestartAt = &metav1.Time{Time: at}
		return next{again: wait}
	}
	s.RestartAt = nil
	s.Restarts++
	s.RecentRestarts = append(p.within(now, s.RecentRestarts), metav1.NewTime(now))
	return next{start: true, why: "restarting after a failure"}
}
