// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Task is a part of a connector's work, bound to a worker as a Pod is bound to a
// node. It belongs to the operator: nobody else creates, changes or deletes one.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=tasks,scope=Namespaced,shortName=ctask,categories=connect
// +kubebuilder:subresource:status
// +kubebuilder:selectablefield:JSONPath=`.spec.worker.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.connectorName`
// +kubebuilder:selectablefield:JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Connector",type=string,JSONPath=`.spec.connectorRef.name`
// +kubebuilder:printcolumn:name="Index",type=integer,JSONPath=`.spec.index`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Worker",type=string,JSONPath=`.spec.worker.name`
// +kubebuilder:printcolumn:name="Restarts",type=integer,JSONPath=`.status.restarts`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Lag",type=integer,JSONPath=`.status.lag`,priority=1
// +kubebuilder:printcolumn:name="Rate",type=string,JSONPath=`.status.recordsPerSecond`,priority=1
// +kubebuilder:printcolumn:name="Assignment",type=string,JSONPath=`.status.assignment`,priority=1
type Task struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the operator wants of a worker.
	// +required
	Spec TaskSpec `json:"spec"`

	// status is what the worker said in Kafka.
	// +optional
	Status TaskStatus `json:"status,omitzero"`
}

// TaskDesiredState is what a task should do.
//
// +kubebuilder:validation:Enum=Running;Paused
type TaskDesiredState string

const (
	// TaskRunning moves data.
	TaskRunning TaskDesiredState = "Running"
	// TaskPaused moves nothing.
	TaskPaused TaskDesiredState = "Paused"
)

// TaskSpec is what the operator wants of a worker.
//
// +kubebuilder:validation:XValidation:rule="self.index < self.count",message="index must be less than count",fieldPath=".index"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.epoch) || has(self.epoch) && self.epoch >= oldSelf.epoch",message="epoch never goes down: the highest one wins, so a lower one would run nothing",fieldPath=".epoch",reason=FieldValueForbidden
type TaskSpec struct {
	// clusterName is the ConnectCluster that runs the task. Immutable.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="clusterName is immutable: the task's offsets are in that cluster's topics",reason=FieldValueForbidden
	// +kubebuilder:validation:MaxLength=40
	ClusterName string `json:"clusterName"`

	// connectorRef is the Connector that the task belongs to.
	// +required
	ConnectorRef ConnectorRef `json:"connectorRef"`

	// connectorName is the connector's name in Kafka. Immutable.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="connectorName is immutable: it names the task's offsets",reason=FieldValueForbidden
	// +kubebuilder:validation:MaxLength=200
	ConnectorName string `json:"connectorName"`

	// class is the connector's plugin.
	// +required
	// +kubebuilder:validation:MaxLength=256
	Class string `json:"class"`

	// type is source or sink. Immutable.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="type is immutable: a task of the other type is another task",reason=FieldValueForbidden
	Type PluginType `json:"type"`

	// index is the task's number, from 0 to count-1. Immutable.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="index is immutable: it names the task's offsets",reason=FieldValueForbidden
	// +kubebuilder:validation:Minimum=0
	Index int32 `json:"index"`

	// count is how many tasks share the connector's work.
	// +required
	// +kubebuilder:validation:Minimum=1
	Count int32 `json:"count"`

	// config is the connector's config of this revision. Secrets stand in it as
	// references, never as values.
	// +optional
	// +kubebuilder:validation:MaxProperties=576
	Config map[string]string `json:"config,omitempty"`

	// configRevision names the config.
	// +required
	// +kubebuilder:validation:MaxLength=64
	ConfigRevision string `json:"configRevision"`

	// desiredState is what the task should do.
	// +required
	DesiredState TaskDesiredState `json:"desiredState"`

	// worker is the pod that the task is bound to; none means that it waits for one.
	// +optional
	Worker *WorkerRef `json:"worker,omitempty"`

	// epoch is the number of this incarnation of the task. Every binding and every
	// restart raises it; the highest one, kept in Kafka, wins. It never goes down.
	// +optional
	Epoch int64 `json:"epoch,omitempty"`

	// boundRevision is the config revision that the epoch was given for.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	BoundRevision string `json:"boundRevision,omitempty"`

	// releasing is set while a worker is asked to let the task go, before another one
	// gets it.
	// +optional
	Releasing *Release `json:"releasing,omitempty"`
}

// ConnectorRef names the Connector that a Task belongs to.
type ConnectorRef struct {
	// name is the Connector's name. Immutable.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="connectorRef.name is immutable: it names the task",reason=FieldValueForbidden
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
	// uid is the Connector's UID.
	// +required
	UID types.UID `json:"uid"`
}

// WorkerRef names a worker's pod. The UID counts: StatefulSets use names again.
type WorkerRef struct {
	// name is the pod's name.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// uid is the pod's UID.
	// +required
	UID types.UID `json:"uid"`
}

// TaskState is what a task does.
//
// +kubebuilder:validation:Enum=Unassigned;Starting;Running;Paused;Failed;Restarting
type TaskState string

const (
	// TaskStateUnassigned waits for a worker.
	TaskStateUnassigned TaskState = "Unassigned"
	// TaskStateStarting is bound, and its worker has not reported it yet.
	TaskStateStarting TaskState = "Starting"
	// TaskStateRunning moves data.
	TaskStateRunning TaskState = "Running"
	// TaskStatePaused moves nothing because it should not.
	TaskStatePaused TaskState = "Paused"
	// TaskStateFailed has failed and is not restarted.
	TaskStateFailed TaskState = "Failed"
	// TaskStateRestarting has failed and will be restarted.
	TaskStateRestarting TaskState = "Restarting"
)

// TaskStatus is what the worker said in Kafka.
type TaskStatus struct {
	// conditions hold Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// state is what the task does.
	// +optional
	State TaskState `json:"state,omitempty"`

	// worker is the pod that said so.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker,omitempty"`

	// epoch is the incarnation that this status speaks of.
	// +optional
	Epoch int64 `json:"epoch,omitempty"`

	// restarts counts the restarts after failures.
	// +optional
	Restarts int32 `json:"restarts,omitempty"`

	// recentRestarts are the times of restarts within the policy's window.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	RecentRestarts []metav1.Time `json:"recentRestarts,omitempty"`

	// restartAt is when a failed task will be restarted.
	// +optional
	RestartAt *metav1.Time `json:"restartAt,omitempty"`

	// restartHandled is the value of the annotation
	// connect.penstock.dev/restart-requested-at that was acted upon last.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	RestartHandled string `json:"restartHandled,omitempty"`

	// lastError is the reason of the last failure, without secrets.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	LastError string `json:"lastError,omitempty"`

	// lastErrorAt is when that was seen.
	// +optional
	LastErrorAt *metav1.Time `json:"lastErrorAt,omitempty"`

	// startedAt is when this incarnation started.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`

	// assignment is what the task works on: the topic partitions of a sink.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=300
	Assignment []string `json:"assignment,omitempty"`

	// lag is how many records of a sink's partitions are not read yet.
	// +optional
	Lag *int64 `json:"lag,omitempty"`

	// offsets are the committed offsets that moved last.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Offsets []PartitionOffset `json:"offsets,omitempty"`

	// partitions counts all partitions that have a committed offset.
	// +optional
	Partitions int32 `json:"partitions,omitempty"`

	// recordsPerSecond is the rate of the last seconds.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	RecordsPerSecond string `json:"recordsPerSecond,omitempty"`

	// lastCommit is when offsets were committed last.
	// +optional
	LastCommit *metav1.Time `json:"lastCommit,omitempty"`
}

// Release is the wait for a worker to let a task go.
type Release struct {
	// worker is the pod that had the task.
	// +required
	Worker WorkerRef `json:"worker"`
	// since is when it was asked to.
	// +required
	Since metav1.Time `json:"since"`
}

// TaskList is a list of Tasks.
//
// +kubebuilder:object:root=true
type TaskList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Task `json:"items"`
}
