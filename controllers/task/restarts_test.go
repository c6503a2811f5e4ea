// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

func fail(f *fixture, task *v1alpha1.Task) {
	f.t.Helper()
	f.say(task, state.Task{State: failed, Error: "the file is gone"})
	f.look(task)
}

func TestAFailedTaskIsRestarted(t *testing.T) {
	f, task, w0 := bound(t)
	f.say(task, state.Task{State: failed, Error: "the file is gone"})
	if r := f.look(task); r.RequeueAfter != time.Second {
		t.Errorf("it looks again after %s, want 1s", r.RequeueAfter)
	}
	got := f.checkState(task, v1alpha1.TaskStateRestarting)
	if got.Status.LastError != "the file is gone" || got.Status.RestartAt == nil || got.Status.Restarts != 0 {
		t.Errorf("the status is %+v, want the error, the time of the restart and none so far", got.Status)
	}
	checkEvent(t, f, "the file is gone")
	f.wait(time.Second)
	f.look(task)
	got = f.checkBinding(task, w0, 2)
	if got.Status.Restarts != 1 || got.Status.RestartAt != nil || len(got.Status.RecentRestarts) != 1 {
		t.Errorf("the status is %+v, want one restart", got.Status)
	}
	f.look(task)
	f.checkState(task, v1alpha1.TaskStateStarting)

	// The pause doubles.
	f.say(task, state.Task{State: failed, Error: "the file is gone"})
	if r := f.look(task); r.RequeueAfter != 2*time.Second {
		t.Errorf("after the second failure it looks again after %s, want 2s", r.RequeueAfter)
	}
	f.wait(2 * time.Second)
	f.look(task)
	f.say(task, state.Task{State: running})
	f.look(task)
	if got = f.checkState(task, v1alpha1.TaskStateRunning); got.Status.Restarts != 2 || got.Spec.Epoch != 3 {
		t.Errorf("it runs after %d restarts under the epoch %d, want 2 and 3", got.Status.Restarts, got.Spec.Epoch)
	}
	checkReady(t, got, metav1.ConditionTrue, "Running")
	f.checkRaised(3)
}

func TestTheBudgetOfRestarts(t *testing.T) {
	f, task, w0 := bound(t)
	two := int32(2)
	f.connector.Spec.RestartPolicy = &v1alpha1.RestartPolicy{MaxRestarts: &two}
	f.must(api.Client.Update(t.Context(), f.connector))
	for range two {
		fail(f, task)
		f.wait(time.Minute)
		f.look(task)
	}
	f.checkBinding(task, w0, 3)
	fail(f, task)
	for range 3 {
		f.wait(time.Minute)
		if r := f.look(task); r.RequeueAfter != 0 {
			t.Errorf("a task whose budget is spent is looked at again after %s", r.RequeueAfter)
		}
	}
	got := f.checkState(task, v1alpha1.TaskStateFailed)
	f.checkBinding(task, w0, 3)
	if got.Status.Restarts != 2 || got.Status.RestartAt != nil {
		t.Errorf("the status is %+v, want two restarts and none to come", got.Status)
	}

	// A user who asks gets a restart, and a budget that is full again.
	f.change(task, `{"metadata":{"annotations":{"connect.penstock.dev/restart-requested-at":"now"}}}`)
	f.look(task)
	if got = f.checkBinding(task, w0, 4); len(got.Status.RecentRestarts) != 0 {
		t.Errorf("%d restarts count against the budget, want none", len(got.Status.RecentRestarts))
	}
	fail(f, task)
	f.checkState(task, v1alpha1.TaskStateRestarting)
}

func TestNeverRestart(t *testing.T) {
	f, task, w0 := bound(t)
	f.connector.Spec.RestartPolicy = &v1alpha1.RestartPolicy{Type: v1alpha1.RestartNever}
	f.must(api.Client.Update(t.Context(), f.connector))
	fail(f, task)
	f.wait(time.Hour)
	f.look(task)
	f.checkState(task, v1alpha1.TaskStateFailed)
	f.checkBinding(task, w0, 1)
}

func TestRestartAnnotation(t *testing.T) {
	f, task, w0 := bound(t)
	for i, value := range []string{"2026-01-02T03:04:05Z", "again", strings.Repeat("x", 3000)} {
		f.change(task, `{"metadata":{"annotations":{"connect.penstock.dev/restart-requested-at":"`+value+`"}}}`)
		for range 3 {
			f.look(task)
		}
		f.checkBinding(task, w0, int64(i)+2)
	}
	f.change(task, `{"metadata":{"annotations":{"connect.penstock.dev/restart-requested-at":null}}}`)
	f.look(task)
	got := f.checkBinding(task, w0, 4)
	if got.Status.Restarts != 0 {
		t.Errorf("what was asked for counts as %d restarts after failures", got.Status.Restarts)
	}
	checkEvent(t, f, "restarting as asked")
}

func TestANewConfigIsANewIncarnation(t *testing.T) {
	f, task, w0 := bound(t)
	f.change(task, `{"spec":{"configRevision":"r2","config":{"a":"b"}}}`)
	f.look(task)
	got := f.checkBinding(task, w0, 2)
	if got.Spec.BoundRevision != "r2" || got.Spec.Config["a"] != "b" {
		t.Errorf("it is bound for %q with %v, want r2", got.Spec.BoundRevision, got.Spec.Config)
	}
	f.look(task)
	f.checkBinding(task, w0, 2)
}

func TestANewConfigMakesAFailedTaskRun(t *testing.T) {
	f, task, w0 := bound(t)
	f.connector.Spec.RestartPolicy = &v1alpha1.RestartPolicy{Type: v1alpha1.RestartNever}
	f.must(api.Client.Update(t.Context(), f.connector))
	fail(f, task)
	f.change(task, `{"spec":{"configRevision":"r2"}}`)
	f.look(task)
	f.checkBinding(task, w0, 2)
}
