// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"penstock.dev/api/v1alpha1"
)

// A pass over a Connector that is gone says nothing of the one that was made anew
// under its name.
func TestASuccessorGetsNoStatusOfAnother(t *testing.T) {
	f := newFixture(t)
	spec := sourceOf(1)
	spec.ClusterRef.Name, spec.State = "nowhere", v1alpha1.ConnectorStopped // it makes no tasks
	c := f.add("orders", spec)
	f.pass(c)
	old := f.read(c)
	f.delete(c)
	f.pass(c)
	f.checkGone(c)
	next := f.read(f.add("orders", spec))
	f.events()
	f.addCluster("nowhere", "") // so that the old one has something new to say
	result, err := f.r.Reconcile(t.Context(), old)
	f.must(err)
	if result.RequeueAfter != staleDelay {
		t.Errorf("the pass over the old one asks for another after %v, want %v", result.RequeueAfter, staleDelay)
	}
	if got := f.events(); len(got) != 0 {
		t.Errorf("the events are %q", got)
	}
	after := f.read(next)
	if diff := cmp.Diff(next.Status, after.Status); diff != "" || after.UID == old.UID {
		t.Errorf("the status of the next one (-want +got):\n%s", diff)
	}
	f.pass(next)
	f.checkCondition(next, v1alpha1.AcceptedCondition, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
}
