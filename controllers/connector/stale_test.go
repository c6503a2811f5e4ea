// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/connectors"
)

// blindClient cannot list Tasks.
type blindClient struct {
	client.Client
	err error
}

func (b blindClient) List(ctx context.Context, l client.ObjectList, opts ...client.ListOption) error {
	if _, tasks := l.(*v1alpha1.TaskList); tasks {
		return b.err
	}
	return b.Client.List(ctx, l, opts...)
}

// A cache may show a Task still that is gone and has a successor of its name.
func TestASuccessorKeepsItsFinalizer(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(1))
	old := f.tasks(c)[0]
	f.must(api.Client.Delete(t.Context(), old.DeepCopy()))
	stale := f.tasks(c)[0]
	f.must(f.r.letGo(t.Context(), []*v1alpha1.Task{stale.DeepCopy()}))
	f.checkTasks(c)
	f.must(f.r.letGo(t.Context(), []*v1alpha1.Task{stale.DeepCopy()})) // gone is no error
	f.pass(c)
	f.must(f.r.letGo(t.Context(), []*v1alpha1.Task{stale.DeepCopy()}))
	next := f.checkTasks(c, "orders-0")[0]
	if next.UID == old.UID || !slices.Contains(next.Finalizers, v1alpha1.Finalizer) {
		t.Errorf("the successor has the finalizers %q, want its own kept", next.Finalizers)
	}
}

// What a pass could not read is not reported as none.
func TestTasksThatCannotBeReadStayInTheStatus(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(2))
	before := f.read(c).Status
	errDown := errors.New("the API server is down")
	f.r.Client = blindClient{api.Client, errDown}
	f.failingPass(c, errDown)
	after := f.read(c).Status
	f.checkReady(c, metav1.ConditionFalse, reasonError, "listing tasks", "is down")
	f.checkCondition(c, v1alpha1.TasksHealthyCondition, metav1.ConditionTrue, v1alpha1.ReasonTasksHealthy)
	f.checkStanding(c, true, false)
	before.Conditions, after.Conditions = nil, nil
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("status (-before +after):\n%s", diff)
	}
	f.r.Client = api.Client
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
}

// A plugin counts tasks for settings that have passed its check, and for no
// others.
func TestAPluginIsNotAskedAboutInvalidSettings(t *testing.T) {
	f := newFixture(t)
	asked := 0
	f.r.Registry.Plugins = connectors.All()
	for i, p := range f.r.Registry.Plugins {
		f.r.Registry.Plugins[i].Tasks = func(props map[string]string, most int) int {
			asked++
			if problems := p.Check(props); len(problems) > 0 {
				t.Errorf("%s is to count the tasks of %v, which has problems: %v", p.Name, props, problems)
			}
			return p.Tasks(props, most)
		}
	}
	spec := sourceOf(2)
	c := f.add("orders", spec)
	f.pass(c)
	f.checkTasks(c, "orders-0", "orders-1")
	if asked == 0 {
		t.Fatal("the plugin was not asked")
	}
	f.change(c, func(c *v1alpha1.Connector) {
		c.Spec.State, c.Spec.Config = v1alpha1.ConnectorPaused, settings("quickstart", "no-such")
	})
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonConfigInvalid)
	f.checkTasks(c, "orders-0", "orders-1")
}

// One that lost its name while it ran, and is deleted before it learns of it,
// takes nothing from the winner.
func TestALoserThatIsDeletedFencesNobody(t *testing.T) {
	f := newFixture(t)
	f.run("orders", sourceOf(1))
	second := withOffsets(sourceOf(1))
	second.ConnectorName = "other"
	f.run("orders-again", second)
	elder, younger := f.elder("orders", "orders-again")
	f.delete(younger)
	now := f.read(younger)
	now.Spec.ConnectorName = elder.KafkaName()
	if _, err := f.r.Reconcile(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	f.checkGone(younger)
	f.checkTasks(younger)
	f.checkCalls()
	f.pass(elder)
	f.checkReady(elder, metav1.ConditionTrue, v1alpha1.ReasonRunning)
}

// After a restart the operator knows no Kafka yet: what runs is not torn down
// because two clusters might be of the same.
func TestNobodyIsTornDownOnAGuess(t *testing.T) {
	for name, tc := range map[string]struct {
		ran          bool
		mine, theirs string
		want         bool
	}{
		"new, and nothing is known":    {want: false},
		"new, the same Kafka":          {mine: "k1", theirs: "k1", want: false},
		"new, another Kafka":           {mine: "k1", theirs: "k2", want: true},
		"new, theirs is not known":     {mine: "k1", want: false},
		"it ran, nothing is known":     {ran: true, want: true},
		"it ran, mine is not known":    {ran: true, theirs: "k1", want: true},
		"it ran, theirs is not known":  {ran: true, mine: "k1", want: true},
		"it ran, and it is the same":   {ran: true, mine: "k1", theirs: "k1", want: false},
		"it ran, and it is another's":  {ran: true, mine: "k1", theirs: "k2", want: true},
		"it ran, in the same cluster":  {ran: true, mine: "same", want: false},
		"it is new, in the same place": {mine: "same", want: false},
	} {
		t.Run(name, func(t *testing.T) {
			k := newFakeKafka()
			r := New(Dependencies{Kafka: k})
			me := connectorOf(v1alpha1.ConnectorSpec{ClusterRef: v1alpha1.ClusterRef{Name: "main"}})
			other := connectorOf(v1alpha1.ConnectorSpec{ClusterRef: v1alpha1.ClusterRef{Name: "else"}})
			if tc.mine == "same" {
				other.Spec.ClusterRef.Name = "main"
			}
			if tc.theirs != "" {
				k.set(other.Cluster(), state.Cluster{KafkaClusterID: tc.theirs})
			}
			s := &scope{connector: me, ran: tc.ran, kafka: state.Cluster{KafkaClusterID: tc.mine}}
			if got := r.apart(s, other); got != tc.want {
				t.Errorf("apart: %v, want %v", got, tc.want)
			}
		})
	}
}

// A loser waits for its name whatever its state is to be.
func TestEveryLoserIsWokenWhenTheWinnerGoes(t *testing.T) {
	for _, want := range []v1alpha1.ConnectorState{v1alpha1.ConnectorRunning, v1alpha1.ConnectorPaused, v1alpha1.ConnectorStopped} {
		t.Run(string(want), func(t *testing.T) {
			f := newFixture(t)
			winner, _ := f.run("orders", sourceOf(1))
			spec := sourceOf(1)
			spec.ConnectorName, spec.State = "orders", want
			loser := f.add("loser", spec)
			f.pass(loser)
			f.checkReady(loser, metav1.ConditionFalse, v1alpha1.ReasonNameConflict)
			woken := false
			for _, r := range rivals(api.Client)(t.Context(), winner) {
				woken = woken || r.NamespacedName == client.ObjectKeyFromObject(loser)
			}
			if !woken {
				t.Error("it is not woken")
			}
		})
	}
}

func TestALongErrorIsCutBetweenCharacters(t *testing.T) {
	at := metav1.NewTime(start)
	task := v1alpha1.Task{Status: v1alpha1.TaskStatus{LastError: "x" + strings.Repeat("é", maxError), LastErrorAt: &at}}
	var st v1alpha1.ConnectorStatus
	lastError(&st, &task)
	if got := st.LastError.Message; len(got) > maxError || strings.ToValidUTF8(got, "?") != got || !strings.HasSuffix(got, "é…") {
		t.Errorf("the error of %d bytes ends in %q", len(got), got[len(got)-8:])
	}
}
