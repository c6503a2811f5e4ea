// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"time"

	"penstock.dev/runtime/task"
)

// stateClock measures for how long a task was running and paused.
type stateClock struct {
	state           task.State
	since           time.Time
	running, paused time.Duration
}

// enter notes that the task is in a state from now on.
func (c *stateClock) enter(s task.State, now time.Time) {
	c.running, c.paused = c.at(now)
	c.state, c.since = s, now
}

// at returns how long the task has run and been paused up to now.
func (c *stateClock) at(now time.Time) (running, paused time.Duration) {
	running, paused = c.running, c.paused
	switch passed := max(now.Sub(c.since), 0); c.state {
	case task.Running:
		running += passed
	case task.Paused:
		paused += passed
	default:
	}
	return running, paused
}

// ratios returns the shares of the time since start.
func (c *stateClock) ratios(start, now time.Time) (running, paused float64) {
	all := now.Sub(start)
	if all <= 0 {
		return 0, 0
	}
	r, p := c.at(now)
	return min(r.Seconds()/all.Seconds(), 1), min(p.Seconds()/all.Seconds(), 1)
}
