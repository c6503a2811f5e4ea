// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/connect"
)

// maxMembers is how many foreign members a message names.
const maxMembers = 5

// groupInUse says whether others read in a sink's consumer group: what is theirs
// the connector does not get. They are reported and not fought, for they may be
// the Kafka Connect workers that the connector is being moved from.
func groupInUse(st *v1alpha1.ConnectorStatus, s *scope, set setter) {
	if s.plan == nil {
		return
	}
	if s.plan.kind != v1alpha1.SinkType || s.plan.count == 0 {
		meta.RemoveStatusCondition(&st.Conditions, v1alpha1.GroupInUseCondition)
		return
	}
	if !s.groupKnown {
		return
	}
	members := s.foreign()
	switch {
	case s.group.Err != nil:
		set(v1alpha1.GroupInUseCondition, metav1.ConditionUnknown, v1alpha1.ReasonUnknown, s.group.Err.Error())
	case len(members) == 0:
		set(v1alpha1.GroupInUseCondition, metav1.ConditionFalse, v1alpha1.ReasonNoForeignMembers, "")
	case s.held() != "":
		set(v1alpha1.GroupInUseCondition, metav1.ConditionTrue, v1alpha1.ReasonPartitionsHeld, s.held())
	default:
		set(v1alpha1.GroupInUseCondition, metav1.ConditionTrue, v1alpha1.ReasonForeignMembers, s.tell(members))
	}
}

// held says who holds partitions of the connector's topics that is none of its
// tasks; "" is nobody.
func (s *scope) held() string {
	members := slices.DeleteFunc(s.foreign(), func(m state.Member) bool { return s.partitions(m) == 0 })
	if len(members) == 0 {
		return ""
	}
	return s.tell(members)
}

// foreign are the members of a sink's group that are none of its tasks.
func (s *scope) foreign() []state.Member {
	if s.plan == nil || s.plan.kind != v1alpha1.SinkType || s.cluster == nil || s.group.Err != nil {
		return nil
	}
	tasks := s.plan.count
	for i := range s.tasks { // one that is going is ours until it is gone
		tasks = max(tasks, int(s.tasks[i].Spec.Index)+1)
	}
	prefix := s.cluster.GroupID() + "-" + s.connector.KafkaName() + "-"
	return foreign(s.group.Members, prefix, tasks)
}

// foreign are the members that are not the first tasks of an instance id's
// prefix. It is pure.
func foreign(members []state.Member, prefix string, tasks int) []state.Member {
	var out []state.Member
	for _, m := range members {
		rest, ok := strings.CutPrefix(m.InstanceID, prefix)
		n, err := strconv.Atoi(rest)
		if !ok || err != nil || n < 0 || n >= tasks || strconv.Itoa(n) != rest {
			out = append(out, m)
		}
	}
	return out
}

// partitions counts what a member has of the connector's topics.
func (s *scope) partitions(m state.Member) int {
	ours := connect.ReadsTopic(s.props)
	n := 0
	for topic, partitions := range m.Partitions {
		if ours(topic) {
			n += partitions
		}
	}
	return n
}

func (s *scope) tell(members []state.Member) string {
	var names []string
	for _, m := range members[:min(len(members), maxMembers)] {
		name := fmt.Sprintf("client %s at %s", m.ClientID, strings.TrimPrefix(m.Host, "/"))
		if m.InstanceID != "" {
			name += " (instance " + m.InstanceID + ")"
		}
		names = append(names, fmt.Sprintf("%s with %d partitions", name, s.partitions(m)))
	}
	if more := len(members) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("others than the connector's tasks read in its consumer group %s: %s; what they have, the connector does not get: "+
		"stop them, or make the Connector anew with another spec.connectorName", connect.GroupID(s.connector.KafkaName(), s.props), strings.Join(names, ", "))
}
