// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ConnectCluster is a set of worker pods that run the tasks of its connectors
// against one Kafka cluster.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=connectclusters,scope=Namespaced,shortName=ccl,categories=connect
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:printcolumn:name="Workers",type=string,JSONPath=`.status.workersReady`,description="Ready workers of desired ones."
// +kubebuilder:printcolumn:name="Connectors",type=integer,JSONPath=`.status.connectors.total`,description="Connectors that name this cluster."
// +kubebuilder:printcolumn:name="Tasks",type=integer,JSONPath=`.status.tasks.total`,description="Tasks of these connectors."
// +kubebuilder:printcolumn:name="Failed",type=integer,JSONPath=`.status.tasks.failed`,description="Tasks that have failed."
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`,priority=1,description="Version that the workers run."
// +kubebuilder:printcolumn:name="Kafka",type=string,JSONPath=`.status.kafkaClusterID`,priority=1,description="Kafka's own cluster id."
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 40",message="metadata.name: at most 40 characters, so that the names of pods and labels fit"
type ConnectCluster struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user wants.
	// +required
	Spec ConnectClusterSpec `json:"spec"`

	// status is what the operator sees.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status ConnectClusterStatus `json:"status,omitzero"`
}

// ConnectClusterSpec is what the user wants of a ConnectCluster.
//
// +kubebuilder:validation:XValidation:rule="has(self.groupId) == has(oldSelf.groupId) && (!has(self.groupId) || self.groupId == oldSelf.groupId)",message="groupId is immutable: it names the topics that hold the offsets; create another ConnectCluster instead",fieldPath=".groupId",reason=FieldValueForbidden
// +kubebuilder:validation:XValidation:rule="has(self.storage) == has(oldSelf.storage) && (!has(self.storage) || self.storage == oldSelf.storage)",message="storage is immutable: it names the topics that hold the offsets; create another ConnectCluster instead",fieldPath=".storage",reason=FieldValueForbidden
type ConnectClusterSpec struct {
	// kafka says how workers and operator reach the brokers.
	// +required
	Kafka Kafka `json:"kafka"`

	// groupId prefixes the names of the internal topics, transactional ids and
	// group instance ids, as Kafka Connect's group.id does. Default:
	// `<namespace>.<name>`. Immutable.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=180
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	GroupID string `json:"groupId,omitempty"`

	// storage names the internal topics. Immutable.
	// +optional
	Storage *Storage `json:"storage,omitempty"`

	// replicas is how many worker pods run.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Replicas *int32 `json:"replicas,omitempty"`

	// config holds the workers' defaults under Kafka Connect's keys, for example
	// value.converter; a connector's config goes before them. Values are strings,
	// numbers or booleans.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:MaxProperties=512
	Config *WorkerConfig `json:"config,omitempty"`

	// resources are the compute resources of a worker.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`

	// podTemplate shapes the worker pods.
	// +optional
	PodTemplate *PodTemplate `json:"podTemplate,omitempty"`

	// deletion says what happens when the ConnectCluster is deleted.
	// +optional
	Deletion *ClusterDeletion `json:"deletion,omitempty"`

	// podDisruptionBudget bounds how many workers an eviction may take away at
	// once.
	// +optional
	PodDisruptionBudget *PodDisruptionBudget `json:"podDisruptionBudget,omitempty"`
}

// Storage names the internal topics of a ConnectCluster.
//
// +kubebuilder:validation:XValidation:rule="!has(self.offsetsTopic) || !has(self.statusTopic) || self.offsetsTopic != self.statusTopic",message="offsetsTopic and statusTopic must differ"
type Storage struct {
	// offsetsTopic holds the offsets of sources, in Kafka Connect's format.
	// Default: `<groupId>-offsets`.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=249
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	OffsetsTopic string `json:"offsetsTopic,omitempty"`

	// statusTopic holds the states of connectors and tasks, in Kafka Connect's
	// format. Default: `<groupId>-status`.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=249
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	StatusTopic string `json:"statusTopic,omitempty"`

	// replicationFactor is that of both topics when they are created. Default: 3,
	// or the number of brokers if there are fewer.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=32767
	ReplicationFactor int32 `json:"replicationFactor,omitempty"`
}

// ConnectorsPolicy says what becomes of the connectors of a deleted cluster.
//
// +kubebuilder:validation:Enum=Block;Orphan
type ConnectorsPolicy string

const (
	// ConnectorsBlock keeps the ConnectCluster until its connectors are gone.
	ConnectorsBlock ConnectorsPolicy = "Block"
	// ConnectorsOrphan lets the ConnectCluster go and leaves its connectors without
	// a cluster: their tasks stop and their offsets stay.
	ConnectorsOrphan ConnectorsPolicy = "Orphan"
)

// ClusterDeletion says what happens when a ConnectCluster is deleted.
type ClusterDeletion struct {
	// connectors is Block (the default: the cluster stays until its connectors are
	// gone) or Orphan (the connectors stay behind without a cluster).
	// +optional
	Connectors ConnectorsPolicy `json:"connectors,omitempty"`
}

// PodDisruptionBudget bounds how many workers an eviction may take away at once.
type PodDisruptionBudget struct {
	// maxUnavailable is a number or a percentage of the workers. Default: 1.
	// +optional
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 1000 : self.matches('^(100|[0-9]{1,2})%$')",message="maxUnavailable is a number of workers, such as 1, or a percentage, such as 25%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
}

// ConnectClusterStatus is what the operator sees of a ConnectCluster.
type ConnectClusterStatus struct {
	// conditions are Ready, Reconciling, Stalled, KafkaReachable, TopicsReady,
	// IdentityHeld and WorkersReady.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that this status speaks of; -1 before
	// the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// replicas is how many worker pods there are.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`

	// readyReplicas is how many of them are ready.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`

	// workersReady is ready/desired as text, for the table.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	WorkersReady string `json:"workersReady,omitempty"`

	// selector selects the worker pods, for the scale subresource.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Selector string `json:"selector,omitempty"`

	// connectors counts the connectors of this cluster.
	// +optional
	Connectors *ConnectorCounts `json:"connectors,omitempty"`

	// tasks counts the tasks of these connectors.
	// +optional
	Tasks *ClusterTaskCounts `json:"tasks,omitempty"`

	// kafkaClusterID is Kafka's own cluster id.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	KafkaClusterID string `json:"kafkaClusterID,omitempty"`

	// version is the version that the workers run.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Version string `json:"version,omitempty"`

	// plugins are the connector classes that every worker has.
	// +optional
	// +listType=map
	// +listMapKey=class
	// +kubebuilder:validation:MaxItems=256
	Plugins []PluginStatus `json:"plugins,omitempty"`
}

// ConnectorCounts counts connectors.
type ConnectorCounts struct {
	// total counts all of them.
	// +required
	Total int32 `json:"total"`

	// failed counts those that have a failed task.
	// +required
	Failed int32 `json:"failed"`
}

// ClusterTaskCounts counts the tasks of a cluster.
type ClusterTaskCounts struct {
	// total counts all of them.
	// +required
	Total int32 `json:"total"`

	// running counts those that run.
	// +required
	Running int32 `json:"running"`

	// failed counts those that have failed.
	// +required
	Failed int32 `json:"failed"`
}

// PluginType is what a connector does.
//
// +kubebuilder:validation:Enum=source;sink
type PluginType string

const (
	// SourceType marks a connector that writes to Kafka.
	SourceType PluginType = "source"
	// SinkType marks a connector that reads from Kafka.
	SinkType PluginType = "sink"
)

// PluginStatus is a connector class that the workers have.
type PluginStatus struct {
	// class is the plugin's name.
	// +required
	// +kubebuilder:validation:MaxLength=256
	Class string `json:"class"`

	// type is source or sink.
	// +required
	Type PluginType `json:"type"`

	// version is the plugin's version.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Version string `json:"version,omitempty"`
}

// ConnectClusterList is a list of ConnectClusters.
//
// +kubebuilder:object:root=true
type ConnectClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ConnectCluster `json:"items"`
}
