// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/connect"
)

func connectorOf(spec v1alpha1.ConnectorSpec) *v1alpha1.Connector {
	return &v1alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "orders", UID: "u1"}, Spec: spec}
}

func plugin(most int) connect.Plugin {
	return connect.Plugin{Name: "p", Kind: connect.SinkKind, Tasks: func(_ map[string]string, limit int) int { return min(limit, most) }}
}

// What must hold of any plan, tried on random connectors.
func TestPlanProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	states := []v1alpha1.ConnectorState{v1alpha1.ConnectorRunning, v1alpha1.ConnectorPaused, v1alpha1.ConnectorStopped}
	for range 500 {
		limit, most := 1+r.Int32N(20), 1+r.IntN(20)
		c := connectorOf(v1alpha1.ConnectorSpec{TasksMax: &limit, State: states[r.IntN(3)], Class: "p"})
		props := map[string]string{}
		for i := range r.IntN(5) {
			props[fmt.Sprint("k", i)] = fmt.Sprint(r.IntN(100))
		}
		p := planTasks(c, plugin(most), props)
		want := min(int(limit), most)
		if c.Spec.State == v1alpha1.ConnectorStopped {
			want = 0
		}
		if p.count != want || len(p.tasks) != want {
			t.Fatalf("%s, %d of at most %d: %d tasks planned, count %d", c.Spec.State, limit, most, len(p.tasks), p.count)
		}
		for i, task := range p.tasks {
			if int(task.Spec.Index) != i || int(task.Spec.Count) != want || task.Name != fmt.Sprintf("orders-%d", i) || task.Spec.ConfigRevision != p.revision {
				t.Fatalf("task %d is %s %+v", i, task.Name, task.Spec)
			}
			if (task.Spec.DesiredState == v1alpha1.TaskPaused) != (c.Spec.State == v1alpha1.ConnectorPaused) {
				t.Fatalf("a task of a connector that should be %s should be %s", c.Spec.State, task.Spec.DesiredState)
			}
			task.Spec.Config["mine"] = "alone"
		}
		if _, shared := props["mine"]; shared {
			t.Fatal("the tasks share the connector's settings")
		}
		if again := planTasks(c, plugin(most), props); again.revision != p.revision {
			t.Fatal("the revision of the same connector is another the second time")
		}
	}
}

func TestRevision(t *testing.T) {
	one := int32(1)
	base := func() (*v1alpha1.Connector, map[string]string) {
		return connectorOf(v1alpha1.ConnectorSpec{Class: "p", TasksMax: &one}), map[string]string{"a": "1", "b": "2"}
	}
	c, props := base()
	want := revision(c, props)
	for name, tc := range map[string]struct {
		change func(*v1alpha1.Connector, map[string]string)
		same   bool
	}{
		"nothing":             {func(*v1alpha1.Connector, map[string]string) {}, true},
		"state":               {func(c *v1alpha1.Connector, _ map[string]string) { c.Spec.State = v1alpha1.ConnectorPaused }, true},
		"restart policy":      {func(c *v1alpha1.Connector, _ map[string]string) { c.Spec.RestartPolicy = &v1alpha1.RestartPolicy{} }, true},
		"a value":             {func(_ *v1alpha1.Connector, p map[string]string) { p["a"] = "2" }, false},
		"a key":               {func(_ *v1alpha1.Connector, p map[string]string) { delete(p, "b") }, false},
		"values change hands": {func(_ *v1alpha1.Connector, p map[string]string) { p["a"], p["b"] = p["b"], p["a"] }, false},
		"class":               {func(c *v1alpha1.Connector, _ map[string]string) { c.Spec.Class = "q" }, false},
		"nonce":               {func(c *v1alpha1.Connector, _ map[string]string) { c.Spec.RestartNonce = "1" }, false},
	} {
		c, props := base()
		tc.change(c, props)
		if got := revision(c, props); (got == want) != tc.same {
			t.Errorf("%s: the revision is the same: %v, want %v", name, got == want, tc.same)
		}
	}
}

func TestRival(t *testing.T) {
	make := func(ns, name, kafka, cluster string, age time.Duration, uid types.UID) *v1alpha1.Connector {
		return &v1alpha1.Connector{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, UID: uid, CreationTimestamp: metav1.NewTime(time.Unix(1000, 0).Add(-age))},
			Spec:       v1alpha1.ConnectorSpec{ClusterRef: v1alpha1.ClusterRef{Name: cluster}, ConnectorName: kafka},
		}
	}
	me := make("ns", "me", "sink", "main", time.Minute, "m")
	ran := make("ns", "o", "sink", "main", time.Minute, "z")
	ran.Status.ConfigRevision = "r"
	for name, tc := range map[string]struct {
		other *v1alpha1.Connector
		group string
		says  string
	}{
		"itself":                                {other: me, group: "g-eu"},
		"an elder of the same name":             {make("ns", "o", "sink", "main", time.Hour, "o"), "g-eu", "Connector o has the name"},
		"an elder whose own name it is":         {make("ns", "sink", "", "main", time.Hour, "o"), "g-eu", "Connector sink has the name"},
		"a younger one":                         {other: make("ns", "o", "sink", "main", time.Second, "o"), group: "g-eu"},
		"one of the same second, by UID":        {make("ns", "o", "sink", "main", time.Minute, "a"), "g-eu", "Connector o has the name"},
		"one of the same second that loses":     {other: make("ns", "o", "sink", "main", time.Minute, "z"), group: "g-eu"},
		"one of the same second that ran":       {ran, "g-eu", "Connector o has the name"},
		"another name":                          {other: make("ns", "o", "drain", "main", time.Hour, "o"), group: "g-eu"},
		"the same name in another cluster":      {other: make("ns", "o", "sink", "else", time.Hour, "o"), group: "h"},
		"transactional ids that meet":           {make("x", "o", "eu-sink", "else", time.Hour, "o"), "g", "Connector x/o"},
		"transactional ids that almost meet":    {other: make("x", "o", "eusink", "else", time.Hour, "o"), group: "g"},
		"a cluster of another namespace's name": {other: make("x", "o", "sink", "main", time.Hour, "o"), group: "x.main"},
	} {
		t.Run(name, func(t *testing.T) {
			got := rival(me, "g-eu", tc.other, tc.group)
			if tc.says == "" && got != "" || !strings.Contains(got, tc.says) {
				t.Errorf("it says %q, want %q in it", got, tc.says)
			}
		})
	}
}

// What kstatus makes of a connector follows from its conditions; it must call a
// broken one broken and a paused one healthy.
func TestJudgement(t *testing.T) {
	for name, tc := range map[string]struct {
		state       v1alpha1.ConnectorState
		tasks       []v1alpha1.TaskState
		count       int
		more        func(*scope)
		status      metav1.ConditionStatus
		reason      string
		kstatus, is string
		err         error
	}{
		"all run":            {tasks: run(2), count: 2, status: "True", reason: "Running", kstatus: "Current", is: "Running"},
		"one is missing":     {tasks: run(1), count: 2, status: "False", reason: "Progressing", kstatus: "InProgress", is: "Running"},
		"none is there":      {count: 1, status: "False", reason: "Progressing", kstatus: "InProgress", is: "Pending"},
		"one restarts":       {tasks: append(run(1), v1alpha1.TaskStateRestarting), count: 2, status: "False", reason: "TasksFailed", kstatus: "InProgress", is: "Failed"},
		"one is broken":      {tasks: append(run(1), v1alpha1.TaskStateFailed), count: 2, status: "False", reason: "RestartsSpent", kstatus: "Failed", is: "Failed"},
		"one waits":          {tasks: append(run(1), v1alpha1.TaskStateUnassigned), count: 2, status: "False", reason: "TasksUnassigned", kstatus: "InProgress", is: "Running"},
		"paused":             {state: v1alpha1.ConnectorPaused, tasks: []v1alpha1.TaskState{v1alpha1.TaskStatePaused}, count: 1, status: "True", reason: "Paused", kstatus: "Current", is: "Paused"},
		"paused, one broken": {state: v1alpha1.ConnectorPaused, tasks: []v1alpha1.TaskState{v1alpha1.TaskStateFailed}, count: 1, status: "False", reason: "RestartsSpent", kstatus: "Failed", is: "Failed"},
		"pausing":            {state: v1alpha1.ConnectorPaused, tasks: run(1), count: 1, status: "False", reason: "Progressing", kstatus: "InProgress", is: "Pending"},
		"stopped":            {state: v1alpha1.ConnectorStopped, status: "True", reason: "Stopped", kstatus: "Current", is: "Stopped"},
		"Kafka is not known yet": {
			tasks: run(1), count: 1, more: func(s *scope) { s.kafkaKnown = false },
			status: "False", reason: "Progressing", kstatus: "InProgress", is: "Running",
		},
		"a pass that failed": {
			tasks: run(1), count: 1, err: errAway,
			status: "False", reason: reasonError, kstatus: "InProgress", is: "Running",
		},
		"it waits for something": {
			tasks: run(1), count: 1, more: func(s *scope) { s.waiting = "x" },
			status: "False", reason: "Progressing", kstatus: "InProgress", is: "Running",
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(5000, 0)
			if tc.state == "" {
				tc.state = v1alpha1.ConnectorRunning
			}
			c := connectorOf(v1alpha1.ConnectorSpec{State: tc.state})
			s := &scope{connector: c, before: c, now: now, cluster: &v1alpha1.ConnectCluster{}, kafkaKnown: true, plan: &plan{count: tc.count}}
			for i, state := range tc.tasks {
				s.tasks = append(s.tasks, v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("orders-", i)}, Status: v1alpha1.TaskStatus{State: state}})
			}
			if tc.more != nil {
				tc.more(s)
			}
			st := status(s)
			conditions(&st, s, tc.err)
			got := map[string]metav1.Condition{}
			for _, c := range st.Conditions {
				got[c.Type] = c
			}
			if ready := got["Ready"]; ready.Status != tc.status || ready.Reason != tc.reason || st.State != tc.is {
				t.Errorf("Ready is %s, %s, the state %s; want %s, %s, %s", ready.Status, ready.Reason, st.State, tc.status, tc.reason, tc.is)
			}
			if k := kstatus(got); k != tc.kstatus {
				t.Errorf("kstatus makes it %s, want %s", k, tc.kstatus)
			}
		})
	}
}

func run(n int) []v1alpha1.TaskState {
	var out []v1alpha1.TaskState
	for range n {
		out = append(out, v1alpha1.TaskStateRunning)
	}
	return out
}

// kstatus is what sigs.k8s.io/cli-utils makes of conditions.
func kstatus(c map[string]metav1.Condition) string {
	switch {
	case c["Reconciling"].Status == metav1.ConditionTrue:
		return "InProgress"
	case c["Stalled"].Status == metav1.ConditionTrue:
		return "Failed"
	case c["Ready"].Status != metav1.ConditionTrue:
		return "InProgress"
	}
	return "Current"
}

func TestDifferences(t *testing.T) {
	at := metav1.NewTime(time.Unix(1000, 0))
	ready := func(status metav1.ConditionStatus, reason, message string) metav1.Condition {
		return metav1.Condition{Type: v1alpha1.ReadyCondition, Status: status, Reason: reason, Message: message}
	}
	of := func(cs ...metav1.Condition) v1alpha1.ConnectorStatus { return v1alpha1.ConnectorStatus{Conditions: cs} }
	failed := of(ready("False", "TasksFailed", "x"))
	failed.LastError = &v1alpha1.ConnectorError{Message: "disk full", At: &at}
	restarted := of()
	restarted.Restarts = 1
	for name, tc := range map[string]struct {
		before, after v1alpha1.ConnectorStatus
		want          []difference
	}{
		"nothing":             {of(ready("True", "Running", "")), of(ready("True", "Running", "")), nil},
		"only another text":   {of(ready("False", "TasksFailed", "a")), of(ready("False", "TasksFailed", "b")), nil},
		"it became ready":     {of(ready("False", "Progressing", "x")), of(ready("True", "Running", "")), []difference{{corev1.EventTypeNormal, "Running", "Ready", "Ready is True"}}},
		"work is no warning":  {of(), of(ready("False", "Progressing", "x")), []difference{{corev1.EventTypeNormal, "Progressing", "Ready", "x"}}},
		"no longer stalled":   {of(), of(metav1.Condition{Type: v1alpha1.StalledCondition, Status: "False"}), nil},
		"stalled":             {of(), of(metav1.Condition{Type: v1alpha1.StalledCondition, Status: "True", Reason: "ConfigInvalid", Message: "x"}), []difference{{corev1.EventTypeWarning, "ConfigInvalid", "Stalled", "x"}}},
		"a task failed":       {of(), failed, []difference{{corev1.EventTypeWarning, "TasksFailed", "Ready", "x"}, {corev1.EventTypeWarning, "TaskFailed", "Run", "disk full"}}},
		"a failure is no new": {failed, failed, nil},
		"a restart":           {of(), restarted, []difference{{corev1.EventTypeNormal, "TaskRestarted", "Restart", "a failed task was restarted"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, differences(tc.before, tc.after), cmp.AllowUnexported(difference{})); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClip(t *testing.T) {
	for _, s := range []string{"", "short", strings.Repeat("x", 50), strings.Repeat("é", 50), strings.Repeat("日本", 20)} {
		got := clip(s, 20)
		if len(got) > 20 || !utf8.ValidString(got) || len(s) <= 20 && got != s {
			t.Errorf("clip(%q) is %q", s, got)
		}
		if len(s) > 20 && (!strings.HasSuffix(got, "…") || len(got) < 16) {
			t.Errorf("clip(%q) is %q, want more of it, and that it says so", s, got)
		}
	}
}
