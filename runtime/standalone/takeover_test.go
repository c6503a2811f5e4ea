// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"testing"

	"penstock.dev/runtime/worker"
)

// A restart raises a task's epoch in Kafka before the loop is told of it: that is
// nobody else's.
func TestOwnEpochIsNobodyElses(t *testing.T) {
	for name, tc := range map[string]struct {
		plan plan
		task taskPlan
		lost int
	}{
		"another process":          {plan{}, taskPlan{epoch: 3}, 1},
		"an epoch is being raised": {plan{busy: true}, taskPlan{epoch: 3}, 0},
		"a restart was asked for":  {plan{}, taskPlan{epoch: 3, asked: true}, 0},
		"it has the new epoch":     {plan{}, taskPlan{epoch: 4}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tc.plan.c.Name, tc.plan.phase, tc.plan.tasks = "a", settled, []*taskPlan{&tc.task}
			s := &Standalone{plans: []*plan{&tc.plan}}
			got := s.lost([]worker.TaskState{{Connector: "a", Count: 1, Epoch: 3, Superseded: true}})
			if len(got) != tc.lost {
				t.Errorf("%d tasks are lost, want %d", len(got), tc.lost)
			}
		})
	}
}
