// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/clientkeys"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/rest"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/storage"
)

// standaloneGroup is the group id of a process that is given none.
const standaloneGroup = "penstock-standalone"

// settings are what a worker needs to know beside its tasks.
type settings struct {
	// origin says where they stand, for messages.
	origin  string
	groupID string
	// connection are the client properties with which Kafka is reached.
	connection map[string]string
	topics     storage.Topics
	// configTopic is where connectors are kept that come through the REST API, rest
	// the keys of that API.
	configTopic string
	rest        map[string]string
	// defaults are the worker's own keys and the default converters.
	defaults map[string]string
	// providers resolve the references in connectors' configs.
	providers map[string]secrets.Provider
	// secrets are the values in all this that must not be shown.
	secrets []string
}

// redactor takes the secrets of the settings out of texts.
func (s *settings) redactor() *secrets.Redactor { return secrets.NewRedactor(s.secrets) }

// loadSettings reads the worker's settings from a properties file or from the
// manifest's ConnectCluster; without both they are the defaults.
func loadSettings(ctx context.Context, r connect.Registry, m manifest.Manifest, file string) (settings, []configdef.Problem, error) {
	s := settings{origin: file, groupID: standaloneGroup, connection: map[string]string{}, rest: map[string]string{}, defaults: map[string]string{}}
	var errs []error
	switch {
	case file != "" && m.Cluster != nil:
		return s, nil, fmt.Errorf("both --config and the ConnectCluster in %s say how to reach Kafka; leave one out", m.Cluster.Origin)
	case file != "":
		resolved, providers, err := readProperties(ctx, file)
		if err != nil {
			return s, nil, err
		}
		s.secrets, s.providers = resolved.Secrets, providers
		errs = s.take(resolved.Props)
	case m.Cluster != nil:
		s.origin = m.Cluster.Origin
		errs = s.take(m.Cluster.Properties)
		s.defaults = maps.Clone(m.Cluster.Config)
		var problems []secrets.Problem
		s.providers, problems = secrets.Configured(s.defaults)
		for _, p := range problems {
			errs = append(errs, p)
		}
		maps.DeleteFunc(s.defaults, func(k, _ string) bool { return secrets.IsProviderKey(k) })
	default:
		s.providers = secrets.Defaults()
	}
	s.secrets = append(s.secrets, s.passwords()...)
	s.nameTopics()
	problems, warnings := r.ValidateWorker(s.defaults)
	for _, p := range problems {
		errs = append(errs, p)
	}
	if err := errors.Join(errs...); err != nil {
		return s, nil, s.redactor().Error(fmt.Errorf("%s: %w", s.origin, err))
	}
	return s, warnings, nil
}

// readProperties reads a worker properties file and resolves the references in it,
// by the config providers that it names itself.
func readProperties(ctx context.Context, file string) (none secrets.Resolved, _ map[string]secrets.Provider, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return none, nil, fmt.Errorf("reading the worker config: %w", err)
	}
	props, err := secrets.ParseProperties(string(data))
	if err != nil {
		return none, nil, fmt.Errorf("reading the worker config %s: %w", file, err)
	}
	providers, problems := secrets.Configured(props)
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	maps.DeleteFunc(props, func(k, _ string) bool { return secrets.IsProviderKey(k) })
	resolved, err := secrets.New(providers).Resolve(ctx, props)
	if err := errors.Join(append(errs, err)...); err != nil {
		return none, nil, fmt.Errorf("reading the worker config %s: %w", file, err)
	}
	return resolved, providers, nil
}

// passwords are the values of the connection's keys that hold one, and of the
// connectors' clients, however they came there.
func (s *settings) passwords() []string {
	var out []string
	for _, k := range kafka.Keys() {
		if v := s.connection[k.Name]; k.Type == "PASSWORD" && v != "" {
			out = append(out, v)
		}
	}
	for _, r := range clientkeys.Roles() {
		out = append(out, clientkeys.Secrets(r, clientkeys.WorkerKeys(r, s.defaults))...)
	}
	return out
}

// take sorts worker properties into what they are about.
func (s *settings) take(props map[string]string) []error {
	var errs []error
	for _, k := range slices.Sorted(maps.Keys(props)) {
		v := props[k]
		switch {
		case k == "group.id":
			s.groupID = v
		case k == "offset.storage.topic":
			s.topics.Offsets = v
		case k == "status.storage.topic":
			s.topics.Status = v
		case k == "config.storage.topic":
			s.configTopic = v
		case rest.IsKey(k):
			s.rest[k] = v
		case isTopicNumber(k):
			errs = append(errs, s.topicNumber(k, v))
		case isConnectionKey(k):
			s.connection[k] = v
		case isAccepted(k, v):
		case isRefusedWorkerKey(k):
			errs = append(errs, configdef.Problem{Key: k, Message: "is a Kafka Connect worker key that this version does not support; remove it"})
		default:
			s.defaults[k] = v
		}
	}
	return errs
}

// nameTopics gives the internal topics the names that they have if nobody names
// them.
func (s *settings) nameTopics() {
	if s.topics.Offsets == "" {
		s.topics.Offsets = s.groupID + "-offsets"
	}
	if s.topics.Status == "" {
		s.topics.Status = s.groupID + "-status"
	}
	if s.configTopic == "" {
		s.configTopic = s.groupID + "-configs"
	}
}

// isConnectionKey reports whether a key says how Kafka is reached.
func isConnectionKey(key string) bool {
	return key == "bootstrap.servers" || key == "security.protocol" || key == "client.id" ||
		strings.HasPrefix(key, "ssl.") || strings.HasPrefix(key, "sasl.")
}

func isTopicNumber(key string) bool {
	switch key {
	case "offset.storage.partitions", "status.storage.partitions",
		"offset.storage.replication.factor", "status.storage.replication.factor", "config.storage.replication.factor":
		return true
	}
	return false
}

func (s *settings) topicNumber(key, value string) error {
	n, err := strconv.ParseInt(value, 10, 16)
	if err != nil || n < 1 && n != -1 {
		return configdef.Problem{Key: key, Message: fmt.Sprintf("must be a number from 1 to 32767, not %q", value)}
	}
	switch key {
	case "offset.storage.partitions":
		s.topics.OffsetsPartitions = int32(n)
	case "status.storage.partitions":
		s.topics.StatusPartitions = int32(n)
	case "offset.storage.replication.factor", "status.storage.replication.factor", "config.storage.replication.factor":
		s.topics.ReplicationFactor = max(int16(n), 0)
	}
	return nil
}

// isAccepted reports whether a worker key says what is the case anyway.
func isAccepted(key, value string) bool {
	switch {
	case key == "exactly.once.source.support":
		return value == "disabled"
	}
	return false
}

// refusedWorkerKeys change what a connector does with data or who may do what,
// so they are not ignored. An entry that ends in "." is a prefix.
var refusedWorkerKeys = []string{
	"exactly.once.source.support",
}

func isRefusedWorkerKey(key string) bool {
	for _, k := range refusedWorkerKeys {
		if key == k || strings.HasSuffix(k, ".") && strings.HasPrefix(key, k) {
			return true
		}
	}
	return false
}
