// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import "sync/atomic"

// starts counts how the starts of tasks have ended since the worker began. One
// that was stopped before it came to an end is none.
type starts struct {
	// tasks are all, first those of each connector's first task: a connector has
	// no instance of its own.
	tasks, first outcomes
}

type outcomes struct{ good, bad atomic.Int64 }

// ended counts the start of a task.
func (s *starts) ended(index int, good bool) {
	s.tasks.count(good)
	if index == 0 {
		s.first.count(good)
	}
}

func (o *outcomes) count(good bool) {
	if good {
		o.good.Add(1)
		return
	}
	o.bad.Add(1)
}

// counts are what outcomes have counted.
type counts struct{ good, bad float64 }

func (o *outcomes) counts() counts {
	return counts{float64(o.good.Load()), float64(o.bad.Load())}
}

func (c counts) all() float64 { return c.good + c.bad }

// share is that of part in all, 0 of nothing.
func (c counts) share(part float64) float64 { return part / max(c.all(), 1) }
