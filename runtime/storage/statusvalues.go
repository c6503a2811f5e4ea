// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"encoding/json"
	"strconv"
	"time"

	"penstock.dev/runtime/javajson"
)

// Status is the state of a connector or a task as Kafka Connect writes it:
// `{"state":"RUNNING","trace":null,"worker_id":"10.0.0.1:8083","generation":3,"version":"1"}`.
type Status struct {
	State      string `json:"state"`
	Trace      string `json:"trace"`
	WorkerID   string `json:"worker_id"`
	Generation int64  `json:"generation"`
	// Version is the plugin's, "" if it is not known (KIP-891).
	Version string `json:"version,omitempty"`
}

// encode writes the members in Kafka Connect's order and an empty trace as null.
func (s Status) encode() []byte {
	b := append([]byte(nil), `{"state":`...)
	b = javajson.AppendString(b, s.State)
	b = append(b, `,"trace":`...)
	if s.Trace == "" {
		b = append(b, "null"...)
	} else {
		b = javajson.AppendString(b, s.Trace)
	}
	b = append(b, `,"worker_id":`...)
	b = javajson.AppendString(b, s.WorkerID)
	b = append(b, `,"generation":`...)
	b = strconv.AppendInt(b, s.Generation, 10)
	if s.Version != "" {
		b = javajson.AppendString(append(b, `,"version":`...), s.Version)
	}
	return append(b, '}')
}

// TaskDetail is what Kafka Connect's status of a task has no room for.
type TaskDetail struct {
	State    string `json:"state"`
	WorkerID string `json:"workerId"`
	Pod      string `json:"pod,omitempty"`
	Epoch    int64  `json:"epoch"`
	// Released says that the incarnation Epoch has stopped for good.
	Released   bool      `json:"released,omitempty"`
	Error      string    `json:"error,omitempty"`
	StartedAt  time.Time `json:"startedAt,omitzero"`
	LastCommit time.Time `json:"lastCommit,omitzero"`
	// Group is the consumer group of a sink's task.
	Group string `json:"group,omitempty"`
	// Assignment holds at most 32 topic partitions of a sink.
	Assignment []string `json:"assignment,omitempty"`
	// Offsets holds at most 16 committed offsets, those that moved last.
	Offsets          []PartitionOffset `json:"offsets,omitempty"`
	Partitions       int               `json:"partitions,omitempty"`
	Lag              *int64            `json:"lag,omitempty"`
	RecordsPerSecond float64           `json:"recordsPerSecond,omitempty"`
	Records          int64             `json:"records,omitempty"`
}

// PartitionOffset is a committed offset as text.
type PartitionOffset struct {
	Partition string `json:"partition"`
	Offset    string `json:"offset"`
	Lag       *int64 `json:"lag,omitempty"`
}

// WorkerDetail is what a worker says of itself.
type WorkerDetail struct {
	Pod       string    `json:"pod"`
	UID       string    `json:"uid"`
	Version   string    `json:"version"`
	Heartbeat time.Time `json:"heartbeat"`
	Plugins   []Plugin  `json:"plugins,omitempty"`
}

// Plugin is a connector class that a worker has.
type Plugin struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version"`
}

// Identity says which cluster claims the internal topics. Of several the one that
// was written first holds them.
type Identity struct {
	UID  string `json:"uid"`
	Name string `json:"name"`
}

// epoch is the value of an epoch's key. The record with the lowest offset is the
// one that counts of those with the same number; Holder tells them apart.
type epoch struct {
	Epoch  int64  `json:"epoch"`
	Holder string `json:"holder,omitempty"`
}

// decode reads a value; nil, a tombstone, is reported as not ok.
func decode[T any](value []byte) (v T, ok bool, err error) {
	if value == nil {
		return v, false, nil
	}
	err = json.Unmarshal(value, &v)
	return v, err == nil, err
}
