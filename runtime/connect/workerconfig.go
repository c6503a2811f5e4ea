// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"maps"
	"slices"
	"strings"
	"time"

	"penstock.dev/runtime/clientkeys"
	"penstock.dev/runtime/configdef"
)

// WorkerConfig are the keys of a worker that concern how it runs tasks: those of
// Kafka Connect's worker properties that may stand in a ConnectCluster's
// spec.config. Beside them a worker's config holds key.converter,
// value.converter, header.converter and their keys, and the keys of all connectors'
// clients (producer.…, consumer.…, admin.…; see package clientkeys).
type WorkerConfig struct {
	// How often the offsets of a task are committed, in milliseconds.
	FlushInterval time.Duration `config:"offset.flush.interval.ms" default:"5000" importance:"low" min:"10"`
	// How long a task may take to finish, commit and close when it is stopped, in
	// milliseconds.
	ShutdownTimeout time.Duration `config:"task.shutdown.graceful.timeout.ms" default:"5000" importance:"low" min:"1"`
	// How many bytes of records a task may hold between its connector and Kafka. The
	// default is that of buffer.memory, which bounds the same in Kafka Connect.
	MaxInFlightBytes int `config:"task.max.in.flight.bytes" default:"33554432" importance:"medium" min:"65536"`
	// How many bytes a batch of records, as it stands in a topic, may have once it is
	// decompressed. A sink task that meets a larger one fails and names it: a small
	// batch may be made to fill any memory.
	MaxBatchBytes int `config:"task.max.batch.bytes" default:"67108864" importance:"low" min:"1048576" max:"1073741824"`
	// Whether the topics of sources are created as their topic.creation.… keys say.
	TopicCreation bool `config:"topic.creation.enable" default:"true" importance:"low"`
	// Which keys of Kafka's clients a connector may set (producer.override.… and
	// its like): All, None, Principal (who connects), or Allowlist.
	OverridePolicy string `config:"connector.client.config.override.policy" default:"All" importance:"medium"`
	// The keys, without prefix, that the policy Allowlist allows.
	OverrideAllowlist []string `config:"connector.client.config.override.allowlist" default:"" importance:"medium"`
}

// connectionKeys are worker properties that a ConnectCluster has fields for. The
// schema of its spec.config refuses the same ones.
var connectionKeys = map[string]string{
	"bootstrap.servers":                 "spec.kafka.bootstrapServers",
	"group.id":                          "spec.groupId",
	"security.protocol":                 "spec.kafka.tls and spec.kafka.sasl",
	"sasl.mechanism":                    "spec.kafka.sasl",
	"sasl.jaas.config":                  "spec.kafka.sasl",
	"ssl.truststore.location":           "spec.kafka.tls.caSecretRef",
	"ssl.truststore.certificates":       "spec.kafka.tls.caSecretRef",
	"ssl.keystore.location":             "spec.kafka.tls.certificateSecretRef",
	"ssl.keystore.key":                  "spec.kafka.tls.certificateSecretRef",
	"offset.storage.topic":              "spec.storage.offsetsTopic",
	"status.storage.topic":              "spec.storage.statusTopic",
	"offset.storage.replication.factor": "spec.storage.replicationFactor",
	"status.storage.replication.factor": "spec.storage.replicationFactor",
}

// providersKey begins the keys of config providers, which whoever resolves
// references checks.
const providersKey = "config.providers"

// ValidateWorker checks a worker's config as it stands in a ConnectCluster. It
// is pure.
func (r Registry) ValidateWorker(props map[string]string) (problems, warnings []configdef.Problem) {
	_, problems = configdef.Plan[WorkerConfig](props)
	for _, side := range EverySide() {
		c := r.ConverterFor(side, nil, props)
		problems = append(problems, c.Problems...)
		warnings = append(warnings, c.Warnings...)
	}
	p, w := workerClientProblems(props)
	problems, warnings = append(problems, p...), append(warnings, w...)
	known := append([]string{KeySide + ".converter", ValueSide + ".converter"}, names(configdef.Of[WorkerConfig]())...)
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if field, ok := connectionKeys[k]; ok {
			problems = append(problems, configdef.Problem{Key: k, Message: "is not a config key here, set " + field + " instead"})
			continue
		}
		if k == providersKey || strings.HasPrefix(k, providersKey+".") || isConverterKey(k) || clientkeys.IsWorkerKey(k) || slices.Contains(known, k) {
			continue
		}
		msg := "is not a worker key and has no effect"
		if n := configdef.Nearest(k, known); n != "" {
			msg += ", did you mean " + n + "?"
		}
		warnings = append(warnings, configdef.Problem{Key: k, Message: msg})
	}
	return problems, warnings
}
