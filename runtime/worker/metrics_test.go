// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/task"
)

const (
	metricsPage    = "../../docs/reference/metrics.md"
	producerPrefix = "penstock_kafka_producer_"
)

// everyMetric has a value for each metric that there is.
func everyMetric() *collector {
	now := time.Now()
	measured := task.Measure{Count: 4, Sum: int64(8 * time.Millisecond), Recent: task.Window{Count: 3, Sum: int64(6 * time.Millisecond), Max: int64(5 * time.Millisecond)}}
	p := task.Progress{
		Records: 10, Bytes: 100, Pending: 2, Polled: 12, Failures: 1, Errors: 11, Skipped: 12, Logged: 13, DeadLetters: 14, DeadLetterFailures: 15, Retries: 3, Lag: 5, LagMax: 4, Assignment: []string{"t-0"},
		LastTurn: now, LastCommit: now, LastError: time.UnixMilli(1234),
		Batch: task.Measure{Count: 4, Sum: 12, Recent: task.Window{Count: 2, Sum: 7, Max: 5}}, BatchTime: measured,
		CommitTime: measured, CommitFailed: task.Measure{Count: 2, Recent: task.Window{Count: 1}},
	}
	state := func(name string, kind connect.Kind) TaskState {
		return TaskState{Connector: name, Class: "c", Kind: kind, Epoch: 7, State: task.Running, StartedAt: now, Progress: p,
			RecordsPerSecond: 1.5, RunningRatio: 0.75, PauseRatio: 0.125, PolledPerSecond: 2.5, Traffic: kafka.TrafficCounts{Requests: 8, RequestTime: 2 * time.Second, FetchRecords: 9, Throttled: time.Second}}
	}
	starts := counts{good: 3, bad: 1}
	return newCollector(sources{
		restarts: func(task.ID) int { return 1 },
		states: func() []TaskState {
			return []TaskState{state("in", connect.SourceKind), state("out", connect.SinkKind)}
		},
		plugin: func(string) (connect.Plugin, bool) {
			return connect.Plugin{Kind: connect.SinkKind, Version: "1"}, true
		},
		view: func() workerView {
			traffic := kafka.TrafficCounts{Connects: 5, Disconnects: 2, BytesRead: 70, BytesWritten: 80}
			return workerView{ready: true, moving: true, taskStarts: starts, firstStarts: starts, producers: traffic, consumers: traffic}
		},
	})
}

// gathered is a metric as it is scraped.
type gathered struct {
	name string
	// row is its type, its labels and its help, as the page's tables have them.
	row string
	// values are by the connector label.
	values map[string]string
}

func gather(t *testing.T, c prometheus.Collector) []gathered {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var all []gathered
	for _, f := range families {
		g := gathered{name: f.GetName(), values: map[string]string{}}
		for _, m := range f.GetMetric() {
			var labels []string
			connector := ""
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName())
				if l.GetName() == "connector" {
					connector = l.GetValue()
				}
			}
			g.row = strings.Join([]string{strings.ToLower(f.GetType().String()), strings.Join(labels, " "), f.GetHelp()}, " | ")
			g.values[connector] = fmt.Sprint(m.GetGauge().GetValue() + m.GetCounter().GetValue())
			if sum := m.GetSummary(); sum != nil {
				g.values[connector] = fmt.Sprintf("%d in %g", sum.GetSampleCount(), sum.GetSampleSum())
			}
		}
		all = append(all, g)
	}
	return all
}

var rowPattern = regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| ([a-z]+) \\| ([a-z_ ]*) \\| ([^|]+) \\|$")

// The page names every metric, with its type, its labels and its help, and none
// that there is not.
func TestMetricsPage(t *testing.T) {
	page, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, m := range rowPattern.FindAllStringSubmatch(string(page), -1) {
		if _, twice := documented[m[1]]; twice {
			t.Errorf("%s stands there twice", m[1])
		}
		documented[m[1]] = strings.Join(m[2:], " | ")
	}
	there := map[string]string{}
	for _, f := range gather(t, everyMetric()) {
		there[f.name] = f.row
	}
	registered := producerNames(t)
	for name := range documented {
		if strings.HasPrefix(name, producerPrefix) {
			if !registered[name] {
				t.Errorf("the page has %s, which the producer's client does not register", name)
			}
			delete(documented, name)
		}
	}
	if diff := cmp.Diff(there, documented); diff != "" {
		t.Errorf("metrics (-there +documented):\n%s", diff)
	}
}

// registrar keeps what is registered.
type registrar struct {
	prometheus.Registerer
	all []prometheus.Collector
}

func (r *registrar) Register(c prometheus.Collector) error {
	r.all = append(r.all, c)
	return r.Registerer.Register(c)
}

func (r *registrar) MustRegister(cs ...prometheus.Collector) {
	r.all = append(r.all, cs...)
	r.Registerer.MustRegister(cs...)
}

var descName = regexp.MustCompile(`fqName: "([^"]+)"`)

// producerNames returns the names that the shared producer's client registers.
func producerNames(t *testing.T) map[string]bool {
	t.Helper()
	r := &registrar{Registerer: prometheus.NewRegistry()}
	cl, err := kgo.NewClient(kgo.SeedBrokers("127.0.0.1:1"), kgo.WithHooks(producerMetrics(r)))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	names := map[string]bool{}
	for _, c := range r.all {
		ch := make(chan *prometheus.Desc, 8)
		c.Describe(ch)
		close(ch)
		for d := range ch {
			names[descName.FindStringSubmatch(d.String())[1]] = true
		}
	}
	return names
}

func TestTaskMetrics(t *testing.T) {
	got := map[string]string{}
	for _, f := range gather(t, everyMetric()) {
		for connector, v := range f.values {
			got[f.name+" "+connector] = v
		}
	}
	for key, want := range map[string]string{
		"kafka_connect_source_task_poll_batch_avg_time_ms in":              "2",
		"kafka_connect_source_task_poll_batch_max_time_ms in":              "5",
		"kafka_connect_source_task_source_record_poll_total in":            "12",
		"kafka_connect_source_task_source_record_poll_rate in":             "2.5",
		"kafka_connect_source_task_source_record_write_rate in":            "1.5",
		"kafka_connect_sink_task_put_batch_avg_time_ms out":                "2",
		"kafka_connect_sink_task_put_batch_max_time_ms out":                "5",
		"kafka_connect_sink_task_sink_record_read_total out":               "12",
		"kafka_connect_sink_task_offset_commit_completion_total out":       "4",
		"kafka_connect_connector_task_batch_size_avg in":                   "3.5",
		"kafka_connect_connector_task_batch_size_max out":                  "5",
		"kafka_connect_connector_task_offset_commit_avg_time_ms in":        "2",
		"kafka_connect_connector_task_offset_commit_max_time_ms in":        "5",
		"kafka_connect_connector_task_offset_commit_success_percentage in": "0.75",
		"kafka_connect_connector_task_offset_commit_failure_percentage in": "0.25",
		"kafka_connect_task_error_total_record_failures out":               "1",
		"kafka_connect_task_error_total_retries out":                       "3",
		"kafka_connect_task_error_last_error_timestamp out":                "1234",
		"penstock_task_batch_seconds in":                                   "4 in 0.008",
		"penstock_task_commit_seconds out":                                 "4 in 0.008",
		"penstock_task_commit_failures_total out":                          "2",
		"penstock_kafka_consumer_request_seconds out":                      "8 in 2",
		"penstock_kafka_consumer_fetch_records_total out":                  "9",
		"penstock_kafka_consumer_throttled_seconds_total out":              "1",
		"penstock_task_lag_records out":                                    "5",
		"kafka_connect_sink_task_sink_record_lag_max out":                  "4",
		"kafka_connect_sink_task_offset_commit_seq_no out":                 "6",
		"kafka_connect_connector_task_running_ratio in":                    "0.75",
		"kafka_connect_connector_task_pause_ratio in":                      "0.125",
		"kafka_connect_worker_connector_running_task_count in":             "1",
		"kafka_connect_worker_connector_destroyed_task_count in":           "0",
		"kafka_connect_worker_connector_count ":                            "2",
		"kafka_connect_worker_rebalance_rebalancing ":                      "1",
		"kafka_connect_worker_task_startup_attempts_total ":                "4",
		"kafka_connect_worker_task_startup_success_percentage ":            "0.75",
		"kafka_connect_worker_connector_startup_failure_total ":            "1",
		"kafka_connect_worker_connector_startup_failure_percentage ":       "0.25",
		"kafka_consumer_connection_count ":                                 "3",
		"kafka_consumer_incoming_byte_total ":                              "70",
		"kafka_producer_outgoing_byte_total ":                              "80",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	for _, key := range []string{"kafka_connect_sink_task_put_batch_avg_time_ms in", "kafka_connect_source_task_poll_batch_avg_time_ms out", "penstock_kafka_consumer_connects_total in"} {
		if v, ok := got[key]; ok {
			t.Errorf("%s is %s, want it for the other kind only", key, v)
		}
	}
}

// A scrape of a worker with hundreds of tasks must stay cheap.
func BenchmarkCollect(b *testing.B) {
	c := everyMetric()
	two := c.states()
	var many []TaskState
	for i := range 500 {
		s := two[i%2]
		s.Connector = fmt.Sprintf("c%d", i)
		many = append(many, s)
	}
	c.states = func() []TaskState { return many }
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}
