// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connector

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

// What a user can write wrong: the API server refuses it, or a condition names
// the field and what to do.
func TestBadInput(t *testing.T) {
	const (
		to     = `"clusterRef":{"name":"main"}`
		source = to + `,"class":"file-source"`
		sink   = to + `,"class":"file-sink"`
	)
	for name, tc := range map[string]struct {
		name, spec string
		refused    bool // at apply
		condition  string
		reason     string
		says       []string
		waits      bool // not stalled: it may come right by itself
	}{
		"unknown class": {
			spec:   to + `,"class":"file-sorce","config":{"topic":"a"}`,
			reason: v1alpha1.ReasonConfigInvalid, says: []string{"connector.class", "file-sorce", "did you mean file-source?"},
		},
		"a class that is not built": {
			spec:   to + `,"class":"io.debezium.connector.postgresql.PostgresConnector"`,
			reason: v1alpha1.ReasonConfigInvalid, says: []string{"connector.class", "not built into this version", "file-source"},
		},
		"no class": {spec: to, refused: true, says: []string{"spec.class"}},
		"missing key": {
			spec:   source + `,"config":{"file":"/tmp/a"}`,
			reason: v1alpha1.ReasonConfigInvalid, says: []string{"topic: "},
		},
		"wrong type, and every problem at once": {
			spec:   source + `,"config":{"batch.size":"many","max.line.bytes":0}`,
			reason: v1alpha1.ReasonConfigInvalid, says: []string{"batch.size: ", "max.line.bytes: ", "topic: "},
		},
		"a value that is no scalar": {
			spec:   source + `,"config":{"topic":["a","b"]}`,
			reason: v1alpha1.ReasonConfigInvalid, says: []string{"topic", "write lists as text"},
		},
		"null": {
			spec:   source + `,"config":{"topic":null}`,
			reason: v1alpha1.ReasonConfigInvalid, says: []string{"topic"},
		},
		"reserved key":             {spec: source + `,"config":{"topic":"a","tasks.max":3}`, refused: true, says: []string{"spec.config", "spec.tasksMax"}},
		"reserved key in a Secret": {spec: source + `,"configFrom":[{"key":"name","secretKeyRef":{"name":"s","key":"k"}}]`, refused: true, says: []string{"configFrom", "spec.connectorName"}},
		"a key twice": {
			spec:   source + `,"config":{"topic":"a"},"configFrom":[{"key":"topic","secretKeyRef":{"name":"s","key":"k"}}]`,
			reason: v1alpha1.ReasonConfigInvalid, says: []string{"spec.configFrom", "topic", "remove it from one of them"},
		},
		"unknown field":    {spec: source + `,"taskMax":3,"config":{"topic":"a"}`, refused: true, says: []string{`unknown field "spec.taskMax"`}},
		"no such state":    {spec: source + `,"state":"Idle"`, refused: true, says: []string{"spec.state"}},
		"no tasks":         {spec: source + `,"tasksMax":0`, refused: true, says: []string{"spec.tasksMax"}},
		"invalid topic":    {spec: sink + `,"config":{"topics":"good,b@d"}`, reason: v1alpha1.ReasonConfigInvalid, says: []string{"topics: ", "b@d"}},
		"no topics":        {spec: sink, reason: v1alpha1.ReasonConfigInvalid, says: []string{"topics: "}},
		"transforms":       {spec: source + `,"config":{"topic":"a","transforms":"x,z","transforms.x.type":"y"}`, reason: v1alpha1.ReasonConfigInvalid, says: []string{"transforms.x.type: unknown transform y", "transforms.z.type: must be set", "regex-router"}},
		"error handling":   {spec: source + `,"config":{"topic":"a","errors.tolerance":"some"}`, reason: v1alpha1.ReasonConfigInvalid, says: []string{"errors.tolerance: ", "none, all"}},
		"client overrides": {spec: source + `,"config":{"topic":"a","producer.override.acks":"2"}`, reason: v1alpha1.ReasonConfigInvalid, says: []string{"producer.override.acks: "}},
		"a converter that is not built": {
			spec:   source + `,"config":{"topic":"a","value.converter":"io.apicurio.registry.utils.converter.AvroConverter"}`,
			reason: v1alpha1.ReasonConfigInvalid, says: []string{"value.converter: ", "not built", "json"},
		},
		"no such cluster": {
			spec:      `"clusterRef":{"name":"nowhere"},"class":"file-source","config":{"topic":"a"}`,
			condition: v1alpha1.AcceptedCondition, reason: v1alpha1.ReasonClusterNotFound, says: []string{"spec.clusterRef", `"nowhere"`}, waits: true,
		},
		"no such Secret": {
			spec:   source + `,"configFrom":[{"key":"topic","secretKeyRef":{"name":"nowhere","key":"k"}}]`,
			reason: v1alpha1.ReasonSecretMissing, says: []string{"topic: ", "spec.configFrom", `no Secret "nowhere"`}, waits: true,
		},
		"no such key in the Secret": {
			spec:   source + `,"configFrom":[{"key":"topic","secretKeyRef":{"name":"there","key":"k"}}]`,
			reason: v1alpha1.ReasonSecretMissing, says: []string{"topic: ", `Secret "there" has no key "k"`}, waits: true,
		},
		"name too long":                 {name: strings.Repeat("x", 64), spec: source + `,"config":{"topic":"a"}`, refused: true, says: []string{"metadata.name", "63"}},
		"name in Kafka too long":        {spec: source + `,"connectorName":"` + strings.Repeat("x", 201) + `"`, refused: true, says: []string{"connectorName", "200"}},
		"name in Kafka with a bad sign": {spec: source + `,"connectorName":"a b"`, refused: true, says: []string{"connectorName"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.must(api.Client.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: "there"}, StringData: map[string]string{"other": "hush"}}))
			if tc.name == "" {
				tc.name = "orders"
			}
			c, err := f.raw(tc.name, "{"+tc.spec+"}")
			if tc.refused {
				if err == nil {
					t.Fatal("the API server takes it")
				}
				for _, w := range tc.says {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("the API server says %q, want it to say %q", err, w)
					}
				}
				return
			}
			f.must(err)
			again := f.pass(c).RequeueAfter
			if tc.condition == "" {
				tc.condition = v1alpha1.ConfigValidCondition
				f.checkCondition(c, v1alpha1.AcceptedCondition, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
			}
			f.checkCondition(c, tc.condition, metav1.ConditionFalse, tc.reason, tc.says...)
			f.checkReady(c, metav1.ConditionFalse, tc.reason, tc.says...)
			f.checkStanding(c, tc.waits, !tc.waits)
			f.checkTasks(c)
			f.checkEvent("Warning " + tc.reason)
			if tc.reason == v1alpha1.ReasonSecretMissing && again != secretInterval {
				t.Errorf("the Secret is looked for again after %s, want %s", again, secretInterval)
			}
			if got := f.read(c).Status.State; got != statePending {
				t.Errorf("the state is %s, want %s", got, statePending)
			}
		})
	}
}

func TestUnknownKeysAreAWarning(t *testing.T) {
	f := newFixture(t)
	c, err := f.raw("orders", `{"clusterRef":{"name":"main"},"class":"FileStreamSource","config":{"topic":"a","bach.size":7}}`)
	f.must(err)
	f.pass(c)
	f.checkCondition(c, v1alpha1.ConfigValidCondition, metav1.ConditionTrue, v1alpha1.ReasonWarnings, "bach.size", "did you mean batch.size?")
	f.checkTasks(c, "orders-0")
	f.checkEvent("Warning Warnings bach.size")
}

func TestValuesKeepTheirText(t *testing.T) {
	f := newFixture(t)
	c, err := f.raw("orders", `{"clusterRef":{"name":"main"},"class":"file-source","config":{"topic":"a","batch.size":500,"x":true,"y":1.50,"z":"007"}}`)
	f.must(err)
	f.pass(c)
	got := f.checkTasks(c, "orders-0")[0].Spec.Config
	for k, want := range map[string]string{"batch.size": "500", "x": "true", "z": "007"} {
		if got[k] != want {
			t.Errorf("%s is %q, want %q", k, got[k], want)
		}
	}
}

func TestSecretsStayWhereTheyAre(t *testing.T) {
	f := newFixture(t)
	c, err := f.raw("orders", `{"clusterRef":{"name":"main"},"class":"file-source","configFrom":[{"key":"topic","secretKeyRef":{"name":"db","key":"password"}}]}`)
	f.must(err)
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonSecretMissing)
	f.must(api.Client.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: "db"}, StringData: map[string]string{"password": "hush"}}))
	f.pass(c)
	f.checkCondition(c, v1alpha1.ConfigValidCondition, metav1.ConditionTrue, v1alpha1.ReasonConfigValid)
	if got := f.checkTasks(c, "orders-0")[0].Spec.Config["topic"]; got != "${secrets:db:password}" {
		t.Errorf("the task has %q, want a reference", got)
	}
	for _, e := range f.events() {
		if strings.Contains(e, "hush") {
			t.Errorf("an event tells the secret: %s", e)
		}
	}
	reads := f.live.reads
	f.pass(c)
	if f.live.reads != reads {
		t.Error("a Secret that was there is read again")
	}
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.ConfigFrom[0].SecretKeyRef.Key = "none" })
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonSecretMissing, `no key "none"`)
	f.checkTasks(c, "orders-0")
}

// A new config that is refused leaves what runs as it is.
func TestABadChangeTearsNothingDown(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sinkOf(2))
	before := f.tasks(c)
	f.change(c, func(c *v1alpha1.Connector) {
		c.Spec.Config = settings("topics", "b@d")
		*c.Spec.TasksMax = 1
	})
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonConfigInvalid)
	f.checkStanding(c, false, true)
	after := f.checkTasks(c, "orders-0", "orders-1")
	for i := range after {
		if after[i].ResourceVersion != before[i].ResourceVersion {
			t.Errorf("%s was changed", after[i].Name)
		}
	}
	st := f.read(c).Status
	if st.TasksReady != "2/2" || st.ConfigRevision != before[0].Spec.ConfigRevision || st.Topics[0] != "orders" {
		t.Errorf("the status is %s, %s, %v, want that of what runs", st.TasksReady, st.ConfigRevision, st.Topics)
	}

	f.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorPaused })
	f.pass(c)
	for i, task := range f.checkTasks(c, "orders-0", "orders-1") {
		want := before[i].Spec
		want.DesiredState = v1alpha1.TaskPaused
		if fmt.Sprint(task.Spec) != fmt.Sprint(want) && (task.Spec.DesiredState != v1alpha1.TaskPaused || task.Spec.Config["topics"] != "orders, returns" || task.Spec.Count != 2) {
			t.Errorf("the task is %+v, want it as it was and paused", task.Spec)
		}
	}
	f.change(c, func(c *v1alpha1.Connector) { c.Spec.State = v1alpha1.ConnectorStopped })
	f.pass(c)
	f.released(c)
	f.pass(c)
	f.checkTasks(c)
	f.checkCalls("remove members of orders from 0")
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonConfigInvalid)

	f.change(c, func(c *v1alpha1.Connector) {
		c.Spec.State, c.Spec.Class = v1alpha1.ConnectorStopped, "nothing-like-it"
	})
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonConfigInvalid)
}

func TestTheOlderOfTwoNamesWins(t *testing.T) {
	f := newFixture(t)
	first, _ := f.run("orders", sourceOf(1))
	second := sourceOf(1)
	second.ConnectorName = "orders"
	c := f.add("orders-again", second)
	f.pass(c)
	f.checkCondition(c, v1alpha1.AcceptedCondition, metav1.ConditionFalse, v1alpha1.ReasonNameConflict, "spec.connectorName", "Connector orders ", `"orders"`)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonNameConflict)
	f.checkStanding(c, false, true)
	f.checkTasks(c)
	f.pass(first)
	f.checkReady(first, metav1.ConditionTrue, v1alpha1.ReasonRunning)

	// The loser goes without touching what is the winner's.
	third := second
	third.Deletion = &v1alpha1.ConnectorDeletion{Offsets: v1alpha1.OffsetsDelete}
	loser := f.add("orders-third", third)
	f.pass(loser)
	f.delete(loser)
	f.pass(loser)
	f.checkGone(loser)
	f.checkCalls()

	f.delete(first)
	f.pass(first)
	f.released(first)
	f.pass(first)
	f.checkGone(first)
	f.pass(c)
	f.checkTasks(c, "orders-again-0")
	f.checkCondition(c, v1alpha1.AcceptedCondition, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
}

// Two that were accepted before either could see the other: one gives way.
func TestOfTwoThatBothRunOneGivesWay(t *testing.T) {
	f := newFixture(t)
	f.run("orders", sourceOf(1))
	second := sourceOf(1)
	second.ConnectorName = "other"
	f.run("orders-again", second)
	elder, younger := f.elder("orders", "orders-again")
	younger.Spec.ConnectorName = elder.KafkaName() // which no user can change, but a race can bring about
	if _, err := f.r.Reconcile(t.Context(), younger); err != nil {
		t.Fatal(err)
	}
	f.checkReady(younger, metav1.ConditionFalse, v1alpha1.ReasonNameConflict)
	f.checkTasks(younger)
	f.pass(elder)
	f.checkReady(elder, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	f.checkCalls()
}

func TestTransactionalIDsThatCouldBeTheSame(t *testing.T) {
	f := newFixture(t)
	group := f.ns + "-orders"
	f.addCluster("one", group)
	two := f.addCluster("two", group+"-eu")
	inOne, inTwo := sourceOf(1), sourceOf(1)
	inOne.ClusterRef.Name, inTwo.ClusterRef.Name = "one", "two"
	f.add("eu-sink", inOne)
	c := f.add("sink", inTwo)
	if older(c, f.read(c)) {
		t.Fatal("a connector is older than itself")
	}
	// Of the same second, the UID decides; give the first an elder's name.
	elder, younger := f.elder("eu-sink", "sink")
	f.pass(younger)
	f.checkCondition(younger, v1alpha1.AcceptedCondition, metav1.ConditionFalse, v1alpha1.ReasonNameConflict, "transactional ids", group, elder.Name, "spec.connectorName")
	f.checkTasks(younger)
	f.pass(elder)
	f.checkCondition(elder, v1alpha1.AcceptedCondition, metav1.ConditionTrue, v1alpha1.ReasonAccepted)

	// In another Kafka they are no rivals.
	f.kafka.set(client.ObjectKeyFromObject(two), state.Cluster{CaughtUp: true, KafkaClusterID: "k2"})
	f.pass(younger)
	f.checkCondition(younger, v1alpha1.AcceptedCondition, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
}

// elder tells which of two connectors counts as the older one.
func (f *fixture) elder(a, b string) (elder, younger *v1alpha1.Connector) {
	f.t.Helper()
	get := func(name string) *v1alpha1.Connector {
		return f.read(&v1alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: name}})
	}
	if x, y := get(a), get(b); older(x, y) {
		return x, y
	}
	return get(b), get(a)
}

func TestATopicOfAnotherClusterIsLeftAlone(t *testing.T) {
	f := newFixture(t)
	c, _ := f.run("orders", sourceOf(1))
	f.kafka.set(c.Cluster(), state.Cluster{CaughtUp: true, HeldBy: "other", HeldByName: "b/other"})
	f.pass(c)
	f.checkReady(c, metav1.ConditionFalse, v1alpha1.ReasonIdentityTaken, "b/other")
	f.delete(c)
	f.pass(c)
	f.released(c)
	f.pass(c)
	f.checkGone(c)
	f.checkCalls()
	f.checkEvent("Warning NotCleaned")
}

func TestATaskOfThatNameThatIsNotOurs(t *testing.T) {
	f := newFixture(t)
	other := &v1alpha1.Task{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.ns, Name: "orders-0"},
		Spec: v1alpha1.TaskSpec{
			ClusterName: "main", ConnectorRef: v1alpha1.ConnectorRef{Name: "x", UID: "y"}, ConnectorName: "x", Class: "file-source",
			Type: v1alpha1.SourceType, Count: 1, ConfigRevision: "r", DesiredState: v1alpha1.TaskRunning,
		},
	}
	f.must(api.Client.Create(t.Context(), other))
	c := f.add("orders", sourceOf(1))
	if _, err := f.r.Reconcile(t.Context(), f.read(c)); err == nil {
		t.Fatal("the pass took somebody else's Task")
	}
	f.checkReady(c, metav1.ConditionFalse, reasonError, "orders-0", "belongs to someone else")
	f.checkTasks(c)
}
