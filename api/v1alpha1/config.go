// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// ConnectorConfig holds a connector's settings under Kafka Connect's keys. The
// three keys that have a field of their own are declared only so that the schema
// can refuse them.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="!has(self.name)",message="name is not a config key here: set spec.connectorName instead"
// +kubebuilder:validation:XValidation:rule="!has(self.connector__dot__class)",message="connector.class is not a config key here: set spec.class instead"
// +kubebuilder:validation:XValidation:rule="!has(self.tasks__dot__max)",message="tasks.max is not a config key here: set spec.tasksMax instead"
type ConnectorConfig struct {
	// name is refused: set spec.connectorName instead.
	// +optional
	Name *intstr.IntOrString `json:"name,omitempty"`
	// connector.class is refused: set spec.class instead.
	// +optional
	Class *intstr.IntOrString `json:"connector.class,omitempty"`
	// tasks.max is refused: set spec.tasksMax instead.
	// +optional
	TasksMax *intstr.IntOrString `json:"tasks.max,omitempty"`

	// Values holds every key, the declared ones too.
	Values map[string]Scalar `json:"-"`
}

// WorkerConfig holds settings of workers under Kafka Connect's keys. The keys that
// have a field of their own are declared only so that the schema can refuse them.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:XValidation:rule="!has(self.bootstrap__dot__servers)",message="bootstrap.servers is not a config key here: set spec.kafka.bootstrapServers instead"
// +kubebuilder:validation:XValidation:rule="!has(self.group__dot__id)",message="group.id is not a config key here: set spec.groupId instead"
// +kubebuilder:validation:XValidation:rule="!has(self.security__dot__protocol)",message="security.protocol is not a config key here: set spec.kafka.tls and spec.kafka.sasl instead"
// +kubebuilder:validation:XValidation:rule="!has(self.sasl__dot__mechanism)",message="sasl.mechanism is not a config key here: set spec.kafka.sasl instead"
// +kubebuilder:validation:XValidation:rule="!has(self.sasl__dot__jaas__dot__config)",message="sasl.jaas.config is not a config key here: set spec.kafka.sasl instead"
// +kubebuilder:validation:XValidation:rule="!has(self.ssl__dot__truststore__dot__location)",message="ssl.truststore.location is not a config key here: set spec.kafka.tls.caSecretRef instead"
// +kubebuilder:validation:XValidation:rule="!has(self.ssl__dot__truststore__dot__certificates)",message="ssl.truststore.certificates is not a config key here: set spec.kafka.tls.caSecretRef instead"
// +kubebuilder:validation:XValidation:rule="!has(self.ssl__dot__keystore__dot__location)",message="ssl.keystore.location is not a config key here: set spec.kafka.tls.certificateSecretRef instead"
// +kubebuilder:validation:XValidation:rule="!has(self.ssl__dot__keystore__dot__key)",message="ssl.keystore.key is not a config key here: set spec.kafka.tls.certificateSecretRef instead"
// +kubebuilder:validation:XValidation:rule="!has(self.offset__dot__storage__dot__topic)",message="offset.storage.topic is not a config key here: set spec.storage.offsetsTopic instead"
// +kubebuilder:validation:XValidation:rule="!has(self.status__dot__storage__dot__topic)",message="status.storage.topic is not a config key here: set spec.storage.statusTopic instead"
// +kubebuilder:validation:XValidation:rule="!has(self.offset__dot__storage__dot__replication__dot__factor)",message="offset.storage.replication.factor is not a config key here: set spec.storage.replicationFactor instead"
// +kubebuilder:validation:XValidation:rule="!has(self.status__dot__storage__dot__replication__dot__factor)",message="status.storage.replication.factor is not a config key here: set spec.storage.replicationFactor instead"
type WorkerConfig struct {
	// bootstrap.servers is refused: set spec.kafka.bootstrapServers instead.
	// +optional
	BootstrapServers *intstr.IntOrString `json:"bootstrap.servers,omitempty"`
	// group.id is refused: set spec.groupId instead.
	// +optional
	GroupID *intstr.IntOrString `json:"group.id,omitempty"`
	// security.protocol is refused: set spec.kafka.tls and spec.kafka.sasl instead.
	// +optional
	SecurityProtocol *intstr.IntOrString `json:"security.protocol,omitempty"`
	// sasl.mechanism is refused: set spec.kafka.sasl instead.
	// +optional
	SASLMechanism *intstr.IntOrString `json:"sasl.mechanism,omitempty"`
	// sasl.jaas.config is refused: set spec.kafka.sasl instead.
	// +optional
	SASLJAASConfig *intstr.IntOrString `json:"sasl.jaas.config,omitempty"`
	// ssl.truststore.location is refused: set spec.kafka.tls.caSecretRef instead.
	// +optional
	Truststore *intstr.IntOrString `json:"ssl.truststore.location,omitempty"`
	// ssl.truststore.certificates is refused: set spec.kafka.tls.caSecretRef instead.
	// +optional
	TruststorePEM *intstr.IntOrString `json:"ssl.truststore.certificates,omitempty"`
	// ssl.keystore.location is refused: set spec.kafka.tls.certificateSecretRef instead.
	// +optional
	Keystore *intstr.IntOrString `json:"ssl.keystore.location,omitempty"`
	// ssl.keystore.key is refused: set spec.kafka.tls.certificateSecretRef instead.
	// +optional
	KeystorePEM *intstr.IntOrString `json:"ssl.keystore.key,omitempty"`
	// offset.storage.topic is refused: set spec.storage.offsetsTopic instead.
	// +optional
	OffsetsTopic *intstr.IntOrString `json:"offset.storage.topic,omitempty"`
	// status.storage.topic is refused: set spec.storage.statusTopic instead.
	// +optional
	StatusTopic *intstr.IntOrString `json:"status.storage.topic,omitempty"`
	// offset.storage.replication.factor is refused: set spec.storage.replicationFactor instead.
	// +optional
	OffsetsReplication *intstr.IntOrString `json:"offset.storage.replication.factor,omitempty"`
	// status.storage.replication.factor is refused: set spec.storage.replicationFactor instead.
	// +optional
	StatusReplication *intstr.IntOrString `json:"status.storage.replication.factor,omitempty"`

	// Values holds every key, the declared ones too.
	Values map[string]Scalar `json:"-"`
}

// Scalar is the JSON text of a value: a string, a number or a boolean.
type Scalar string

// MarshalJSON writes every key with the value as it was written.
func (c ConnectorConfig) MarshalJSON() ([]byte, error) { return marshal(c.Values) }

// UnmarshalJSON reads every key.
func (c *ConnectorConfig) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &c.Values) }

// Properties returns the settings as Kafka Connect has them, as text: a number in
// plain decimals, a boolean as true or false. A value that is no scalar is reported
// by its key.
func (c *ConnectorConfig) Properties() (map[string]string, error) {
	if c == nil {
		return map[string]string{}, nil
	}
	return properties(c.Values)
}

// MarshalJSON writes every key with the value as it was written.
func (c WorkerConfig) MarshalJSON() ([]byte, error) { return marshal(c.Values) }

// UnmarshalJSON reads every key.
func (c *WorkerConfig) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &c.Values) }

// Properties returns the settings as text, see ConnectorConfig.
func (c *WorkerConfig) Properties() (map[string]string, error) {
	if c == nil {
		return map[string]string{}, nil
	}
	return properties(c.Values)
}

// MarshalJSON writes the value as it was written.
func (s Scalar) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte(`""`), nil
	}
	return []byte(s), nil
}

// UnmarshalJSON keeps the value as it is written.
func (s *Scalar) UnmarshalJSON(data []byte) error {
	*s = Scalar(data)
	return nil
}

// ScalarOf returns the Scalar of a text.
func ScalarOf(text string) Scalar {
	data, err := json.Marshal(text)
	if err != nil { // a string always has a JSON text
		return `""`
	}
	return Scalar(data)
}

// Text returns the value as Kafka Connect has it. It is the same whether the value
// came from the API server, which rewrites numbers, or from a file.
func (s Scalar) Text() (string, error) {
	switch {
	case s == "true", s == "false":
		return string(s), nil
	case s == "null":
		return "", errors.New("is null: give a value, or remove the key")
	case strings.HasPrefix(string(s), "{"), strings.HasPrefix(string(s), "["):
		return "", errors.New("is not a string, number or boolean: write lists as text, a,b,c")
	case strings.HasPrefix(string(s), `"`):
		var text string
		err := json.Unmarshal([]byte(s), &text)
		return text, err
	}
	return numberText(string(s))
}

// numberText writes a number in plain decimals. The API server keeps integers of
// 64 bits and rounds every other number to a float64, so that nobody can tell what
// a larger one was.
func numberText(s string) (string, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return strconv.FormatInt(n, 10), nil
	}
	switch f, err := strconv.ParseFloat(s, 64); {
	case errors.Is(err, strconv.ErrSyntax):
		return "", errors.New("is not a string, number or boolean")
	case math.Abs(f) >= 1<<63:
		return "", errors.New("is a number beyond 64 bits, which the API server would round: write it in quotes")
	case f == 0: // it may have a sign
		return "0", nil
	default:
		return strconv.FormatFloat(f, 'f', -1, 64), nil
	}
}

func marshal(values map[string]Scalar) ([]byte, error) {
	if values == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(values)
}

func properties(values map[string]Scalar) (map[string]string, error) {
	out := make(map[string]string, len(values))
	var errs []error
	for _, k := range slices.Sorted(maps.Keys(values)) {
		text, err := values[k].Text()
		if err != nil {
			errs = append(errs, fmt.Errorf("spec.config: %s %w", k, err))
			continue
		}
		out[k] = text
	}
	return out, errors.Join(errs...)
}
