// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kadm"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

func TestWorkerMovesData(t *testing.T) {
	h := run(t, cluster(t))
	in, out := h.bind(t, source("in")), h.bind(t, sink("out"))
	h.Assign([]TaskSpec{in, out})

	want := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}
	eventually(t, "ten records arrive", func() bool { return len(h.seen()) >= 10 })
	if diff := cmp.Diff(want, h.seen()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	eventually(t, "the counts are right", func() bool {
		a, b := h.state(t, "in").Progress, h.state(t, "out").Progress
		return a.Records == 10 && b.Records == 10 && a.Pending == 0 && b.Pending == 0
	})

	// What Kafka Connect's tools and the operator read.
	ins := storage.TaskID{Connector: "in"}
	eventually(t, "the statuses are there", func() bool {
		d, _ := h.statuses.Detail(ins)
		return d.State == "RUNNING" && d.Records == 10 && len(d.Offsets) == 1
	})
	status, _ := h.statuses.Task(ins)
	if diff := cmp.Diff(storage.Status{State: "RUNNING", WorkerID: "10.0.0.1:8083", Generation: 1, Version: "1"}, status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	connector, _ := h.statuses.ConnectorStatus("in")
	if diff := cmp.Diff(status, connector); diff != "" {
		t.Errorf("connector status (-want +got):\n%s", diff)
	}
	detail, _ := h.statuses.Detail(ins)
	wantDetail := storage.TaskDetail{
		State: "RUNNING", WorkerID: "10.0.0.1:8083", Pod: "pod-0", Epoch: 1, Records: 10, Partitions: 1, Lag: new(int64),
		Offsets: []storage.PartitionOffset{{Partition: `{"counter":"c"}`, Offset: `{"at":10}`}},
	}
	if diff := cmp.Diff(wantDetail, detail, cmpopts.IgnoreFields(storage.TaskDetail{}, "StartedAt", "LastCommit", "RecordsPerSecond")); diff != "" {
		t.Errorf("detail (-want +got):\n%s", diff)
	}
	worker, ok := h.statuses.Worker("pod-0")
	if !ok || worker.UID != "uid" || worker.Version != "v1" || !slices.Contains(worker.Plugins, storage.Plugin{Class: "collect", Type: "sink", Version: "2"}) {
		t.Errorf("worker detail %+v, want that of pod-0 with its plugins", worker)
	}
	if err := h.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
}

func TestWorkerResumesFromItsOffsets(t *testing.T) {
	h := run(t, cluster(t))
	in, out := h.bind(t, source("in")), h.bind(t, sink("out"))
	in.Config["limit"] = "5"
	h.Assign([]TaskSpec{in, out})
	eventually(t, "five records are committed", func() bool { return h.state(t, "in").Progress.Records == 5 && len(h.seen()) == 5 })
	next := h.bind(t, source("in"))
	h.Assign([]TaskSpec{next, out})
	eventually(t, "the rest arrives", func() bool { return len(h.seen()) >= 10 })
	if got := h.seen(); len(got) != 10 || got[5] != "6" {
		t.Errorf("records %v, want 1 to 10", got)
	}
}

func TestWorkerPausesAndReleases(t *testing.T) {
	h := run(t, cluster(t))
	s := h.bind(t, source("in"))
	id := storage.TaskID{Connector: "in"}
	h.Assign([]TaskSpec{s})
	h.await(t, "in", task.Running)
	s.Paused = true
	h.Assign([]TaskSpec{s})
	h.await(t, "in", task.Paused)
	eventually(t, "the status says paused", func() bool { st, _ := h.statuses.Task(id); return st.State == "PAUSED" })
	s.Paused = false
	h.Assign([]TaskSpec{s})
	h.await(t, "in", task.Running)
	h.Assign(nil)
	eventually(t, "it is released", func() bool {
		d, _ := h.statuses.Detail(id)
		st, _ := h.statuses.Task(id)
		return d.Released && d.State == "UNASSIGNED" && d.Epoch == 1 && st.State == "UNASSIGNED" && st.Generation == 1
	})
	eventually(t, "it is forgotten", func() bool { return len(h.Tasks()) == 0 })
}

func TestWorkerFailsATaskAlone(t *testing.T) {
	h := run(t, cluster(t))
	bad := source("bad")
	bad.Config["topic"] = "t"
	h.Assign([]TaskSpec{h.bind(t, bad), h.bind(t, sink("out"))})
	h.await(t, "bad", task.Running)
	h.await(t, "out", task.Running)
	h.fail.Store(true)
	failed := h.await(t, "bad", task.Failed)
	if !strings.Contains(failed.Error, "cannot log in with ****") {
		t.Errorf("error %q, want the reason without the secret", failed.Error)
	}
	id := storage.TaskID{Connector: "bad"}
	eventually(t, "the status says failed", func() bool { st, _ := h.statuses.Task(id); return st.State == "FAILED" })
	status, _ := h.statuses.Task(id)
	detail, _ := h.statuses.Detail(id)
	if status.Trace != failed.Error || strings.Contains(status.Trace+detail.Error, "s3cret") {
		t.Errorf("status %+v, detail %+v; want the reason without the secret", status, detail)
	}
	connector, _ := h.statuses.ConnectorStatus("bad")
	if connector.State != "RUNNING" {
		t.Errorf("connector status %+v, want RUNNING: only the task has failed", connector)
	}
	if h.state(t, "out").State != task.Running {
		t.Error("the other task does not run")
	}

	h.fail.Store(false)
	h.Assign([]TaskSpec{h.bind(t, bad)})
	if s := h.await(t, "bad", task.Running); s.Epoch != 2 || s.Error != "" {
		t.Errorf("state %+v, want it to run under epoch 2", s)
	}
}

func TestWorkerRefusesBadSpecs(t *testing.T) {
	tests := map[string]struct {
		change func(*TaskSpec)
		want   string
	}{
		"unknown class":     {func(s *TaskSpec) { s.Class = "nope" }, "connector.class: unknown class nope"},
		"missing secret":    {func(s *TaskSpec) { s.Config["password"] = "${secrets:db:nope}" }, "resolving password: ${secrets:db:nope}: no such secret"},
		"unknown provider":  {func(s *TaskSpec) { s.Config["password"] = "${vault:x}" }, "names no config provider of this worker, which has secrets"},
		"missing key":       {func(s *TaskSpec) { delete(s.Config, "topic") }, "topic"},
		"wrong secret type": {func(s *TaskSpec) { s.Config["limit"] = "${secrets:db:password}" }, "limit"},
		"unknown converter": {func(s *TaskSpec) { s.Config["key.converter"] = "xml" }, "key.converter"},
	}
	h := run(t, cluster(t))
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := source(strings.ReplaceAll(name, " ", "-"))
			tc.change(&s)
			h.Assign([]TaskSpec{h.bind(t, s)})
			got := h.await(t, s.Connector, task.Failed)
			if !strings.Contains(got.Error, tc.want) || strings.Contains(got.Error, "s3cret") {
				t.Errorf("error %q, want one with %q", got.Error, tc.want)
			}
		})
	}
}

func TestWorkerSuperseded(t *testing.T) {
	c := cluster(t)
	first, second := run(t, c), run(t, c)
	id := storage.TaskID{Connector: "in"}
	first.Assign([]TaskSpec{first.bind(t, source("in")), first.bind(t, sink("out"))})
	first.await(t, "in", task.Running)
	eventually(t, "the group is joined", func() bool { return len(first.state(t, "out").Progress.Assignment) == 1 })

	second.Assign([]TaskSpec{second.bind(t, source("in")), second.bind(t, sink("out"))})
	for _, name := range []string{"in", "out"} {
		eventually(t, name+" stops in the first worker", func() bool { return first.state(t, name).Superseded })
		second.await(t, name, task.Running)
	}
	eventually(t, "the second owns the partition", func() bool { return len(second.state(t, "out").Progress.Assignment) == 1 })
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if err := second.statuses.ReadToEnd(t.Context()); err != nil {
		t.Fatal(err)
	}
	status, _ := second.statuses.Task(id)
	detail, _ := second.statuses.Detail(id)
	if status.State != "RUNNING" || status.Generation != 2 || detail.Epoch != 2 || detail.Released {
		t.Errorf("status %+v, detail %+v; want those of the second worker", status, detail)
	}
}

// A container that restarts from a stale file must not win.
func TestWorkerStaleAssignment(t *testing.T) {
	h := run(t, cluster(t))
	stale := h.bind(t, source("in"))
	h.bind(t, source("in")) // bound elsewhere since
	h.Assign([]TaskSpec{stale})
	eventually(t, "it stops", func() bool { return h.state(t, "in").Superseded })
	if err := h.statuses.ReadToEnd(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := h.statuses.Task(storage.TaskID{Connector: "in"}); ok {
		t.Error("it has written a status")
	}
}

func TestWorkerStopsGracefully(t *testing.T) {
	h := run(t, cluster(t))
	in := h.bind(t, source("in"))
	in.Config["limit"] = "100000"
	h.Assign([]TaskSpec{in})
	eventually(t, "records flow", func() bool { return h.state(t, "in").Progress.Records > 100 })
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	end := h.state(t, "in")
	if !end.Released || end.Progress.Pending != 0 {
		t.Errorf("state %+v, want it released with everything committed", end)
	}
	if err := h.statuses.ReadToEnd(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := storage.TaskID{Connector: "in"}
	status, _ := h.statuses.Task(id)
	detail, _ := h.statuses.Detail(id)
	if status.State != "UNASSIGNED" || !detail.Released || detail.Records != end.Progress.Records {
		t.Errorf("status %+v, detail %+v; want the last word", status, detail)
	}
	if _, ok := h.statuses.Worker("pod-0"); ok {
		t.Error("the worker's detail is still there")
	}
}

func TestWorkerConverters(t *testing.T) {
	h := run(t, cluster(t))
	inherits, own := source("inherits"), source("own")
	own.Config["value.converter"], own.Config["value.converter.own"] = "json", "${secrets:db:limit}"
	own.Config["header.converter"], own.Config["header.converter.own"] = "simple", "${secrets:db:limit}"
	h.Assign([]TaskSpec{h.bind(t, inherits)})
	h.await(t, "inherits", task.Running)
	h.Assign([]TaskSpec{h.bind(t, own)})
	h.await(t, "own", task.Running)
	want := []map[string]string{
		{"schemas.enable": "false"}, {"mine": "worker's"}, // key and value of the first
		{"schemas.enable": "false"}, {"own": "10"},
	}
	h.plant.mu.Lock()
	defer h.plant.mu.Unlock()
	if diff := cmp.Diff(want, h.props); diff != "" {
		t.Errorf("converters (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]map[string]string{{}, {"own": "10"}}, h.headerProps); diff != "" {
		t.Errorf("header converters (-want +got):\n%s", diff)
	}
}

func TestRetire(t *testing.T) {
	h := run(t, cluster(t))
	var specs []TaskSpec
	for i := range 3 {
		s := source("in")
		s.Index, s.Count = i, 3
		specs = append(specs, h.bind(t, s))
	}
	h.Assign(append(specs, h.bind(t, source("other"))))
	eventually(t, "all run", func() bool {
		return len(h.statuses.Tasks()) == 4 && !slices.ContainsFunc(h.Tasks(), func(s TaskState) bool { return s.State != task.Running })
	})
	if err := h.Retire(t.Context(), "in", connect.SourceKind, 1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the tasks from 1 on stop", func() bool {
		n := 0
		for _, s := range h.Tasks() {
			if s.Superseded {
				n++
			}
		}
		return n == 2
	})
	if err := h.statuses.ReadToEnd(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, id := range h.statuses.Tasks() {
		left = append(left, task.ID(id).String())
	}
	slices.Sort(left)
	if diff := cmp.Diff([]string{"in-0", "other-0"}, left); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	for i, want := range []int64{1, 2, 2} {
		if got := h.statuses.Epoch(storage.TaskID{Connector: "in", Index: i}); got != want {
			t.Errorf("task %d has epoch %d, want %d", i, got, want)
		}
	}
	if err := h.PutConnectorState(t.Context(), "in", "STOPPED", ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the connector is stopped", func() bool { st, _ := h.statuses.ConnectorStatus("in"); return st.State == "STOPPED" })
}

func TestRetireRemovesGroupMembers(t *testing.T) {
	h := run(t, cluster(t))
	h.Assign([]TaskSpec{h.bind(t, sink("out"))})
	members := func() []string {
		m, err := kafka.GroupMembers(t.Context(), h.link.admin, "connect-out")
		if err != nil {
			t.Fatal(err)
		}
		ids := []string{}
		for _, member := range m {
			ids = append(ids, member.InstanceID)
		}
		return ids
	}
	eventually(t, "the group is joined", func() bool { return slices.Equal(members(), []string{"g-out-0"}) })
	eventually(t, "its status is known", func() bool { return len(h.statuses.Tasks()) == 1 })
	h.Assign(nil)
	eventually(t, "it has stopped", func() bool { return len(h.Tasks()) == 0 })
	if err := h.Retire(t.Context(), "out", connect.SinkKind, 0); err != nil {
		t.Fatal(err)
	}
	if m := members(); len(m) != 0 {
		t.Errorf("members %v, want none", m)
	}
}

func TestWorkerWithoutKafka(t *testing.T) {
	c := cluster(t)
	o := options(c, &plant{})
	o.Kafka.Brokers = []string{"127.0.0.1:1"}
	w := New(o)
	w.Assign([]TaskSpec{source("in")})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	eventually(t, "it says why it is not ready", func() bool {
		err := w.Ready()
		return err != nil && strings.HasPrefix(err.Error(), "Kafka was not reached yet:") && w.Live() == nil
	})
	wait, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if _, err := w.NextEpoch(wait, "in", 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("NextEpoch returned %v, want that it waits for Kafka", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run returned %v after a stop", err)
	}
}

func TestWorkerRefusesTopics(t *testing.T) {
	c := cluster(t)
	o := options(c, &plant{})
	client, err := o.Kafka.NewClient(kafka.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, "g-status"); err != nil {
		t.Fatal(err)
	}
	err = New(o).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "topic g-status: its cleanup.policy is") {
		t.Errorf("error %v, want that g-status is not compacted", err)
	}
}

func TestWorkerRefusesConfig(t *testing.T) {
	o := options(cluster(t), &plant{})
	o.Defaults = map[string]string{"offset.flush.interval.ms": "soon"}
	err := New(o).Run(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "offset.flush.interval.ms: ") {
		t.Errorf("error %v, want one about offset.flush.interval.ms", err)
	}
}

func TestWorkerMetrics(t *testing.T) {
	h := run(t, cluster(t))
	h.Assign([]TaskSpec{h.bind(t, source("in")), h.bind(t, sink("out"))})
	eventually(t, "records arrive and are counted", func() bool {
		in, out := h.state(t, "in").Progress, h.state(t, "out").Progress
		return out.Records == 10 && out.CommitTime.Count > 0 && in.CommitTime.Count > 0
	})
	h.fail.Store(true)
	h.await(t, "in", task.Failed)

	got := map[string]float64{}
	families, err := h.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := f.GetName()
			for _, l := range m.GetLabel() {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			got[key] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetSummary().GetSampleCount())
		}
	}
	for _, key := range []string{
		"kafka_connect_source_task_source_record_poll_total connector=in task=0", "kafka_connect_sink_task_sink_record_read_total connector=out task=0",
		"kafka_connect_connector_task_batch_size_avg connector=in task=0", "kafka_connect_connector_task_batch_size_max connector=out task=0",
		"kafka_connect_connector_task_offset_commit_success_percentage connector=out task=0", "kafka_connect_task_error_last_error_timestamp connector=in task=0",
		"penstock_task_batch_seconds connector=in task=0", "penstock_task_batch_seconds connector=out task=0",
		"penstock_task_commit_seconds connector=in task=0", "penstock_task_commit_seconds connector=out task=0",
		"penstock_kafka_consumer_connects_total connector=out task=0", "penstock_kafka_consumer_fetch_records_total connector=out task=0",
		"penstock_kafka_consumer_request_seconds connector=out task=0", "penstock_kafka_consumer_read_bytes_total connector=out task=0",
	} {
		if got[key] <= 0 {
			t.Errorf("%s is %v, want that it has moved", key, got[key])
		}
	}
	for key, want := range map[string]float64{
		"kafka_connect_connector_task_status connector=in status=failed task=0":        1,
		"kafka_connect_connector_task_status connector=out status=running task=0":      1,
		"kafka_connect_connector_status connector=in status=running":                   1,
		"kafka_connect_connector_connector_class connector=in connector_class=counter": 1,
		"kafka_connect_connector_connector_type connector=out connector_type=sink":     1,
		"kafka_connect_connector_connector_version connector=out connector_version=2":  1,
		"kafka_connect_worker_task_count":                                              2,
		"kafka_connect_worker_connector_count":                                         2,
		"kafka_connect_worker_connector_failed_task_count connector=in":                1,
		"kafka_connect_worker_connector_running_task_count connector=in":               0,
		"kafka_connect_worker_connector_total_task_count connector=out":                1,
		"kafka_connect_source_task_source_record_write_total connector=in task=0":      10,
		"kafka_connect_sink_task_sink_record_send_total connector=out task=0":          10,
		"kafka_connect_sink_task_partition_count connector=out task=0":                 1,
		"penstock_task_lag_records connector=out task=0":                               0,
		"penstock_task_epoch connector=in task=0":                                      1,
		"penstock_task_restarts_total connector=in task=0":                             0,
		"penstock_task_stalled_seconds connector=in task=0":                            0,
		"penstock_worker_ready":                                   1,
		"penstock_kafka_producer_produce_records_total node_id=0": 10,
	} {
		if v, ok := got[key]; !ok || v != want {
			t.Errorf("%s is %v (there: %v), want %v", key, v, ok, want)
		}
	}
}

// A task that is taken away takes its metrics along, those of its Kafka client
// too, and one that comes again brings them back.
func TestWorkerMetricsEndWithTheTask(t *testing.T) {
	h := run(t, cluster(t))
	count := func() int {
		families, err := h.metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range families {
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					if l.GetName() == "task" {
						n++
					}
				}
			}
		}
		return n
	}
	for range 2 {
		h.Assign([]TaskSpec{h.bind(t, sink("out"))})
		h.await(t, "out", task.Running)
		eventually(t, "its client has a connection", func() bool { return h.state(t, "out").Traffic.Connects > 0 })
		if n := count(); n < len(sinkMetrics()) {
			t.Errorf("%d metrics of tasks, want those of a sink", n)
		}
		h.Assign(nil)
		eventually(t, "its metrics are gone", func() bool { return count() == 0 })
	}
}

// A broker that goes away and comes back shows in the probes and stops nothing
// for good.
func TestWorkerSurvivesKafkaErrors(t *testing.T) {
	c := cluster(t)
	h := run(t, c)
	h.Assign([]TaskSpec{h.bind(t, sink("out"))})
	h.await(t, "out", task.Running)
	eventually(t, "it is ready", func() bool { return h.Ready() == nil })
	h.health.kafka(errors.New("no answer"))
	h.health.mu.Lock()
	h.health.answer = time.Now().Add(-time.Minute)
	h.health.mu.Unlock()
	if err := h.Ready(); err == nil {
		t.Error("it says that it is ready")
	}
	eventually(t, "it is ready again", func() bool { return h.Ready() == nil })
	if s := h.state(t, "out"); s.State != task.Running {
		t.Errorf("state %+v, want running", s)
	}
}
