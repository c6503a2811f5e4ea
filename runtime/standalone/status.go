// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/task"
	"penstock.dev/runtime/worker"
)

// State is a connector's state as it is shown.
type State string

// The states of a connector. Starting has tasks that do not run yet, Restarting
// has failed tasks that are tried again, Failed has some that are not.
const (
	StateStarting   State = "STARTING"
	StateRunning    State = "RUNNING"
	StatePaused     State = "PAUSED"
	StateStopped    State = "STOPPED"
	StateRestarting State = "RESTARTING"
	StateFailed     State = "FAILED"
)

// Counts counts the tasks of a connector.
type Counts struct {
	Desired int `json:"desired"`
	Running int `json:"running"`
	Paused  int `json:"paused"`
	Failed  int `json:"failed"`
}

// Status is what there is to show about a connector.
type Status struct {
	Connector string       `json:"connector"`
	Class     string       `json:"class"`
	Type      connect.Kind `json:"type"`
	State     State        `json:"state"`
	Tasks     Counts       `json:"tasks"`
	// Records and Bytes count what all incarnations of its tasks have written in
	// this process.
	Records int64 `json:"records"`
	Bytes   int64 `json:"bytes"`
	// RecordsPerSecond is the rate over the last seconds.
	RecordsPerSecond float64 `json:"recordsPerSecond"`
	// Lag is how many records a sink has not read yet; nil is unknown, and nil for
	// a source.
	Lag      *int64 `json:"lag,omitempty"`
	Restarts int    `json:"restarts"`
	// Error is the last error of a failed task.
	Error string `json:"error,omitempty"`
	// NextTry is when a failed task is started again.
	NextTry *time.Time `json:"nextTry,omitempty"`
	// Idle says that the connector has nothing to do and that everything it did is
	// committed.
	Idle bool `json:"idle"`
}

// joinGrace is how long a sink without partitions counts as busy: it may still be
// joining its group. After that its topics have none for it.
const joinGrace = 15 * time.Second

// joining reports whether a sink that runs has no partition yet and may get one.
func (p *plan) joining(tasks []worker.TaskState, now time.Time) bool {
	if p.plugin.Kind != connect.SinkKind {
		return false
	}
	young := false
	for _, t := range tasks {
		if len(t.Progress.Assignment) > 0 {
			return false
		}
		young = young || t.State == task.Running && now.Sub(t.StartedAt) < joinGrace
	}
	return young
}

// status sums the tasks of a connector up.
func (p *plan) status(tasks []worker.TaskState, now time.Time) Status {
	s := Status{
		Connector: p.c.Name, Class: p.plugin.Name, Type: p.plugin.Kind,
		Tasks: Counts{Desired: len(p.tasks)}, Idle: true,
	}
	var lag int64
	known := p.plugin.Kind == connect.SinkKind && len(tasks) > 0
	for _, t := range tasks {
		k := p.task(t)
		if k == nil {
			continue // it is on its way out
		}
		k.observe(t)
		s.Records += k.records()
		s.Bytes += k.bytes()
		s.RecordsPerSecond += t.RecordsPerSecond
		s.Idle = s.Idle && k.idle(t)
		switch t.State {
		case task.Running:
			s.Tasks.Running++
		case task.Paused:
			s.Tasks.Paused++
		case task.Failed:
			s.Tasks.Failed++
			s.Error, s.NextTry = t.Error, k.nextTry()
		}
		lag += max(t.Progress.Lag, 0)
		known = known && t.Progress.Lag >= 0
	}
	for _, k := range p.tasks {
		s.Restarts += len(k.restarts)
	}
	if known {
		s.Lag = &lag
	}
	s.Idle = s.Idle && p.phase == settled && len(tasks) == len(p.tasks) && !p.joining(tasks, now)
	if p.invalid != "" {
		s.Error = p.invalid
	}
	s.State = p.state(s)
	return s
}

func (p *plan) state(s Status) State {
	t := s.Tasks
	switch {
	case p.invalid != "":
		return StateFailed
	case p.c.State == Stopped:
		return StateStopped
	case t.Failed > 0 && p.failedForGood():
		return StateFailed
	case t.Failed > 0:
		return StateRestarting
	case t.Running+t.Paused < t.Desired:
		return StateStarting
	case t.Paused > 0:
		return StatePaused
	default:
		return StateRunning
	}
}
