// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

func TestAConnectorBecomesTasksAndIsReady(t *testing.T) {
	f := newFixture(t)
	c := &v1alpha1.Connector{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: "orders", Labels: map[string]string{"app.kubernetes.io/instance": "argo"}},
		Spec:       sinkOf(2),
	}
	c.Spec.ConnectorName = "orders.ES"
	f.must(api.Client.Create(t.Context(), c))
	f.pass(c)
	tasks := f.checkTasks(c, "orders-0", "orders-1")
	want := v1alpha1.TaskSpec{
		ClusterName: "main", ConnectorRef: v1alpha1.ConnectorRef{Name: "orders", UID: c.UID}, ConnectorName: "orders.ES",
		Class: "file-sink", Type: v1alpha1.SinkType, Index: 1, Count: 2, DesiredState: v1alpha1.TaskRunning,
		Config:         map[string]string{"topics": "orders, returns", "file": "/tmp/out"},
		ConfigRevision: tasks[1].Spec.ConfigRevision,
	}
	if diff := cmp.Diff(want, tasks[1].Spec); diff != "" {
		t.Errorf("the second task (-want +got):\n%s", diff)
	}
	if !metav1.IsControlledBy(&tasks[0], c) {
		t.Errorf("the task is owned by %v", tasks[0].OwnerReferences)
	}
	if diff := cmp.Diff(map[string]string{v1alpha1.ClusterLabel: "main", v1alpha1.ConnectorLabel: "orders"}, tasks[0].Labels); diff != "" {
		t.Errorf("the task's labels (-want +got):\n%s", diff)
	}
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonProgressing, "orders-0", "orders-1")
	f.checkCondition(c, v1alpha1.AcceptedCondition, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	f.checkCondition(c, v1alpha1.ConfigValidCondition, metav1.ConditionTrue, v1alpha1.ReasonConfigValid)
	f.checkStanding(c, true, false)

	f.bind(c, f.addPod("w"), 1)
	f.say(c, v1alpha1.TaskStateRunning)
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	f.checkStanding(c, false, false)
	got := f.read(c)
	st := got.Status
	st.Conditions = nil
	wantStatus := v1alpha1.ConnectorStatus{
		ObservedGeneration: got.Generation, State: "Running", Type: v1alpha1.SinkType, Tasks: &v1alpha1.TaskCounts{Desired: 2, Total: 2, Running: 2},
		TasksReady: "2/2", TaskCount: 2, Selector: "connect.penstock.dev/connector=orders", ConfigRevision: want.ConfigRevision,
		ConsumerGroup: "connect-orders.ES", Topics: []string{"orders", "returns"},
	}
	if diff := cmp.Diff(wantStatus, st); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	f.wait(time.Hour)
	f.pass(c)
	if again := f.read(c); again.ResourceVersion != got.ResourceVersion {
		t.Error("nothing changed and the Connector was written")
	}
	f.checkCalls()
}

func TestAConnectorSaysWhatItsTasksSay(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(3))
	at := metav1.NewTime(f.clock.Now().Truncate(time.Second))
	lag := int64(20)
	f.say(c, v1alpha1.TaskStateRunning, func(s *v1alpha1.TaskStatus) {
		s.Lag, s.LastCommit, s.Partitions, s.Restarts = &lag, &at, 4, 1
		for _, p := range []string{"orders-0", "orders-1", "orders-2", "orders-3"} {
			s.Offsets = append(s.Offsets, v1alpha1.PartitionOffset{Partition: p, Offset: "7", Lag: &lag})
		}
	})
	f.pass(c)
	st := f.read(c).Status
	if st.Lag == nil || st.Lag.Records != 60 || st.Restarts != 3 {
		t.Errorf("the lag is %v and the restarts are %d, want 60 and 3", st.Lag, st.Restarts)
	}
	if st.Offsets == nil || st.Offsets.Partitions != 12 || len(st.Offsets.Sample) != maxSample || !st.Offsets.CommittedAt.Equal(&at) {
		t.Errorf("the offsets are %+v, want 12 partitions, of which %d, committed at %v", st.Offsets, maxSample, at)
	}
	f.checkEvent("TaskRestarted")
}

func TestFiguresAreWrittenNowAndThen(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(1))
	say := func(lag int64) {
		f.say(c, v1alpha1.TaskStateRunning, func(s *v1alpha1.TaskStatus) { s.Lag = &lag })
	}
	lag := func() int64 { return f.read(c).Status.Lag.Records }
	say(1000)
	f.pass(c) // the first figure shows at once
	if lag() != 1000 {
		t.Fatalf("the lag is %d, want 1000", lag())
	}
	say(10)
	if again := f.pass(c).RequeueAfter; again <= 0 || again > gaugeInterval || lag() != 1000 {
		t.Errorf("a figure that moved was written (%d), or is looked at again only after %s", lag(), again)
	}
	f.wait(gaugeInterval)
	f.pass(c)
	if lag() != 10 {
		t.Errorf("the lag is %d after a while, want 10", lag())
	}
	say(11)
	f.wait(gaugeInterval)
	f.pass(c)
	if lag() != 10 {
		t.Errorf("the lag is %d, want 10: it moved by a tenth only", lag())
	}
	say(500)
	f.say(c, v1alpha1.TaskStateFailed, func(s *v1alpha1.TaskStatus) { s.Lag = new(int64) })
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonRestartsSpent) // a state never waits
}

func TestFailedTasks(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(2))
	at := metav1.NewTime(f.clock.Now().Truncate(time.Second))
	broken := func(s *v1alpha1.TaskStatus) { s.LastError, s.LastErrorAt = "disk full", &at }
	f.sayOne(f.tasks(c)[1], v1alpha1.TaskStateRestarting, broken)
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonTasksFailed, "orders-1", "disk full")
	f.checkCondition(c, v1alpha1.TasksHealthyCondition, metav1.ConditionFalse, v1alpha1.ReasonTasksFailed)
	f.checkStanding(c, true, false)
	st := f.read(c).Status
	if want := (v1alpha1.ConnectorError{Task: 1, Reason: "TaskFailed", Message: "disk full", At: &at}); st.LastError == nil || *st.LastError.At != *want.At || st.LastError.Message != want.Message || st.LastError.Task != 1 {
		t.Errorf("the last error is %+v, want %+v", st.LastError, want)
	}
	if st.State != "Failed" || st.TasksReady != "1/2" {
		t.Errorf("the state is %s and %s, want Failed and 1/2", st.State, st.TasksReady)
	}
	f.checkEvent("Warning TaskFailed disk full")

	f.sayOne(f.tasks(c)[1], v1alpha1.TaskStateFailed, broken)
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonRestartsSpent, "orders-1", "disk full")
	f.checkStanding(c, false, true)
	f.checkEvent("Warning RestartsSpent")

	f.say(c, v1alpha1.TaskStateRunning)
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	f.checkStanding(c, false, false)
}

func TestTasksWithoutAWorker(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(2))
	f.wait(time.Hour) // since the tasks were made
	f.sayOne(f.tasks(c)[0], v1alpha1.TaskStateUnassigned)
	again := f.pass(c).RequeueAfter
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonProgressing, "orders-0")
	if again <= 0 || again > unassignedGrace {
		t.Errorf("it is looked at again after %s, want at most %s", again, unassignedGrace)
	}
	f.wait(unassignedGrace + time.Second)
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonTasksUnassigned, "orders-0")

	f.say(c, v1alpha1.TaskStateRunning)
	f.sayOne(f.tasks(c)[1], v1alpha1.TaskStateRunning, func(s *v1alpha1.TaskStatus) { s.Conditions[0].Status = metav1.ConditionFalse })
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonWorkersNotReady, "orders-1")
}

func TestPauseAndResume(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sourceOf(2))
	before := f.tasks(c)
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorPaused })
	f.pass(c)
	for i, task := range f.checkTasks(c, "orders-0", "orders-1") {
		if task.Spec.DesiredState != v1alpha1.TaskPaused || task.UID != before[i].UID || task.Spec.Epoch != 1 || task.Spec.ConfigRevision != before[i].Spec.ConfigRevision {
			t.Errorf("a paused task is %+v", task.Spec)
		}
	}
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonProgressing, "pausing")
	f.say(c, v1alpha1.TaskStatePaused)
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonPaused)
	f.checkStanding(c, false, false)
	if st := f.read(c).Status; st.State != "Paused" || st.TasksReady != "2/2" {
		t.Errorf("the state is %s and %s, want Paused and 2/2", st.State, st.TasksReady)
	}
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorRunning })
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonProgressing, "resuming")
	f.say(c, v1alpha1.TaskStateRunning)
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	f.checkCalls()
}

func TestStopAndRunWithAnotherCount(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sourceOf(2))
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorStopped })
	f.pass(c)
	f.pass(c)
	f.checkTasks(c, "-orders-0", "-orders-1")
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonProgressing, "2 tasks are stopping")
	f.checkCalls()
	f.released(c)
	f.pass(c)
	f.checkTasks(c)
	f.checkCalls("fence 2 of orders")
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonStopped)
	f.checkStanding(c, false, false)
	if st := f.read(c).Status; st.State != "Stopped" || st.TasksReady != "0/0" || st.TaskCount != 0 {
		t.Errorf("the state is %s, %s, %d tasks", st.State, st.TasksReady, st.TaskCount)
	}
	f.change(c, func(c *v1alpha1.Connector) {
		three := int32(3)
		c.Spec.State, c.Spec.TasksMax = v1alpha1.ConnectorRunning, &three
	})
	f.pass(c)
	f.checkTasks(c, "orders-0", "orders-1", "orders-2")
	f.checkCalls()
}

func TestASourceWithAnotherCountStartsAfresh(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sourceOf(3))
	before := f.tasks(c)
	two := int32(2)
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.TasksMax = &two })
	f.pass(c)
	f.checkTasks(c, "-orders-0", "-orders-1", "-orders-2")
	again := f.pass(c).RequeueAfter
	f.checkTasks(c, "-orders-0", "-orders-1", "-orders-2")   // nothing new while an old one may run
	if again <= 0 || again > releaseTimeout+10*time.Second { // the API server's clock is another
		t.Errorf("it is looked at again after %s, want about %s", again, releaseTimeout)
	}
	f.released(c)
	f.kafka.fail(errAway)
	f.failingPass(c, errAway) // nor while an old one could still commit
	f.checkTasks(c, "-orders-0", "-orders-1", "-orders-2")
	f.checkReady(c, metav1.ConditionFalse, reasonError, "kafka is away")
	f.kafka.fail(nil)
	f.checkCalls("fence 3 of orders")
	f.pass(c)
	f.checkCalls("fence 3 of orders")
	for _, task := range f.checkTasks(c, "orders-0", "orders-1") {
		if task.Spec.Count != 2 || task.UID == before[task.Spec.Index].UID || task.Spec.Epoch != 0 {
			t.Errorf("a new task is %+v", task.Spec)
		}
	}
}

// A class of the other type makes other tasks, though they have the same names.
func TestASinkBecomesASource(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(2))
	before := f.tasks(c)
	f.change(c, func(c *v1alpha1.Connector) { c.Spec = sourceOf(2) })
	f.pass(c)
	f.checkTasks(c, "-orders-0", "-orders-1")
	f.released(c)
	f.pass(c)
	f.checkCalls("remove members of orders from 0")
	for _, task := range f.checkTasks(c, "orders-0", "orders-1") {
		if task.Spec.Type != v1alpha1.SourceType || task.UID == before[task.Spec.Index].UID {
			t.Errorf("a new task is %+v", task.Spec)
		}
	}
}

func TestASinkWithAnotherCount(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(3))
	before := f.tasks(c)
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.TasksMax = new(int32); *c.Spec.TasksMax = 1 })
	f.pass(c)
	f.checkTasks(c, "orders-0", "-orders-1", "-orders-2")
	f.released(c)
	f.pass(c)
	f.checkCalls("remove members of orders from 1")
	if left := f.checkTasks(c, "orders-0"); left[0].UID != before[0].UID || left[0].Spec.Count != 1 {
		t.Errorf("the task that stays is %+v", left[0].Spec)
	}
	f.change(c, func(c *v1alpha1.Connector) { *c.Spec.TasksMax = 2 })
	f.pass(c)
	f.checkTasks(c, "orders-0", "orders-1")
	f.checkCalls()
}

func TestATaskThatSomebodyDeletesComesBack(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(3))
	one := f.tasks(c)[1]
	f.must(api.Client.Delete(t.Context(), &one))
	f.pass(c)
	f.checkTasks(c, "orders-0", "-orders-1", "orders-2")
	f.released(c)
	f.pass(c)
	f.checkTasks(c, "orders-0", "orders-1", "orders-2")
	f.checkCalls() // the others are left alone
}

func TestWhatEndsTheWaitForAWorker(t *testing.T) {
	for name, tc := range map[string]struct {
		happens func(f *fixture, c *v1alpha1.Connector, pod *corev1.Pod)
		want    bool
	}{
		"nothing": {func(*fixture, *v1alpha1.Connector, *corev1.Pod) {}, false},
		"it says so": {func(f *fixture, c *v1alpha1.Connector, _ *corev1.Pod) {
			f.released(c)
		}, true},
		"it said so of an incarnation before": {func(f *fixture, c *v1alpha1.Connector, _ *corev1.Pod) {
			f.kafka.tasks[state.TaskKey{Cluster: c.Cluster(), Connector: "orders"}] = state.Task{Released: true, Epoch: 0}
		}, false},
		"its pod is gone": {func(f *fixture, _ *v1alpha1.Connector, pod *corev1.Pod) {
			f.must(api.Client.Delete(f.t.Context(), pod))
		}, true},
		"its pod is another of that name": {func(f *fixture, _ *v1alpha1.Connector, pod *corev1.Pod) {
			f.must(api.Client.Delete(f.t.Context(), pod))
			f.addPod(pod.Name)
		}, true},
		"it was waited for long enough": {func(f *fixture, _ *v1alpha1.Connector, _ *corev1.Pod) {
			f.wait(releaseTimeout + 2*time.Second)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c, pod := f.run("orders", sourceOf(1))
			f.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorStopped })
			f.pass(c)
			tc.happens(f, c, pod)
			f.pass(c)
			if got := len(f.tasks(c)) == 0; got != tc.want {
				t.Errorf("the task is gone: %v, want %v", got, tc.want)
			}
		})
	}
}

func TestATaskThatIsBeingMovedIsWaitedFor(t *testing.T) {
	f := newFixture(t)
	c, pod := f.run("orders", sourceOf(1))
	task := f.tasks(c)[0]
	task.Spec.Worker = nil
	task.Spec.Releasing = &v1alpha1.Release{Worker: v1alpha1.WorkerRef{Name: pod.Name, UID: pod.UID}, Since: metav1.NewTime(f.clock.Now())}
	f.must(api.Client.Update(t.Context(), &task))
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorStopped })
	f.pass(c)
	f.pass(c)
	f.checkTasks(c, "-orders-0")
	f.released(c)
	f.pass(c)
	f.checkTasks(c)
}

func TestANewConfigOrNonceIsANewRevision(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sourceOf(1))
	seen := map[string]bool{f.tasks(c)[0].Spec.ConfigRevision: true}
	for name, change := range map[string]func(*v1alpha1.Connector){
		"config": func(c *v1alpha1.Connector) { c.Spec.Config.Values["max.interval"] = v1alpha1.ScalarOf("7") },
		"nonce":  func(c *v1alpha1.Connector) { c.Spec.RestartNonce = "again" },
	} {
		f.change(c, change)
		f.pass(c)
		task := f.checkTasks(c, "orders-0")[0]
		if seen[task.Spec.ConfigRevision] {
			t.Errorf("after a new %s the revision is %s, which was there before", name, task.Spec.ConfigRevision)
		}
		seen[task.Spec.ConfigRevision] = true
		if task.Spec.Epoch != 1 || task.Spec.Worker == nil || task.Spec.BoundRevision == task.Spec.ConfigRevision {
			t.Errorf("the binding was touched: %+v", task.Spec)
		}
		if got := f.read(c).Status.ConfigRevision; got != task.Spec.ConfigRevision {
			t.Errorf("the status has the revision %s, want %s", got, task.Spec.ConfigRevision)
		}
	}
	f.checkCalls()
}

func TestKafkaThatIsAway(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sourceOf(1))
	f.kafka.set(c.Cluster(), state.Cluster{CaughtUp: true, Reachable: errAway})
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonKafkaUnreachable, "kafka is away")
	f.checkStanding(c, true, false)
	f.checkTasks(c, "orders-0")
	f.kafka.set(c.Cluster(), state.Cluster{CaughtUp: true})
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
}
