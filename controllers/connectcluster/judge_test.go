// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/apply"
	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/configdef"
)

// healthy is a pass over a cluster of two workers with which all is well.
func healthy() *scope {
	c := cluster(plain())
	c.UID, c.Generation, c.Spec.Replicas = types.UID("uid-main"), 3, new(int32(2))
	return &scope{
		cluster: c, before: c.DeepCopy(), now: time.Unix(1, 0),
		kafka:   state.Cluster{CaughtUp: true, KafkaClusterID: "k", HeldBy: "uid-main"},
		workers: &appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{Replicas: 2, ReadyReplicas: 2, UpdatedReplicas: 2}},
	}
}

func TestConditions(t *testing.T) {
	type verdicts struct{ ready, stalled, reconciling, reason string }
	wait := func(reason string) verdicts { return verdicts{"False", "False", "True", reason} }
	stuck := func(reason string) verdicts { return verdicts{"False", "True", "False", reason} }
	for name, tc := range map[string]struct {
		change func(*scope)
		err    error
		want   verdicts
		text   string
	}{
		"all is well": {func(*scope) {}, nil, verdicts{"True", "False", "False", v1alpha1.ReasonReady}, ""},
		"warnings": {func(s *scope) { s.warnings = []configdef.Problem{{Key: "old.key", Message: "is old"}} }, nil,
			verdicts{"True", "False", "False", v1alpha1.ReasonReady}, "old.key"},
		"a problem": {func(s *scope) {
			s.problems = []configdef.Problem{{Key: "a", Message: "is wrong"}, {Key: "b", Message: "too"}}
		}, nil,
			stuck(v1alpha1.ReasonConfigInvalid), "spec.config: b"},
		"a missing Secret": {func(s *scope) { s.missing = "spec.x: gone" }, nil, wait(v1alpha1.ReasonSecretMissing), "spec.x: gone"},
		"another's object": {func(*scope) {}, fmt.Errorf("Service x: %w", apply.ErrNotOurs), stuck(v1alpha1.ReasonNotOurs), "Service x"},
		"an error":         {func(*scope) {}, errors.New("oops"), wait(reasonError), "oops"},
		"Kafka not asked":  {func(s *scope) { s.kafka = state.Cluster{} }, nil, wait(v1alpha1.ReasonProgressing), "not asked"},
		"Kafka away": {func(s *scope) { s.kafka.Reachable = errors.New("refused") }, nil,
			wait(v1alpha1.ReasonKafkaUnreachable), "spec.kafka: refused"},
		"a topic that deletes": {func(s *scope) { s.kafka.Topics = errors.New("not compacted") }, nil,
			stuck(v1alpha1.ReasonTopicsInvalid), "spec.storage: not compacted"},
		"topics not read":  {func(s *scope) { s.kafka.CaughtUp = false }, nil, wait(v1alpha1.ReasonProgressing), "not read"},
		"topics unclaimed": {func(s *scope) { s.kafka.HeldBy = "" }, nil, wait(v1alpha1.ReasonProgressing), "nobody"},
		"topics of another": {func(s *scope) { s.kafka.HeldBy, s.kafka.HeldByName = "uid-x", "data/x" }, nil,
			stuck(v1alpha1.ReasonIdentityTaken), "uid-x"},
		"no workers":         {func(s *scope) { s.workers = nil }, nil, wait(v1alpha1.ReasonProgressing), "no worker"},
		"one is not ready":   {func(s *scope) { s.workers.Status.ReadyReplicas = 1 }, nil, wait(v1alpha1.ReasonWorkersNotReady), "1 of 2"},
		"one too many":       {func(s *scope) { s.workers.Status.Replicas = 3 }, nil, wait(v1alpha1.ReasonWorkersNotReady), ""},
		"a roll":             {func(s *scope) { s.workers.Status.UpdatedReplicas = 1 }, nil, wait(v1alpha1.ReasonWorkersNotReady), "1 run"},
		"not yet observed":   {func(s *scope) { s.workers.Generation = 1 }, nil, wait(v1alpha1.ReasonWorkersNotReady), ""},
		"connectors left":    {func(s *scope) { deleted(s); s.waiting, s.connectorsLeft = "1 is left", true }, nil, wait(v1alpha1.ReasonConnectorsLeft), "1 is left"},
		"workers stopping":   {func(s *scope) { deleted(s); s.waiting = "1 stops" }, nil, wait(v1alpha1.ReasonDeleting), "1 stops"},
		"on its way":         {deleted, nil, wait(v1alpha1.ReasonDeleting), ""},
		"scaled to nothing":  {func(s *scope) { s.cluster.Spec.Replicas = new(int32(0)); s.workers.Status = appsv1.StatefulSetStatus{} }, nil, verdicts{"True", "False", "False", v1alpha1.ReasonReady}, ""},
		"replicas not given": {func(s *scope) { s.cluster.Spec.Replicas = nil }, nil, wait(v1alpha1.ReasonWorkersNotReady), "2 of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			tc.change(s)
			st := status(s)
			conditions(&st, s, tc.err)
			is := func(kind string) string { return string(meta.FindStatusCondition(st.Conditions, kind).Status) }
			ready := meta.FindStatusCondition(st.Conditions, v1alpha1.ReadyCondition)
			got := verdicts{string(ready.Status), is(v1alpha1.StalledCondition), is(v1alpha1.ReconcilingCondition), ready.Reason}
			if got != tc.want || !strings.Contains(ready.Message, tc.text) {
				t.Errorf("the conditions say %+v, %q; want %+v, %q", got, ready.Message, tc.want, tc.text)
			}
			for _, c := range st.Conditions {
				if c.Reason == "" || c.ObservedGeneration != 3 {
					t.Errorf("%s has the reason %q, generation %d", c.Type, c.Reason, c.ObservedGeneration)
				}
			}
		})
	}
}

func deleted(s *scope) { s.cluster.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }

func TestStatusCounts(t *testing.T) {
	s := healthy()
	task := func(connector string, st v1alpha1.TaskState) v1alpha1.Task {
		return v1alpha1.Task{Spec: v1alpha1.TaskSpec{ConnectorRef: v1alpha1.ConnectorRef{Name: connector}}, Status: v1alpha1.TaskStatus{State: st}}
	}
	s.connectors = make([]v1alpha1.Connector, 3)
	s.tasks = []v1alpha1.Task{
		task("a", v1alpha1.TaskStateRunning), task("a", v1alpha1.TaskStateFailed), task("a", v1alpha1.TaskStateRestarting),
		task("b", v1alpha1.TaskStateRunning), task("b", v1alpha1.TaskStatePaused),
	}
	now := time.Unix(100, 0)
	s.said = []state.Worker{
		{Version: "old", Heartbeat: now},
		{Version: "new", Heartbeat: now.Add(time.Second), Plugins: []state.Plugin{{Class: "b", Type: "sink", Version: "1"}, {Class: "a", Type: "source", Version: "1"}}},
		{Version: "older", Heartbeat: now.Add(-time.Second)},
	}
	got := status(s)
	want := v1alpha1.ConnectClusterStatus{
		ObservedGeneration: 3, Replicas: 2, ReadyReplicas: 2, WorkersReady: "2/2", KafkaClusterID: "k", Version: "new", Selector: got.Selector,
		Connectors: &v1alpha1.ConnectorCounts{Total: 3, Failed: 1}, Tasks: &v1alpha1.ClusterTaskCounts{Total: 5, Running: 2, Failed: 2},
		Plugins: []v1alpha1.PluginStatus{{Class: "a", Type: "source", Version: "1"}, {Class: "b", Type: "sink", Version: "1"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if !strings.Contains(got.Selector, v1alpha1.ClusterLabel+"=main") {
		t.Errorf("the selector is %s", got.Selector)
	}
}
