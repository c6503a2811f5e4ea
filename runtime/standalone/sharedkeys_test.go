// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/rest"
)

// Each problem of a key that connectors have in common is told at that key.
func TestProblemsStandAtTheirKeys(t *testing.T) {
	api := rest.New(rest.Options{Registry: real(), Defaults: map[string]string{"connector.client.config.override.policy": "Principal"}})
	h := api.Handler(rest.AllRoutes)
	for name, tc := range map[string]struct {
		class string
		props map[string]string
		want  map[string]string // a part of the error by key
	}{
		"errors": {"FileStreamSource", map[string]string{
			"errors.tolerance": "some", "errors.retry.timeout": "-2", "errors.retry.delay.max.ms": "x", "errors.log.enable": "x", "errors.deadletterqueue.topic.name": "a b",
		}, map[string]string{
			"errors.tolerance": "none, all", "errors.retry.timeout": "at least -1", "errors.retry.delay.max.ms": "LONG", "errors.log.enable": "true or false", "errors.deadletterqueue.topic.name": "no topic name",
		}},
		"dead letters": {"FileStreamSink", map[string]string{
			"topics": "a", "errors.deadletterqueue.topic.name": "a", "errors.deadletterqueue.topic.replication.factor": "0", "errors.deadletterqueue.context.headers.enable": "x",
		}, map[string]string{
			"errors.deadletterqueue.topic.name": "The DLQ topic 'a' may not be included", "errors.deadletterqueue.topic.replication.factor": "not a number of replicas", "errors.deadletterqueue.context.headers.enable": "true or false",
		}},
		"topic creation": {"FileStreamSource", map[string]string{
			"topic.creation.groups": "g,g", "topic.creation.g.include": "(", "topic.creation.default.partitions": "0",
		}, map[string]string{
			"topic.creation.groups": "Invalid value [g, g] for configuration topic.creation.groups: Duplicate alias provided.", "topic.creation.g.include": "Syntax error in regular expression",
			"topic.creation.default.partitions":         "Invalid value 0 for configuration partitions: Number of partitions must be positive, or -1 to use the broker's default",
			"topic.creation.default.replication.factor": `Missing required configuration "topic.creation.default.replication.factor" which has no default value.`,
		}},
		"an expression": {"FileStreamSink", map[string]string{"topics.regex": "("}, map[string]string{"topics.regex": "regular expression"}},
		"versions": {"FileStreamSource", map[string]string{
			"connector.plugin.version": "[", "key.converter.plugin.version": "3", "header.converter.plugin.version": "3", "transforms": "f", "transforms.f.type": "Filter", "transforms.f.plugin.version": "9",
		}, map[string]string{
			"connector.plugin.version": "is not a version", "key.converter.plugin.version": "has 4.3.1", "header.converter.plugin.version": "has 4.3.1", "transforms.f.plugin.version": "has 4.3.1",
		}},
		"headers": {"FileStreamSource", map[string]string{"header.converter": "JsonConverter", "header.converter.schemas.enable": "x"}, map[string]string{
			"header.converter.schemas.enable": "true or false",
		}},
		"a converter that does not do headers": {"FileStreamSource", map[string]string{"header.converter": "AvroConverter"}, map[string]string{
			"header.converter": "does not convert headers",
		}},
		"transforms": {"FileStreamSource", map[string]string{
			"transforms": "c,r", "transforms.c.type": "org.apache.kafka.connect.transforms.Cast$Value", "transforms.c.spec": "a:foo", "transforms.r.type": "TimestampRouter", "transforms.r.predicate": "q",
			"predicates": "p", "predicates.p.type": "TopicNameMatches", "predicates.p.pattern": "(",
		}, map[string]string{"transforms.c.spec": "Invalid type", "transforms.r.predicate": "q", "predicates.p.pattern": "regular expression"}},
		"a key of a client that may not be set": {"FileStreamSource", map[string]string{"producer.override.acks": "all", "producer.override.sasl.mechanism": "PLAIN"}, map[string]string{
			"producer.override.acks": "The 'Principal' policy does not allow 'acks' to be overridden",
		}},
		"exactly-once": {"FileStreamSource", map[string]string{"exactly.once.support": "required", "transaction.boundary": "connector", "transaction.boundary.interval.ms": "-1"}, map[string]string{
			"exactly.once.support":             "This worker does not have exactly-once source support enabled.",
			"transaction.boundary":             "The connector does not support connector-defined transaction boundaries with the given configuration. Please reconfigure it to use a different transaction boundary definition.",
			"transaction.boundary.interval.ms": "Invalid value -1 for configuration transaction.boundary.interval.ms: Value must be at least 0",
		}},
		"exactly-once that nobody knows": {"FileStreamSource", map[string]string{"exactly.once.support": "always", "transaction.boundary": "never"}, map[string]string{
			"exactly.once.support": "Invalid value always for configuration exactly.once.support: String must be one of (case insensitive): REQUIRED, REQUESTED",
			"transaction.boundary": "Invalid value never for configuration transaction.boundary: String must be one of (case insensitive): INTERVAL, POLL, CONNECTOR",
		}},
		"the rest": {"FileStreamSource", map[string]string{"tasks.max.enforce": "x", "config.action.reload": "x"}, map[string]string{
			"tasks.max.enforce": "true or false", "config.action.reload": "restart, none",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.props["connector.class"], tc.props["name"] = tc.class, "c"
			if tc.class == "FileStreamSource" {
				tc.props["topic"] = "t"
			}
			infos := validated(t, h, tc.class, tc.props)
			got := map[string]string{}
			for _, c := range infos.Configs {
				if len(c.Value.Errors) > 0 {
					got[c.Value.Name] = strings.Join(c.Value.Errors, "\n")
				}
			}
			for key, text := range tc.want {
				if !strings.Contains(got[key], text) {
					t.Errorf("%s has the error %q, want %q", key, got[key], text)
				}
				delete(got, key)
			}
			if len(got) > 0 {
				t.Errorf("there are also %v", got)
			}
		})
	}
}

func TestRecommendedValues(t *testing.T) {
	h := rest.New(rest.Options{Registry: real()}).Handler(rest.AllRoutes)
	infos := validated(t, h, "FileStreamSink", map[string]string{"connector.class": "FileStreamSink", "name": "c", "topics": "t"})
	got := map[string][]string{}
	for _, c := range infos.Configs {
		got[c.Value.Name] = c.Value.RecommendedValues
	}
	const simple, avro = "org.apache.kafka.connect.storage.SimpleHeaderConverter", "io.confluent.connect.avro.AvroConverter"
	if list := got["header.converter"]; !slices.Contains(list, simple) || slices.Contains(list, avro) {
		t.Errorf("converters of headers are %v", list)
	}
	if list := got["key.converter"]; slices.Contains(list, simple) || !slices.Contains(list, avro) || !slices.IsSorted(list) {
		t.Errorf("converters of keys are %v", list)
	}
	if diff := cmp.Diff([]string{"4.3.1"}, got["header.converter.plugin.version"]); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

// All plugins of Kafka Connect that there are have its classes and its kinds.
func TestEveryPluginIsListed(t *testing.T) {
	h := rest.New(rest.Options{Registry: real()}).Handler(rest.AllRoutes)
	var list []rest.PluginInfo
	answer(t, h, http.MethodGet, "/connector-plugins?connectorsOnly=false", "", &list)
	for _, want := range [][2]string{
		{"org.apache.kafka.connect.storage.SimpleHeaderConverter", "header_converter"}, {"org.apache.kafka.connect.json.JsonConverter", "header_converter"},
		{"org.apache.kafka.connect.json.JsonConverter", "converter"}, {"io.confluent.connect.avro.AvroConverter", "converter"},
		{"org.apache.kafka.connect.converters.IntegerConverter", "converter"}, {"org.apache.kafka.connect.transforms.HeaderFrom$Key", "transformation"},
		{"org.apache.kafka.connect.transforms.predicates.RecordIsTombstone", "predicate"},
	} {
		if !slices.ContainsFunc(list, func(p rest.PluginInfo) bool { return p.Class == want[0] && p.Type == want[1] }) {
			t.Errorf("%s is not listed as %s", want[0], want[1])
		}
	}
	if slices.ContainsFunc(list, func(p rest.PluginInfo) bool {
		return strings.HasSuffix(p.Class, "SimpleHeaderConverter") && p.Type == "converter"
	}) {
		t.Error("SimpleHeaderConverter is listed as a converter of keys and values")
	}
}

// The offsets of a sink are those of the group that its config names; a source has
// none of a group.
func TestOffsetsOfTheGroupThatIsNamed(t *testing.T) {
	brokers, dir := fakeKafka(t), t.TempDir()
	p := startProcess(t, brokers, nil).place(dir)
	const offset = `{"offsets":[{"partition":{"kafka_topic":"test-topic","kafka_partition":0},"offset":{"kafka_offset":7}}]}`
	expect(t, call(t, p, "POST", "/connectors", `{"name":"out","initial_state":"STOPPED","config":{"connector.class":"FileStreamSink","file":"`+dir+
		`/out.txt","topics":"test-topic","consumer.override.group.id":"mine"}}`), http.StatusCreated, `"name":"out"`)
	expect(t, call(t, p, "PATCH", "/connectors/out/offsets", offset), http.StatusOK, "successfully")
	expect(t, call(t, p, "GET", "/connectors/out/offsets", ""), http.StatusOK, `"kafka_offset":7`)
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for group, want := range map[string]bool{"mine": true, "connect-out": false} {
		offsets, err := kadm.NewClient(client).FetchOffsets(t.Context(), group)
		if o, ok := offsets.Lookup("test-topic", 0); ok != want || want && o.At != 7 {
			t.Errorf("group %s has %v, %v; want an offset: %v", group, offsets, err, want)
		}
	}
	expect(t, call(t, p, "DELETE", "/connectors/out/offsets", ""), http.StatusOK, "successfully")
	expect(t, call(t, p, "GET", "/connectors/out/offsets", ""), http.StatusOK, `"offsets":[]`)

	expect(t, call(t, p, "POST", "/connectors", `{"name":"in","initial_state":"STOPPED","config":{"connector.class":"FileStreamSource","file":"`+dir+
		`/in.txt","topic":"test-topic","consumer.override.group.id":"mine"}}`), http.StatusCreated, `"name":"in"`)
	expect(t, call(t, p, "PATCH", "/connectors/in/offsets", `{"offsets":[{"partition":{"filename":"`+dir+`/in.txt"},"offset":{"position":3}}]}`), http.StatusOK, "successfully")
	expect(t, call(t, p, "GET", "/connectors/in/offsets", ""), http.StatusOK, `"position":3`)
}

func validated(t *testing.T, h http.Handler, class string, props map[string]string) rest.ConfigInfos {
	t.Helper()
	body, err := json.Marshal(props)
	if err != nil {
		t.Fatal(err)
	}
	var infos rest.ConfigInfos
	answer(t, h, http.MethodPut, "/connector-plugins/"+class+"/config/validate", string(body), &infos)
	return infos
}

func answer(t *testing.T, h http.Handler, method, path, body string, into any) {
	t.Helper()
	r, w := httptest.NewRequest(method, path, strings.NewReader(body)), httptest.NewRecorder()
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s is answered with %d %s", method, path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}
