// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package cli holds the commands that penstock and kubectl-penstock share: they
// show and steer connectors, wherever those are.
package cli

import (
	"context"
	"errors"
	"time"
)

// Backend is where the connectors are.
type Backend interface {
	// Names lists the connectors.
	Names(ctx context.Context) ([]string, error)
	// Connectors returns all connectors, sorted by name.
	Connectors(ctx context.Context) ([]Connector, error)
	// Connector returns one, with its config, from which secrets were taken.
	Connector(ctx context.Context, name string) (Connector, error)
	// SetTarget says what a connector should do from now on.
	SetTarget(ctx context.Context, name string, t Target) error
	// Restart restarts a connector or some of its tasks; asked is false if there was
	// nothing to restart.
	Restart(ctx context.Context, name string, r Restart) (asked bool, err error)
	// Delete deletes a connector.
	Delete(ctx context.Context, name string) error
	// Offsets returns where a connector stands.
	Offsets(ctx context.Context, name string) (Offsets, error)
}

// Mover is a Backend that can move connectors to other offsets.
type Mover interface {
	// SetOffsets moves a stopped connector and returns what there is to say about
	// it; a nil offset forgets one partition.
	SetOffsets(ctx context.Context, name string, offsets []Offset) (string, error)
	// ResetOffsets lets a stopped connector forget where it stands.
	ResetOffsets(ctx context.Context, name string) (string, error)
}

// Selecting is a Backend that flags may have narrowed down to some connectors,
// which then need not be named.
type Selecting interface {
	Selected() bool
}

// Watcher is a Backend that tells when to look again.
type Watcher interface {
	// Watch returns a channel that is sent to when a connector may have changed,
	// until ctx ends.
	Watch(ctx context.Context) (<-chan struct{}, error)
}

// Eventer is a Backend that knows what happened to a connector lately.
type Eventer interface {
	Events(ctx context.Context, name string) ([]Event, error)
}

// ErrReported is the error of a command that has already said what is wrong.
var ErrReported = errors.New("already reported")

// ErrNotFound is in the error of a Backend that has no such connector.
var ErrNotFound = errors.New("not found")

// Target is what a connector should do.
type Target string

// The targets of a connector, as Kafka Connect calls the states.
const (
	Running Target = "RUNNING"
	Paused  Target = "PAUSED"
	Stopped Target = "STOPPED"
)

// Intended is the target that the connector itself says it has.
const Intended Target = ""

// Restart says what is restarted.
type Restart struct {
	// Task is the number of the one task; nil is the connector.
	Task *int
	// Tasks restarts the connector's tasks, too.
	Tasks bool
	// OnlyFailed leaves alone what has not failed.
	OnlyFailed bool
}

// Connector is what is shown of a connector.
type Connector struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	// KafkaName is the connector's name in Kafka, if it is another.
	KafkaName string `json:"connectorName,omitempty"`
	// Cluster is the ConnectCluster, if there is one.
	Cluster string `json:"cluster,omitempty"`
	// Type is source or sink.
	Type  string `json:"type,omitempty"`
	Class string `json:"class,omitempty"`
	// Version is the plugin's.
	Version string `json:"version,omitempty"`
	State   string `json:"state,omitempty"`
	Worker  string `json:"worker,omitempty"`
	// Error says why it has failed.
	Error string `json:"error,omitempty"`
	// Created is when the resource was made.
	Created *time.Time `json:"created,omitempty"`
	// Restarts counts the restarts of its tasks after failures.
	Restarts int `json:"restarts,omitempty"`
	// Lag is how many records a sink has not read yet.
	Lag        *int64      `json:"lag,omitempty"`
	Tasks      []Task      `json:"tasks"`
	Conditions []Condition `json:"conditions,omitempty"`
	// Config is without secrets; it is left out of lists.
	Config map[string]string `json:"config,omitempty"`
	// Events are shown by describe.
	Events []Event `json:"events,omitempty"`

	// Target is what it should do, if that is known.
	Target Target `json:"-"`
	// Desired is how many tasks it should have, if that is known.
	Desired int `json:"-"`
	// Behind is set while the state may be older than what was last asked for.
	Behind bool `json:"-"`
	// Stalled says why nothing will change by itself; empty if it may.
	Stalled string `json:"-"`
}

// Task is what is shown of a task.
type Task struct {
	ID      int    `json:"id"`
	State   string `json:"state"`
	Worker  string `json:"worker,omitempty"`
	Version string `json:"version,omitempty"`
	// Restarts counts the restarts after failures.
	Restarts int    `json:"restarts,omitempty"`
	Lag      *int64 `json:"lag,omitempty"`
	Error    string `json:"error,omitempty"`
}

// Condition is a condition of a resource.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// Event is something that happened to a connector.
type Event struct {
	Type    string    `json:"type"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Last    time.Time `json:"last"`
	// Count is how often it happened.
	Count int `json:"count"`
}

// Condition returns the condition of a type, an empty one if there is none.
func (c Connector) Condition(kind string) Condition {
	for _, have := range c.Conditions {
		if have.Type == kind {
			return have
		}
	}
	return Condition{}
}

// Offset is where a connector stands in one partition.
type Offset struct {
	Partition map[string]any `json:"partition"`
	// Offset is nil where there is none.
	Offset map[string]any `json:"offset"`
}

// Offsets is what is known of where a connector stands.
type Offsets struct {
	Offsets []Offset `json:"offsets"`
	// Total counts the partitions, if not all of them are in Offsets.
	Total int `json:"total,omitempty"`
}
