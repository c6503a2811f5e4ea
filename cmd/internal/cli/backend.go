// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package cli holds the commands that penstock and kubectl-penstock share: they
// show and steer connectors, wherever those are.
package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
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
	// Restart restarts a connector or some of its tasks.
	Restart(ctx context.Context, name string, r Restart) error
	// Offsets returns where a connector stands.
	Offsets(ctx context.Context, name string) (Offsets, error)
	// SetOffsets moves a stopped connector and returns what there is to say about
	// it; a nil offset forgets one partition.
	SetOffsets(ctx context.Context, name string, offsets []Offset) (string, error)
	// ResetOffsets lets a stopped connector forget where it stands.
	ResetOffsets(ctx context.Context, name string) (string, error)
}

// Source adds the flags that say where the connectors are to a command, and
// returns what opens them once the flags are read.
type Source func(cmd *cobra.Command) func() (Backend, error)

// ErrReported is the error of a command that has already said what is wrong.
var ErrReported = errors.New("already reported")

// UnsupportedError says that a command is not possible where the connectors are.
type UnsupportedError struct {
	// Command is the command: "offsets set".
	Command string
	// Instead says why, and what to do.
	Instead string
}

// Error names the command.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s is not possible here: %s", e.Command, e.Instead)
}

// Target is what a connector should do.
type Target string

// The targets of a connector, as Kafka Connect calls the states.
const (
	Running Target = "RUNNING"
	Paused  Target = "PAUSED"
	Stopped Target = "STOPPED"
)

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
	Name string `json:"name"`
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
	Error      string      `json:"error,omitempty"`
	Tasks      []Task      `json:"tasks"`
	Conditions []Condition `json:"conditions,omitempty"`
	// Config is without secrets; it is left out of lists.
	Config map[string]string `json:"config,omitempty"`

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
	Error   string `json:"error,omitempty"`
}

// Condition is a condition of a resource.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
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
