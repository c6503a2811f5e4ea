// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

// A sink of a pattern shows the topics that its tasks have, and its group as its
// config calls it.
func TestStatusOfAPattern(t *testing.T) {
	c := connectorOf(v1alpha1.ConnectorSpec{State: v1alpha1.ConnectorRunning})
	s := &scope{
		connector: c, before: c.DeepCopy(), now: time.Unix(5000, 0), cluster: &v1alpha1.ConnectCluster{}, kafkaKnown: true,
		plan:  &plan{count: 2, kind: v1alpha1.SinkType},
		props: map[string]string{"topics.regex": "orders-.*", "consumer.override.group.id": "mine"},
		tasks: []v1alpha1.Task{
			{Status: v1alpha1.TaskStatus{Assignment: []string{"orders-eu-1", "orders-eu-0"}}},
			{Status: v1alpha1.TaskStatus{Assignment: []string{"orders-asia-0"}}},
		},
	}
	st := status(s)
	if diff := cmp.Diff([]string{"orders-asia", "orders-eu"}, st.Topics); diff != "" || st.ConsumerGroup != "mine" {
		t.Errorf("the group is %s, the topics (-want +got):\n%s", st.ConsumerGroup, diff)
	}
	s.before.Status.Topics = st.Topics
	for i := range s.tasks {
		s.tasks[i].Status.Assignment = nil
	}
	if again := status(s); !cmp.Equal(st.Topics, again.Topics) {
		t.Errorf("between two assignments the topics are %v", again.Topics)
	}
	if n := s.partitions(state.Member{Partitions: map[string]int{"orders-eu": 2, "returns": 3}}); n != 2 {
		t.Errorf("another member holds %d partitions of the pattern's topics, want 2", n)
	}
}
