// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// PodTemplate shapes the worker pods.
type PodTemplate struct {
	// labels are added to the pods.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('connect.penstock.dev/') && !k.startsWith('app.kubernetes.io/'))",message="labels of connect.penstock.dev/ and app.kubernetes.io/ belong to the operator; remove them"
	Labels map[string]string `json:"labels,omitempty"`

	// annotations are added to the pods.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('connect.penstock.dev/'))",message="annotations of connect.penstock.dev/ belong to the operator; remove them"
	Annotations map[string]string `json:"annotations,omitempty"`

	// nodeSelector names the labels that a pod's node must have.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// affinity is the pods' scheduling affinity.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// tolerations are the taints that the pods tolerate.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// topologySpreadConstraints say how the pods spread over the nodes. Without
	// them and without an affinity, workers prefer nodes of their own.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// priorityClassName is the pods' priority class.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// imagePullSecrets name the Secrets with which the image is pulled.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`

	// volumes are added to the pods, for connectors that read or write files.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self.all(v, !v.name.startsWith('penstock-'))",message="volume names that start with penstock- belong to the operator; choose another name"
	Volumes []corev1.Volume `json:"volumes,omitempty"`

	// volumeMounts are added to the workers' container.
	// +optional
	// +listType=map
	// +listMapKey=mountPath
	// +kubebuilder:validation:MaxItems=64
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`

	// env is added to the workers' container.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	// +kubebuilder:validation:XValidation:rule="self.all(e, !e.name.startsWith('PENSTOCK_'))",message="variables that start with PENSTOCK_ belong to the operator; choose another name"
	Env []corev1.EnvVar `json:"env,omitempty"`
}
