// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package state holds the small types in which controllers tell each other what
// Kafka says of clusters, connectors and tasks.
package state

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// TaskKey names a task as Kafka knows it: the ConnectCluster that runs it, its
// connector's name in Kafka, and its number.
type TaskKey struct {
	Cluster   types.NamespacedName
	Connector string
	Index     int
}

// Task is the last word of a task's worker in the status topic.
type Task struct {
	// State is Kafka Connect's: UNASSIGNED, RUNNING, PAUSED, FAILED, RESTARTING.
	State string
	// WorkerID is `host:port`; Pod is the name of the worker's pod.
	WorkerID, Pod string
	// Epoch is the incarnation that wrote it.
	Epoch int64
	// HighestEpoch is the highest epoch ever written for the task: an incarnation
	// below it has stopped, or will.
	HighestEpoch int64
	// Released says that the incarnation Epoch has stopped for good.
	Released bool
	// Error is the reason of FAILED, redacted and at most 1 KiB.
	Error            string
	StartedAt        time.Time
	LastCommit       time.Time
	Assignment       []string
	Offsets          []PartitionOffset
	Partitions       int
	Lag              *int64
	RecordsPerSecond float64
	Records          int64
}

// PartitionOffset is a committed offset as text.
type PartitionOffset struct {
	Partition string
	Offset    string
	Lag       *int64
}

// Worker is the last word of a worker in the status topic.
type Worker struct {
	Pod, UID, Version string
	Heartbeat         time.Time
	Plugins           []Plugin
}

// Plugin is a connector class that a worker has.
type Plugin struct{ Class, Type, Version string }

// ConnectorKey names a connector as Kafka knows it.
type ConnectorKey struct {
	Cluster   types.NamespacedName
	Connector string
}

// Group is what the operator knows of a sink's consumer group.
type Group struct {
	Members []Member
	// Err says why the members could not be read.
	Err error
}

// Member is a member of a consumer group.
type Member struct {
	// InstanceID is group.instance.id, "" for a dynamic member.
	InstanceID string
	// ClientID and Host say who it is.
	ClientID, Host string
	// Partitions counts the partitions that it was given, by topic.
	Partitions map[string]int
}

// Cluster is what the operator knows of a ConnectCluster's Kafka.
type Cluster struct {
	// Tried says that a try to reach Kafka has come to an end, good or bad.
	Tried bool
	// Reachable is nil when Kafka answered last time, or says why it did not.
	Reachable error
	// Topics is nil when the internal topics are there and compacted.
	Topics error
	// CaughtUp says that the status topic was read to its end once.
	CaughtUp bool
	// KafkaClusterID is Kafka's own id.
	KafkaClusterID string
	// HeldBy is the UID of the ConnectCluster that holds the topics, "" if that is
	// not known yet; HeldByName says who that is.
	HeldBy, HeldByName string
	// HeldByAnother says that the holder is another ConnectCluster.
	HeldByAnother bool
}

// Settings say who a ConnectCluster is and how its Kafka is reached.
type Settings struct {
	UID, GroupID              string
	OffsetsTopic, StatusTopic string
	// ReplicationFactor is that of topics that must be created; 0 is the default.
	ReplicationFactor int16
	// MayClaim allows to claim the topics. Without it what there is is only followed.
	MayClaim bool
	// Properties are a Kafka client's, secrets resolved.
	Properties map[string]string
}
