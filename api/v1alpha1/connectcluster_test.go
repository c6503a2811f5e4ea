// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1_test

import (
	"slices"
	"strings"
	"testing"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

func TestConnectClusterValidation(t *testing.T) {
	checkCreate(t, clusterManifest, map[string]refusal{
		"512 keys":     {change: `{spec: {config: ` + keys(512) + `}}`},
		"513 keys":     {change: `{spec: {config: ` + keys(513) + `}}`, want: []string{"spec.config", "at most 512"}},
		"the smallest": {},
		"everything": {change: `{spec: {kafka: {tls: {caSecretRef: {name: ca, key: ca.crt}, certificateSecretRef: {name: me}}, sasl: {mechanism: SCRAM-SHA-512, username: u, passwordSecretRef: {name: s, key: p}}},
			groupId: a.B_c-1, storage: {offsetsTopic: o, statusTopic: s, replicationFactor: 3}, replicas: 0, config: {value.converter: json, offset.flush.interval.ms: 5000, x: true},
			podTemplate: {labels: {team: a}, annotations: {note: b}, nodeSelector: {a: b}, volumes: [{name: data, emptyDir: {}}], volumeMounts: [{name: data, mountPath: /data}], env: [{name: A, value: b}]},
			deletion: {connectors: Orphan}, podDisruptionBudget: {maxUnavailable: 25%}}}`},

		"a name of 40":   {change: `{metadata: {generateName: null, name: ` + a(40) + `}}`},
		"a name of 41":   {change: `{metadata: {generateName: null, name: ` + a(41) + `}}`, want: []string{"metadata.name: at most 40 characters"}},
		"no spec":        {change: `{spec: null}`, want: []string{"spec", "Required"}},
		"an odd field":   {change: `{spec: {image: x}}`, want: []string{"unknown field", "spec.image"}},
		"no kafka":       {change: `{spec: {kafka: null}}`, want: []string{"spec.kafka", "Required"}},
		"no broker":      {change: `{spec: {kafka: {bootstrapServers: []}}}`, want: []string{"spec.kafka.bootstrapServers", "at least 1"}},
		"no port":        {change: `{spec: {kafka: {bootstrapServers: [kafka]}}}`, want: []string{"spec.kafka.bootstrapServers[0]", "should match"}},
		"a URL":          {change: `{spec: {kafka: {bootstrapServers: ["http://kafka:9092"]}}}`, want: []string{"spec.kafka.bootstrapServers[0]", "should match"}},
		"brokers in one": {change: `{spec: {kafka: {bootstrapServers: ["a:9092,b:9092"]}}}`, want: []string{"spec.kafka.bootstrapServers[0]", "should match"}},
		"an IPv6 broker": {change: `{spec: {kafka: {bootstrapServers: ["[::1]:9092"]}}}`},

		"a mechanism":   {change: `{spec: {kafka: {sasl: {mechanism: GSSAPI, username: u, passwordSecretRef: {name: s, key: p}}}}}`, want: []string{"spec.kafka.sasl.mechanism", `"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"`}},
		"no password":   {change: `{spec: {kafka: {sasl: {mechanism: PLAIN, username: u}}}}`, want: []string{"spec.kafka.sasl.passwordSecretRef", "Required"}},
		"no username":   {change: `{spec: {kafka: {sasl: {mechanism: PLAIN, username: "", passwordSecretRef: {name: s, key: p}}}}}`, want: []string{"spec.kafka.sasl.username"}},
		"tls alone":     {change: `{spec: {kafka: {tls: {}}}}`},
		"a CA sans key": {change: `{spec: {kafka: {tls: {caSecretRef: {name: ca}}}}}`, want: []string{"spec.kafka.tls.caSecretRef.key", "Required"}},

		"a group id of 180":   {change: `{spec: {groupId: ` + a(180) + `}}`},
		"a group id of 181":   {change: `{spec: {groupId: ` + a(181) + `}}`, want: []string{"spec.groupId", "180"}},
		"an odd group id":     {change: `{spec: {groupId: a/b}}`, want: []string{"spec.groupId", "should match"}},
		"one topic for both":  {change: `{spec: {storage: {offsetsTopic: t, statusTopic: t}}}`, want: []string{"spec.storage", "offsetsTopic and statusTopic must differ"}},
		"an odd topic":        {change: `{spec: {storage: {offsetsTopic: "a b"}}}`, want: []string{"spec.storage.offsetsTopic", "should match"}},
		"a topic too long":    {change: `{spec: {storage: {statusTopic: ` + a(250) + `}}}`, want: []string{"spec.storage.statusTopic", "249"}},
		"a factor too high":   {change: `{spec: {storage: {replicationFactor: 32768}}}`, want: []string{"spec.storage.replicationFactor"}},
		"replicas below none": {change: `{spec: {replicas: -1}}`, want: []string{"spec.replicas"}},
		"replicas too many":   {change: `{spec: {replicas: 1001}}`, want: []string{"spec.replicas", "1000"}},
		"a deletion policy":   {change: `{spec: {deletion: {connectors: Delete}}}`, want: []string{"spec.deletion.connectors", `"Block", "Orphan"`}},

		"our label":            {change: `{spec: {podTemplate: {labels: {connect.penstock.dev/cluster: x}}}}`, want: []string{"spec.podTemplate.labels", "belong to the operator"}},
		"a recommended label":  {change: `{spec: {podTemplate: {labels: {app.kubernetes.io/component: x}}}}`, want: []string{"spec.podTemplate.labels", "belong to the operator"}},
		"our annotation":       {change: `{spec: {podTemplate: {annotations: {connect.penstock.dev/x: x}}}}`, want: []string{"spec.podTemplate.annotations", "belong to the operator"}},
		"our volume":           {change: `{spec: {podTemplate: {volumes: [{name: penstock-state, emptyDir: {}}]}}}`, want: []string{"spec.podTemplate.volumes", "volume names that start with penstock-"}},
		"our variable":         {change: `{spec: {podTemplate: {env: [{name: PENSTOCK_X, value: x}]}}}`, want: []string{"spec.podTemplate.env", "variables that start with PENSTOCK_"}},
		"a variable of theirs": {change: `{spec: {podTemplate: {env: [{name: MY_PENSTOCK_X, value: x}]}}}`},
		"a volume twice":       {change: `{spec: {podTemplate: {volumes: [{name: a, emptyDir: {}}, {name: a, emptyDir: {}}]}}}`, want: []string{"spec.podTemplate.volumes", "Duplicate"}},

		"a budget of 0":       {change: `{spec: {podDisruptionBudget: {maxUnavailable: 0}}}`},
		"a budget of 100%":    {change: `{spec: {podDisruptionBudget: {maxUnavailable: 100%}}}`},
		"a budget below none": {change: `{spec: {podDisruptionBudget: {maxUnavailable: -1}}}`, want: []string{"maxUnavailable is a number of workers, such as 1, or a percentage"}},
		"a budget beyond int": {change: `{spec: {podDisruptionBudget: {maxUnavailable: 9999999999}}}`, want: []string{"maxUnavailable is a number of workers, such as 1, or a percentage"}},
		"a budget of 101%":    {change: `{spec: {podDisruptionBudget: {maxUnavailable: 101%}}}`, want: []string{"maxUnavailable is a number of workers, such as 1, or a percentage"}},
		"a budget in words":   {change: `{spec: {podDisruptionBudget: {maxUnavailable: half}}}`, want: []string{"maxUnavailable is a number of workers, such as 1, or a percentage"}},
	})
}

func TestConnectClusterImmutability(t *testing.T) {
	const groupIs, storageIs = "groupId is immutable: it names the topics that hold the offsets", "storage is immutable: it names the topics that hold the offsets"
	checkUpdate(t, clusterManifest, map[string]update{
		"groupId changes":         {before: `{spec: {groupId: a}}`, change: `{spec: {groupId: b}}`, want: []string{"spec.groupId", groupIs}},
		"groupId is set":          {change: `{spec: {groupId: b}}`, want: []string{"spec.groupId", groupIs}},
		"groupId is unset":        {before: `{spec: {groupId: a}}`, change: `{spec: {groupId: null}}`, want: []string{"spec.groupId", groupIs}},
		"storage is set":          {change: `{spec: {storage: {offsetsTopic: o}}}`, want: []string{"spec.storage", storageIs}},
		"storage is unset":        {before: `{spec: {storage: {offsetsTopic: o}}}`, change: `{spec: {storage: null}}`, want: []string{"spec.storage", storageIs}},
		"a topic changes":         {before: `{spec: {storage: {offsetsTopic: o}}}`, change: `{spec: {storage: {offsetsTopic: p}}}`, want: []string{"spec.storage", storageIs}},
		"a topic is set":          {before: `{spec: {storage: {offsetsTopic: o}}}`, change: `{spec: {storage: {statusTopic: p}}}`, want: []string{"spec.storage", storageIs}},
		"a topic is unset":        {before: `{spec: {storage: {offsetsTopic: o, statusTopic: s}}}`, change: `{spec: {storage: {statusTopic: null}}}`, want: []string{"spec.storage", storageIs}},
		"the factor changes":      {before: `{spec: {storage: {replicationFactor: 1}}}`, change: `{spec: {storage: {replicationFactor: 3}}}`, want: []string{"spec.storage", storageIs}},
		"the rest may change":     {before: `{spec: {groupId: a, storage: {offsetsTopic: o}}}`, change: `{spec: {replicas: 3, kafka: {bootstrapServers: ["other:9092"]}, config: {a: b}}}`},
		"a label of ours appears": {change: `{spec: {podTemplate: {labels: {app.kubernetes.io/name: x}}}}`, want: []string{"belong to the operator"}},
	})
}

// Keys that have a field of their own, and the field that the refusal names, here
// and in standalone.
func TestReservedWorkerKeys(t *testing.T) {
	cases := map[string]refusal{
		"keys that look like them": {change: `{spec: {config: {group_id: a, groupid: a, group.id.x: a, bootstrap: a, ssl.truststore: a}}}`},
		"two at once":              {change: `{spec: {config: {group.id: a, bootstrap.servers: "a:1"}}}`, want: []string{"group.id is not a config key here", "bootstrap.servers is not a config key here"}},
	}
	for key, field := range map[string]string{
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
	} {
		says := key + " is not a config key here: set " + field + " instead"
		problems, _ := connect.Registry{}.ValidateWorker(map[string]string{key: "a"})
		if !slices.ContainsFunc(problems, func(p configdef.Problem) bool {
			return p.Key == key && strings.HasSuffix(p.Message, "set "+field+" instead")
		}) {
			t.Errorf("%s: standalone says %v, want the same field", key, problems)
		}
		cases[key+" as text"] = refusal{change: `{spec: {config: {` + key + `: a}}}`, want: []string{"spec.config", says}}
		cases[key+" as a number"] = refusal{change: `{spec: {config: {` + key + `: 3}}}`, want: []string{"spec.config", says}}
		cases[key+" as a boolean"] = refusal{change: `{spec: {config: {` + key + `: true}}}`, want: []string{"spec.config." + key}}
	}
	checkCreate(t, clusterManifest, cases)
}
