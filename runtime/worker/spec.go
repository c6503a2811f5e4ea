// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"cmp"
	"maps"
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/task"
)

// TaskSpec is one task that a worker is to run.
type TaskSpec struct {
	// UID is the caller's own name for the incarnation; the worker only carries it.
	UID string
	// Connector is the connector's name in Kafka, Index the task's number among
	// Count.
	Connector    string
	Index, Count int
	// Class is the connector's class.
	Class string
	// Config is the connector's config with its references unresolved.
	Config map[string]string
	// Epoch is the incarnation's epoch, written to the status topic before the spec
	// is handed over (docs/architecture.md, "Who owns a task").
	Epoch  int64
	Paused bool
}

func (s TaskSpec) id() task.ID { return task.ID{Connector: s.Connector, Index: s.Index} }

// sameRun reports whether both can be one incarnation that goes on running, the
// pause aside.
func (s TaskSpec) sameRun(o TaskSpec) bool {
	return s.Epoch == o.Epoch && s.Count == o.Count && s.Class == o.Class && maps.Equal(s.Config, o.Config)
}

// TaskState is what a worker knows of one of its tasks.
type TaskState struct {
	UID          string
	Connector    string
	Index, Count int
	Class        string
	// Kind is "" if the class is unknown.
	Kind connect.Kind
	// Group is the consumer group of a sink.
	Group string
	Epoch int64
	// State is Unassigned until the connector has been opened, and again after the
	// task has stopped.
	State task.State
	// Error is the reason of Failed, without secrets and of at most 1 KiB.
	Error string
	// Superseded says that the task stopped because a newer incarnation exists.
	Superseded bool
	// Released says that the task has stopped for good after it was taken from the
	// worker.
	Released  bool
	StartedAt time.Time
	Progress  task.Progress
	// RecordsPerSecond is the rate of Progress.Records over the last seconds,
	// PolledPerSecond that of Progress.Polled.
	RecordsPerSecond, PolledPerSecond float64
	// RunningRatio and PauseRatio are the shares, 0 to 1, of the time since StartedAt
	// in which the task was running and paused.
	RunningRatio, PauseRatio float64
	// Traffic is that of a sink task's own Kafka client.
	Traffic kafka.TrafficCounts
}

func (s TaskState) id() task.ID { return task.ID{Connector: s.Connector, Index: s.Index} }

// Stalled returns for how long a running task has made no progress although
// records wait; 0 if it moves or has nothing to do.
func (s TaskState) Stalled(now time.Time) time.Duration {
	p := s.Progress
	if s.State != task.Running || (p.Pending == 0 && p.Lag <= 0) {
		return 0
	}
	last := s.StartedAt
	for _, t := range []time.Time{p.LastRecord, p.LastCommit} {
		if t.After(last) {
			last = t
		}
	}
	return max(now.Sub(last), 0)
}

func byTask(a, b TaskState) int {
	return cmp.Or(cmp.Compare(a.Connector, b.Connector), cmp.Compare(a.Index, b.Index))
}
