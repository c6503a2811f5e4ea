// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import "penstock.dev/runtime/javajson"

// The bodies of answers. Their fields stand in the order in which Kafka Connect
// writes them.

// ServerInfo is the answer of GET /.
type ServerInfo struct {
	Version        string `json:"version"`
	Commit         string `json:"commit"`
	KafkaClusterID string `json:"kafka_cluster_id"`
}

// Health is the answer of GET /health (KIP-1017).
type Health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// Props is a config.
type Props map[string]string

// MarshalJSON writes the keys in the order of a Java HashMap.
func (c Props) MarshalJSON() ([]byte, error) {
	m := make(map[string]any, len(c))
	for k, v := range c {
		m[k] = v
	}
	return javajson.AppendValue(nil, m)
}

// TaskID names a task.
type TaskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

// ConnectorInfo is a connector.
type ConnectorInfo struct {
	Name   string   `json:"name"`
	Config Props    `json:"config"`
	Tasks  []TaskID `json:"tasks"`
	// Type is source, sink or unknown.
	Type string `json:"type"`
}

// TaskInfo is a task's config.
type TaskInfo struct {
	ID     TaskID `json:"id"`
	Config Props  `json:"config"`
}

// ConnectorStateInfo is the state of a connector.
type ConnectorStateInfo struct {
	Name      string         `json:"name"`
	Connector ConnectorState `json:"connector"`
	// Tasks are in the order of their numbers.
	Tasks []TaskState `json:"tasks"`
	Type  string      `json:"type"`
}

// ConnectorState is the state of the connector itself.
type ConnectorState struct {
	State    string `json:"state"`
	WorkerID string `json:"worker_id"`
	Trace    string `json:"trace,omitempty"`
	// Version is the plugin's (KIP-891).
	Version string `json:"version,omitempty"`
}

// TaskState is the state of a task.
type TaskState struct {
	ID       int    `json:"id"`
	State    string `json:"state"`
	WorkerID string `json:"worker_id"`
	// Trace says why a task has failed.
	Trace   string `json:"trace,omitempty"`
	Version string `json:"version,omitempty"`
}

// Offset is one entry of a connector's offsets. Of a sink the partition has
// kafka_topic and kafka_partition, the offset kafka_offset. Numbers are int64 or
// float64.
type Offset struct {
	Partition Object `json:"partition"`
	Offset    Object `json:"offset"`
}

// Object is a JSON object; nil is null.
type Object map[string]any

// MarshalJSON writes the keys in the order of a Java HashMap.
func (o Object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	return javajson.AppendValue(nil, map[string]any(o))
}

// Offsets is the answer of GET /connectors/{connector}/offsets.
type Offsets struct {
	Offsets []Offset `json:"offsets"`
}

// Message tells a user what was done.
type Message struct {
	Message string `json:"message"`
}

// UsedTopics is what GET /connectors/{connector}/topics says of a connector.
type UsedTopics struct {
	Topics []string `json:"topics"`
}

// PluginInfo is an entry of GET /connector-plugins.
type PluginInfo struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version,omitempty"`
}

// LoggerLevel is the level of a logger and when it was last changed, in
// milliseconds since 1970.
type LoggerLevel struct {
	Level        string `json:"level"`
	LastModified *int64 `json:"last_modified"`
}
