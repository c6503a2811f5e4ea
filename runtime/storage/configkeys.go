// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import "strings"

// The keys of the config topic, as KafkaConfigBackingStore writes them. They are
// plain text; all but the session key are prefixes.
const (
	targetStateKey   = "target-state-"
	connectorKey     = "connector-"
	taskConfigKey    = "task-"
	commitKey        = "commit-"
	restartKey       = "restart-connector-"
	tasksFencingKey  = "tasks-fencing-"
	sessionKeyKey    = "session-key"
	loggerClusterKey = "logger-cluster-"
)

// configKey is what a key of the config topic says: whose record it is and of
// what kind. The kind is one of the constants above, "" for a key that nobody
// knows.
type configKey struct {
	kind  string
	name  string // of a connector or a logger
	index int    // of a task
}

// parseConfigKey tries the prefixes in the order in which Kafka Connect does.
func parseConfigKey(key string) configKey {
	for _, kind := range []string{targetStateKey, connectorKey, taskConfigKey, commitKey, restartKey, tasksFencingKey, sessionKeyKey, loggerClusterKey} {
		rest, ok := strings.CutPrefix(key, kind)
		switch {
		case !ok:
			continue
		case kind == sessionKeyKey && rest != "":
			return configKey{}
		case kind == taskConfigKey:
			id, ok := parseTaskKey(key, taskConfigKey)
			if !ok {
				return configKey{}
			}
			return configKey{kind, id.Connector, id.Index}
		}
		return configKey{kind: kind, name: rest}
	}
	return configKey{}
}
