// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
)

func TestDelete(t *testing.T) {
	for name, tc := range map[string]struct {
		spec  v1alpha1.ConnectorSpec
		calls []string
	}{
		"a source":                 {sourceOf(2), []string{"fence 2 of orders", "forget orders, offsets false"}},
		"a sink":                   {sinkOf(2), []string{"remove members of orders from 0", "forget orders, offsets false"}},
		"a source and its offsets": {withOffsets(sourceOf(1)), []string{"fence 1 of orders", "forget orders, offsets true"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c, _ := f.run("orders", tc.spec)
			f.delete(c)
			f.pass(c)
			f.pass(c)
			f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonDeleting, "are stopping")
			f.checkStanding(c, true, false)
			if got := f.read(c).Status.State; got != stateDeleting {
				t.Errorf("the state is %s, want %s", got, stateDeleting)
			}
			f.checkCalls()
			f.released(c)
			f.pass(c)
			f.checkGone(c)
			f.checkTasks(c)
			f.checkCalls(tc.calls...)
			if got := f.events(); slices.ContainsFunc(got, func(e string) bool { return e[:7] == "Warning" }) {
				t.Errorf("the events are %q, want no warning", got)
			}
		})
	}
}

func withOffsets(s v1alpha1.ConnectorSpec) v1alpha1.ConnectorSpec {
	s.Deletion = &v1alpha1.ConnectorDeletion{Offsets: v1alpha1.OffsetsDelete}
	return s
}

func TestDeleteWhatIsStopped(t *testing.T) {
	f := newFixture(t)
	spec := withOffsets(sinkOf(2))
	spec.State = v1alpha1.ConnectorStopped
	c := f.add("orders", spec)
	f.pass(c)
	f.checkReady(c, metav1.ConditionTrue, v1alpha1.ReasonStopped)
	f.delete(c)
	f.pass(c)
	f.checkGone(c)
	f.checkCalls("forget orders, offsets true")
}

func TestDeleteGivesUpAfterATime(t *testing.T) {
	f := newFixture(t)
	spec := sourceOf(1)
	spec.Deletion = &v1alpha1.ConnectorDeletion{Timeout: &metav1.Duration{Duration: time.Minute}}
	c, _ := f.run("orders", spec)
	f.kafka.fail(errAway)
	f.delete(c)
	// The API server's clock, which stamps the deletion, has run on since the fake one
	// was set.
	if again := f.pass(c).RequeueAfter; again <= 0 || again > time.Minute+30*time.Second {
		t.Errorf("it is looked at again after %s, want about a minute at most", again)
	}
	f.released(c)
	f.failingPass(c, errAway)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonDeleting, "being fenced")
	f.wait(50 * time.Second)
	f.failingPass(c, errAway)
	f.checkTasks(c, "-orders-0")
	f.events()
	f.wait(15 * time.Second)
	f.pass(c)
	f.checkGone(c)
	f.checkTasks(c)
	f.checkEvent("Warning NotCleaned")
	for _, call := range f.kafka.calls {
		if call != "fence 1 of orders" {
			t.Errorf("Kafka was asked to %s", call)
		}
	}
}

func TestDeleteWaitsUntilKafkaHasForgotten(t *testing.T) {
	f := newFixture(t)
	spec := sinkOf(1)
	spec.State = v1alpha1.ConnectorStopped
	c := f.add("orders", spec)
	f.pass(c)
	f.delete(c)
	f.kafka.fail(errAway)
	f.failingPass(c, errAway)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonDeleting, "removed from Kafka")
	f.kafka.fail(nil)
	f.pass(c)
	f.checkGone(c)
}

func TestDeleteWithoutACluster(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sourceOf(2))
	f.must(api.Client.Delete(t.Context(), f.cluster))
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonClusterNotFound)
	f.checkTasks(c, "orders-0", "orders-1") // what may run is not torn down
	f.delete(c)
	f.events()
	f.pass(c)
	f.checkGone(c)
	f.checkTasks(c)
	f.checkCalls()
	f.checkEvent("Warning NotCleaned")
}

func TestDeleteWhatNeverRan(t *testing.T) {
	for name, spec := range map[string]v1alpha1.ConnectorSpec{
		"no such cluster": {ClusterRef: v1alpha1.ClusterRef{Name: "nowhere"}, Class: "file-source"},
		"invalid config":  {ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "file-sauce"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.kafka.fail(errAway)
			c := f.add("orders", spec)
			f.pass(c)
			f.events()
			f.delete(c)
			f.pass(c)
			f.checkGone(c)
			f.checkCalls()
			if got := f.events(); len(got) > 0 {
				t.Errorf("the events are %q, want none", got)
			}
		})
	}
}
