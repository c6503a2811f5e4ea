// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

// Conditions of every kind, as kstatus has them.
const (
	// ReadyCondition is True when the resource does what its spec says; deliberately
	// paused or stopped is True too.
	ReadyCondition = "Ready"
	// ReconcilingCondition is True while the operator works towards the spec.
	ReconcilingCondition = "Reconciling"
	// StalledCondition is True when nothing will change until the user acts.
	StalledCondition = "Stalled"
)

// Conditions of a ConnectCluster.
const (
	// KafkaReachableCondition is True when the operator's last call to Kafka was
	// answered.
	KafkaReachableCondition = "KafkaReachable"
	// TopicsReadyCondition is True when the internal topics are there and
	// compacted.
	TopicsReadyCondition = "TopicsReady"
	// IdentityHeldCondition is True when the internal topics are this cluster's and
	// no other's.
	IdentityHeldCondition = "IdentityHeld"
	// WorkersReadyCondition is True when every worker is ready.
	WorkersReadyCondition = "WorkersReady"
)

// Conditions of a Connector.
const (
	// AcceptedCondition is True when the connector has a cluster and its name in
	// Kafka is its own.
	AcceptedCondition = "Accepted"
	// ConfigValidCondition is True when the plugin takes the config; warnings stand
	// in its message.
	ConfigValidCondition = "ConfigValid"
	// TasksHealthyCondition is True when no task has failed or waits for a worker.
	TasksHealthyCondition = "TasksHealthy"
	// GroupInUseCondition is True when others than a sink's tasks are in its consumer
	// group.
	GroupInUseCondition = "GroupInUse"
)

// Reasons that several conditions share.
const (
	// ReasonReady says that all is well.
	ReasonReady = "Ready"
	// ReasonProgressing says that the operator is not done.
	ReasonProgressing = "Progressing"
	// ReasonDeleting says that the resource is being deleted.
	ReasonDeleting = "Deleting"
	// ReasonConfigInvalid says that the config is refused; the message names every
	// key.
	ReasonConfigInvalid = "ConfigInvalid"
	// ReasonUnknown says that there is no answer yet.
	ReasonUnknown = "Unknown"
)

// Reasons of a ConnectCluster.
const (
	// ReasonKafkaUnreachable says that Kafka does not answer.
	ReasonKafkaUnreachable = "KafkaUnreachable"
	// ReasonTopicsInvalid says that an internal topic cannot be used as it is.
	ReasonTopicsInvalid = "TopicsInvalid"
	// ReasonIdentityTaken says that another cluster holds the internal topics.
	ReasonIdentityTaken = "IdentityTaken"
	// ReasonIdentityHeld says that the internal topics are this cluster's.
	ReasonIdentityHeld = "IdentityHeld"
	// ReasonSecretMissing says that a Secret, or a key in it, is not there.
	ReasonSecretMissing = "SecretMissing"
	// ReasonWorkersNotReady says that workers are starting, or do not start.
	ReasonWorkersNotReady = "WorkersNotReady"
	// ReasonNotOurs says that an object of the needed name belongs to someone else.
	ReasonNotOurs = "NameConflict"
	// ReasonConnectorsLeft says that the cluster stays until its connectors are
	// gone.
	ReasonConnectorsLeft = "ConnectorsLeft"
)

// Reasons of a Connector.
const (
	// ReasonRunning says that every task runs.
	ReasonRunning = "Running"
	// ReasonPaused says that the connector is paused on purpose.
	ReasonPaused = "Paused"
	// ReasonStopped says that the connector is stopped on purpose.
	ReasonStopped = "Stopped"
	// ReasonAccepted says that the connector has a cluster and a name.
	ReasonAccepted = "Accepted"
	// ReasonConfigValid says that the plugin takes the config.
	ReasonConfigValid = "ConfigValid"
	// ReasonWarnings says that the plugin takes the config and that the message is
	// worth reading.
	ReasonWarnings = "Warnings"
	// ReasonClusterNotFound says that the ConnectCluster does not exist.
	ReasonClusterNotFound = "ClusterNotFound"
	// ReasonNameConflict says that another Connector has the same name in Kafka, or
	// one whose transactional ids could be the same.
	ReasonNameConflict = "NameConflict"
	// ReasonTasksFailed says that at least one task has failed.
	ReasonTasksFailed = "TasksFailed"
	// ReasonTasksUnassigned says that no worker runs at least one task.
	ReasonTasksUnassigned = "TasksUnassigned"
	// ReasonTasksHealthy says that no task has failed or waits.
	ReasonTasksHealthy = "TasksHealthy"
	// ReasonForeignMembers says that others are in a sink's consumer group and hold
	// nothing of its topics.
	ReasonForeignMembers = "ForeignMembers"
	// ReasonPartitionsHeld says that others in a sink's consumer group hold
	// partitions of its topics.
	ReasonPartitionsHeld = "PartitionsHeld"
	// ReasonNoForeignMembers says that a sink's consumer group is its own.
	ReasonNoForeignMembers = "NoForeignMembers"
	// ReasonGroupInUse says that a sink does not get all records, because others
	// hold partitions of its topics in its consumer group.
	ReasonGroupInUse = "GroupInUse"
	// ReasonRestartsSpent says that a task has used up its restarts.
	ReasonRestartsSpent = "RestartsSpent"
)
