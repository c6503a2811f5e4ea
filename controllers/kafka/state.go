// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/storage"
)

// taskState puts together what the status topic says of a task.
func taskState(s *storage.Statuses, id storage.TaskID) (state.Task, bool) {
	out := state.Task{HighestEpoch: s.Epoch(id)}
	if d, ok := s.Detail(id); ok {
		fromDetail(&out, d)
		return out, true
	}
	v, ok := s.Task(id)
	if !ok {
		return out, out.HighestEpoch > 0
	}
	out.State, out.WorkerID, out.Epoch, out.Error = v.State, v.WorkerID, v.Generation, v.Trace
	return out, true
}

func fromDetail(out *state.Task, d storage.TaskDetail) {
	out.State, out.WorkerID, out.Pod, out.Epoch, out.Released = d.State, d.WorkerID, d.Pod, d.Epoch, d.Released
	out.Error, out.StartedAt, out.LastCommit, out.Assignment = d.Error, d.StartedAt, d.LastCommit, d.Assignment
	out.Partitions, out.Lag, out.RecordsPerSecond, out.Records = d.Partitions, d.Lag, d.RecordsPerSecond, d.Records
	for _, o := range d.Offsets {
		out.Offsets = append(out.Offsets, state.PartitionOffset{Partition: o.Partition, Offset: o.Offset, Lag: o.Lag})
	}
}

func workerState(d storage.WorkerDetail) state.Worker {
	out := state.Worker{Pod: d.Pod, UID: d.UID, Version: d.Version, Heartbeat: d.Heartbeat}
	for _, p := range d.Plugins {
		out.Plugins = append(out.Plugins, state.Plugin{Class: p.Class, Type: p.Type, Version: p.Version})
	}
	return out
}
