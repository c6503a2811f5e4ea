// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"strings"
	"testing"

	"penstock.dev/runtime/configdef"
)

// begins holds problems against the beginnings of their texts.
func begins(t *testing.T, what string, want []string, got []configdef.Problem) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s %v, want %q", what, got, want)
		return
	}
	for i, p := range got {
		if !strings.HasPrefix(p.Error(), want[i]) {
			t.Errorf("%s %q, want %q", what, p, want[i])
		}
	}
}

func TestClientOverrides(t *testing.T) {
	type props = map[string]string
	for name, tc := range map[string]struct {
		class              string
		props, defaults    props
		problems, warnings []string
	}{
		"of a source": {class: "file-source", props: props{"producer.override.compression.type": "zstd", "admin.override.retries": "3"}},
		"of a sink":   {class: "file-sink", props: props{"topics": "t", "consumer.override.group.id": "g", "consumer.override.max.poll.records": "500"}},
		"a producer for nothing": {class: "file-sink", props: props{"topics": "t", "producer.override.linger.ms": "3"}, warnings: []string{
			"producer.override.linger.ms: has no effect: a sink writes nothing to Kafka unless"}},
		"a consumer for nothing": {class: "file-source", props: props{"consumer.override.group.id": "g"}, warnings: []string{
			"consumer.override.group.id: has no effect: a source has no consumer"}},
		"a bad value": {class: "file-source", props: props{"producer.override.acks": "2"}, problems: []string{"producer.override.acks: "}},
		"no policy for it": {
			class: "file-source", props: props{"producer.override.linger.ms": "3", "producer.override.acks": "all"}, defaults: props{policyKey: "None"},
			problems: []string{
				"producer.override.acks: The 'None' policy does not allow 'acks' to be overridden in the connector configuration.",
				"producer.override.linger.ms: The 'None' policy does not allow 'linger.ms' to be overridden in the connector configuration.",
			},
		},
		"Principal": {
			class: "file-source", props: props{"producer.override.sasl.jaas.config": "x", "producer.override.acks": "all"},
			defaults: props{policyKey: "org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy"},
			problems: []string{"producer.override.acks: The 'Principal' policy"},
		},
		"Allowlist": {
			class: "file-source", props: props{"producer.override.linger.ms": "3", "producer.override.acks": "all"},
			defaults: props{policyKey: "AllowlistConnectorClientConfigOverridePolicy", allowlistKey: "linger.ms, batch.size"},
			problems: []string{"producer.override.acks: The 'Allowlist' policy"},
		},
		"a group from a secret": {class: "file-sink", props: props{"topics": "t", "consumer.override.group.id": "${env:G}"}, problems: []string{"consumer.override.group.id: must be the name itself"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.props["file"] = "/x"
			v := fakeRegistry().Validate(tc.class, tc.props, tc.defaults)
			begins(t, "problems", tc.problems, v.Problems)
			begins(t, "warnings", tc.warnings, v.Warnings)
		})
	}
}

func TestWorkerClients(t *testing.T) {
	type props = map[string]string
	for name, tc := range map[string]struct {
		props              props
		problems, warnings []string
	}{
		"all roles":     {props: props{"producer.linger.ms": "3", "consumer.max.poll.records": "10", "admin.retries": "1"}},
		"a bad value":   {props: props{"producer.linger.ms": "soon"}, problems: []string{"producer.linger.ms: "}},
		"no effect":     {props: props{"consumer.receive.buffer.bytes": "1"}, warnings: []string{"consumer.receive.buffer.bytes: has no effect here"}},
		"one group":     {props: props{"consumer.group.id": "g"}, problems: []string{"consumer.group.id: would make one group of all sinks"}},
		"a policy":      {props: props{policyKey: "Everything"}, problems: []string{policyKey + ": Everything is not one of All, None, Principal, Allowlist"}},
		"a lonely list": {props: props{allowlistKey: "acks"}, warnings: []string{allowlistKey + ": has no effect without"}},
	} {
		t.Run(name, func(t *testing.T) {
			problems, warnings := fakeRegistry().ValidateWorker(tc.props)
			begins(t, "problems", tc.problems, problems)
			begins(t, "warnings", tc.warnings, warnings)
		})
	}
}

func TestGroups(t *testing.T) {
	own := map[string]string{"consumer.override.group.id": "workers"}
	if got := GroupID("a", nil); got != "connect-a" {
		t.Errorf("the group is %s", got)
	}
	if got := GroupID("a", own); got != "workers" {
		t.Errorf("the group is %s", got)
	}
	if p := GroupProblem(SinkKind, "a", "workers", own); p == nil || p.Error() != "consumer.override.group.id: Consumer group workers conflicts with Connect worker group workers" {
		t.Errorf("the workers' group: %v", p)
	}
	if p := GroupProblem(SinkKind, "a", "connect-a", nil); p == nil || p.Error() != "name: Consumer group for sink connector named a conflicts with Connect worker group connect-a" {
		t.Errorf("a group that is called as the workers': %v", p)
	}
	if p := GroupProblem(SourceKind, "a", "workers", own); p != nil {
		t.Errorf("a source has no group: %v", p)
	}
}
