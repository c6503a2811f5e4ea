// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Task is one share of a connector's work. The operator creates, binds and
// deletes Tasks; a worker runs those that are bound to its pod.
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
// +kubebuilder:printcolumn:name="Worker",type=string,JSONPath=`.spec.worker.name`,description="Pod that the task is bound to."
// +kubebuilder:printcolumn:name="Restarts",type=integer,JSONPath=`.status.restarts`,description="Restarts after failures."
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Lag",type=integer,JSONPath=`.status.lag`,priority=1,description="Records that a sink's task has yet to read."
// +kubebuilder:printcolumn:name="Rate",type=string,JSONPath=`.status.recordsPerSecond`,priority=1,description="Records a second."
// +kubebuilder:printcolumn:name="Assignment",type=string,JSONPath=`.status.assignment`,priority=1,description="What the task works on."
type Task struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the operator wants of the worker.
	// +required
	Spec TaskSpec `json:"spec"`

	// status is what the operator has read from Kafka.
	// +optional
	// +kubebuilder:default={"observedGeneration": -1}
	Status TaskStatus `json:"status,omitzero"`
}

// TaskDesiredState is the state that the operator wants of a task.
//
// +kubebuilder:validation:Enum=Running;Paused
type TaskDesiredState string

const (
	// TaskWantRunning moves data.
	TaskWantRunning TaskDesiredState = "Running"
	// TaskWantPaused keeps the task and moves nothing.
	TaskWantPaused TaskDesiredState = "Paused"
)

// TaskSpec is what a worker needs to run a task.
//
// +kubebuilder:validation:XValidation:rule="self.connectorRef == oldSelf.connectorRef && self.clusterRef == oldSelf.clusterRef && self.connectorName == oldSelf.connectorName && self.index == oldSelf.index",message="a Task keeps its connector, cluster and index for life"
// +kubebuilder:validation:XValidation:rule="self.index < self.count",message="index must be below count"
// +kubebuilder:validation:XValidation:rule="self.epoch >= oldSelf.epoch",message="epoch never goes back"
type TaskSpec struct {
	// connectorRef is the Connector that the task belongs to.
	// +required
	ConnectorRef ObjectRef `json:"connectorRef"`

	// clusterRef is the ConnectCluster whose workers may run the task.
	// +required
	ClusterRef ClusterRef `json:"clusterRef"`

	// connectorName is the connector's name in Kafka.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	ConnectorName string `json:"connectorName"`

	// class is the plugin, by its own name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Class string `json:"class"`

	// type is source or sink.
	// +required
	Type PluginType `json:"type"`

	// index is the task's number, from 0.
	// +required
	// +kubebuilder:validation:Minimum=0
	Index int32 `json:"index"`

	// count is how many tasks the connector has; a task finds its share of the work
	// from index and count.
	// +required
	// +kubebuilder:validation:Minimum=1
	Count int32 `json:"count"`

	// config is the connector's whole configuration of this revision, the cluster's
	// defaults included. A value from a Secret stands as a reference.
	// +optional
	// +kubebuilder:validation:MaxProperties=1024
	Config map[string]string `json:"config,omitempty"`

	// configRevision identifies config and count.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ConfigRevision string `json:"configRevision"`

	// desiredState is Running or Paused.
	// +required
	DesiredState TaskDesiredState `json:"desiredState"`

	// restart is a value of the connector's that restarts the task when it changes:
	// its restartNonce and its restart-requested-at annotation.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Restart string `json:"restart,omitempty"`

	// worker is the pod that the task is bound to; none while it waits for one.
	// +optional
	Worker *WorkerRef `json:"worker,omitempty"`

	// epoch numbers the incarnations of the task; a higher one takes over from all
	// lower ones. 0 before the first binding.
	// +required
	// +kubebuilder:validation:Minimum=0
	Epoch int64 `json:"epoch"`
}

// ObjectRef names one object for its lifetime, in the same namespace.
type ObjectRef struct {
	// name is the object's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// uid is the object's UID.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid"`
}

// WorkerRef names one worker pod for its lifetime: a StatefulSet gives the name
// to the next pod, never the UID.
type WorkerRef struct {
	// name is the pod's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// uid is the pod's UID.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid"`
}

// TaskState is what a task does.
//
// +kubebuilder:validation:Enum=Unassigned;Starting;Running;Paused;Failed;Restarting
type TaskState string

const (
	// TaskUnassigned has no worker.
	TaskUnassigned TaskState = "Unassigned"
	// TaskStarting is bound to a worker that has not reported this incarnation yet.
	TaskStarting TaskState = "Starting"
	// TaskRunning moves data.
	TaskRunning TaskState = "Running"
	// TaskPaused is open and moves nothing.
	TaskPaused TaskState = "Paused"
	// TaskFailed has failed and stays so.
	TaskFailed TaskState = "Failed"
	// TaskRestarting has failed and waits for its next try.
	TaskRestarting TaskState = "Restarting"
)

// TaskStatus is what the operator has read from Kafka about a task.
type TaskStatus struct {
	// conditions is Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that this status speaks of; -1 before
	// the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// state is what the task does.
	// +optional
	State TaskState `json:"state,omitempty"`

	// worker is the pod that reported last.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker,omitempty"`

	// epoch is the incarnation that reported last.
	// +optional
	Epoch int64 `json:"epoch,omitempty"`

	// releasing is the incarnation that must stop before the task is bound again.
	// +optional
	Releasing *TaskRelease `json:"releasing,omitempty"`

	// restarts counts the restarts after failures.
	// +optional
	Restarts int32 `json:"restarts,omitempty"`

	// recentRestarts are the times of the restarts within the restart policy's
	// window, oldest first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	RecentRestarts []metav1.Time `json:"recentRestarts,omitempty"`

	// nextRestartAt is when a failed task is tried again.
	// +optional
	NextRestartAt *metav1.Time `json:"nextRestartAt,omitempty"`

	// observedRestart is the value of spec.restart and of the annotation
	// connect.penstock.dev/restart-requested-at that was last acted upon.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	ObservedRestart string `json:"observedRestart,omitempty"`

	// lastError is the most recent failure.
	// +optional
	LastError *TaskError `json:"lastError,omitempty"`

	// startedAt is when the incarnation started.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`

	// lastCommit is when offsets were last committed.
	// +optional
	LastCommit *metav1.Time `json:"lastCommit,omitempty"`

	// assignment is what the task works on: topic-number of a sink; the first 32.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=512
	Assignment []string `json:"assignment,omitempty"`

	// partitions counts all partitions with a committed offset.
	// +optional
	Partitions int32 `json:"partitions,omitempty"`

	// offsets are the committed offsets that moved most recently, at most 16.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Offsets []PartitionOffset `json:"offsets,omitempty"`

	// lag is how many records a sink's task has yet to read.
	// +optional
	Lag *int64 `json:"lag,omitempty"`

	// recordsPerSecond is the recent rate, as a decimal number.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	RecordsPerSecond string `json:"recordsPerSecond,omitempty"`
}

// TaskRelease is an incarnation of a task that was told to stop.
type TaskRelease struct {
	// worker is the pod that it was bound to.
	// +required
	Worker WorkerRef `json:"worker"`

	// epoch is the incarnation's.
	// +required
	Epoch int64 `json:"epoch"`

	// since is when it was told to stop.
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
