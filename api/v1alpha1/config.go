// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// ConfigValue is the JSON text of one configuration value, kept as it was
// written: `"text"`, `500`, `0.25`, `true`.
type ConfigValue string

// StringValue returns the value that holds s.
func StringValue(s string) ConfigValue {
	text, _ := json.Marshal(s) // a string always has a JSON text
	return ConfigValue(text)
}

// MarshalJSON returns the text; the zero value is null.
func (v ConfigValue) MarshalJSON() ([]byte, error) {
	if v == "" {
		return []byte("null"), nil
	}
	return []byte(v), nil
}

// UnmarshalJSON takes any JSON text. What Kafka Connect cannot hold is refused by
// Property, so that one bad resource never spoils a list of them.
func (v *ConfigValue) UnmarshalJSON(text []byte) error {
	*v = ConfigValue(text)
	return nil
}

// Property returns the value as a property of Kafka Connect, where every value is
// a string: whole numbers in digits, other numbers as the shortest decimal, true
// and false. Objects, lists and null are errors.
func (v ConfigValue) Property() (string, error) {
	switch {
	case v == "" || v == "null":
		return "", fmt.Errorf("the value is null; remove the key or set a value")
	case v[0] == '"':
		var s string
		if err := json.Unmarshal([]byte(v), &s); err != nil {
			return "", fmt.Errorf("decoding the string: %w", err)
		}
		return s, nil
	case v[0] == '{':
		return "", fmt.Errorf("the value is an object; write it as one string, or its parts under keys with dots")
	case v[0] == '[':
		return "", fmt.Errorf("the value is a list; write it as one string, separated by commas")
	case v == "true" || v == "false":
		return string(v), nil
	}
	return numberProperty(string(v))
}

// numberProperty undoes what JSON encoders do to numbers: 1e+06 becomes 1000000.
func numberProperty(text string) (string, error) {
	if !strings.ContainsAny(text, ".eE") {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "", fmt.Errorf("decoding the number %s: %w", text, err)
		}
		return text, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "", fmt.Errorf("decoding the number %s: %w", text, err)
	}
	return strconv.FormatFloat(f, 'f', -1, 64), nil
}

// properties renders values and refuses the keys in reserved, which maps each to
// the field that says the same. Every problem names its key.
func properties(values map[string]ConfigValue, reserved map[string]string) (map[string]string, []ConfigProblem) {
	props := make(map[string]string, len(values))
	var problems []ConfigProblem
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if fix, ok := reserved[key]; ok {
			problems = append(problems, ConfigProblem{Key: key, Message: "the key is reserved: " + fix})
			continue
		}
		p, err := values[key].Property()
		if err != nil {
			problems = append(problems, ConfigProblem{Key: key, Message: err.Error()})
			continue
		}
		props[key] = p
	}
	return props, problems
}

// ConfigProblem says what is wrong with one key of a configuration.
type ConfigProblem struct {
	Key     string
	Message string
}

// String returns `key: message`.
func (p ConfigProblem) String() string { return p.Key + ": " + p.Message }

// unmarshalValues decodes an object; null leaves values as they are.
func unmarshalValues(text []byte, values *map[string]ConfigValue) error {
	if bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		return nil
	}
	var m map[string]ConfigValue
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("decoding config: %w", err)
	}
	*values = m
	return nil
}

func marshalValues(values map[string]ConfigValue) ([]byte, error) {
	if values == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(values)
}

func valuesOf(props map[string]string) map[string]ConfigValue {
	values := make(map[string]ConfigValue, len(props))
	for k, v := range props {
		values[k] = StringValue(v)
	}
	return values
}

// ConnectorConfig is a connector's configuration: an object of scalars. The
// fields beside Values only declare the reserved keys to the API server, whose
// rules could not name them otherwise; they are never set.
//
// +kubebuilder:ac:generate=false
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:MaxProperties=512
// +kubebuilder:validation:XValidation:rule="!has(self.name)",message="key name is reserved: set spec.connectorName instead",fieldPath=".name"
// +kubebuilder:validation:XValidation:rule="!has(self.connector__dot__class)",message="key connector.class is reserved: set spec.class instead",fieldPath=".['connector.class']"
// +kubebuilder:validation:XValidation:rule="!has(self.tasks__dot__max)",message="key tasks.max is reserved: set spec.tasksMax instead",fieldPath=".['tasks.max']"
type ConnectorConfig struct {
	// Values are the configuration's keys and values.
	Values map[string]ConfigValue `json:"-"`

	// name is reserved: spec.connectorName.
	// +optional
	ReservedName *intstr.IntOrString `json:"name,omitempty"`

	// connector.class is reserved: spec.class.
	// +optional
	ReservedClass *intstr.IntOrString `json:"connector.class,omitempty"`

	// tasks.max is reserved: spec.tasksMax.
	// +optional
	ReservedTasksMax *intstr.IntOrString `json:"tasks.max,omitempty"`
}

// NewConnectorConfig returns a configuration of strings.
func NewConnectorConfig(props map[string]string) *ConnectorConfig {
	return &ConnectorConfig{Values: valuesOf(props)}
}

// MarshalJSON returns the object of Values.
func (c ConnectorConfig) MarshalJSON() ([]byte, error) { return marshalValues(c.Values) }

// UnmarshalJSON reads any object into Values.
func (c *ConnectorConfig) UnmarshalJSON(text []byte) error { return unmarshalValues(text, &c.Values) }

// Properties returns the configuration as Kafka Connect's properties, and what is
// wrong with it: reserved keys and values that are no scalar.
func (c *ConnectorConfig) Properties() (map[string]string, []ConfigProblem) {
	if c == nil {
		return map[string]string{}, nil
	}
	return properties(c.Values, map[string]string{
		"name":            "set spec.connectorName instead",
		"connector.class": "set spec.class instead",
		"tasks.max":       "set spec.tasksMax instead",
	})
}

// WorkerConfig holds the workers' defaults: an object of scalars. The fields
// beside Values only declare the reserved keys to the API server; they are never
// set.
//
// +kubebuilder:ac:generate=false
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:MaxProperties=512
// +kubebuilder:validation:XValidation:rule="!has(self.bootstrap__dot__servers)",message="key bootstrap.servers is reserved: set spec.kafka.bootstrapServers instead"
// +kubebuilder:validation:XValidation:rule="!has(self.security__dot__protocol)",message="key security.protocol is reserved: set spec.kafka.tls and spec.kafka.sasl instead"
// +kubebuilder:validation:XValidation:rule="!has(self.sasl__dot__mechanism)",message="key sasl.mechanism is reserved: set spec.kafka.sasl.mechanism instead"
// +kubebuilder:validation:XValidation:rule="!has(self.sasl__dot__jaas__dot__config)",message="key sasl.jaas.config is reserved: set spec.kafka.sasl instead, whose password stands in a Secret"
// +kubebuilder:validation:XValidation:rule="!has(self.group__dot__id)",message="key group.id is reserved: set spec.groupId instead"
// +kubebuilder:validation:XValidation:rule="!has(self.offset__dot__storage__dot__topic)",message="key offset.storage.topic is reserved: set spec.storage.offsetsTopic instead"
// +kubebuilder:validation:XValidation:rule="!has(self.status__dot__storage__dot__topic)",message="key status.storage.topic is reserved: set spec.storage.statusTopic instead"
// +kubebuilder:validation:XValidation:rule="!has(self.offset__dot__storage__dot__replication__dot__factor)",message="key offset.storage.replication.factor is reserved: set spec.storage.replicationFactor instead"
// +kubebuilder:validation:XValidation:rule="!has(self.status__dot__storage__dot__replication__dot__factor)",message="key status.storage.replication.factor is reserved: set spec.storage.replicationFactor instead"
// +kubebuilder:validation:XValidation:rule="!has(self.config__dot__storage__dot__topic)",message="key config.storage.topic is reserved: Connector resources hold the configuration; remove it"
type WorkerConfig struct {
	// Values are the configuration's keys and values.
	Values map[string]ConfigValue `json:"-"`

	// bootstrap.servers is reserved: spec.kafka.bootstrapServers.
	// +optional
	ReservedBootstrapServers *intstr.IntOrString `json:"bootstrap.servers,omitempty"`

	// security.protocol is reserved: spec.kafka.tls and spec.kafka.sasl.
	// +optional
	ReservedSecurityProtocol *intstr.IntOrString `json:"security.protocol,omitempty"`

	// sasl.mechanism is reserved: spec.kafka.sasl.mechanism.
	// +optional
	ReservedSASLMechanism *intstr.IntOrString `json:"sasl.mechanism,omitempty"`

	// sasl.jaas.config is reserved: spec.kafka.sasl.
	// +optional
	ReservedSASLJAASConfig *intstr.IntOrString `json:"sasl.jaas.config,omitempty"`

	// group.id is reserved: spec.groupId.
	// +optional
	ReservedGroupID *intstr.IntOrString `json:"group.id,omitempty"`

	// offset.storage.topic is reserved: spec.storage.offsetsTopic.
	// +optional
	ReservedOffsetsTopic *intstr.IntOrString `json:"offset.storage.topic,omitempty"`

	// status.storage.topic is reserved: spec.storage.statusTopic.
	// +optional
	ReservedStatusTopic *intstr.IntOrString `json:"status.storage.topic,omitempty"`

	// offset.storage.replication.factor is reserved: spec.storage.replicationFactor.
	// +optional
	ReservedOffsetsReplication *intstr.IntOrString `json:"offset.storage.replication.factor,omitempty"`

	// status.storage.replication.factor is reserved: spec.storage.replicationFactor.
	// +optional
	ReservedStatusReplication *intstr.IntOrString `json:"status.storage.replication.factor,omitempty"`

	// config.storage.topic is reserved: Connector resources hold the configuration.
	// +optional
	ReservedConfigTopic *intstr.IntOrString `json:"config.storage.topic,omitempty"`
}

// NewWorkerConfig returns a configuration of strings.
func NewWorkerConfig(props map[string]string) *WorkerConfig {
	return &WorkerConfig{Values: valuesOf(props)}
}

// MarshalJSON returns the object of Values.
func (c WorkerConfig) MarshalJSON() ([]byte, error) { return marshalValues(c.Values) }

// UnmarshalJSON reads any object into Values.
func (c *WorkerConfig) UnmarshalJSON(text []byte) error { return unmarshalValues(text, &c.Values) }

// Properties returns the configuration as Kafka Connect's properties, and what is
// wrong with it: reserved keys and values that are no scalar.
func (c *WorkerConfig) Properties() (map[string]string, []ConfigProblem) {
	if c == nil {
		return map[string]string{}, nil
	}
	return properties(c.Values, map[string]string{
		"bootstrap.servers":                 "set spec.kafka.bootstrapServers instead",
		"security.protocol":                 "set spec.kafka.tls and spec.kafka.sasl instead",
		"sasl.mechanism":                    "set spec.kafka.sasl.mechanism instead",
		"sasl.jaas.config":                  "set spec.kafka.sasl instead, whose password stands in a Secret",
		"group.id":                          "set spec.groupId instead",
		"offset.storage.topic":              "set spec.storage.offsetsTopic instead",
		"status.storage.topic":              "set spec.storage.statusTopic instead",
		"offset.storage.replication.factor": "set spec.storage.replicationFactor instead",
		"status.storage.replication.factor": "set spec.storage.replicationFactor instead",
		"config.storage.topic":              "Connector resources hold the configuration; remove it",
	})
}
