// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

func TestForeign(t *testing.T) {
	for id, want := range map[string]bool{
		"g-c-0": false, "g-c-1": false,
		"": true, "g-c-2": true, "g-c--1": true, "g-c-01": true, "g-c-": true, "g-c-x": true, "g-d-0": true, "h-c-0": true, "g-c-1-0": true,
	} {
		if got := len(foreign([]state.Member{{InstanceID: id}}, "g-c-", 2)) == 1; got != want {
			t.Errorf("the instance %q is foreign: %v, want %v", id, got, want)
		}
	}
}

// member is a member with partitions of a topic.
func member(instance, client, topic string, partitions int) state.Member {
	return state.Member{InstanceID: instance, ClientID: client, Host: "/10.0.0.7", Partitions: map[string]int{topic: partitions}}
}

func TestAForeignMemberOfASinksGroup(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("out", sinkOf(2))
	prefix := f.cluster.GroupID() + "-out-"
	own := []state.Member{member(prefix+"0", "penstock", "orders", 1), member(prefix+"1", "penstock", "returns", 1)}
	say := func(more ...state.Member) {
		f.kafka.setGroup("out", state.Group{Members: append(more, own...)})
		f.pass(c)
	}
	say()
	f.checkCondition(c, v1alpha1.GroupInUseCondition, metav1.ConditionFalse, v1alpha1.ReasonNoForeignMembers)
	if got := f.events(); len(got) != 0 {
		t.Errorf("a group of its own is told as %q", got)
	}

	// Who holds nothing of the connector's topics harms nobody.
	say(member("", "console-consumer", "invoices", 3))
	f.checkCondition(c, v1alpha1.GroupInUseCondition, metav1.ConditionTrue, v1alpha1.ReasonForeignMembers, "console-consumer at 10.0.0.7")
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	f.checkEvent("Warning ForeignMembers")

	say(member("", "connector-consumer-out-0", "orders", 2), member(prefix+"2", "left", "returns", 1))
	f.checkCondition(c, v1alpha1.GroupInUseCondition, metav1.ConditionTrue, v1alpha1.ReasonPartitionsHeld)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonGroupInUse, "connect-out", "connector-consumer-out-0 at 10.0.0.7 with 2 partitions", "left at 10.0.0.7 (instance "+prefix+"2)", "stop them")
	f.checkStanding(c, false, true)
	f.checkEvent("Warning GroupInUse")

	say()
	f.checkCondition(c, v1alpha1.GroupInUseCondition, metav1.ConditionFalse, v1alpha1.ReasonNoForeignMembers)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	f.checkEvent("Normal NoForeignMembers")

	f.kafka.setGroup("out", state.Group{Err: errors.New("Describe on Group connect- is needed")})
	f.pass(c)
	f.checkCondition(c, v1alpha1.GroupInUseCondition, metav1.ConditionUnknown, v1alpha1.ReasonUnknown, "Describe on Group")
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	f.checkEvent("Warning Unknown")
}

// Whoever reads in the group of a sink that is paused or stopped on purpose keeps
// it from nothing.
func TestAForeignMemberOfASinkThatIsNotToRun(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("out", sinkOf(1))
	f.kafka.setGroup("out", state.Group{Members: []state.Member{member("", "java", "orders", 1)}})
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorPaused })
	f.pass(c)
	f.say(c, v1alpha1.TaskStatePaused)
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonPaused)
	f.checkCondition(c, v1alpha1.GroupInUseCondition, metav1.ConditionTrue, v1alpha1.ReasonPartitionsHeld)
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorStopped })
	f.pass(c)
	f.released(c)
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonStopped)
	if got := f.condition(c, v1alpha1.GroupInUseCondition); got.Type != "" {
		t.Errorf("a stopped connector says %s, %s of its group", got.Status, got.Reason)
	}
}

// A task that is going, or was not made yet, is not somebody else's.
func TestForeignKnowsTheTasks(t *testing.T) {
	s := &scope{
		connector: connectorOf(v1alpha1.ConnectorSpec{}), cluster: &v1alpha1.ConnectCluster{Spec: v1alpha1.ConnectClusterSpec{GroupID: "g"}},
		plan: &plan{kind: v1alpha1.SinkType, count: 1}, tasks: []v1alpha1.Task{taskOf(2, v1alpha1.TaskStateRunning, 0)},
		props: map[string]string{"topics": "orders"},
	}
	prefix := "g-" + s.connector.KafkaName() + "-"
	s.group.Members = []state.Member{{InstanceID: prefix + "0"}, {InstanceID: prefix + "2"}, {InstanceID: prefix + "3"}}
	if diff := cmp.Diff(s.group.Members[2:], s.foreign()); diff != "" {
		t.Errorf("foreign members (-want +got):\n%s", diff)
	}
	for topics, want := range map[string]int{"orders": 2, "other": 0, "${secrets:a:b}": 2} {
		s.props["topics"] = topics
		if got := s.partitions(member("", "x", "orders", 2)); got != want {
			t.Errorf("of the topics %s it has %d partitions, want %d", topics, got, want)
		}
	}
	many := make([]state.Member, 7)
	if said := s.tell(many); !strings.Contains(said, "and 2 more") {
		t.Errorf("seven members are told as %q", said)
	}
}

func TestAChangeOfTheGroupWakesTheConnector(t *testing.T) {
	l := newLive(t)
	c := l.add("out", sinkOf(1))
	l.untilReady(c, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	l.kafka.setGroup("out", state.Group{Members: []state.Member{member("", "java", "orders", 1)}})
	l.groups <- event.TypedGenericEvent[state.ConnectorKey]{Object: state.ConnectorKey{Cluster: c.Cluster(), Connector: "out"}}
	l.until(c, "tells of its group", func(c *v1alpha1.Connector) bool {
		for _, cond := range c.Status.Conditions {
			if cond.Type == v1alpha1.GroupInUseCondition {
				return cond.Status == metav1.ConditionTrue
			}
		}
		return false
	})
}
