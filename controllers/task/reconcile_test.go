// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
	"penstock.dev/controllers/internal/state"
)

// bound is a fixture with one task that is bound to one worker and runs.
func bound(t *testing.T) (*fixture, *v1alpha1.Task, *corev1.Pod) {
	t.Helper()
	f := newFixture(t)
	task, w0 := f.addTask("orders-0", 0), f.addWorker("main-worker-0")
	f.bind()
	f.say(task, state.Task{State: running})
	f.look(task)
	f.checkState(task, v1alpha1.TaskStateRunning)
	return f, task, w0
}

func TestATaskIsBoundAndRuns(t *testing.T) {
	f := newFixture(t)
	task := f.addTask("orders-0", 0)
	f.bind()
	f.checkBinding(task, nil, 0)
	f.look(task)
	got := f.checkState(task, v1alpha1.TaskStateUnassigned)
	checkReady(t, got, metav1.ConditionFalse, "Unassigned")

	w0 := f.addWorker("main-worker-0")
	f.bind()
	got = f.checkBinding(task, w0, 1)
	if got.Spec.BoundRevision != "r1" {
		t.Errorf("it is bound for the revision %q, want r1", got.Spec.BoundRevision)
	}
	f.look(task)
	f.checkState(task, v1alpha1.TaskStateStarting)

	lag := int64(7)
	f.say(task, state.Task{
		State: running, Pod: w0.Name, StartedAt: start, LastCommit: start.Add(time.Second), Assignment: []string{"a-0"}, Lag: &lag, RecordsPerSecond: 12.34,
		Offsets: []state.PartitionOffset{{Partition: `{"filename":"f"}`, Offset: `{"position":9}`, Lag: &lag}}, Partitions: 1,
	})
	f.look(task)
	got = f.checkState(task, v1alpha1.TaskStateRunning)
	checkReady(t, got, metav1.ConditionTrue, "Running")
	want := v1alpha1.TaskStatus{
		Conditions: got.Status.Conditions, ObservedGeneration: got.Generation, State: v1alpha1.TaskStateRunning, Worker: w0.Name, Epoch: 1,
		StartedAt: &metav1.Time{Time: start}, LastCommit: &metav1.Time{Time: start.Add(time.Second)}, Assignment: []string{"a-0"}, Lag: &lag, RecordsPerSecond: "12.3",
		Offsets: []v1alpha1.PartitionOffset{{Partition: `{"filename":"f"}`, Offset: `{"position":9}`, Lag: &lag}}, Partitions: 1,
	}
	if diff := cmp.Diff(want, got.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	f.bind()
	f.look(task)
	f.checkBinding(task, w0, 1)
	if again := f.read(task); again.ResourceVersion != got.ResourceVersion {
		t.Errorf("nothing changed and the Task was written")
	}
}

func checkReady(t *testing.T, task *v1alpha1.Task, status metav1.ConditionStatus, reason string) {
	t.Helper()
	if len(task.Status.Conditions) != 1 {
		t.Fatalf("the conditions are %v, want Ready alone", task.Status.Conditions)
	}
	if c := task.Status.Conditions[0]; c.Type != v1alpha1.ReadyCondition || c.Status != status || c.Reason != reason {
		t.Errorf("the condition is %s=%s (%s), want Ready=%s (%s)", c.Type, c.Status, c.Reason, status, reason)
	}
}

func TestAPodThatIsGoneLosesItsTaskAtOnce(t *testing.T) {
	f, task, w0 := bound(t)
	w1 := f.addWorker("main-worker-1")
	f.remove(w0)
	f.bind()
	f.checkBinding(task, w1, 2)
	f.look(task)
	got := f.checkState(task, v1alpha1.TaskStateStarting)
	if got.Status.Restarts != 0 {
		t.Errorf("a move counts as %d restarts", got.Status.Restarts)
	}
	checkEvent(t, f, "moved from worker main-worker-0 to main-worker-1")
}

// A StatefulSet uses the name again.
func TestAPodOfTheSameNameIsAnotherPod(t *testing.T) {
	f, task, w0 := bound(t)
	f.remove(w0)
	again := f.addWorker(w0.Name)
	f.bind()
	f.checkBinding(task, again, 2)
}

func TestAPodThatHasFailedIsGone(t *testing.T) {
	f, task, w0 := bound(t)
	w1 := f.addWorker("main-worker-1")
	w0.Status.Phase = corev1.PodFailed
	f.must(api.Client.Status().Update(t.Context(), w0))
	f.bind()
	f.checkBinding(task, w1, 2)
}

func TestWithoutAnyWorkerATaskWaits(t *testing.T) {
	f, task, w0 := bound(t)
	f.remove(w0)
	f.bind()
	f.checkBinding(task, nil, 1)
	f.look(task)
	f.checkState(task, v1alpha1.TaskStateUnassigned)
	w1 := f.addWorker("main-worker-1")
	f.bind()
	f.checkBinding(task, w1, 2)
}

func TestATerminatingWorkerIsWaitedFor(t *testing.T) {
	f, task, w0 := bound(t)
	w1 := f.addWorker("main-worker-1")
	f.terminate(w0)
	f.bind()
	got := f.checkBinding(task, nil, 1)
	if got.Spec.Releasing == nil || got.Spec.Releasing.Worker.UID != w0.UID {
		t.Fatalf("the Task is being released by %v, want by %s", got.Spec.Releasing, w0.Name)
	}
	if r := f.bind(); r.RequeueAfter != releaseTimeout {
		t.Errorf("the binder looks again after %s, want %s", r.RequeueAfter, releaseTimeout)
	}
	f.wait(releaseTimeout - time.Second)
	f.bind()
	f.checkBinding(task, nil, 1)

	f.kafka.say(keyOf(task), state.Task{Epoch: 1, Released: true, State: "UNASSIGNED"})
	f.bind()
	f.checkBinding(task, w1, 2)
	f.checkRaised(2)
}

func TestTheWordOfAnEarlierIncarnationReleasesNothing(t *testing.T) {
	f, task, w0 := bound(t)
	f.change(task, `{"metadata":{"annotations":{"connect.penstock.dev/restart-requested-at":"1"}}}`)
	f.look(task)
	f.checkBinding(task, w0, 2)
	f.kafka.say(keyOf(task), state.Task{Epoch: 1, Released: true})
	f.addWorker("main-worker-1")
	f.terminate(w0)
	f.bind()
	f.bind()
	f.checkBinding(task, nil, 2)
}

func TestAReleaseIsNotWaitedForForEver(t *testing.T) {
	f, task, w0 := bound(t)
	w1 := f.addWorker("main-worker-1")
	f.terminate(w0)
	f.bind()
	f.wait(releaseTimeout)
	f.bind()
	f.checkBinding(task, w1, 2)
}

func TestAReleaseEndsWithThePod(t *testing.T) {
	f, task, w0 := bound(t)
	w1 := f.addWorker("main-worker-1")
	f.terminate(w0)
	f.bind()
	f.checkBinding(task, nil, 1)
	f.remove(w0)
	f.bind()
	f.checkBinding(task, w1, 2)
}

func TestAWorkerThatIsNotReadyKeepsItsTaskForAWhile(t *testing.T) {
	f, task, w0 := bound(t)
	w1 := f.addWorker("main-worker-1")
	f.setReady(w0, corev1.ConditionFalse)
	if r := f.bind(); r.RequeueAfter != notReadyGrace {
		t.Errorf("the binder looks again after %s, want %s", r.RequeueAfter, notReadyGrace)
	}
	f.checkBinding(task, w0, 1)
	f.look(task)
	checkReady(t, f.read(task), metav1.ConditionFalse, "WorkerNotReady")
	f.wait(notReadyGrace - time.Second)
	f.bind()
	f.checkBinding(task, w0, 1)
	f.wait(time.Second)
	f.bind()
	f.checkBinding(task, nil, 1)
	f.wait(releaseTimeout)
	f.bind()
	f.checkBinding(task, w1, 2)
}

func TestTasksSpread(t *testing.T) {
	f := newFixture(t)
	f.addWorker("main-worker-0")
	f.addWorker("main-worker-1")
	count := map[string]int{}
	var tasks []*v1alpha1.Task
	for i := range int32(4) {
		tasks = append(tasks, f.addTask("orders-"+string('0'+i), i))
	}
	f.bind()
	for _, task := range tasks {
		count[f.read(task).Spec.Worker.Name]++
	}
	if diff := cmp.Diff(map[string]int{"main-worker-0": 2, "main-worker-1": 2}, count); diff != "" {
		t.Errorf("tasks of workers (-want +got):\n%s", diff)
	}
	f.checkRaised(4)
}

func TestPauseIsNoNewIncarnation(t *testing.T) {
	f, task, w0 := bound(t)
	f.change(task, `{"spec":{"desiredState":"Paused"}}`)
	f.say(task, state.Task{State: paused})
	f.look(task)
	checkReady(t, f.checkState(task, v1alpha1.TaskStatePaused), metav1.ConditionTrue, "Paused")
	f.checkBinding(task, w0, 1)
}

// An epoch that was raised and not used has stopped whoever ran.
func TestAPhantomEpochIsReplaced(t *testing.T) {
	f, task, w0 := bound(t)
	if _, err := f.kafka.NextEpoch(t.Context(), keyOf(task), 0); err != nil {
		t.Fatal(err)
	}
	f.look(task)
	f.checkBinding(task, w0, 3)
	f.look(task)
	f.checkBinding(task, w0, 3)
}

// A status topic that was lost knows no epochs; those of the Tasks must not be
// given a second time.
func TestALostStatusTopicLowersNoEpoch(t *testing.T) {
	f, task, w0 := bound(t)
	f.change(task, `{"spec":{"epoch":7,"configRevision":"r2"}}`)
	clear(f.kafka.epochs)
	f.look(task)
	f.checkBinding(task, w0, 8)
}

func TestWithoutKafkaNothingIsBound(t *testing.T) {
	for name, away := range map[string]func(*fakeKafka){
		"not known yet": func(k *fakeKafka) { k.unknown = true },
		"not read yet":  func(k *fakeKafka) { k.cluster.CaughtUp = false },
		"unreachable":   func(k *fakeKafka) { k.cluster.Reachable = errAway },
		"another's":     func(k *fakeKafka) { k.cluster.HeldByAnother = true },
	} {
		t.Run(name, func(t *testing.T) {
			f, task, w0 := bound(t)
			away(f.kafka)
			f.terminate(w0)
			f.change(task, `{"spec":{"configRevision":"r2"}}`)
			f.bind()
			if r := f.look(task); r.RequeueAfter != kafkaDelay {
				t.Errorf("it looks again after %s, want %s", r.RequeueAfter, kafkaDelay)
			}
			f.checkBinding(task, w0, 1)
			f.checkRaised(1)
		})
	}
}

// A restart that Kafka did not let happen must not count.
func TestAnEpochThatCannotBeRaised(t *testing.T) {
	f, task, w0 := bound(t)
	fail(f, task)
	f.wait(time.Second)
	f.kafka.err = errAway
	for range 20 {
		if _, err := f.tasks.Reconcile(t.Context(), f.read(task)); !errors.Is(err, errAway) {
			t.Fatalf("the error is %v, want Kafka's", err)
		}
		f.wait(time.Second)
	}
	f.kafka.err = nil
	f.look(task)
	got := f.checkBinding(task, w0, 2)
	if got.Status.Restarts != 1 {
		t.Errorf("it was restarted %d times, want once", got.Status.Restarts)
	}
}

func TestADeletedTaskIsNotMadeAgain(t *testing.T) {
	f, task, w0 := bound(t)
	old := f.read(task)
	f.must(api.Client.Delete(t.Context(), f.read(task)))
	f.kafka.epochs[keyOf(task)] = 5
	if _, err := f.tasks.Reconcile(t.Context(), old.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	f.must(f.binder.binding.release(t.Context(), old.DeepCopy(), true))
	f.must(apply.Status(t.Context(), api.Client, fieldOwner, old.DeepCopy()))
	var list v1alpha1.TaskList
	f.must(api.Client.List(t.Context(), &list))
	for _, item := range list.Items {
		if item.Namespace == f.ns {
			t.Errorf("%s is there again", item.Name)
		}
	}
	f.checkRaised(1)

	// Nor does the view of the old one bind the next one of the name.
	next := f.addTask("orders-0", 0)
	if _, err := f.tasks.Reconcile(t.Context(), old.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	f.checkBinding(next, nil, 0)
	f.checkRaised(1)
	f.bind()
	f.checkBinding(next, w0, 6)
}

// checkEvent reads the events so far and looks for a text in them.
func checkEvent(t *testing.T, f *fixture, want string) {
	t.Helper()
	var got []string
	for {
		select {
		case e := <-f.recorder.Events:
			got = append(got, e)
			if strings.Contains(e, want) {
				return
			}
			continue
		default:
		}
		t.Errorf("the events are %q, want one that says %q", got, want)
		return
	}
}
