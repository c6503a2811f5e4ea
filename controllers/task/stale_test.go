// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

// What a cache shows may be old: every view that there ever was is tried again
// after each step, and none may raise an epoch or take back what was noted.
func TestOldViewsOfATaskDoNothing(t *testing.T) {
	f, task, w0 := bound(t)
	var views []*v1alpha1.Task
	raised := 1
	step := func(epochs int) {
		t.Helper()
		views = append(views, f.read(task))
		f.look(task)
		now := f.read(task)
		raised += epochs
		f.checkRaised(raised)
		// The new spec with the old status is what a cache shows between two writes.
		between := now.DeepCopy()
		between.Status = views[len(views)-1].Status
		between.ResourceVersion = views[len(views)-1].ResourceVersion
		views = append(views, between)
		for i, old := range views {
			if i == len(views)-1 && epochs == 0 {
				continue
			}
			if _, err := f.tasks.Reconcile(t.Context(), old.DeepCopy()); err != nil {
				t.Fatalf("view %d: %v", i, err)
			}
		}
		f.checkRaised(raised)
		if got := f.read(task); got.Status.Restarts != now.Status.Restarts || got.Status.RestartHandled != now.Status.RestartHandled {
			t.Fatalf("an old view made the status %+v, want %+v", got.Status, now.Status)
		}
	}
	f.change(task, `{"metadata":{"annotations":{"connect.penstock.dev/restart-requested-at":"1"}}}`)
	step(1)
	f.change(task, `{"spec":{"configRevision":"r2"}}`)
	step(1)
	f.say(task, state.Task{State: failed, Error: "x"})
	step(0)
	f.wait(time.Second)
	step(1)
	f.checkBinding(task, w0, 4)
}

func TestOldViewsAreLookedAtAgain(t *testing.T) {
	f, task, _ := bound(t)
	old := f.read(task)
	f.change(task, `{"metadata":{"labels":{"x":"y"}}}`)
	f.say(task, state.Task{State: paused})
	r, err := f.tasks.Reconcile(t.Context(), old)
	f.must(err)
	if r.RequeueAfter != staleDelay {
		t.Errorf("after a conflict it looks again after %s, want %s", r.RequeueAfter, staleDelay)
	}
	f.look(task)
	f.checkState(task, v1alpha1.TaskStatePaused)
}

// oldTasks is a client whose lists of Tasks are from before.
func oldTasks(t *testing.T, tasks ...*v1alpha1.Task) client.Client {
	t.Helper()
	under, err := client.NewWithWatch(api.Config, client.Options{Scheme: api.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return interceptor.NewClient(under, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			l, ok := list.(*v1alpha1.TaskList)
			if !ok {
				return c.List(ctx, list, opts...)
			}
			for _, old := range tasks {
				l.Items = append(l.Items, *old.DeepCopy())
			}
			return nil
		},
	})
}

func TestTheBinderWithAnOldView(t *testing.T) {
	f := newFixture(t)
	task, w0 := f.addTask("orders-0", 0), f.addWorker("main-worker-0")
	unbound := f.read(task)
	f.bind()
	first := f.checkBinding(task, w0, 1)
	w1 := f.addWorker("main-worker-1")
	f.terminate(w0)
	f.bind()
	releasing := f.checkBinding(task, nil, 1)
	f.wait(releaseTimeout)
	f.bind()
	f.checkBinding(task, w1, 2)
	for name, old := range map[string]*v1alpha1.Task{"unbound": unbound, "bound to the first": first, "being released": releasing} {
		t.Run(name, func(t *testing.T) {
			b, _ := New(Dependencies{Client: oldTasks(t, old), Live: api.Client, Kafka: f.kafka, Clock: f.clock, Recorder: f.recorder})
			if _, err := b.Reconcile(t.Context(), reconcile.Request{NamespacedName: types.NamespacedName{Namespace: f.ns, Name: "main"}}); err != nil {
				t.Fatal(err)
			}
			f.checkBinding(task, w1, 2)
			f.checkRaised(2)
		})
	}
}

// The connector controller writes while an epoch is being raised.
func TestAConflictCostsNoSecondEpoch(t *testing.T) {
	f, task, w0 := bound(t)
	f.change(task, `{"spec":{"configRevision":"r2"}}`)
	n := 0
	f.kafka.onRaise = func() {
		n++
		f.change(task, `{"spec":{"configRevision":"r3"}}`)
	}
	f.look(task)
	got := f.checkBinding(task, w0, 2)
	if n != 1 || got.Spec.BoundRevision != "r3" {
		t.Errorf("after %d epochs it is bound for %s, want one and r3", n, got.Spec.BoundRevision)
	}
	f.kafka.onRaise = nil
	f.look(task)
	f.checkBinding(task, w0, 2)
}

// Somebody bound the task elsewhere while an epoch was being raised: the epoch is
// lost, and the next pass replaces it.
func TestALostRaceIsMadeGood(t *testing.T) {
	f, task, _ := bound(t)
	w1 := f.addWorker("main-worker-1")
	f.change(task, `{"spec":{"configRevision":"r2"}}`)
	f.kafka.onRaise = func() {
		f.kafka.onRaise = nil
		f.change(task, `{"spec":{"worker":{"name":"main-worker-1","uid":"`+string(w1.UID)+`"}}}`)
	}
	f.look(task)
	f.checkBinding(task, w1, 1)
	f.look(task)
	f.checkBinding(task, w1, 3)
}
