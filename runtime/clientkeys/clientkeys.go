// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package clientkeys knows the keys of Kafka's own clients (ProducerConfig,
// ConsumerConfig and AdminClientConfig of Kafka 4.3.1) by their Java names, and
// what becomes of each here: it has the effect that its config struct describes,
// or it has none and whoever sets it is told why, or it is refused. It is pure;
// package kafka makes clients of what it reads.
package clientkeys

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
)

// Role is one of the clients that a connector has.
type Role string

// The roles. The producer writes a source's records, the consumer reads a sink's,
// the admin client creates a source's topics.
const (
	Producer Role = "producer"
	Consumer Role = "consumer"
	Admin    Role = "admin"
)

// Roles returns all of them.
func Roles() []Role { return []Role{Producer, Consumer, Admin} }

// Prefix stands before the keys of all connectors' clients in a worker's
// properties: `producer.`.
func (r Role) Prefix() string { return string(r) + "." }

// OverridePrefix stands before the keys of a connector's own clients:
// `producer.override.`.
func (r Role) OverridePrefix() string { return string(r) + ".override." }

// Effect says what becomes of a key.
type Effect string

// The effects.
const (
	Used     Effect = "used"
	NoEffect Effect = "no effect"
	Refused  Effect = "refused"
)

// Key is one key of a client.
type Key struct {
	configdef.Key
	Effect Effect
	// Accepts are the values of a refused key that are accepted, because they say
	// what is the case anyway.
	Accepts []string
}

// Keys returns every key of a client in the order of names. Type, default and the
// like are known of used keys only; Doc says what a used key does, and of another
// one why it does nothing.
func Keys(r Role) []Key {
	var out []Key
	for _, k := range used(r) {
		out = append(out, Key{Key: k, Effect: Used})
	}
	for _, u := range unused {
		if slices.Contains(u.roles, r) {
			out = append(out, Key{Key: configdef.Key{Name: u.name, Doc: u.why}, Effect: u.effect(), Accepts: u.accepts})
		}
	}
	slices.SortFunc(out, func(a, b Key) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// used returns the keys that have an effect, in the order of the structs.
func used(r Role) []configdef.Key {
	keys := configdef.Of[Connection]()
	switch r {
	case Producer:
		return append(keys, configdef.Of[ProducerConfig]()...)
	case Consumer:
		keys = slices.DeleteFunc(keys, func(k configdef.Key) bool { return k.Name == brokersKey })
		return append(keys, configdef.Of[ConsumerConfig]()...)
	default:
		return append(keys, configdef.Of[AdminConfig]()...)
	}
}

// Sub returns the keys behind a prefix, without it.
func Sub(props map[string]string, prefix string) map[string]string {
	out := map[string]string{}
	for k, v := range props {
		if name, ok := strings.CutPrefix(k, prefix); ok {
			out[name] = v
		}
	}
	return out
}

// WorkerKeys returns what a worker's properties say of all connectors' clients of a
// role, without the prefix. The keys of the REST API's administration begin alike
// and are not meant.
func WorkerKeys(r Role, props map[string]string) map[string]string {
	keys := Sub(props, r.Prefix())
	if r == Admin {
		maps.DeleteFunc(keys, func(k, _ string) bool { return k == "listeners" || strings.HasPrefix(k, "listeners.") })
	}
	return keys
}

// IsWorkerKey reports whether a worker property is about the connectors' clients.
func IsWorkerKey(key string) bool {
	for _, r := range Roles() {
		if len(WorkerKeys(r, map[string]string{key: ""})) > 0 {
			return true
		}
	}
	return false
}

// IsOverride reports whether a connector's key is about one of its own clients.
func IsOverride(key string) bool {
	return slices.ContainsFunc(Roles(), func(r Role) bool { return strings.HasPrefix(key, r.OverridePrefix()) })
}

// Merge returns what holds for a connector's client: what the worker says of all,
// and over it what the connector says of its own.
func Merge(r Role, worker, connector map[string]string) map[string]string {
	out := WorkerKeys(r, worker)
	maps.Copy(out, Sub(connector, r.OverridePrefix()))
	return out
}

// Check looks at the keys of a client, which stand behind prefix in a config, at
// plan time: a value that contains "${" is not checked. Warnings are about keys
// that do nothing.
func Check(r Role, prefix string, props map[string]string) (problems, warnings []configdef.Problem) {
	problems, warnings = checkNames(r, props)
	p, w := checkValues(r, props)
	problems, warnings = append(problems, p...), append(warnings, w...)
	for _, list := range [][]configdef.Problem{problems, warnings} {
		for i := range list {
			list[i].Key = prefix + list[i].Key
		}
	}
	return problems, warnings
}

// checkNames looks at the keys that are not used.
func checkNames(r Role, props map[string]string) (problems, warnings []configdef.Problem) {
	known := configdef.Names(used(r))
	for _, name := range slices.Sorted(maps.Keys(props)) {
		if slices.Contains(known, name) {
			continue
		}
		u, ok := find(r, name)
		switch {
		case !ok:
			warnings = append(warnings, stranger(r, name, known))
		case slices.Contains(u.accepts, strings.TrimSpace(props[name])):
		case u.refused:
			problems = append(problems, configdef.Problem{Key: name, Message: u.refusal()})
		default:
			warnings = append(warnings, configdef.Problem{Key: name, Message: "has no effect here: " + u.why})
		}
	}
	return problems, warnings
}

func stranger(r Role, name string, known []string) configdef.Problem {
	msg := fmt.Sprintf("is not a key of Kafka's %s and has no effect", r)
	if n := configdef.Nearest(name, known); n != "" {
		msg += ", did you mean " + n + "?"
	}
	return configdef.Problem{Key: name, Message: msg}
}

func checkValues(r Role, props map[string]string) (problems, warnings []configdef.Problem) {
	// The brokers are known when the client is made.
	if _, ok := props[brokersKey]; !ok {
		props = maps.Clone(props)
		props[brokersKey] = "worker:9092"
	}
	_, problems = configdef.Plan[Connection](props)
	switch r {
	case Producer:
		c, p := configdef.Plan[ProducerConfig](props)
		if len(p) == 0 && !hasReference(props) {
			p, warnings = c.conflicts(props), c.weaker(props)
		}
		problems = append(problems, p...)
	case Consumer:
		c, p := configdef.Plan[ConsumerConfig](props)
		if len(p) == 0 && !hasReference(props) {
			p = c.conflicts()
		}
		problems = append(problems, p...)
	default:
		_, p := configdef.Plan[AdminConfig](props)
		problems = append(problems, p...)
	}
	return problems, warnings
}

// hasReference reports whether a value is not known yet.
func hasReference(props map[string]string) bool {
	for _, v := range props {
		if strings.Contains(v, "${") {
			return true
		}
	}
	return false
}

// IsSecretOverride reports whether a connector's key is about one of its own clients
// and has a value that must not be shown.
func IsSecretOverride(key string) bool {
	for _, r := range Roles() {
		if name, ok := strings.CutPrefix(key, r.OverridePrefix()); ok {
			return slices.ContainsFunc(Keys(r), func(k Key) bool { return k.Name == name && isSecret(k) })
		}
	}
	return false
}

// Secrets returns the values of a client's keys that must not be shown.
func Secrets(r Role, props map[string]string) []string {
	var out []string
	for _, k := range Keys(r) {
		if v := props[k.Name]; v != "" && isSecret(k) {
			out = append(out, v)
		}
	}
	return out
}

func isSecret(k Key) bool {
	return k.Type == "PASSWORD" || slices.ContainsFunc([]string{"password", "client.secret", "passphrase"},
		func(part string) bool { return strings.Contains(k.Name, part) })
}

// Identity returns a text that two clients have in common if they can be one: the
// keys that have an effect on the client itself, with their values.
func Identity(r Role, props map[string]string) string {
	var b strings.Builder
	for _, k := range used(r) {
		v, ok := props[k.Name]
		if !ok || slices.Contains(notOfTheClient, k.Name) {
			continue
		}
		fmt.Fprintf(&b, "%s=%q\n", k.Name, strings.TrimSpace(v))
	}
	return b.String()
}

// notOfTheClient are keys that are used by the task and not by its client.
var notOfTheClient = []string{bufferMemory}

const brokersKey = "bootstrap.servers"

// bufferMemory bounds what a task holds, not what a producer does.
const bufferMemory = "buffer.memory"
