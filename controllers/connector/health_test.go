// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Every reason of Ready that is not about tasks, and who is to act on it.
func TestEveryReason(t *testing.T) {
	deleted := metav1.NewTime(start)
	problem := []configdef.Problem{{Key: "topic", Message: "set it"}}
	for name, tc := range map[string]struct {
		with            func(*scope)
		err             error
		reason, kstatus string
		says            string
	}{
		"deleting": {
			with:   func(s *scope) { s.connector.DeletionTimestamp, s.waiting = &deleted, "2 tasks are stopping" },
			reason: v1alpha1.ReasonDeleting, kstatus: "InProgress", says: "2 tasks",
		},
		"deleting, and a problem": {
			with:   func(s *scope) { s.connector.DeletionTimestamp, s.problems = &deleted, problem },
			reason: v1alpha1.ReasonDeleting, kstatus: "InProgress",
		},
		"no cluster": {
			with:   func(s *scope) { s.refused, s.refusedReason = "spec.clusterRef: none", v1alpha1.ReasonClusterNotFound },
			reason: v1alpha1.ReasonClusterNotFound, kstatus: "InProgress", says: "spec.clusterRef",
		},
		"name taken": {
			with:   func(s *scope) { s.refused, s.refusedReason = "spec.connectorName: taken", v1alpha1.ReasonNameConflict },
			reason: v1alpha1.ReasonNameConflict, kstatus: "Failed", says: "spec.connectorName",
		},
		"invalid config": {
			with:   func(s *scope) { s.problems = problem },
			reason: v1alpha1.ReasonConfigInvalid, kstatus: "Failed", says: "topic: set it",
		},
		"invalid config of one that is stopped": {
			with:   func(s *scope) { s.problems, s.connector.Spec.State = problem, v1alpha1.ConnectorStopped },
			reason: v1alpha1.ReasonConfigInvalid, kstatus: "Failed",
		},
		"a Secret is missing": {
			with:   func(s *scope) { s.problems, s.secretsMissing = problem, true },
			reason: v1alpha1.ReasonSecretMissing, kstatus: "InProgress", says: "topic: set it",
		},
		"topics of another cluster": {
			with:   func(s *scope) { s.kafka.HeldBy, s.kafka.HeldByName = "u", "b/other" },
			reason: v1alpha1.ReasonIdentityTaken, kstatus: "InProgress", says: "b/other",
		},
		"an error": {err: errors.New("boom"), reason: reasonError, kstatus: "InProgress", says: "boom"},
		"an error of one that waits": {
			with: func(s *scope) { s.waiting = "x" }, err: errors.New("boom"),
			reason: reasonError, kstatus: "InProgress", says: "boom",
		},
		"Kafka is away": {
			with:   func(s *scope) { s.kafka.Reachable = errAway },
			reason: v1alpha1.ReasonKafkaUnreachable, kstatus: "InProgress", says: "kafka is away",
		},
		"Kafka is away and it is stopped": {
			with: func(s *scope) {
				s.kafka.Reachable, s.connector.Spec.State, s.tasks = errAway, v1alpha1.ConnectorStopped, nil
			},
			reason: v1alpha1.ReasonStopped, kstatus: "Current",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := connectorOf(v1alpha1.ConnectorSpec{State: v1alpha1.ConnectorRunning})
			c.Generation = 7
			s := &scope{
				connector: c, before: c.DeepCopy(), now: start, cluster: &v1alpha1.ConnectCluster{ObjectMeta: metav1.ObjectMeta{UID: "mine"}},
				kafkaKnown: true, plan: &plan{count: 1}, tasks: []v1alpha1.Task{{Status: v1alpha1.TaskStatus{State: v1alpha1.TaskStateRunning}}},
			}
			if tc.with != nil {
				tc.with(s)
			}
			st := status(s)
			conditions(&st, s, tc.err)
			got := map[string]metav1.Condition{}
			for _, c := range st.Conditions {
				got[c.Type] = c
				if c.ObservedGeneration != 7 || c.Reason == "" {
					t.Errorf("%s is of generation %d for %q", c.Type, c.ObservedGeneration, c.Reason)
				}
			}
			ready := got[v1alpha1.ReadyCondition]
			if ready.Reason != tc.reason || !strings.Contains(ready.Message, tc.says) {
				t.Errorf("Ready says %s, %q; want %s, %q", ready.Reason, ready.Message, tc.reason, tc.says)
			}
			if k := kstatus(got); k != tc.kstatus {
				t.Errorf("kstatus makes it %s, want %s", k, tc.kstatus)
			}
			for _, kind := range []string{v1alpha1.StalledCondition, v1alpha1.ReconcilingCondition} {
				if c := got[kind]; c.Reason != tc.reason || (c.Status == metav1.ConditionTrue) != (c.Message != "" && c.Message == ready.Message) && ready.Message != "" {
					t.Errorf("%s is %s, %s, %q beside a Ready of %q", kind, c.Status, c.Reason, c.Message, ready.Message)
				}
			}
		})
	}
}

// taskOf is a Task in a state since some time before start.
func taskOf(index int, s v1alpha1.TaskState, age time.Duration) v1alpha1.Task {
	return v1alpha1.Task{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("orders-", index), UID: types.UID(fmt.Sprint("u", index)), CreationTimestamp: metav1.NewTime(start.Add(-age))},
		Spec:       v1alpha1.TaskSpec{Index: int32(index)},
		Status:     v1alpha1.TaskStatus{State: s, LastError: "disk full"},
	}
}

func unready(t v1alpha1.Task, age time.Duration) v1alpha1.Task {
	t.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ReadyCondition, Status: metav1.ConditionFalse, LastTransitionTime: metav1.NewTime(start.Add(-age))}}
	return t
}

// Of several troubles, the one is told that is worst.
func TestTasksHealth(t *testing.T) {
	running := taskOf(0, v1alpha1.TaskStateRunning, time.Hour)
	for name, tc := range map[string]struct {
		tasks  []v1alpha1.Task
		status metav1.ConditionStatus
		reason string
		says   string
		again  time.Duration
	}{
		"none":       {status: "True", reason: v1alpha1.ReasonTasksHealthy},
		"one runs":   {tasks: []v1alpha1.Task{running}, status: "True", reason: v1alpha1.ReasonTasksHealthy},
		"one is new": {tasks: []v1alpha1.Task{running, taskOf(1, "", 4*time.Second)}, status: "Unknown", reason: v1alpha1.ReasonProgressing, says: "orders-1", again: 6 * time.Second},
		"the first of two to be late counts": {
			tasks:  []v1alpha1.Task{taskOf(0, "", time.Second), taskOf(1, v1alpha1.TaskStateUnassigned, 9*time.Second)},
			status: "Unknown", reason: v1alpha1.ReasonProgressing, again: time.Second,
		},
		"at the end of its time": {
			tasks:  []v1alpha1.Task{taskOf(1, "", unassignedGrace)},
			status: "False", reason: v1alpha1.ReasonTasksUnassigned, says: "orders-1",
		},
		"an old one that lost its worker just now": {
			tasks:  []v1alpha1.Task{unready(taskOf(1, v1alpha1.TaskStateUnassigned, time.Hour), 3*time.Second)},
			status: "Unknown", reason: v1alpha1.ReasonProgressing, again: 7 * time.Second,
		},
		"its worker is not heard": {
			tasks:  []v1alpha1.Task{unready(running, time.Second)},
			status: "False", reason: v1alpha1.ReasonWorkersNotReady, says: "orders-0",
		},
		"late goes before unheard": {
			tasks:  []v1alpha1.Task{unready(running, time.Second), taskOf(1, "", time.Minute)},
			status: "False", reason: v1alpha1.ReasonTasksUnassigned, says: "orders-1",
		},
		"failed goes before late": {
			tasks:  []v1alpha1.Task{taskOf(0, v1alpha1.TaskStateRestarting, time.Hour), taskOf(1, "", time.Minute)},
			status: "False", reason: v1alpha1.ReasonTasksFailed, says: "orders-0: disk full",
		},
		"failed for good goes before all": {
			tasks:  []v1alpha1.Task{taskOf(0, v1alpha1.TaskStateRestarting, time.Hour), taskOf(1, v1alpha1.TaskStateFailed, time.Hour), taskOf(2, "", 0)},
			status: "False", reason: v1alpha1.ReasonRestartsSpent, says: "orders-1: disk full", again: unassignedGrace,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, again := tasksHealth(&scope{now: start, tasks: tc.tasks})
			if got.status != tc.status || got.reason != tc.reason || !strings.Contains(got.message, tc.says) || again != tc.again {
				t.Errorf("it is %+v, again after %s; want %s, %s, %q, %s", got, again, tc.status, tc.reason, tc.says, tc.again)
			}
			if got.stalled != (tc.reason == v1alpha1.ReasonRestartsSpent) {
				t.Errorf("stalled: %v", got.stalled)
			}
		})
	}
}

// shared is a running Task of a connector that is shared among count.
func shared(index, count int, kind v1alpha1.PluginType) v1alpha1.Task {
	t := taskOf(index, v1alpha1.TaskStateRunning, 0)
	t.Spec.Count, t.Spec.Type = int32(count), kind
	return t
}

func TestReplacedAndSurplus(t *testing.T) {
	const source, sink = v1alpha1.SourceType, v1alpha1.SinkType
	for name, tc := range map[string]struct {
		existing []v1alpha1.Task
		count    int
		kind     v1alpha1.PluginType // of the plan; "": as the tasks that exist
		replaced bool
		surplus  []string
	}{
		"none yet":              {count: 2},
		"as planned":            {existing: []v1alpha1.Task{shared(0, 2, source), shared(1, 2, source)}, count: 2},
		"one of a source":       {existing: []v1alpha1.Task{shared(1, 2, source)}, count: 2},
		"a source grows":        {existing: []v1alpha1.Task{shared(0, 1, source)}, count: 2, replaced: true},
		"a source shrinks":      {existing: []v1alpha1.Task{shared(0, 2, source), shared(1, 2, source)}, count: 1, replaced: true, surplus: []string{"orders-1"}},
		"a source half changed": {existing: []v1alpha1.Task{shared(0, 2, source), shared(1, 3, source)}, count: 2, replaced: true},
		"a source stops":        {existing: []v1alpha1.Task{shared(0, 1, source)}, count: 0, replaced: true, surplus: []string{"orders-0"}},
		"a sink to be a source": {existing: []v1alpha1.Task{shared(0, 2, sink), shared(1, 2, sink)}, count: 2, kind: source, replaced: true},
		"a source to be a sink": {existing: []v1alpha1.Task{shared(0, 2, source), shared(1, 2, source)}, count: 2, kind: sink, replaced: true},
		"a sink grows":          {existing: []v1alpha1.Task{shared(0, 1, sink)}, count: 2},
		"a sink shrinks":        {existing: []v1alpha1.Task{shared(0, 3, sink), shared(1, 3, sink), shared(2, 3, sink)}, count: 1, surplus: []string{"orders-1", "orders-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			limit := int32(tc.count)
			c := connectorOf(v1alpha1.ConnectorSpec{Class: "p", TasksMax: &limit})
			if tc.count == 0 {
				c.Spec.State = v1alpha1.ConnectorStopped
			}
			p := planTasks(c, plugin(10), nil)
			if p.kind = tc.kind; p.kind == "" && len(tc.existing) > 0 {
				p.kind = tc.existing[0].Spec.Type
			}
			if got := replaced(tc.existing, p); got != tc.replaced {
				t.Errorf("replaced: %v, want %v", got, tc.replaced)
			}
			var names []string
			for _, s := range surplus(tc.existing, p) {
				names = append(names, s.Name)
			}
			if diff := cmp.Diff(tc.surplus, names); diff != "" {
				t.Errorf("surplus (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsHeld(t *testing.T) {
	c := connectorOf(v1alpha1.ConnectorSpec{Class: "new-class", State: v1alpha1.ConnectorPaused})
	c.Status.ConfigRevision, c.Status.Type = "r0", v1alpha1.SinkType
	old := shared(1, 3, v1alpha1.SourceType)
	old.Spec.Class, old.Spec.ConfigRevision, old.Spec.Config = "old-class", "r1", map[string]string{"a": "1"}
	going := shared(0, 3, v1alpha1.SourceType)
	going.DeletionTimestamp = &metav1.Time{Time: start}
	p := holdTasks(c, []v1alpha1.Task{going, old})
	if len(p.tasks) != 1 || p.count != 3 || p.revision != "r0" || p.kind != v1alpha1.SourceType {
		t.Fatalf("the plan is %+v, want one task of 3", p)
	}
	got := p.tasks[0].Spec
	if got.Class != "old-class" || got.ConfigRevision != "r1" || got.Config["a"] != "1" || got.Index != 1 || got.DesiredState != v1alpha1.TaskPaused {
		t.Errorf("the task is %+v, want it as it was and paused", got)
	}
	c.Spec.State = v1alpha1.ConnectorStopped
	if p := holdTasks(c, []v1alpha1.Task{old}); len(p.tasks) != 0 || p.count != 0 {
		t.Errorf("the plan of a stopped one is %+v, want no tasks", p)
	}
}

func TestConfigHasReferencesForSecrets(t *testing.T) {
	c := connectorOf(v1alpha1.ConnectorSpec{
		Config:     settings("topic", "a"),
		ConfigFrom: []v1alpha1.ConfigFrom{{Key: "password", SecretKeyRef: v1alpha1.SecretKeyRef{Name: "db", Key: "pass.word"}}},
	})
	got, err := config(c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"topic": "a", "password": "${secrets:db:pass.word}"}, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	c.Spec.Config.Values["password"] = v1alpha1.ScalarOf("x")
	if _, err := config(c); err == nil || !strings.Contains(err.Error(), "password") || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a key that stands twice gives %v, want the key and what to do", err)
	}
}

// Whose names are taken over in Kafka when tasks end.
func TestWhatIsFenced(t *testing.T) {
	const source, sink = v1alpha1.SourceType, v1alpha1.SinkType
	three := func(kind v1alpha1.PluginType) []v1alpha1.Task {
		return []v1alpha1.Task{shared(0, 3, kind), shared(1, 3, kind), shared(2, 3, kind)}
	}
	for name, tc := range map[string]struct {
		tasks   []v1alpha1.Task
		victims []int
		held    bool
		want    []string
	}{
		"all of a source":                     {tasks: three(source), victims: []int{0, 1, 2}, want: []string{"fence 3 of orders"}},
		"one of a source":                     {tasks: three(source), victims: []int{1}},
		"what is left of a source":            {tasks: three(source)[1:2], victims: []int{0}, want: []string{"fence 3 of orders"}},
		"all of a sink":                       {tasks: three(sink), victims: []int{0, 1, 2}, want: []string{"remove members of orders from 0"}},
		"the last of a sink":                  {tasks: three(sink), victims: []int{1, 2}, want: []string{"remove members of orders from 1"}},
		"one in the midst of a sink":          {tasks: three(sink), victims: []int{1}},
		"a source in topics that are another": {tasks: three(source), victims: []int{0, 1, 2}, held: true},
	} {
		t.Run(name, func(t *testing.T) {
			k := newFakeKafka()
			s := &scope{connector: connectorOf(v1alpha1.ConnectorSpec{}), cluster: &v1alpha1.ConnectCluster{}, tasks: tc.tasks}
			if tc.held {
				s.kafka = state.Cluster{HeldBy: "other"}
			}
			var victims []*v1alpha1.Task
			for _, i := range tc.victims {
				victims = append(victims, &s.tasks[i])
			}
			if err := New(Dependencies{Kafka: k}).fence(t.Context(), s, victims); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, k.calls); diff != "" {
				t.Errorf("calls to Kafka (-want +got):\n%s", diff)
			}
		})
	}
}

// No class, no tasks: a plan is made of it only to stop what runs.
func TestAPlanWithoutAPlugin(t *testing.T) {
	p := planTasks(connectorOf(v1alpha1.ConnectorSpec{State: v1alpha1.ConnectorRunning}), connect.Plugin{}, nil)
	if p.count != 0 || len(p.tasks) != 0 || p.revision == "" {
		t.Errorf("the plan is %+v, want no tasks", p)
	}
}
