// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"penstock.dev/runtime/clientkeys"
	"penstock.dev/runtime/configdef"
)

// The keys of a worker that say which keys of Kafka's clients a connector may set.
const (
	policyKey    = "connector.client.config.override.policy"
	allowlistKey = "connector.client.config.override.allowlist"
)

// groupKey is the key of a sink's consumer group.
const groupKey = "group.id"

// The policies of Kafka Connect (KIP-458, KIP-1188): all keys, none, those that say
// who connects, or those of a list.
const (
	policyAll       = "All"
	policyNone      = "None"
	policyPrincipal = "Principal"
	policyAllowlist = "Allowlist"
)

const policyClass = "ConnectorClientConfigOverridePolicy"

// principalKeys are what the policy Principal allows.
var principalKeys = []string{"sasl.jaas.config", "sasl.mechanism", "security.protocol"}

// policy finds the policy that a worker names as Kafka Connect lets it: by its
// short name or by its class.
func policy(name string) (string, bool) {
	for _, p := range []string{policyAll, policyNone, policyPrincipal, policyAllowlist} {
		if matches(name, p, []string{"org.apache.kafka.connect.connector.policy." + p + policyClass}, policyClass) {
			return p, true
		}
	}
	return "", false
}

// workerClientProblems looks at what a worker says of all connectors' clients.
func workerClientProblems(props map[string]string) (problems, warnings []configdef.Problem) {
	c, _ := configdef.Plan[WorkerConfig](props)
	p, ok := policy(c.OverridePolicy)
	switch {
	case strings.Contains(props[policyKey], "${"):
	case !ok:
		problems = append(problems, configdef.Problem{Key: policyKey, Message: fmt.Sprintf(
			"%s is not one of %s, %s, %s, %s", c.OverridePolicy, policyAll, policyNone, policyPrincipal, policyAllowlist)})
	case p != policyAllowlist && len(c.OverrideAllowlist) > 0:
		warnings = append(warnings, configdef.Problem{Key: allowlistKey, Message: "has no effect without " + policyKey + "=" + policyAllowlist})
	}
	for _, r := range clientkeys.Roles() {
		keys := clientkeys.WorkerKeys(r, props)
		if _, ok := keys[groupKey]; ok && r == clientkeys.Consumer {
			problems = append(problems, configdef.Problem{Key: r.Prefix() + groupKey, Message: "would make one group of all sinks: set consumer.override.group.id in a connector"})
			delete(keys, groupKey)
		}
		bad, odd := clientkeys.Check(r, r.Prefix(), keys)
		problems, warnings = append(problems, bad...), append(warnings, odd...)
	}
	return problems, warnings
}

// clientProblems looks at the keys of a connector's own clients.
func clientProblems(kind Kind, props, defaults map[string]string) (problems, warnings []configdef.Problem) {
	for _, r := range clientkeys.Roles() {
		own := clientkeys.Sub(props, r.OverridePrefix())
		if len(own) == 0 {
			continue
		}
		problems = append(problems, forbidden(r, own, defaults)...)
		if why := idle(kind, r, props); why != "" {
			for _, k := range slices.Sorted(maps.Keys(own)) {
				warnings = append(warnings, configdef.Problem{Key: r.OverridePrefix() + k, Message: why})
			}
		}
		bad, odd := clientkeys.Check(r, r.OverridePrefix(), own)
		problems, warnings = append(problems, bad...), append(warnings, odd...)
	}
	if key := clientkeys.Consumer.OverridePrefix() + groupKey; strings.Contains(props[key], "${") {
		problems = append(problems, configdef.Problem{Key: key, Message: "must be the name itself: the group is looked after where references are not known"})
	}
	return problems, warnings
}

// forbidden are the keys that the worker's policy does not let connectors set.
func forbidden(r clientkeys.Role, own, defaults map[string]string) []configdef.Problem {
	c, _ := configdef.Plan[WorkerConfig](defaults)
	p, ok := policy(c.OverridePolicy)
	if !ok {
		p = policyNone // ValidateWorker says what is wrong
	}
	var out []configdef.Problem
	for _, k := range slices.Sorted(maps.Keys(own)) {
		if allowed(p, k, c.OverrideAllowlist) {
			continue
		}
		out = append(out, configdef.Problem{Key: r.OverridePrefix() + k, Message: fmt.Sprintf(
			"The '%s' policy does not allow '%s' to be overridden in the connector configuration.", p, k)})
	}
	return out
}

func allowed(policy, key string, list []string) bool {
	switch policy {
	case policyAll:
		return true
	case policyPrincipal:
		return slices.Contains(principalKeys, key)
	case policyAllowlist:
		return slices.Contains(list, key)
	}
	return false
}

// idle says why a kind of connector has no client of that role; "" if it has one.
func idle(kind Kind, r clientkeys.Role, props map[string]string) string {
	switch {
	case kind == SourceKind && r == clientkeys.Consumer:
		return "has no effect: a source has no consumer"
	case kind == SinkKind && r != clientkeys.Consumer && props[deadLetterKey] == "": // dead letters are all that a sink writes
		return "has no effect: a sink writes nothing to Kafka unless " + deadLetterKey + " is set"
	}
	return ""
}

// GroupID returns the consumer group of a sink, as in Kafka Connect: what its
// config says, or connect-<name>.
func GroupID(connector string, props map[string]string) string {
	if g := strings.TrimSpace(props[clientkeys.Consumer.OverridePrefix()+groupKey]); g != "" {
		return g
	}
	return "connect-" + connector
}

// GroupProblem says what is wrong with a sink whose consumer group is called as its
// workers' own; nil is nothing.
func GroupProblem(kind Kind, connector, workers string, props map[string]string) *configdef.Problem {
	if kind != SinkKind || GroupID(connector, props) != workers {
		return nil
	}
	key := clientkeys.Consumer.OverridePrefix() + groupKey
	if _, own := props[key]; own {
		return &configdef.Problem{Key: key, Message: fmt.Sprintf("Consumer group %s conflicts with Connect worker group %s", workers, workers)}
	}
	return &configdef.Problem{Key: "name", Message: fmt.Sprintf(
		"Consumer group for sink connector named %s conflicts with Connect worker group %s", connector, workers)}
}
