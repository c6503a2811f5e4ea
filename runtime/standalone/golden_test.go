// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"

	"penstock.dev/hack/conformance/rest/talk"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connectors"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/rest"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/transforms"
	"penstock.dev/runtime/worker"
)

// real is what the binary can run.
func real() connect.Registry {
	return connect.Registry{
		Plugins: connectors.All(), Converters: converters.All(),
		Transforms: transforms.All(), Predicates: transforms.Predicates(),
	}
}

// process is a whole `penstock standalone` in a test.
type process struct {
	url     string
	configs string // the config topic
	backend *Backend
	stop    func()
}

// startProcess runs connectors that REST makes, or fixed ones, on a broker.
func startProcess(t *testing.T, brokers []string, fixed *Fixed) *process {
	t.Helper()
	p := &process{configs: "g-configs"}
	log := slog.New(slog.DiscardHandler)
	defaults := map[string]string{
		"offset.flush.interval.ms": "500", "key.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
	}
	levels := rest.NewLevels(slog.LevelWarn, nil)
	server := httptest.NewUnstartedServer(nil)
	o := worker.Options{
		GroupID: "g", WorkerID: server.Listener.Addr().String(), Pod: "p", PodUID: "u", Version: "v",
		Kafka: kafka.Config{Brokers: brokers}, Registry: real(), Defaults: defaults, Logger: log, TrackTopics: true,
		Topics: storage.Topics{Offsets: "g-offsets", Status: "g-status", OffsetsPartitions: 3, StatusPartitions: 2},
	}
	if fixed == nil {
		o.Topics.Config = p.configs
		o.OnConfig = func(c storage.ConfigChange) { p.backend.OnConfig(c) }
	}
	w := worker.New(o)
	options := Options{Engine: w, Registry: o.Registry, Defaults: defaults, Logger: log}
	b := BackendOptions{Kafka: w, Registry: o.Registry, Files: []string{"a.yaml"}, Logger: log, SetLevel: func(logger, level string) { levels.Set(logger, level) }}
	if fixed != nil {
		b.Fixed, options.Desired = fixed, fixed
	} else {
		b.Kept = NewKept(o.Registry, log)
		options.Desired = b.Kept
	}
	b.Standalone = New(options)
	p.backend = NewBackend(b)
	api := rest.New(rest.Options{
		Backend: p.backend, Registry: o.Registry, Defaults: defaults, Levels: levels, Logger: log,
		Version: "v", Commit: "c", TopicTracking: true, TopicReset: true,
	})
	server.Config.Handler = api.Handler(rest.AllRoutes)
	server.Start()
	p.url = server.URL
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	followed := make(chan struct{})
	go func() { done <- b.Standalone.Run(ctx) }()
	go func() { p.backend.Follow(ctx); close(followed) }()
	stopped := false
	p.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the run has ended with %v", err)
		}
		<-followed
		server.Close()
	}
	t.Cleanup(p.stop)
	return p
}

func fakeKafka(t *testing.T) []string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "test-topic", "test-topic-3"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

func (p *process) place(dir string) talk.Place {
	address := strings.TrimPrefix(p.url, "http://")
	return talk.Place{
		Base: p.url, Fill: map[string]string{"{dir}": dir, "{topic}": "test-topic"},
		Replace: map[string]string{address: "{worker}", dir: "{dir}", "test-topic": "{topic}"},
	}
}

// The answers are those that Apache Kafka Connect 4.3.1 has given to the same
// requests (hack/conformance/rest), but for what testdata/rest.json says.
func TestAnswersAreKafkaConnects(t *testing.T) {
	requests, err := talk.Load[talk.Request]("testdata/rest.json")
	if err != nil {
		t.Fatal(err)
	}
	answers, err := talk.Load[talk.Answer]("testdata/rest.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(requests) != len(answers) {
		t.Fatalf("%d requests and %d answers: run hack/conformance/rest", len(requests), len(answers))
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.txt"), []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	place := startProcess(t, fakeKafka(t), nil).place(dir)
	for i, r := range requests {
		got, err := place.Ask(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(r.Name, func(t *testing.T) { compareAnswers(t, r, answers[i], got) })
	}
}

func compareAnswers(t *testing.T, r talk.Request, want, got talk.Answer) {
	t.Helper()
	if r.Penstock > 0 {
		want.Status = r.Penstock
	}
	if got.Status != want.Status {
		t.Errorf("status %d, want %d: %s%s", got.Status, want.Status, got.Body, got.Text)
	}
	if r.Differs != "" {
		return
	}
	if want.Type != "" && got.Type != want.Type {
		t.Errorf("Content-Type %s, want %s", got.Type, want.Type)
	}
	if got.Location != want.Location {
		t.Errorf("Location %s, want %s", got.Location, want.Location)
	}
	if x, y := words(got.Allow), words(want.Allow); want.Allow != "" && !slices.Equal(x, y) {
		t.Errorf("Allow %q, want %q", x, y)
	}
	if x, y := words(got.Text), words(want.Text); !slices.Equal(x, y) {
		t.Errorf("body %q, want %q", x, y)
	}
	if diff := cmp.Diff(compact(t, want.Body), compact(t, got.Body)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func words(list string) []string {
	out := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(out)
	return out
}

// compact returns a body without what may differ: versions, ids, times, the words
// that describe a key, values that a form may offer, and keys that one of the two
// does not have.
func compact(t *testing.T, body json.RawMessage) any {
	t.Helper()
	if len(body) == 0 {
		return nil
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return common(v)
}

func common(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			switch k {
			case "version", "commit", "kafka_cluster_id", "last_modified", "documentation", "recommended_values":
				delete(v, k)
			case "groups":
				groups := without(e.([]any), func(g any) bool { return missingGroup(g.(string)) })
				slices.SortFunc(groups, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
				v[k] = groups
			case "required":
				// A replacement may be empty, which no required key may here.
				if name, _ := v["name"].(string); strings.HasSuffix(name, "replacement") {
					delete(v, k)
				}
			default:
				v[k] = common(e)
			}
		}
	case []any:
		for i := range v {
			v[i] = common(v[i])
		}
		v = without(v, missingKey)
		slices.SortStableFunc(v, byConverterKey)
		return v
	}
	return v
}

// byConverterKey sorts the keys of converters by name: Kafka Connect writes them in
// the order of a HashMap. Others stay where they are.
func byConverterKey(a, b any) int {
	name := func(e any) string {
		m, _ := e.(map[string]any)
		value, _ := m["value"].(map[string]any)
		name, _ := value["name"].(string)
		if side, rest, _ := strings.Cut(name, ".converter."); rest == "" || side != "key" && side != "value" {
			return ""
		}
		return name
	}
	return strings.Compare(name(a), name(b))
}

func without(list []any, gone func(any) bool) []any {
	return slices.DeleteFunc(list, gone)
}

// missingKey reports whether an entry of a list is about a key of a connector that
// only one of the two has.
func missingKey(e any) bool {
	m, ok := e.(map[string]any)
	if !ok {
		return false
	}
	if d, ok := m["definition"].(map[string]any); ok {
		m = d
	} else if value, ok := m["value"].(map[string]any); ok {
		name, _ := value["name"].(string)
		return onlyOne(name)
	}
	name, ok := m["name"].(string)
	if _, defined := m["type"]; !ok || !defined || m["order_in_group"] == nil {
		return false
	}
	return onlyOne(name)
}

// onlyOne names the keys that Kafka Connect or this build does not have. Keys of
// Kafka Connect that this build refuses are not listed by it.
func onlyOne(name string) bool {
	for _, k := range connect.RefusedKeys() {
		if name == k || strings.HasSuffix(k, ".") && strings.HasPrefix(name, k) {
			return true
		}
	}
	for _, suffix := range []string{"converter.type", "max.line.bytes", "mode", "syntax"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// missingGroup reports whether all keys of a group are refused.
func missingGroup(name string) bool {
	for _, d := range slices.Concat(connect.CommonKeys(connect.SourceKind), connect.CommonKeys(connect.SinkKind)) {
		switch {
		case name == "Error Handling" && strings.HasPrefix(d.Name, "errors."):
			return false
		case name == "Topic Creation" && strings.HasPrefix(d.Name, "topic.creation."):
			return false
		case name == "Exactly Once Support" && d.Name == "exactly.once.support", name == "offsets.topic" && d.Name == "offsets.storage.topic":
			return false
		}
	}
	return slices.Contains([]string{"Error Handling", "Topic Creation", "Exactly Once Support", "offsets.topic"}, name)
}
