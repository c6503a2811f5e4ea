// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"slices"
	"time"

	"penstock.dev/runtime/worker"
)

func (s *Standalone) statuses(tasks []worker.TaskState, now time.Time) []Status {
	of := map[string][]worker.TaskState{}
	for _, t := range tasks {
		of[t.Connector] = append(of[t.Connector], t)
	}
	out := make([]Status, len(s.plans))
	for i, p := range s.plans {
		out[i] = p.status(of[p.c.Name], now)
	}
	return out
}

func (s *Standalone) observe(statuses []Status) {
	s.last = statuses
	s.o.Observe(slices.Clone(statuses))
}

// observeEnd shows what was still written while the tasks stopped. Their states
// are those from before.
func (s *Standalone) observeEnd() {
	before := s.last
	end := s.statuses(s.o.Engine.Tasks(), time.Now())
	if len(before) != len(end) {
		return // it has ended before it looked for the first time
	}
	for i, e := range end {
		end[i] = before[i]
		end[i].Records, end[i].Bytes = e.Records, e.Bytes
		end[i].RecordsPerSecond = 0
	}
	s.observe(end)
}

// busy reports whether anything is to be done, or was done since the last look.
func (s *Standalone) busy(statuses []Status) bool {
	for i, st := range statuses {
		if !st.Idle || i >= len(s.last) || !sameWork(st, s.last[i]) {
			return true
		}
	}
	return false
}

func sameWork(a, b Status) bool {
	return a.Records == b.Records && a.Bytes == b.Bytes && a.Restarts == b.Restarts &&
		a.State == b.State && a.Tasks == b.Tasks
}

// failures returns the tasks that have failed for good as an error, or nil.
func (s *Standalone) failures() error {
	var e FailedError
	for _, p := range s.plans {
		for i, k := range p.tasks {
			if k.final != "" {
				e.Failures = append(e.Failures, Failure{p.c.Name, i, k.final})
			}
		}
	}
	if len(e.Failures) == 0 {
		return nil
	}
	return &e
}
