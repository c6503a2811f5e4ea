// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package restclient

// The bodies of Kafka Connect's REST API, apache/kafka
// connect/runtime/rest/entities.

// ServerInfo is the answer of GET /.
type ServerInfo struct {
	Version        string `json:"version"`
	Commit         string `json:"commit"`
	KafkaClusterID string `json:"kafka_cluster_id"`
}

// ConnectorInfo is a connector with its config as it was given.
type ConnectorInfo struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []TaskID          `json:"tasks"`
	// Type is source, sink or unknown.
	Type string `json:"type"`
}

// TaskID names a task.
type TaskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

// ConnectorStatus is the state of a connector and of its tasks.
type ConnectorStatus struct {
	Name      string `json:"name"`
	Connector State  `json:"connector"`
	Tasks     []Task `json:"tasks"`
	Type      string `json:"type"`
}

// State is the state of a connector or task: RUNNING, PAUSED, STOPPED, FAILED,
// UNASSIGNED or RESTARTING.
type State struct {
	State    string `json:"state"`
	WorkerID string `json:"worker_id"`
	// Trace says why it has failed.
	Trace string `json:"trace,omitempty"`
	// Version is the plugin's; servers before 4.1 do not say it.
	Version string `json:"version,omitempty"`
}

// Task is the state of a task.
type Task struct {
	ID int `json:"id"`
	State
}

// Expanded is a connector as GET /connectors?expand=info&expand=status has it.
type Expanded struct {
	Info   ConnectorInfo   `json:"info"`
	Status ConnectorStatus `json:"status"`
}

// NewConnector is the body of POST /connectors.
type NewConnector struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	// InitialState is RUNNING, PAUSED or STOPPED; empty is RUNNING (KIP-980).
	InitialState string `json:"initial_state,omitempty"`
}

// Offset is where a connector stands in one partition. Numbers are json.Number,
// so that large ones stay exact. A nil offset is none.
type Offset struct {
	Partition map[string]any `json:"partition"`
	Offset    map[string]any `json:"offset"`
}

// Offsets are the offsets of a connector (KIP-875).
type Offsets struct {
	Offsets []Offset `json:"offsets"`
}

// Plugin is an entry of GET /connector-plugins.
type Plugin struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version,omitempty"`
}

// ConfigInfos is what the server says of a config.
type ConfigInfos struct {
	Name       string       `json:"name"`
	ErrorCount int          `json:"error_count"`
	Configs    []ConfigInfo `json:"configs"`
}

// ConfigInfo is what the server says of one key.
type ConfigInfo struct {
	Value struct {
		Name   string   `json:"name"`
		Errors []string `json:"errors"`
	} `json:"value"`
}

// KeyDefinition is an entry of GET /connector-plugins/{class}/config.
type KeyDefinition struct {
	Name string `json:"name"`
	// Type is STRING, INT, PASSWORD and so on.
	Type string `json:"type"`
}

// LoggerLevel is the level of a logger.
type LoggerLevel struct {
	Level string `json:"level"`
	// LastModified is in milliseconds since 1970; nil is never.
	LastModified *int64 `json:"last_modified"`
}
