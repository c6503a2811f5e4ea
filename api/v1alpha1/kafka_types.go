// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

// Kafka says how to reach a Kafka cluster.
type Kafka struct {
	// bootstrapServers are the brokers to ask first, each as host:port.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=3
	// +kubebuilder:validation:items:MaxLength=261
	// +kubebuilder:validation:items:Pattern=`^[^\s,/]+:[0-9]{1,5}$`
	BootstrapServers []string `json:"bootstrapServers"`

	// tls encrypts the connections; present and empty it uses the system's
	// certificate authorities.
	// +optional
	TLS *KafkaTLS `json:"tls,omitempty"`

	// sasl authenticates the connections.
	// +optional
	SASL *KafkaSASL `json:"sasl,omitempty"`
}

// KafkaTLS says how connections to the brokers are encrypted.
type KafkaTLS struct {
	// caSecretRef names the certificate authorities (PEM) that sign the brokers'
	// certificates.
	// +optional
	CASecretRef *SecretKeyRef `json:"caSecretRef,omitempty"`

	// certificateSecretRef names a Secret of type kubernetes.io/tls with the
	// client's certificate (tls.crt) and key (tls.key).
	// +optional
	CertificateSecretRef *SecretRef `json:"certificateSecretRef,omitempty"`

	// insecureSkipVerify turns the check of the brokers' certificates off. For
	// tests only.
	// +optional
	InsecureSkipVerify bool `json:"insecureSkipVerify,omitempty"`
}

// SASLMechanism is how a client proves who it is.
//
// +kubebuilder:validation:Enum=PLAIN;SCRAM-SHA-256;SCRAM-SHA-512
type SASLMechanism string

// The mechanisms, by Kafka's names.
const (
	SASLPlain       SASLMechanism = "PLAIN"
	SASLScramSHA256 SASLMechanism = "SCRAM-SHA-256"
	SASLScramSHA512 SASLMechanism = "SCRAM-SHA-512"
)

// KafkaSASL says how connections to the brokers are authenticated.
type KafkaSASL struct {
	// mechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
	// +required
	Mechanism SASLMechanism `json:"mechanism"`

	// username is who connects.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Username string `json:"username"`

	// passwordSecretRef names the password.
	// +required
	PasswordSecretRef SecretKeyRef `json:"passwordSecretRef"`
}

// SecretRef names a Secret in the resource's namespace.
type SecretRef struct {
	// name is the Secret's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// SecretKeyRef names one key of a Secret in the resource's namespace.
type SecretKeyRef struct {
	// name is the Secret's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// key is the key in the Secret's data.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[-._a-zA-Z0-9]+$`
	Key string `json:"key"`
}
