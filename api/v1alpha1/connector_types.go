// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Connector says what should move into or out of Kafka.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=connectors,scope=Namespaced,shortName=cctr,categories=connect
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.tasksMax,statuspath=.status.taskCount,selectorpath=.status.selector
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.spec.clusterRef.name`
// +kubebuilder:printcolumn:name="Class",type=string,JSONPath=`.spec.class`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Tasks",type=string,JSONPath=`.status.tasksReady`,description="Tasks that do what they should, of desired ones."
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.status.type`,priority=1
// +kubebuilder:printcolumn:name="Lag",type=integer,JSONPath=`.status.lag.records`,priority=1,description="Records that a sink has not read yet."
// +kubebuilder:printcolumn:name="Restarts",type=integer,JSONPath=`.status.restarts`,priority=1
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="metadata.name: at most 63 characters, because it labels the connector's tasks"
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
	// +kubebuilder:default={"observedGeneration":-1}
	Status ConnectorStatus `json:"status,omitzero"`
}

// ConnectorState is what a connector should do.
//
// +kubebuilder:validation:Enum=Running;Paused;Stopped
type ConnectorState string

const (
	// ConnectorRunning moves data.
	ConnectorRunning ConnectorState = "Running"
	// ConnectorPaused keeps the tasks where they are and moves nothing.
	ConnectorPaused ConnectorState = "Paused"
	// ConnectorStopped removes the tasks; offsets stay.
	ConnectorStopped ConnectorState = "Stopped"
)

// ConnectorSpec is what the user wants of a Connector.
//
// +kubebuilder:validation:XValidation:rule="has(self.connectorName) == has(oldSelf.connectorName) && (!has(self.connectorName) || self.connectorName == oldSelf.connectorName)",message="connectorName is immutable: it names the connector's offsets; create another Connector instead",fieldPath=".connectorName",reason=FieldValueForbidden
type ConnectorSpec struct {
	// clusterRef names the ConnectCluster that runs the connector, in the same
	// namespace. Immutable.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="clusterRef is immutable: the offsets are in that cluster's topics; create another Connector instead",reason=FieldValueForbidden
	ClusterRef ClusterRef `json:"clusterRef"`

	// connectorName is the connector's name in Kafka: in the keys of offsets and
	// statuses and in the consumer group `connect-<name>`. Default: metadata.name.
	// Immutable.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	ConnectorName string `json:"connectorName,omitempty"`

	// class is the connector's plugin: its short name, or a Kafka Connect class
	// name, in full or short.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Class string `json:"class"`

	// state is what the connector should do.
	// +optional
	// +kubebuilder:default=Running
	State ConnectorState `json:"state,omitempty"`

	// tasksMax bounds how many tasks share the work.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	TasksMax *int32 `json:"tasksMax,omitempty"`

	// config holds the connector's settings under Kafka Connect's keys. Values are
	// strings, numbers or booleans.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:MaxProperties=512
	Config *ConnectorConfig `json:"config,omitempty"`

	// configFrom takes settings from Secrets. Only the worker that runs a task reads
	// them. A key that stands in config too makes the config invalid: ConfigValid
	// says so, because the API server cannot.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +kubebuilder:validation:MaxItems=64
	ConfigFrom []ConfigFrom `json:"configFrom,omitempty"`

	// restartPolicy says what happens to a task that fails.
	// +optional
	RestartPolicy *RestartPolicy `json:"restartPolicy,omitempty"`

	// restartNonce restarts every task each time it changes, whatever its value.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	RestartNonce string `json:"restartNonce,omitempty"`

	// deletion says what happens when the Connector is deleted.
	// +optional
	Deletion *ConnectorDeletion `json:"deletion,omitempty"`
}

// ClusterRef names a ConnectCluster in the same namespace.
type ClusterRef struct {
	// name is the ConnectCluster's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
}

// ConfigFrom is one setting whose value stands in a Secret.
type ConfigFrom struct {
	// key is the config key that gets the value.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="!(self in ['name', 'connector.class', 'tasks.max'])",message="this key has a field of its own: set spec.connectorName, spec.class or spec.tasksMax"
	Key string `json:"key"`

	// secretKeyRef names the value.
	// +required
	SecretKeyRef SecretKeyRef `json:"secretKeyRef"`
}

// RestartType says whether failed tasks are restarted.
//
// +kubebuilder:validation:Enum=OnFailure;Never
type RestartType string

const (
	// RestartOnFailure restarts a failed task after a pause.
	RestartOnFailure RestartType = "OnFailure"
	// RestartNever leaves a failed task as it is.
	RestartNever RestartType = "Never"
)

// RestartPolicy says what happens to a task that fails.
type RestartPolicy struct {
	// type is OnFailure or Never.
	// +optional
	// +kubebuilder:default=OnFailure
	Type RestartType `json:"type,omitempty"`

	// maxRestarts is how many restarts a task gets within the window. Default: 10.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	MaxRestarts *int32 `json:"maxRestarts,omitempty"`

	// window is the time in which restarts are counted. Default: 1h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('168h')",message="window is a duration from 1s to 168h"
	Window *metav1.Duration `json:"window,omitempty"`

	// backoff is the pause before a restart.
	// +optional
	Backoff *RestartBackoff `json:"backoff,omitempty"`
}

// RestartBackoff is the pause before a restart, which doubles each time.
type RestartBackoff struct {
	// initial is the first pause. Default: 1s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('100ms') && duration(self) <= duration('24h')",message="initial is a duration from 100ms to 24h"
	Initial *metav1.Duration `json:"initial,omitempty"`

	// max is the longest pause. Default: 5m.
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
	// OffsetsRetain keeps them: a connector of the same name goes on from there.
	OffsetsRetain OffsetsPolicy = "Retain"
	// OffsetsDelete removes them.
	OffsetsDelete OffsetsPolicy = "Delete"
)

// ConnectorDeletion says what happens when a Connector is deleted.
type ConnectorDeletion struct {
	// offsets is Retain or Delete.
	// +optional
	// +kubebuilder:default=Retain
	Offsets OffsetsPolicy `json:"offsets,omitempty"`

	// timeout bounds how long the deletion waits for tasks to stop and for Kafka.
	// Default: 2m.
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

	// state is what the connector does.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	State string `json:"state,omitempty"`

	// type is source or sink.
	// +optional
	Type PluginType `json:"type,omitempty"`

	// tasks counts the tasks by state.
	// +optional
	Tasks *TaskCounts `json:"tasks,omitempty"`

	// tasksReady is ready/desired as text, for the table.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	TasksReady string `json:"tasksReady,omitempty"`

	// taskCount is how many tasks there are, for the scale subresource.
	// +optional
	TaskCount int32 `json:"taskCount,omitempty"`

	// selector selects the Tasks, for the scale subresource.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Selector string `json:"selector,omitempty"`

	// configRevision names the config that the tasks run.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ConfigRevision string `json:"configRevision,omitempty"`

	// offsets are what is committed.
	// +optional
	Offsets *ConnectorOffsets `json:"offsets,omitempty"`

	// lag is how far a sink is behind.
	// +optional
	Lag *ConnectorLag `json:"lag,omitempty"`

	// consumerGroup is a sink's group in Kafka.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	ConsumerGroup string `json:"consumerGroup,omitempty"`

	// topics are a sink's topics, at most 20.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=249
	Topics []string `json:"topics,omitempty"`

	// restarts counts the restarts of all tasks after failures.
	// +optional
	Restarts int32 `json:"restarts,omitempty"`

	// lastError is the latest failure of a task.
	// +optional
	LastError *ConnectorError `json:"lastError,omitempty"`
}

// TaskCounts counts a connector's tasks by state.
type TaskCounts struct {
	// desired is how many there should be.
	// +required
	Desired int32 `json:"desired"`
	// total is how many there are.
	// +required
	Total int32 `json:"total"`
	// running counts those that run.
	// +required
	Running int32 `json:"running"`
	// paused counts those that are paused.
	// +required
	Paused int32 `json:"paused"`
	// failed counts those that have failed, and those that wait for a restart.
	// +required
	Failed int32 `json:"failed"`
	// unassigned counts those that no worker runs.
	// +required
	Unassigned int32 `json:"unassigned"`
}

// ConnectorOffsets are the committed offsets of all tasks.
type ConnectorOffsets struct {
	// committedAt is when an offset was last committed.
	// +optional
	CommittedAt *metav1.Time `json:"committedAt,omitempty"`
	// partitions counts the partitions that have one.
	// +required
	Partitions int32 `json:"partitions"`
	// sample holds some of them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Sample []PartitionOffset `json:"sample,omitempty"`
}

// PartitionOffset is the committed offset of one partition.
type PartitionOffset struct {
	// partition is a source partition as JSON, or `topic-partition`.
	// +required
	// +kubebuilder:validation:MaxLength=512
	Partition string `json:"partition"`
	// offset is a source offset as JSON, or the number of the next record.
	// +required
	// +kubebuilder:validation:MaxLength=512
	Offset string `json:"offset"`
	// lag is how many records of a sink's partition are not read yet.
	// +optional
	Lag *int64 `json:"lag,omitempty"`
}

// ConnectorLag is how far a sink is behind.
type ConnectorLag struct {
	// records counts the records that are not read yet.
	// +required
	Records int64 `json:"records"`
	// observedAt is when that was seen.
	// +optional
	ObservedAt *metav1.Time `json:"observedAt,omitempty"`
}

// ConnectorError is a failure of a task.
type ConnectorError struct {
	// task is the task's number.
	// +required
	Task int32 `json:"task"`
	// reason is a word for it.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`
	// message is the error, without secrets.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
	// at is when it was seen.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
}

// ConnectorList is a list of Connectors.
//
// +kubebuilder:object:root=true
type ConnectorList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Connector `json:"items"`
}
