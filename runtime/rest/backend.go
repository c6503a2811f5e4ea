// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import "context"

// Backend is what the API shows and changes. Its methods may be called from any
// goroutine; each returns when ctx is done, and none waits for another one's
// work. An *Error says which status the client is answered with; any other error
// is answered with 500. What they return holds no resolved secret.
type Backend interface {
	Reader
	Writer
	Offsetter
	// Health returns nil if the worker works; Ready says that it has started.
	Health(ctx context.Context) error
	Ready() bool
	// ClusterID returns Kafka's cluster id.
	ClusterID(ctx context.Context) (string, error)
	// PutClusterLevel asks all workers of the cluster to set a logger's level.
	PutClusterLevel(ctx context.Context, logger, level string) error
}

// Reader tells of connectors.
type Reader interface {
	// Connectors returns the names of all connectors.
	Connectors(ctx context.Context) ([]string, error)
	// Connector returns a connector, its config as users wrote it.
	Connector(ctx context.Context, name string) (ConnectorInfo, error)
	// Tasks returns the tasks of a connector and their configs.
	Tasks(ctx context.Context, name string) ([]TaskInfo, error)
	// Status returns the state of a connector and its tasks.
	Status(ctx context.Context, name string) (ConnectorStateInfo, error)
	// TaskStatus returns the state of one task.
	TaskStatus(ctx context.Context, id TaskID) (TaskState, error)
	// Topics returns the topics that a connector has used.
	Topics(ctx context.Context, name string) ([]string, error)
}

// Writer changes connectors.
type Writer interface {
	// Put creates or changes a connector whose config was validated; created says
	// which it was.
	Put(ctx context.Context, r PutRequest) (info ConnectorInfo, created bool, err error)
	// Delete removes a connector. Its offsets stay.
	Delete(ctx context.Context, name string) error
	// SetState pauses, resumes or stops a connector.
	SetState(ctx context.Context, name string, state TargetState) error
	// Restart restarts a connector, and its tasks if that is asked for, and returns
	// what it is going to restart.
	Restart(ctx context.Context, r RestartRequest) (ConnectorStateInfo, error)
	// RestartTask restarts one task.
	RestartTask(ctx context.Context, id TaskID) error
	// ResetTopics forgets the topics that a connector has used.
	ResetTopics(ctx context.Context, name string) error
}

// Offsetter shows and changes the offsets of connectors.
type Offsetter interface {
	Offsets(ctx context.Context, name string) ([]Offset, error)
	// AlterOffsets sets offsets of a stopped connector and returns what to tell the
	// user.
	AlterOffsets(ctx context.Context, name string, offsets []Offset) (string, error)
	// ResetOffsets removes all offsets of a stopped connector.
	ResetOffsets(ctx context.Context, name string) (string, error)
}

// TargetState is what a connector is to do.
type TargetState string

// The target states, as Kafka Connect's config topic names them.
const (
	Started TargetState = "STARTED"
	Paused  TargetState = "PAUSED"
	Stopped TargetState = "STOPPED"
)

// PutRequest asks for a connector.
type PutRequest struct {
	Name   string
	Config map[string]string
	// State is the target state of a new connector; "" leaves it to the backend.
	State TargetState
	// New refuses a connector that is there already.
	New bool
	// Was, if it is not nil, is the config that is changed: another one is refused.
	Was map[string]string
}

// RestartRequest asks for a restart (KIP-745).
type RestartRequest struct {
	Name                     string
	IncludeTasks, OnlyFailed bool
}
