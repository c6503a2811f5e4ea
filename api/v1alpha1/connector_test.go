// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1_test

import "testing"

func TestConnectorValidation(t *testing.T) {
	reserved := map[string]string{
		"name":            "set spec.connectorName instead",
		"connector.class": "set spec.class instead",
		"tasks.max":       "set spec.tasksMax instead",
	}
	cases := map[string]refusal{
		"the smallest":        {},
		"everything":          {change: `{spec: {connectorName: orders.ES_1-x, class: org.example.OrdersSink, state: Paused, tasksMax: 10000, restartNonce: "1", config: {topics: a}, configFrom: [{key: p, secretKeyRef: {name: s, key: .a-B_9}}], restartPolicy: {type: Never, maxRestarts: 0, window: 1h, backoff: {initial: 1s, max: 5m}}, deletion: {offsets: Delete, timeout: 2m}}}`},
		"scalars of any type": {change: `{spec: {config: {s: x, i: 3, b: true, f: 1.5, tasks: 3, Name: x, connector_class: x}}}`},
		"keys that look like reserved ones in configFrom": {change: `{spec: {configFrom: [{key: names, secretKeyRef: {name: s, key: k}}, {key: tasks.max.extra, secretKeyRef: {name: s, key: k}}]}}`},

		"a name of 63": {change: `{metadata: {generateName: null, name: ` + a(63) + `}}`},
		"a name of 64": {change: `{metadata: {generateName: null, name: ` + a(64) + `}}`, want: []string{"metadata.name: at most 63 characters"}},

		"no class":                  {change: `{spec: {class: null}}`, want: []string{"spec.class", "Required"}},
		"an empty class":            {change: `{spec: {class: ""}}`, want: []string{"spec.class"}},
		"a class too long":          {change: `{spec: {class: ` + a(257) + `}}`, want: []string{"spec.class", "256"}},
		"no cluster":                {change: `{spec: {clusterRef: null}}`, want: []string{"spec.clusterRef", "Required"}},
		"an empty cluster":          {change: `{spec: {clusterRef: {name: ""}}}`, want: []string{"spec.clusterRef.name"}},
		"a cluster name of 40":      {change: `{spec: {clusterRef: {name: ` + a(40) + `}}}`},
		"a cluster name of 41":      {change: `{spec: {clusterRef: {name: ` + a(41) + `}}}`, want: []string{"spec.clusterRef.name", "40"}},
		"a connectorName of 200":    {change: `{spec: {connectorName: ` + a(200) + `}}`},
		"a connectorName of 201":    {change: `{spec: {connectorName: ` + a(201) + `}}`, want: []string{"spec.connectorName", "200"}},
		"an empty connectorName":    {change: `{spec: {connectorName: ""}}`, want: []string{"spec.connectorName"}},
		"a connectorName in space":  {change: `{spec: {connectorName: "a b"}}`, want: []string{"spec.connectorName", "should match"}},
		"a connectorName in umlaut": {change: `{spec: {connectorName: "ä"}}`, want: []string{"spec.connectorName", "should match"}},
		"a state of Connect":        {change: `{spec: {state: RUNNING}}`, want: []string{"spec.state", `"Running", "Paused", "Stopped"`}},
		"no task":                   {change: `{spec: {tasksMax: 0}}`, want: []string{"spec.tasksMax", "greater than or equal to 1"}},
		"too many tasks":            {change: `{spec: {tasksMax: 10001}}`, want: []string{"spec.tasksMax", "10000"}},
		"a nonce too long":          {change: `{spec: {restartNonce: ` + a(257) + `}}`, want: []string{"spec.restartNonce", "256"}},
		"a restart type":            {change: `{spec: {restartPolicy: {type: Always}}}`, want: []string{"spec.restartPolicy.type", `"OnFailure", "Never"`}},
		"restarts below none":       {change: `{spec: {restartPolicy: {maxRestarts: -1}}}`, want: []string{"spec.restartPolicy.maxRestarts"}},
		"too many restarts":         {change: `{spec: {restartPolicy: {maxRestarts: 101}}}`, want: []string{"spec.restartPolicy.maxRestarts", "100"}},
		"durations":                 {change: `{spec: {restartPolicy: {window: 1h30m, backoff: {initial: 0.5s, max: 5m0s}}, deletion: {timeout: 2m}}}`},
		"a window in words":         {change: `{spec: {restartPolicy: {window: an hour}}}`, want: []string{"spec.restartPolicy.window", "should match"}},
		"a window beyond any clock": {change: `{spec: {restartPolicy: {window: 9999999999h}}}`, want: []string{"spec.restartPolicy.window", "window is a duration from 1s to 168h"}},
		"a window too short":        {change: `{spec: {restartPolicy: {window: 10ms}}}`, want: []string{"window is a duration from 1s to 168h"}},
		"a backoff below none":      {change: `{spec: {restartPolicy: {backoff: {initial: -5s}}}}`, want: []string{"spec.restartPolicy.backoff.initial", "should match"}},
		"a backoff of none":         {change: `{spec: {restartPolicy: {backoff: {max: 0s}}}}`, want: []string{"max is a duration from 100ms to 24h"}},
		"a timeout in days":         {change: `{spec: {deletion: {timeout: 1d}}}`, want: []string{"spec.deletion.timeout", "should match"}},
		"a timeout too long":        {change: `{spec: {deletion: {timeout: 25h}}}`, want: []string{"timeout is a duration from 1s to 24h"}},
		"an offsets policy":         {change: `{spec: {deletion: {offsets: Keep}}}`, want: []string{"spec.deletion.offsets", `"Retain", "Delete"`}},

		"512 keys":                      {change: `{spec: {config: ` + keys(512) + `}}`},
		"513 keys":                      {change: `{spec: {config: ` + keys(513) + `}}`, want: []string{"spec.config", "at most 512"}},
		"the most restarts":             {change: `{spec: {restartPolicy: {maxRestarts: 100}}}`},
		"config is a list":              {change: `{spec: {config: [a]}}`, want: []string{"spec.config"}},
		"config is text":                {change: `{spec: {config: a=b}}`, want: []string{"spec.config"}},
		"the same key twice":            {change: `{spec: {configFrom: [{key: p, secretKeyRef: {name: s, key: k}}, {key: p, secretKeyRef: {name: t, key: k}}]}}`, want: []string{"spec.configFrom", "Duplicate"}},
		"configFrom without a key":      {change: `{spec: {configFrom: [{secretKeyRef: {name: s, key: k}}]}}`, want: []string{"spec.configFrom[0].key", "Required"}},
		"configFrom without a ref":      {change: `{spec: {configFrom: [{key: p}]}}`, want: []string{"spec.configFrom[0].secretKeyRef", "Required"}},
		"configFrom with an odd key":    {change: `{spec: {configFrom: [{key: p, secretKeyRef: {name: s, key: "a/b"}}]}}`, want: []string{"secretKeyRef.key", "should match"}},
		"an unknown field":              {change: `{spec: {taskMax: 3}}`, want: []string{"unknown field", "spec.taskMax"}},
		"an unknown field further down": {change: `{spec: {restartPolicy: {backoff: {factor: 3}}}}`, want: []string{"unknown field", "spec.restartPolicy.backoff.factor"}},
		"no spec":                       {change: `{spec: null}`, want: []string{"spec", "Required"}},
	}
	for key, fix := range reserved {
		cases["config has "+key+" as text"] = refusal{change: `{spec: {config: {` + key + `: "3"}}}`, want: []string{"spec.config", key + " is not a config key here: " + fix}}
		cases["config has "+key+" as a number"] = refusal{change: `{spec: {config: {` + key + `: 3}}}`, want: []string{"spec.config", key + " is not a config key here: " + fix}}
		cases["config has "+key+" as a boolean"] = refusal{change: `{spec: {config: {` + key + `: true}}}`, want: []string{"spec.config." + key}}
		cases["configFrom has "+key] = refusal{change: `{spec: {configFrom: [{key: ` + key + `, secretKeyRef: {name: s, key: k}}]}}`, want: []string{"spec.configFrom[0].key", "spec.connectorName, spec.class or spec.tasksMax"}}
	}
	checkCreate(t, connectorManifest, cases)
}

func TestConnectorImmutability(t *testing.T) {
	const nameIs, clusterIs = "connectorName is immutable: it names the connector's offsets", "clusterRef is immutable: the offsets are in that cluster's topics"
	checkUpdate(t, connectorManifest, map[string]update{
		"clusterRef changes":     {change: `{spec: {clusterRef: {name: other}}}`, want: []string{"spec.clusterRef", clusterIs}},
		"connectorName changes":  {before: `{spec: {connectorName: a}}`, change: `{spec: {connectorName: b}}`, want: []string{"spec.connectorName", nameIs}},
		"connectorName is set":   {change: `{spec: {connectorName: b}}`, want: []string{"spec.connectorName", nameIs}},
		"connectorName is unset": {before: `{spec: {connectorName: a}}`, change: `{spec: {connectorName: null}}`, want: []string{"spec.connectorName", nameIs}},
		"neither changes":        {before: `{spec: {connectorName: a}}`, change: `{spec: {tasksMax: 4, class: other, state: Stopped, config: {a: 1}}}`},
		"a reserved key comes":   {before: `{spec: {config: {a: 1}}}`, change: `{spec: {config: {name: x}}}`, want: []string{"set spec.connectorName instead"}},
	})
}
