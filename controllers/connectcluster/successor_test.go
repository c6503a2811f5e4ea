// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connectcluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

// A pass over a cluster that is gone says nothing of the one that was made anew
// under its name.
func TestASuccessorGetsNoStatusOfAnother(t *testing.T) {
	f := newFixture(t)
	c := f.pass(f.add(plain()))
	old := f.read(c)
	if err := api.Client.Delete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	f.once(c)
	next := f.read(f.add(plain()))
	f.kafka.cluster = state.Cluster{Reachable: errAway}
	result, err := f.r.Reconcile(t.Context(), old)
	if err != nil || result.RequeueAfter != staleDelay {
		t.Errorf("the pass over the old one ends with %v and asks for another after %v, want %v", err, result.RequeueAfter, staleDelay)
	}
	if diff := cmp.Diff(next.Status, f.read(next).Status); diff != "" {
		t.Errorf("the status of the next one (-want +got):\n%s", diff)
	}
	f.check(f.pass(next), v1alpha1.KafkaReachableCondition, no, v1alpha1.ReasonKafkaUnreachable, "away")
}
