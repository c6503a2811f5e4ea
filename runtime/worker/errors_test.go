// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connectors"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/task"
	"penstock.dev/runtime/transforms"
)

// errorCase is a connector and what it finds: records of its topic, or lines of its
// file, of which one that begins with * stands for as many characters.
type errorCase struct {
	Name, Class string
	Config      map[string]string
	Records     []errorRecord
	Lines       []string
}

type errorRecord struct {
	Key, Value *string
	Headers    [][2]*string
	Timestamp  int64
}

// errorOutcome is what became of a case.
type errorOutcome struct {
	Name, State string
	Trace       []string
	Metrics     map[string]int64
	Committed   int64
	Partitions  int
	Letters     []errorRecord
	Written     []string
	Records     []errorRecord
}

// errorDifferences are the outcomes that differ from Kafka Connect's on purpose,
// each of which stands in docs/compatibility.md.
var errorDifferences = map[string]func(o *errorOutcome){
	// What Kafka refuses counts as an error and as skipped.
	"large": func(o *errorOutcome) { o.Metrics["total-record-errors"], o.Metrics["total-records-skipped"] = 1, 1 },
	// The task counts the record that it fails with, and what was polled with it is
	// written.
	"large-none": func(o *errorOutcome) {
		o.Metrics["total-record-failures"] = 1
		two := "2"
		o.Records = append(o.Records, errorRecord{Value: &two, Headers: [][2]*string{}})
	},
	// Records are decoded when the connector reads them, so it has written those
	// around the one that ends the task.
	"none": func(o *errorOutcome) { o.Written, o.Committed = []string{"1", "2"}, 1 },
}

func loadErrors[T any](t *testing.T, name string) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestErrorsAsInKafkaConnect compares dead letters, states, counts, committed
// offsets and log lines with those of Kafka Connect, which hack/conformance/errors
// has written down.
func TestErrorsAsInKafkaConnect(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	dir := t.TempDir()
	w, log := errorWorker(t, c)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	cases := loadErrors[errorCase](t, "errors-cases.json")
	var specs []TaskSpec
	for _, tc := range cases {
		specs = append(specs, w.bind(t, tc.spec(t, c, client, dir)))
	}
	w.Assign(specs)
	golden := loadErrors[errorOutcome](t, "errors-golden.json")
	if len(golden) != len(cases) {
		t.Fatalf("%d cases, %d outcomes: run hack/conformance/errors/errors.sh", len(cases), len(golden))
	}
	for i, want := range golden {
		if change := errorDifferences[want.Name]; change != nil {
			change(&want)
		}
		t.Run(want.Name, func(t *testing.T) {
			source := cases[i].Lines != nil
			eventually(t, "the records are done with", func() bool { return settled(w.state(t, want.Name), want, source) })
			got := errorOutcome{Name: want.Name, Committed: want.Committed}
			s := w.state(t, want.Name)
			got.State, got.Metrics = string(s.State), errorMetrics(s.Progress)
			if source {
				got.Records = read(t, c, "in-"+want.Name)
			} else {
				eventually(t, "offsets are committed", func() bool { return committedTo(t, client, want.Name) == want.Committed })
				got.Letters = read(t, c, "dead-"+want.Name)
				got.Written = lines(t, filepath.Join(dir, want.Name+".txt"))
				m, err := kadm.NewClient(client).Metadata(t.Context(), "dead-"+want.Name)
				if err != nil {
					t.Fatal(err)
				}
				got.Partitions = len(m.Topics["dead-"+want.Name].Partitions)
			}
			compareTraces(t, s.Error, want.Trace)
			want.Trace = nil
			compareTexts(t, got.Letters, want.Letters)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-Kafka Connect +Penstock)\n%s", diff)
			}
		})
	}
	compareLogs(t, log())
}

// spec makes the topic, the records or the file of a case.
func (tc errorCase) spec(t *testing.T, c *kfake.Cluster, client *kgo.Client, dir string) TaskSpec {
	t.Helper()
	topic, file := "in-"+tc.Name, filepath.Join(dir, tc.Name+".txt")
	if err := c.CreateTopic(topic, 1, nil); err != nil {
		t.Fatal(err)
	}
	s := TaskSpec{Connector: tc.Name, Class: tc.Class, Config: maps.Clone(tc.Config)}
	s.Config["file"] = file
	if tc.Lines != nil {
		var text strings.Builder
		for _, l := range tc.Lines {
			if n, err := strconv.Atoi(strings.TrimPrefix(l, "*")); strings.HasPrefix(l, "*") && err == nil {
				l = strings.Repeat("x", n)
			}
			text.WriteString(l + "\n")
		}
		if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		s.Config["topic"] = topic
		return s
	}
	s.Config["topics"] = topic
	s.Config["errors.deadletterqueue.topic.name"], s.Config["errors.deadletterqueue.topic.replication.factor"] = "dead-"+tc.Name, "1"
	if s.Config["errors.deadletterqueue.context.headers.enable"] == "" {
		s.Config["errors.deadletterqueue.context.headers.enable"] = "true"
	}
	for _, r := range tc.Records {
		rec := &kgo.Record{Topic: topic, Key: raw(r.Key), Value: raw(r.Value), Timestamp: time.UnixMilli(1600000000000)}
		if r.Timestamp != 0 {
			rec.Timestamp = time.UnixMilli(r.Timestamp)
		}
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: *h[0], Value: raw(h[1])})
		}
		if err := client.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func raw(s *string) []byte {
	if s == nil {
		return nil
	}
	return []byte(*s)
}

func text(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(b[:min(len(b), 200)])
	return &s
}

// errorWorker runs a worker with everything that is built in. It returns what it
// logs, by a function.
func errorWorker(t *testing.T, c *kfake.Cluster) (*house, func() string) {
	t.Helper()
	h := &house{plant: &plant{}, metrics: prometheus.NewRegistry()}
	o := options(c, h.plant)
	o.Registry = connect.Registry{Plugins: connectors.All(), Converters: converters.All(), Transforms: transforms.All(), Predicates: transforms.Predicates()}
	o.Defaults = map[string]string{"offset.flush.interval.ms": "100", "key.converter": "string", "value.converter": "string"}
	out := &syncBuffer{}
	o.Logger = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelError, ReplaceAttr: messageOnly}))
	h.Worker = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	if _, err := h.awaitLink(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h, out.String
}

func messageOnly(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.MessageKey {
		return a
	}
	return slog.Attr{}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func settled(s TaskState, want errorOutcome, source bool) bool {
	p := s.Progress
	if want.State == string(task.Failed) {
		return s.State == task.Failed
	}
	done := p.Records + p.Skipped
	return s.State == task.Running && done == int64(len(want.Records)+len(want.Written))+want.Metrics["total-records-skipped"] && (source || p.Lag == 0)
}

func errorMetrics(p task.Progress) map[string]int64 {
	return map[string]int64{
		"total-record-failures": p.Failures, "total-record-errors": p.Errors, "total-records-skipped": p.Skipped, "total-retries": p.Retries,
		"total-errors-logged": p.Logged, "deadletterqueue-produce-requests": p.DeadLetters, "deadletterqueue-produce-failures": p.DeadLetterFailures,
	}
}

// read returns what is in a topic; of a source's, as of dead letters without their
// times, what can be compared.
func read(t *testing.T, c *kfake.Cluster, topic string) []errorRecord {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	all := []errorRecord{}
	end := c.PartitionInfo(topic, 0).HighWatermark
	for int64(len(all)) < end {
		for _, r := range client.PollFetches(t.Context()).Records() {
			rec := errorRecord{Key: text(r.Key), Value: text(r.Value), Headers: [][2]*string{}}
			if strings.HasPrefix(topic, "dead") {
				rec.Timestamp = r.Timestamp.UnixMilli()
			}
			for _, h := range r.Headers {
				rec.Headers = append(rec.Headers, [2]*string{&h.Key, text(h.Value)})
			}
			all = append(all, rec)
		}
	}
	return all
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}

func committedTo(t *testing.T, client *kgo.Client, name string) int64 {
	t.Helper()
	offsets, err := kadm.NewClient(client).FetchOffsets(t.Context(), "connect-"+name)
	if err != nil {
		t.Fatal(err)
	}
	o, ok := offsets.Lookup("in-"+name, 0)
	if !ok {
		return -1
	}
	return o.At
}

// compareTexts compares the errors in the headers: ours begin as Java's do. It
// makes them equal, for what follows.
func compareTexts(t *testing.T, got, want []errorRecord) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		for j := range min(len(got[i].Headers), len(want[i].Headers)) {
			g, w := got[i].Headers[j], want[i].Headers[j]
			switch *w[0] {
			case "__connect.errors.exception.message", "__connect.errors.exception.stacktrace":
				first, _, _ := strings.Cut(*w[1], "\n")
				if first = first[:min(len(first), len(*g[1]))]; !strings.HasPrefix(*g[1], first) {
					t.Errorf("%s is %q, Java's %q", *w[0], *g[1], *w[1])
				}
				got[i].Headers[j][1] = w[1]
			}
		}
	}
}

// compareTraces compares the reason of a failure with the first lines of Java's
// stack trace.
func compareTraces(t *testing.T, got string, want []string) {
	t.Helper()
	if len(want) == 0 {
		if got != "" {
			t.Errorf("error %s", got)
		}
		return
	}
	_, message, _ := strings.Cut(want[0], ": ")
	if !strings.HasPrefix(got, message+": ") {
		t.Errorf("error %q, Java's %q", got, want)
	}
}

// compareLogs compares the lines about records. Java's of a source has the whole
// record in it, ours where it is from.
func compareLogs(t *testing.T, log string) {
	t.Helper()
	data, err := os.ReadFile("testdata/errors-golden.log")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.SplitSeq(log, "\n") {
		if m, ok := strings.CutPrefix(line, "msg="); ok {
			if u, err := strconv.Unquote(m); err == nil {
				m = u
			}
			if strings.HasPrefix(m, "Error encountered") {
				got = append(got, beforeRecord(m))
			}
		}
	}
	var want []string
	for line := range strings.Lines(string(data)) {
		want = append(want, beforeRecord(strings.TrimSuffix(line, "\n")))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-Kafka Connect +Penstock)\n%s", diff)
	}
}

func beforeRecord(line string) string {
	const at = ", where source record is = SourceRecord{sourcePartition={"
	before, _, found := strings.Cut(line, at)
	if found {
		return before + at
	}
	return line
}

// A dead letter topic that cannot be made fails the task with the way out.
func TestDeadLetterTopicNeedsBrokers(t *testing.T) {
	h := run(t, cluster(t))
	s := h.bind(t, sink("s"))
	s.Config["errors.deadletterqueue.topic.name"] = "dead"
	h.Assign([]TaskSpec{s})
	got := h.await(t, "s", task.Failed).Error
	for _, part := range []string{"Could not initialize dead letter queue with topic=dead: ", "replication factor 3", "set errors.deadletterqueue.topic.replication.factor"} {
		if !strings.Contains(got, part) {
			t.Errorf("the task has failed with %q, which does not say %q", got, part)
		}
	}
}

// The dead letters of a sink are written as the connector's own keys of a producer
// say, and their topic is made as those of an admin client; the clients are closed
// after the task.
func TestDeadLettersHaveTheirOwnClients(t *testing.T) {
	c := cluster(t)
	w, _ := errorWorker(t, c)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	tc := errorCase{
		Name: "own", Class: "org.apache.kafka.connect.file.FileStreamSinkConnector",
		Config: map[string]string{
			"value.converter": "json", "value.converter.schemas.enable": "false", "errors.tolerance": "all",
			"producer.override.compression.type": "zstd", "admin.override.client.id": "digger",
		},
	}
	for range 3 {
		bad := "{" + strings.Repeat("a", 4096)
		tc.Records = append(tc.Records, errorRecord{Value: &bad})
	}
	s := w.bind(t, tc.spec(t, c, client, t.TempDir()))
	w.Assign([]TaskSpec{s})
	eventually(t, "the records are skipped", func() bool { return w.state(t, "own").Progress.Skipped == 3 })
	for _, r := range records(t, w, "dead-own", 3) {
		if r.Attrs.CompressionType() != 4 {
			t.Errorf("a dead letter has compression %d, want zstd", r.Attrs.CompressionType())
		}
	}
	if n := w.lent.size(); n != 2 {
		t.Errorf("%d clients beside the worker's, want 2", n)
	}
	w.Assign(nil)
	eventually(t, "they are closed", func() bool { return w.lent.size() == 0 })
}
