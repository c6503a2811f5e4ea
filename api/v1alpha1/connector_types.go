// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Connector moves data between Kafka and another system: a source writes to
// Kafka, a sink reads from it. Its work is split over Tasks.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=connectors,scope=Namespaced,shortName=cctr,categories=connect
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.tasksMax,statuspath=.status.taskCount,selectorpath=.status.selector
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.spec.clusterRef.name`,description="ConnectCluster that runs it."
// +kubebuilder:printcolumn:name="Class",type=string,JSONPath=`.spec.class`,description="Plugin."
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Tasks",type=string,JSONPath=`.status.tasksReady`,description="Running tasks of desired ones."
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.status.type`,priority=1,description="source or sink."
// +kubebuilder:printcolumn:name="Lag",type=integer,JSONPath=`.status.lag.records`,priority=1,description="Records that a sink has yet to read."
// +kubebuilder:printcolumn:name="Restarts",type=integer,JSONPath=`.status.restarts`,priority=1,description="Restarts of its tasks after failures."
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="metadata.name: at most 63 characters, so that it fits into labels; the name in Kafka may be longer (spec.connectorName)"
type Connector struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user wants.
	// +required
	Spec ConnectorSpec `json:"spec"`

	// status is what the operator sees.
	// +optional
	// +kubebuilder:default={"observedGeneration": -1}
	Status ConnectorStatus `json:"status,omitzero"`
}

// ConnectorState is the state that a user wants of a connector.
//
// +kubebuilder:validation:Enum=Running;Paused;Stopped
type ConnectorState string

const (
	// ConnectorRunning moves data.
	ConnectorRunning ConnectorState = "Running"
	// ConnectorPaused keeps the tasks and moves nothing.
	ConnectorPaused ConnectorState = "Paused"
	// ConnectorStopped has no tasks; offsets stay.
	ConnectorStopped ConnectorState = "Stopped"
)

// ConnectorSpec is what the user wants of a Connector.
//
// +kubebuilder:validation:XValidation:rule="has(self.connectorName) == has(oldSelf.connectorName) && (!has(self.connectorName) || self.connectorName == oldSelf.connectorName)",message="connectorName is immutable: it names the offsets and the consumer group; create another Connector instead",fieldPath=".connectorName",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="self.clusterRef == oldSelf.clusterRef",message="clusterRef is immutable: the offsets belong to the cluster; create another Connector instead",fieldPath=".clusterRef",reason=FieldValueForbidden
type ConnectorSpec struct {
	// clusterRef names the ConnectCluster, in the same namespace, that runs the
	// connector. Immutable.
	// +required
	ClusterRef ClusterRef `json:"clusterRef"`

	// connectorName is the connector's name in Kafka: in the offsets and status
	// topics and in the sink's consumer group, `connect-<connectorName>`. Default:
	// metadata.name. Immutable.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	ConnectorName string `json:"connectorName,omitempty"`

	// class is the plugin: its name, such as file-sink, or Kafka Connect's class
	// name, in full or short.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._$-]+$`
	Class string `json:"class"`

	// state is Running, Paused (the tasks stay and move nothing) or Stopped (no
	// tasks).
	// +optional
	// +kubebuilder:default=Running
	State ConnectorState `json:"state,omitempty"`

	// tasksMax bounds the number of tasks; the plugin may use fewer.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	TasksMax *int32 `json:"tasksMax,omitempty"`

	// config is the connector's configuration under Kafka Connect's keys. Values
	// are strings, numbers or booleans.
	// +optional
	Config *ConnectorConfig `json:"config,omitempty"`

	// configFrom takes values of the configuration from Secrets. Only the workers
	// read them. A key may stand in config or here, not in both.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +kubebuilder:validation:MaxItems=64
	ConfigFrom []ConfigFrom `json:"configFrom,omitempty"`

	// restartPolicy says what happens to a task that has failed.
	// +optional
	RestartPolicy *RestartPolicy `json:"restartPolicy,omitempty"`

	// restartNonce restarts the connector's tasks each time that it changes; its
	// value means nothing else.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	RestartNonce string `json:"restartNonce,omitempty"`

	// deletion says what happens when the Connector is deleted.
	// +optional
	Deletion *ConnectorDeletion `json:"deletion,omitempty"`
}

// ClusterRef names a ConnectCluster in the resource's namespace.
type ClusterRef struct {
	// name is the ConnectCluster's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
}

// ConfigFrom takes the value of a configuration key from a Secret.
//
// +kubebuilder:validation:XValidation:rule="self.key != 'name'",message="key name is reserved: set spec.connectorName instead",fieldPath=".key"
// +kubebuilder:validation:XValidation:rule="self.key != 'connector.class'",message="key connector.class is reserved: set spec.class instead",fieldPath=".key"
// +kubebuilder:validation:XValidation:rule="self.key != 'tasks.max'",message="key tasks.max is reserved: set spec.tasksMax instead",fieldPath=".key"
type ConfigFrom struct {
	// key is the configuration key.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Key string `json:"key"`

	// secretKeyRef names the value.
	// +required
	SecretKeyRef SecretKeyRef `json:"secretKeyRef"`
}

// RestartType says which tasks are started again.
//
// +kubebuilder:validation:Enum=OnFailure;Never
type RestartType string

const (
	// RestartOnFailure starts a failed task again, within the budget.
	RestartOnFailure RestartType = "OnFailure"
	// RestartNever leaves a failed task failed.
	RestartNever RestartType = "Never"
)

// RestartPolicy says what happens to a task that has failed. The budget and the
// back-off are each task's own.
type RestartPolicy struct {
	// type is OnFailure (the default) or Never.
	// +optional
	Type RestartType `json:"type,omitempty"`

	// maxRestarts is how often a task is restarted within the window before it
	// stays failed. Default: 10.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	MaxRestarts *int32 `json:"maxRestarts,omitempty"`

	// window is the time over which restarts are counted. Default: 1h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('168h')",message="window is a duration from 1s to 168h"
	Window *metav1.Duration `json:"window,omitempty"`

	// backoff is the wait before a restart; it doubles from initial to max.
	// +optional
	Backoff *Backoff `json:"backoff,omitempty"`
}

// Backoff is a wait that doubles.
type Backoff struct {
	// initial is the first wait. Default: 1s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('100ms') && duration(self) <= duration('24h')",message="initial is a duration from 100ms to 24h"
	Initial *metav1.Duration `json:"initial,omitempty"`

	// max is the longest wait. Default: 5m.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('100ms') && duration(self) <= duration('24h')",message="max is a duration from 100ms to 24h"
	Max *metav1.Duration `json:"max,omitempty"`
}

// OffsetsPolicy says what becomes of the offsets of a deleted connector.
//
// +kubebuilder:validation:Enum=Retain;Delete
type OffsetsPolicy string

const (
	// OffsetsRetain keeps them, so that a connector of the same name goes on where
	// this one ended.
	OffsetsRetain OffsetsPolicy = "Retain"
	// OffsetsDelete deletes a source's offsets or a sink's consumer group.
	OffsetsDelete OffsetsPolicy = "Delete"
)

// ConnectorDeletion says what happens when a Connector is deleted.
type ConnectorDeletion struct {
	// offsets is Retain (the default) or Delete.
	// +optional
	Offsets OffsetsPolicy `json:"offsets,omitempty"`

	// timeout bounds how long the deletion waits for tasks to stop and for offsets
	// to be deleted; after it the Connector goes, with an Event that says what was
	// left behind. Default: 2m.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="timeout is a duration from 1s to 24h"
	Timeout *metav1.Duration `json:"timeout,omitempty"`
}

// ConnectorStatus is what the operator sees of a Connector.
type ConnectorStatus struct {
	// conditions are Ready, Reconciling, Stalled, Accepted, ConfigValid and
	// TasksHealthy.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that this status speaks of; -1 before
	// the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// state is what the connector does: Running, Paused, Stopped, Failed or
	// Unassigned.
	// +optional
	State ConnectorPhase `json:"state,omitempty"`

	// type is source or sink.
	// +optional
	Type PluginType `json:"type,omitempty"`

	// tasks counts the connector's tasks by state.
	// +optional
	Tasks *TaskCounts `json:"tasks,omitempty"`

	// tasksReady is running/desired as text, such as 5/6, for the table.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	TasksReady string `json:"tasksReady,omitempty"`

	// taskCount is how many tasks there are, for the scale subresource.
	// +optional
	TaskCount int32 `json:"taskCount,omitempty"`

	// selector selects the connector's Tasks, for the scale subresource.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Selector string `json:"selector,omitempty"`

	// configRevision identifies the configuration that the tasks were planned from.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ConfigRevision string `json:"configRevision,omitempty"`

	// offsets says what is committed.
	// +optional
	Offsets *ConnectorOffsets `json:"offsets,omitempty"`

	// lag says how far a sink is behind.
	// +optional
	Lag *Lag `json:"lag,omitempty"`

	// consumerGroup is a sink's consumer group.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	ConsumerGroup string `json:"consumerGroup,omitempty"`

	// topics are those that the connector reads or writes, as far as known; the
	// first 20.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=249
	Topics []string `json:"topics,omitempty"`

	// restarts counts the restarts of its tasks after failures.
	// +optional
	Restarts int32 `json:"restarts,omitempty"`

	// lastError is the most recent failure of a task.
	// +optional
	LastError *ConnectorError `json:"lastError,omitempty"`
}

// ConnectorPhase is what a connector does, in one word.
//
// +kubebuilder:validation:Enum=Unassigned;Running;Paused;Stopped;Failed
type ConnectorPhase string

const (
	// PhaseUnassigned has tasks to run and none of them runs yet.
	PhaseUnassigned ConnectorPhase = "Unassigned"
	// PhaseRunning has a running task and no failed one.
	PhaseRunning ConnectorPhase = "Running"
	// PhasePaused has only paused tasks.
	PhasePaused ConnectorPhase = "Paused"
	// PhaseStopped has no tasks, as wanted.
	PhaseStopped ConnectorPhase = "Stopped"
	// PhaseFailed has a failed task.
	PhaseFailed ConnectorPhase = "Failed"
)

// TaskCounts counts the tasks of a connector by state.
type TaskCounts struct {
	// desired is how many there should be.
	// +required
	Desired int32 `json:"desired"`

	// total is how many there are.
	// +required
	Total int32 `json:"total"`

	// running counts those that move data.
	// +required
	Running int32 `json:"running"`

	// paused counts those that are paused.
	// +required
	Paused int32 `json:"paused"`

	// failed counts those that have failed, also those that wait for a restart.
	// +required
	Failed int32 `json:"failed"`

	// unassigned counts those that have no worker or have not started yet.
	// +required
	Unassigned int32 `json:"unassigned"`
}

// ConnectorOffsets says what a connector has committed.
type ConnectorOffsets struct {
	// committedAt is the time of the last commit.
	// +optional
	CommittedAt *metav1.Time `json:"committedAt,omitempty"`

	// partitions counts the partitions with an offset.
	// +optional
	Partitions int32 `json:"partitions,omitempty"`

	// sample holds the most recently moved ones, at most 8.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Sample []PartitionOffset `json:"sample,omitempty"`
}

// PartitionOffset is one committed offset as text.
type PartitionOffset struct {
	// partition is topic-number of a sink, or a source's partition as JSON.
	// +required
	// +kubebuilder:validation:MaxLength=1024
	Partition string `json:"partition"`

	// offset is a sink's number, or a source's offset as JSON.
	// +required
	// +kubebuilder:validation:MaxLength=1024
	Offset string `json:"offset"`

	// lag is how many records a sink's partition holds beyond the offset.
	// +optional
	Lag *int64 `json:"lag,omitempty"`
}

// Lag says how far a sink is behind.
type Lag struct {
	// records counts the records that are not committed yet.
	// +required
	Records int64 `json:"records"`

	// observedAt is when it was last looked at.
	// +required
	ObservedAt metav1.Time `json:"observedAt"`
}

// ConnectorError is the failure of a task.
type ConnectorError struct {
	// task is the index of the task.
	// +required
	Task int32 `json:"task"`

	TaskError `json:",inline"`
}

// TaskError says why a task failed, without any value of the configuration.
type TaskError struct {
	// reason is one word for programs.
	// +required
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason"`

	// message is for people; at most 1 KiB.
	// +required
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message"`

	// at is when it happened.
	// +required
	At metav1.Time `json:"at"`
}

// ConnectorList is a list of Connectors.
//
// +kubebuilder:object:root=true
type ConnectorList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Connector `json:"items"`
}
