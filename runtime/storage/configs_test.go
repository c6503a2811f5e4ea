// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/kafka"
)

// configs opens a config topic of the test's own.
func (k testKafka) configs(t *testing.T, onChange func(ConfigChange)) *Configs {
	t.Helper()
	topic := strings.ReplaceAll(t.Name(), "/", ".") + "-configs"
	adm := kadm.NewClient(k.client(t))
	if err := kafka.EnsureTopic(within(t), adm, kafka.TopicSpec{Name: topic, Partitions: 1, Exactly: true}); err != nil {
		t.Fatal(err)
	}
	c, err := OpenConfigs(k.newClient, topic, slog.New(slog.DiscardHandler), onChange)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// records reads what stands in a topic.
func (k testKafka) records(t *testing.T, topic string, want int) []string {
	t.Helper()
	client := k.client(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var out []string
	for len(out) < want {
		fetches := client.PollFetches(within(t))
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			value := "null"
			if r.Value != nil {
				value = string(r.Value)
			}
			out = append(out, string(r.Key)+" "+value)
		})
	}
	return out
}

// The records are those that a Kafka Connect worker writes, byte for byte.
func TestConfigsAreWrittenAsKafkaConnectDoes(t *testing.T) {
	k := broker(t)
	c := k.configs(t, nil)
	ctx := within(t)
	err := errors.Join(
		c.PutConnector(ctx, "a-b", map[string]string{"name": "a-b", "connector.class": "x.Y", "tasks.max": "2", "ä": "\"\n"}, Paused),
		c.PutTasks(ctx, "a-b", []map[string]string{{"task.class": "x.T"}, {"task.class": "x.T", "n": "1"}}),
		c.PutTarget(ctx, "a-b", Started),
		c.PutTasks(ctx, "a-b", nil),
		c.PutTarget(ctx, "a-b", Stopped),
		c.PutFencing(ctx, "a-b", 2),
		c.PutRestart(ctx, RestartRequest{Connector: "a-b", IncludeTasks: true}),
		c.PutLevel(ctx, "org.x", "DEBUG"),
		c.DeleteConnector(ctx, "a-b"),
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`target-state-a-b {"state":"PAUSED","state.v2":"PAUSED"}`,
		`connector-a-b {"properties":{"connector.class":"x.Y","ä":"\"\n","tasks.max":"2","name":"a-b"}}`,
		`task-a-b-0 {"properties":{"task.class":"x.T"}}`,
		`task-a-b-1 {"properties":{"task.class":"x.T","n":"1"}}`,
		`commit-a-b {"tasks":2}`,
		`target-state-a-b {"state":"STARTED","state.v2":"STARTED"}`,
		`commit-a-b {"tasks":0}`,
		`target-state-a-b {"state":"PAUSED","state.v2":"STOPPED"}`,
		`tasks-fencing-a-b {"task-count":2}`,
		`restart-connector-a-b {"include-tasks":true,"only-failed":false}`,
		`logger-cluster-org.x {"level":"DEBUG"}`,
		`connector-a-b null`,
		`target-state-a-b null`,
	}
	if diff := cmp.Diff(want, k.records(t, c.topic, len(want))); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestConfigsTravel(t *testing.T) {
	k := broker(t)
	var mu sync.Mutex
	var changes []string
	writer := k.configs(t, nil)
	config := map[string]string{"name": "in", "connector.class": "x"}
	tasks := []map[string]string{{"task.class": "t"}}
	ctx := within(t)
	if err := errors.Join(writer.PutConnector(ctx, "in", config, ""), writer.PutTasks(ctx, "in", tasks), writer.PutTarget(ctx, "in", Paused), writer.PutLevel(ctx, "l", "INFO")); err != nil {
		t.Fatal(err)
	}
	reader := k.configs(t, func(c ConfigChange) {
		mu.Lock()
		defer mu.Unlock()
		changes = append(changes, c.String())
	})
	if err := reader.ReadToEnd(ctx); err != nil {
		t.Fatal(err)
	}
	want := []ConnectorConfig{{Name: "in", Config: config, Applied: config, Target: Paused, Tasks: tasks, PendingFencing: true}}
	for name, c := range map[string]*Configs{"writer": writer, "reader": reader} {
		if diff := cmp.Diff(want, c.Connectors()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"connector in", "connector in", "connector in", "level INFO of logger l"}; !slices.Equal(changes, want) {
		t.Errorf("changes %q, want %q", changes, want)
	}
}

func TestConfigTopicHasOnePartition(t *testing.T) {
	k := broker(t)
	adm := kadm.NewClient(k.client(t))
	k.topics.Config = k.topics.Status // it has two
	err := k.topics.Ensure(within(t), adm)
	if refused := (*kafka.TopicError)(nil); !errors.As(err, &refused) || !strings.Contains(err.Error(), "it has 2 partitions and must have 1") {
		t.Errorf("error %v, want that a config topic has one partition", err)
	}
}

// step is a record of the config topic.
type step struct{ key, value string }

func TestConfigState(t *testing.T) {
	connector := step{"connector-c", `{"properties":{"a":"1"}}`}
	task := func(n string) step { return step{"task-c-" + n, `{"properties":{"n":"` + n + `"}}`} }
	commit := func(n string) step { return step{"commit-c", `{"tasks":` + n + `}`} }
	config, tasks := map[string]string{"a": "1"}, []map[string]string{{"n": "0"}, {"n": "1"}}
	two := 2
	for name, tc := range map[string]struct {
		steps []step
		want  ConnectorConfig // without a name: none
	}{
		"a connector starts": {[]step{connector}, ConnectorConfig{Name: "c", Config: config, Target: Started}},
		"an initial state comes first": {
			[]step{{"target-state-c", `{"state":"PAUSED","state.v2":"STOPPED"}`}, connector},
			ConnectorConfig{Name: "c", Config: config, Target: Stopped}},
		"an old worker's state": {
			[]step{connector, {"target-state-c", `{"state":"PAUSED"}`}}, ConnectorConfig{Name: "c", Config: config, Target: Paused}},
		"a state that is no text": {
			[]step{connector, {"target-state-c", `{"state":"PAUSED","state.v2":1}`}}, ConnectorConfig{Name: "c", Config: config, Target: Paused}},
		"an unknown state": {
			[]step{connector, {"target-state-c", `{"state":"PAUSED","state.v2":"ASLEEP"}`}}, ConnectorConfig{Name: "c", Config: config, Target: Started}},
		"a removed state": {
			[]step{connector, {"target-state-c", `{"state":"PAUSED"}`}, {"target-state-c", ""}}, ConnectorConfig{Name: "c", Config: config, Target: Started}},
		"tasks wait for the commit": {[]step{connector, task("0"), task("1")}, ConnectorConfig{Name: "c", Config: config, Target: Started}},
		"committed tasks": {
			[]step{connector, task("0"), task("1"), commit("2")},
			ConnectorConfig{Name: "c", Config: config, Target: Started, Tasks: tasks, Applied: config, PendingFencing: true}},
		"a compacted task": {
			[]step{connector, task("1"), commit("2")},
			ConnectorConfig{Name: "c", Config: config, Target: Started, Inconsistent: true, PendingFencing: true}},
		"a compacted task is not mended by half": {
			[]step{connector, task("1"), commit("2"), task("0"), commit("2")},
			ConnectorConfig{Name: "c", Config: config, Target: Started, Inconsistent: true, PendingFencing: true}},
		"fewer tasks": {
			[]step{connector, task("0"), task("1"), commit("2"), task("0"), commit("1")},
			ConnectorConfig{Name: "c", Config: config, Target: Started, Tasks: tasks[:1], Applied: config, PendingFencing: true}},
		"no tasks": {
			[]step{connector, task("0"), commit("1"), commit("0")},
			ConnectorConfig{Name: "c", Config: config, Target: Started, Applied: config, PendingFencing: true}},
		"fenced": {
			[]step{connector, commit("0"), {"tasks-fencing-c", `{"task-count":2}`}},
			ConnectorConfig{Name: "c", Config: config, Target: Started, Applied: config, FencedTasks: &two}},
		"deleted":                          {[]step{connector, {"connector-c", ""}}, ConnectorConfig{}},
		"a commit of a deleted connector":  {[]step{task("0"), commit("1"), connector}, ConnectorConfig{Name: "c", Config: config, Target: Started}},
		"null values are left out":         {[]step{{"connector-c", `{"properties":{"a":"1","b":null}}`}}, ConnectorConfig{Name: "c", Config: config, Target: Started}},
		"what cannot be read changes none": {[]step{connector, {"connector-c", `{"properties":1}`}, {"connector-c", `{`}, {"commit-c", `{"tasks":-1}`}, {"task-c-x", `{}`}, {"what", `1`}}, ConnectorConfig{Name: "c", Config: config, Target: Started}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newConfigState()
			for _, r := range tc.steps {
				var value []byte
				if r.value != "" {
					value = []byte(r.value)
				}
				_, _ = s.apply(r.key, value)
			}
			got, ok := s.connector("c")
			if diff := cmp.Diff(tc.want, got); diff != "" || ok != (tc.want.Name != "") {
				t.Errorf("connector %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}

func TestParseConfigKey(t *testing.T) {
	for key, want := range map[string]configKey{
		"connector-a":         {connectorKey, "a", 0},
		"connector-task-a-0":  {connectorKey, "task-a-0", 0},
		"task-a-b-3":          {taskConfigKey, "a-b", 3},
		"task-a":              {},
		"commit-a-b":          {commitKey, "a-b", 0},
		"target-state-a":      {targetStateKey, "a", 0},
		"restart-connector-a": {restartKey, "a", 0},
		"tasks-fencing-a":     {tasksFencingKey, "a", 0},
		"session-key":         {sessionKeyKey, "", 0},
		"session-key-2":       {},
		"logger-cluster-a.b":  {loggerClusterKey, "a.b", 0},
		"status-connector-a":  {},
	} {
		if got := parseConfigKey(key); got != want {
			t.Errorf("%s is %+v, want %+v", key, got, want)
		}
	}
}

func TestConfigChanges(t *testing.T) {
	s := newConfigState()
	for _, tc := range []struct {
		step
		want ConfigChange
	}{
		{step{"target-state-c", `{"state":"STARTED"}`}, ConfigChange{}},
		{step{"connector-c", `{"properties":{}}`}, ConfigChange{Connector: "c"}},
		{step{"target-state-c", `{"state":"STARTED"}`}, ConfigChange{}},
		{step{"target-state-c", `{"state":"PAUSED"}`}, ConfigChange{Connector: "c"}},
		{step{"restart-connector-c", `{"only-failed":true,"include-tasks":"x"}`}, ConfigChange{Restart: &RestartRequest{Connector: "c", OnlyFailed: true}}},
		{step{"logger-cluster-a", `{"level":"INFO"}`}, ConfigChange{Logger: "a", Level: "INFO"}},
		{step{"session-key", `{"key":"AA==","algorithm":"HmacSHA256","creation-timestamp":1}`}, ConfigChange{}},
	} {
		got, err := s.apply(tc.key, []byte(tc.value))
		if err != nil {
			t.Errorf("%s: %v", tc.key, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.key, diff)
		}
	}
}

// Whatever stands in the topic, reading goes on, and what was read can be written
// and read again.
func FuzzConfigState(f *testing.F) {
	f.Add("connector-a", []byte(`{"properties":{"a":"b","c":null}}`))
	f.Add("task-a-0", []byte(`{"properties":{}}`))
	f.Add("commit-a", []byte(`{"tasks":1048577}`))
	f.Add("target-state-a", []byte(`{"state":"PAUSED","state.v2":"STOPPED"}`))
	f.Add("restart-connector-a", []byte(`{"include-tasks":true}`))
	f.Add("tasks-fencing-a", []byte(`{"task-count":1}`))
	f.Add("logger-cluster-a", []byte(`{"level":"INFO"}`))
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		s := newConfigState()
		_, _ = s.apply("connector-a", []byte(`{"properties":{"x":"y"}}`))
		if _, err := s.apply(key, value); err != nil {
			return
		}
		for name := range s.connectors {
			c, _ := s.connector(name)
			data, err := encodeProperties(c.Config)
			if err != nil {
				t.Fatal(err)
			}
			back, err := decodeProperties(data)
			if err != nil {
				t.Fatalf("%s cannot be read again: %v", data, err)
			}
			if diff := cmp.Diff(c.Config, back); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
		}
	})
}

func TestUsedTopics(t *testing.T) {
	k := broker(t)
	writer, reader := k.statuses(t, nil), k.statuses(t, nil)
	ctx := within(t)
	at := testTime()
	if err := errors.Join(
		writer.PutUsedTopic(ctx, TaskID{"a", 0}, "t-2", at),
		writer.PutUsedTopic(ctx, TaskID{"a", 1}, "t-1", at),
		writer.PutUsedTopic(ctx, TaskID{"b", 0}, "t-1", at),
		reader.ReadToEnd(ctx),
	); err != nil {
		t.Fatal(err)
	}
	if got := reader.UsedTopics("a"); !slices.Equal(got, []string{"t-1", "t-2"}) || !reader.UsesTopic("b", "t-1") || reader.UsesTopic("b", "t-2") {
		t.Errorf("topics %q of a", got)
	}
	if err := errors.Join(writer.ReadToEnd(ctx), writer.ResetUsedTopics(ctx, "a"), reader.ReadToEnd(ctx)); err != nil {
		t.Fatal(err)
	}
	if got := reader.UsedTopics("a"); len(got) > 0 || !reader.UsesTopic("b", "t-1") {
		t.Errorf("topics %q after a reset, want none, and b's to stay", got)
	}
	if err := errors.Join(reader.DeleteConnector(ctx, "b"), writer.ReadToEnd(ctx)); err != nil || writer.UsesTopic("b", "t-1") {
		t.Errorf("error %v; the topics of a connector must go with it", err)
	}
}

func TestUsedTopicFormat(t *testing.T) {
	u := usedTopic{"my-c", "t"}
	if got, want := u.key(), "status-topic-t:connector-my-c"; got != want {
		t.Errorf("key %s, want %s", got, want)
	}
	want := `{"topic":{"name":"t","connector":"my-c","task":3,"discoverTimestamp":1700000000123}}`
	if got := string(encodeUsedTopic(u, 3, testTime())); got != want {
		t.Errorf("value %s, want %s", got, want)
	}
	for _, key := range []string{"status-topic-t", "status-topic-:connector-c", "status-topic-t:connector-", "status-task-a-0"} {
		if u, ok := parseUsedTopic(key); ok {
			t.Errorf("%s is taken for %+v", key, u)
		}
	}
}

func TestSourceOffsetsAreSet(t *testing.T) {
	k := broker(t)
	o, other := k.offsets(t), k.offsets(t)
	ctx := within(t)
	a, b := map[string]any{"filename": "a"}, map[string]any{"filename": "b"}
	if err := errors.Join(
		o.Write(ctx, "c", []SourceOffset{{a, map[string]any{"position": int64(4)}}, {b, map[string]any{"position": int64(5)}}}),
		o.Write(ctx, "c", []SourceOffset{{a, map[string]any{"position": int64(3)}}, {b, nil}}),
		other.ReadToEnd(ctx),
	); err != nil {
		t.Fatal(err)
	}
	got, err := other.Connector("c")
	if diff := cmp.Diff([]SourceOffset{{a, map[string]any{"position": int64(3)}}}, got); diff != "" || err != nil {
		t.Errorf("error %v, offsets (-want +got):\n%s", err, diff)
	}
	if err := o.Write(ctx, "c", []SourceOffset{{a, map[string]any{"x": []any{}}}}); err == nil {
		t.Error("an offset with a list was written")
	}
}

func testTime() time.Time { return time.UnixMilli(1700000000123) }
