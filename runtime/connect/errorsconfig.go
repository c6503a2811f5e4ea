// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"penstock.dev/runtime/configdef"
)

// ErrorsConfig are the keys that say what becomes of records that fail
// (org.apache.kafka.connect.runtime.ConnectorConfig and SinkConnectorConfig,
// KIP-298). Those of the dead letter queue are a sink's there; here a source has
// them, too.
type ErrorsConfig struct {
	// For how long a record is tried again that cannot be converted or transformed
	// because of something that may pass, in milliseconds from the first try. 0 does
	// not try again, -1 tries for ever.
	RetryTimeout time.Duration `config:"errors.retry.timeout" default:"0" importance:"medium" min:"-1"`
	// The longest pause between two tries, in milliseconds. The first is 300 ms, each
	// later one twice as long; beyond this they are random.
	RetryMaxDelay time.Duration `config:"errors.retry.delay.max.ms" default:"60000" importance:"medium" min:"1"`
	// What a record does that fails for good: none fails the task, all skips the
	// record.
	Tolerance string `config:"errors.tolerance" default:"none" enum:"none,all" importance:"medium"`
	// Whether each record that fails is written to the log, with the stage that it
	// failed in.
	LogEnable bool `config:"errors.log.enable" default:"false" importance:"medium"`
	// Whether the log also says which record it was.
	LogIncludeMessages bool `config:"errors.log.include.messages" default:"false" importance:"medium"`
	// The topic to which records are written that fail. Empty: none.
	DeadLetterTopic string `config:"errors.deadletterqueue.topic.name" default:"" importance:"medium"`
	// The replication factor with which that topic is created if it is not there; -1
	// is the broker's default.
	DeadLetterReplication int `config:"errors.deadletterqueue.topic.replication.factor" default:"3" importance:"medium" min:"-1" max:"32767"`
	// Whether headers that begin with __connect.errors. say what has happened to the
	// record.
	DeadLetterHeaders bool `config:"errors.deadletterqueue.context.headers.enable" default:"false" importance:"medium"`
}

// The keys that others refer to.
const (
	toleranceAll         = "all"
	logEnableKey         = "errors.log.enable"
	logMessagesKey       = "errors.log.include.messages"
	deadLetterPrefix     = "errors.deadletterqueue."
	deadLetterKey        = deadLetterPrefix + "topic.name"
	deadLetterFactorKey  = deadLetterPrefix + "topic.replication.factor"
	deadLetterHeadersKey = deadLetterPrefix + "context.headers.enable"
)

// Tolerates reports whether records that fail are skipped.
func (c ErrorsConfig) Tolerates() bool { return c.Tolerance == toleranceAll }

// Errors returns what a connector's config, which must have passed Validate, says
// of records that fail.
func Errors(props map[string]string) ErrorsConfig {
	c, _ := configdef.Decode[ErrorsConfig](props)
	return c
}

// checkErrors finds what is wrong with the keys about errors, and those that have
// no effect.
func checkErrors(kind Kind, props map[string]string) (problems, warnings []configdef.Problem) {
	c, problems := configdef.Plan[ErrorsConfig](props)
	refuse := func(key, format string, args ...any) {
		problems = append(problems, configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)})
	}
	if props[deadLetterFactorKey] == "0" {
		refuse(deadLetterFactorKey, "0 is not a number of replicas; use 1 or more, or -1 for the broker's default")
	}
	if c.DeadLetterTopic != "" {
		if err := CheckTopic(c.DeadLetterTopic); err != nil {
			refuse(deadLetterKey, "%v", err)
		}
		if kind == SinkKind && slices.Contains(Topics(props), c.DeadLetterTopic) {
			refuse(deadLetterKey, "The DLQ topic '%s' may not be included in the list of topics ('%s=%s') consumed by the connector, which would read its own dead letters; name another one",
				c.DeadLetterTopic, TopicsKey, props[TopicsKey])
		}
		if kind == SinkKind && matchesPattern(props, c.DeadLetterTopic) {
			refuse(deadLetterKey, "The DLQ topic '%s' may not be matched by the regex for the topics ('%s=%s') consumed by the connector, which would read its own dead letters; name another one",
				c.DeadLetterTopic, TopicsRegexKey, props[TopicsRegexKey])
		}
	}
	return problems, idleErrorKeys(props)
}

// idleErrorKeys tells of keys that do nothing because another one is not set.
func idleErrorKeys(props map[string]string) []configdef.Problem {
	var out []configdef.Problem
	for _, k := range slices.Sorted(maps.Keys(props)) {
		var needs string
		switch {
		case (k == deadLetterFactorKey || k == deadLetterHeadersKey) && strings.TrimSpace(props[deadLetterKey]) == "":
			needs = deadLetterKey
		case k == logMessagesKey && strings.EqualFold(strings.TrimSpace(props[k]), "true") && !mayBeTrue(props[logEnableKey]):
			needs = logEnableKey + "=true"
		default:
			continue
		}
		out = append(out, configdef.Problem{Key: k, Message: "has no effect without " + needs})
	}
	return out
}

func mayBeTrue(value string) bool {
	return unresolved(value) || strings.EqualFold(strings.TrimSpace(value), "true")
}
