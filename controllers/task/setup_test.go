// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/event"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

// live is a fixture whose controllers run in a manager, with its cache.
type live struct {
	*fixture
	tasks, placed chan event.TypedGenericEvent[state.TaskKey]
	clusters      chan event.TypedGenericEvent[types.NamespacedName]
}

func newLive(t *testing.T) *live {
	t.Helper()
	l := &live{
		fixture: newFixture(t), tasks: make(chan event.TypedGenericEvent[state.TaskKey], 100), placed: make(chan event.TypedGenericEvent[state.TaskKey], 100),
		clusters: make(chan event.TypedGenericEvent[types.NamespacedName], 100),
	}
	l.clock.SetTime(time.Now())
	off := true
	mgr, err := ctrl.NewManager(api.Config, ctrl.Options{
		Scheme: api.Client.Scheme(), Logger: testr.New(t), Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{l.ns: {}}},
		Controller: config.Controller{SkipNameValidation: &off},
	})
	l.must(err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	l.must(SetupWithManager(ctx, mgr, Dependencies{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Kafka: l.kafka, Clock: clock.RealClock{}, Recorder: l.recorder,
	}, Events{Tasks: l.tasks, PlacedTasks: l.placed, Clusters: l.clusters}))
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	})
	return l
}

// report is a worker's word and the wake-up that comes with it.
func (l *live) report(t *v1alpha1.Task, s state.Task) {
	l.t.Helper()
	l.say(t, s)
	e := event.TypedGenericEvent[state.TaskKey]{Object: keyOf(t)}
	l.tasks <- e
	l.placed <- e
}

// until waits for a Task to be as it should.
func (l *live) until(t *v1alpha1.Task, what string, ok func(*v1alpha1.Task) bool) *v1alpha1.Task {
	l.t.Helper()
	var last *v1alpha1.Task
	err := wait.PollUntilContextTimeout(l.t.Context(), 20*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
		last = l.read(t)
		return ok(last), nil
	})
	if err != nil {
		l.t.Fatalf("waiting until %s %s: %v; it is %+v %+v", t.Name, what, err, last.Spec, last.Status)
	}
	return last
}

func inState(s v1alpha1.TaskState, epoch int64) func(*v1alpha1.Task) bool {
	return func(t *v1alpha1.Task) bool {
		return t.Status.State == s && t.Spec.Epoch == epoch && t.Status.Epoch == epoch
	}
}

func TestTheControllersInAManager(t *testing.T) {
	l := newLive(t)
	task := l.addTask("orders-0", 0)
	l.until(task, "is seen", inState(v1alpha1.TaskStateUnassigned, 0))
	w0 := l.addWorker("main-worker-0")
	l.until(task, "starts", inState(v1alpha1.TaskStateStarting, 1))
	l.report(task, state.Task{State: running})
	l.until(task, "runs", inState(v1alpha1.TaskStateRunning, 1))

	// A cache lags behind what is written; each request is one epoch all the same.
	for i := range 5 {
		l.change(task, fmt.Sprintf(`{"metadata":{"annotations":{"connect.penstock.dev/restart-requested-at":"%d"}}}`, i))
		l.until(task, "starts again", inState(v1alpha1.TaskStateStarting, int64(i)+2))
		l.report(task, state.Task{State: running})
		l.until(task, "runs again", inState(v1alpha1.TaskStateRunning, int64(i)+2))
	}
	l.report(task, state.Task{State: failed, Error: "x"})
	got := l.until(task, "is restarted", inState(v1alpha1.TaskStateStarting, 7))
	if got.Status.Restarts != 1 {
		t.Errorf("one failure makes %d restarts", got.Status.Restarts)
	}
	l.report(task, state.Task{State: running})
	l.until(task, "runs after a failure", inState(v1alpha1.TaskStateRunning, 7))

	// The worker goes, lets go, and another one takes over.
	w1 := l.addWorker("main-worker-1")
	l.terminate(w0)
	l.until(task, "is being released", func(t *v1alpha1.Task) bool { return t.Spec.Releasing != nil })
	l.report(task, state.Task{State: "UNASSIGNED", Released: true})
	l.until(task, "moves", func(t *v1alpha1.Task) bool {
		return t.Spec.Worker != nil && t.Spec.Worker.UID == w1.UID && t.Spec.Epoch == 8
	})
	l.remove(w0)

	// Its pod dies.
	w2 := l.addWorker("main-worker-2")
	l.remove(w1)
	l.until(task, "moves at once", func(t *v1alpha1.Task) bool {
		return t.Spec.Worker != nil && t.Spec.Worker.UID == w2.UID && t.Spec.Epoch == 9
	})
	l.checkRaised(9)
}

// Kafka that comes back is an event of the cluster.
func TestBindingGoesOnWhenKafkaIsBack(t *testing.T) {
	l := newLive(t)
	l.kafka.set(state.Cluster{CaughtUp: true, Reachable: errAway})
	task := l.addTask("orders-0", 0)
	l.addWorker("main-worker-0")
	l.until(task, "is seen", inState(v1alpha1.TaskStateUnassigned, 0))
	l.kafka.set(state.Cluster{CaughtUp: true})
	l.clusters <- event.TypedGenericEvent[types.NamespacedName]{Object: types.NamespacedName{Namespace: l.ns, Name: "main"}}
	l.until(task, "starts", inState(v1alpha1.TaskStateStarting, 1))
}
