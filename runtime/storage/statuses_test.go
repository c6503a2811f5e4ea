// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/kafka"
)

var id = TaskID{Connector: "my-c", Index: 2}

func TestStatusFormat(t *testing.T) {
	for want, s := range map[string]Status{
		`{"state":"RUNNING","trace":null,"worker_id":"10.0.0.1:8083","generation":3}`:       {"RUNNING", "", "10.0.0.1:8083", 3, ""},
		`{"state":"FAILED","trace":"a\nb","worker_id":"w","generation":-1}`:                 {"FAILED", "a\nb", "w", -1, ""},
		`{"state":"RUNNING","trace":null,"worker_id":"w","generation":4,"version":"4.3.1"}`: {"RUNNING", "", "w", 4, "4.3.1"},
	} {
		if got := string(s.encode()); got != want {
			t.Errorf("%+v is written as %s, want %s", s, got, want)
		}
		back, ok, err := decode[Status]([]byte(want))
		if err != nil || !ok || back != s {
			t.Errorf("%s reads as %+v, %v", want, back, err)
		}
	}
}

func TestParseTaskKey(t *testing.T) {
	for key, want := range map[string]TaskID{
		"status-task-a-0":     {"a", 0},
		"status-task-a-b-12":  {"a-b", 12},
		"status-task--1":      {},
		"status-task-a":       {},
		"status-task-a-x":     {},
		"status-connector-a":  {},
		"status-task-a-b--1":  {"a-b-", 1},
		"penstock-epoch-a-99": {},
	} {
		if got, ok := parseTaskKey(key, taskPrefix); got != want || ok != (want != TaskID{}) {
			t.Errorf("%s is %+v, %v; want %+v", key, got, ok, want)
		}
	}
}

func TestStatusesTravel(t *testing.T) {
	k := broker(t)
	var mu sync.Mutex
	changed := map[TaskID]int{}
	writer, reader := k.statuses(t, nil), k.statuses(t, func(c Change) {
		mu.Lock()
		defer mu.Unlock()
		if c.Task != nil {
			changed[*c.Task]++
		}
	})
	ctx := within(t)
	lag := int64(3)
	status := Status{State: "RUNNING", WorkerID: "w:8083", Generation: 4}
	detail := TaskDetail{
		State: "RUNNING", WorkerID: "w:8083", Pod: "p-0", Epoch: 4, StartedAt: time.Unix(10, 0).UTC(), Assignment: []string{"t-0"},
		Offsets: []PartitionOffset{{Partition: "t-0", Offset: "5", Lag: &lag}}, Partitions: 1, Lag: &lag, RecordsPerSecond: 1.5, Records: 9,
	}
	worker := WorkerDetail{Pod: "p-0", UID: "u", Version: "v", Heartbeat: time.Unix(11, 0).UTC(), Plugins: []Plugin{{"file-sink", "sink", "1"}}}
	for _, err := range []error{
		writer.PutTask(ctx, id, status), writer.PutDetail(ctx, id, detail), writer.PutWorker(ctx, worker), writer.PutConnector(ctx, "my-c", status),
		// What others write beside us is left alone, and so is what makes no sense.
		writer.Put(ctx, record("status-topic-t:connector-my-c", []byte(`{"topic":{}}`)), record("status-task-my-c-3", []byte(`nonsense`)), record("other", nil)),
		reader.ReadToEnd(ctx),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, want, got any, ok bool) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s, %v (-want +got):\n%s", what, ok, diff)
		}
	}
	gotStatus, ok := reader.Task(id)
	check("status", status, gotStatus, ok)
	gotDetail, ok := reader.Detail(id)
	check("detail", detail, gotDetail, ok)
	gotWorker, ok := reader.Worker("p-0")
	check("worker", worker, gotWorker, ok)
	gotConnector, ok := reader.ConnectorStatus("my-c")
	check("connector", status, gotConnector, ok)
	mu.Lock()
	if changed[id] != 2 {
		t.Errorf("the task changed %d times, want 2", changed[id])
	}
	mu.Unlock()
	if err := errors.Join(writer.ReadToEnd(ctx), writer.DeleteConnector(ctx, "my-c"), writer.DeleteWorker(ctx, "p-0"), reader.ReadToEnd(ctx)); err != nil {
		t.Fatal(err)
	}
	if n := len(reader.Tasks()) + len(reader.Workers()); n != 0 {
		t.Errorf("%d entries outlive their deletion", n)
	}
}

func TestALateGoodbyeIsNotHeard(t *testing.T) {
	for name, tc := range map[string]struct {
		now, late Status
		want      string
	}{
		"another worker runs it":          {Status{"RUNNING", "", "b", 2, ""}, Status{"UNASSIGNED", "", "a", 1, ""}, "RUNNING"},
		"the same worker, same life":      {Status{"RUNNING", "", "a", 1, ""}, Status{"UNASSIGNED", "", "a", 1, ""}, "UNASSIGNED"},
		"another worker, but older":       {Status{"RUNNING", "", "b", 1, ""}, Status{"UNASSIGNED", "", "a", 2, ""}, "UNASSIGNED"},
		"a failure is always heard":       {Status{"RUNNING", "", "b", 2, ""}, Status{"FAILED", "x", "a", 1, ""}, "FAILED"},
		"nothing runs, so nothing to win": {Status{"FAILED", "x", "b", 2, ""}, Status{"UNASSIGNED", "", "a", 1, ""}, "UNASSIGNED"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Statuses{tasks: map[TaskID]Status{}}
			for _, v := range []Status{tc.now, tc.late} {
				if err := s.takeStatus(id, v.encode()); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.tasks[id].State; got != tc.want {
				t.Errorf("state %s, want %s", got, tc.want)
			}
		})
	}
}

func TestALateDetailIsNotHeard(t *testing.T) {
	k := broker(t)
	s := k.statuses(t, nil)
	ctx := within(t)
	for _, d := range []TaskDetail{{Epoch: 3, State: "RUNNING"}, {Epoch: 2, State: "FAILED"}, {Epoch: 3, State: "UNASSIGNED", Released: true}, {Epoch: 1}} {
		if err := s.PutDetail(ctx, id, d); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.ReadToEnd(ctx); err != nil {
		t.Fatal(err)
	}
	want := TaskDetail{Epoch: 3, State: "UNASSIGNED", Released: true}
	if got, _ := s.Detail(id); !cmp.Equal(got, want) {
		t.Errorf("the detail is %+v, want %+v", got, want)
	}
	// Once deleted, any epoch may speak again.
	if err := errors.Join(s.DeleteTask(ctx, id), s.PutDetail(ctx, id, TaskDetail{Epoch: 1}), s.ReadToEnd(ctx)); err != nil {
		t.Fatal(err)
	}
	if got, ok := s.Detail(id); got.Epoch != 1 || !ok {
		t.Errorf("after the task was deleted the detail is %+v, %v", got, ok)
	}
}

func TestTheFirstClaimHolds(t *testing.T) {
	k := broker(t)
	a, b := k.statuses(t, nil), k.statuses(t, nil)
	ctx := within(t)
	if _, ok := a.Holder(); ok {
		t.Error("somebody holds topics that nobody claimed")
	}
	for _, put := range []Identity{{"uid-a", "ns/a"}, {"uid-b", "ns/b"}, {"uid-a", "ns/a"}} {
		if err := a.PutIdentity(ctx, put); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []*Statuses{a, b} {
		if err := s.ReadToEnd(ctx); err != nil {
			t.Fatal(err)
		}
		if got, _ := s.Holder(); got.Name != "ns/a" {
			t.Errorf("%+v holds the topics, want ns/a", got)
		}
		if at := s.identities["uid-a"].offset; at != 0 {
			t.Errorf("the first claim moved to offset %d", at)
		}
	}
	if err := errors.Join(b.DeleteIdentity(ctx, "uid-a"), b.ReadToEnd(ctx)); err != nil {
		t.Fatal(err)
	}
	if got, _ := b.Holder(); got.Name != "ns/b" {
		t.Errorf("after a was removed %+v holds the topics, want ns/b", got)
	}
}

func TestTopicsThatWouldLoseOffsetsAreRefused(t *testing.T) {
	k := broker(t)
	client, err := k.newClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	policy, deleting := "delete", t.Name()
	if _, err := adm.CreateTopic(within(t), 1, 1, map[string]*string{"cleanup.policy": &policy}, deleting); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		t.Fatal(err)
	}
	var refused *kafka.TopicError
	err = Topics{Offsets: deleting, Status: k.topics.Status}.Ensure(within(t), adm)
	if !errors.As(err, &refused) || refused.Topic != deleting {
		t.Errorf("a topic that is not compacted gives %v, want a TopicError", err)
	}
	if err := k.topics.Ensure(within(t), adm); err != nil {
		t.Errorf("topics that are there and compacted: %v", err)
	}
}

func FuzzStatusRecord(f *testing.F) {
	f.Add("status-task-a-0", []byte(`{"state":"RUNNING","generation":1}`))
	f.Add("penstock-task-a-0", []byte(`{"epoch":1,"startedAt":"x"}`))
	f.Add("penstock-epoch-a-0", []byte(`{"epoch":"x"}`))
	f.Add("penstock-cluster-u", []byte(`[]`))
	f.Add("penstock-worker-p", []byte(nil))
	f.Fuzz(func(_ *testing.T, key string, value []byte) {
		s := &Statuses{
			tasks: map[TaskID]Status{}, details: map[TaskID]TaskDetail{}, epochs: map[TaskID]epoch{},
			connectors: map[string]Status{}, workers: map[string]WorkerDetail{}, identities: map[string]claim{},
		}
		_, _ = s.take(key, &kgo.Record{Key: []byte(key), Value: value}) // must not panic
	})
}
