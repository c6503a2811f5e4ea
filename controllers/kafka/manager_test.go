// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	eventOf    = event.TypedGenericEvent[state.TaskKey]
	groupEvent = event.TypedGenericEvent[state.ConnectorKey]
)

var (
	main  = types.NamespacedName{Namespace: "data", Name: "main"}
	other = types.NamespacedName{Namespace: "data", Name: "other"}
)

type fixture struct {
	t       *testing.T
	brokers []string
	m       *Manager
}

// start runs a Manager against a broker in this process.
func start(t *testing.T) *fixture {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	f := &fixture{t: t, brokers: c.ListenAddrs(), m: New(Options{Logger: logr.Discard()})}
	run(t, f.m)
	return f
}

func run(t *testing.T, m *Manager) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	})
}

func (f *fixture) settings(uid string) state.Settings {
	return state.Settings{
		UID: uid, GroupID: "g", OffsetsTopic: "g-offsets", StatusTopic: "g-status", MayClaim: true,
		Properties: map[string]string{"bootstrap.servers": strings.Join(f.brokers, ",")},
	}
}

// connected waits until a cluster's Kafka is known and somebody holds its topics.
func (f *fixture) connected(key types.NamespacedName, uid string) state.Cluster {
	f.t.Helper()
	f.m.Connect(key, f.settings(uid))
	return f.await(key, func(c state.Cluster) bool { return c.CaughtUp && c.HeldBy != "" })
}

func (f *fixture) await(key types.NamespacedName, ok func(state.Cluster) bool) state.Cluster {
	f.t.Helper()
	var c state.Cluster
	eventually(f.t, func() error {
		if c, _ = f.m.Cluster(key); !ok(c) {
			return fmt.Errorf("%s is %+v", key, c)
		}
		return nil
	})
	return c
}

func eventually(t *testing.T, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (f *fixture) newClient(extra ...kgo.Opt) (*kgo.Client, error) {
	return kafka.Config{Brokers: f.brokers}.NewClient(kafka.Options{ClientID: "test"}, extra...)
}

// worker writes to the status topic as a worker does.
func (f *fixture) worker() *storage.Statuses {
	f.t.Helper()
	s, err := storage.OpenStatuses(f.newClient, "g-status", slog.New(slog.DiscardHandler), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(s.Close)
	return s
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestConnect(t *testing.T) {
	f := start(t)
	if _, known := f.m.Cluster(main); known {
		t.Error("a cluster that nobody connected is known")
	}
	c := f.connected(main, "uid-main")
	if c.Reachable != nil || c.Topics != nil || c.KafkaClusterID == "" || c.HeldBy != "uid-main" || c.HeldByName != "data/main" {
		t.Errorf("after connecting, what is known is %+v", c)
	}
	f.m.Disconnect(main)
	if _, known := f.m.Cluster(main); known {
		t.Error("a cluster is known after it was forgotten")
	}
	if _, err := f.m.NextEpoch(within(t), state.TaskKey{Cluster: main, Connector: "c"}, 0); err == nil {
		t.Error("an epoch was raised in a cluster that was forgotten")
	}
}

func TestTheFirstClusterHoldsTheTopics(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	if c := f.connected(other, "uid-other"); c.HeldBy != "uid-main" || c.HeldByName != "data/main" {
		t.Errorf("to the second, the topics are held by %s (%s)", c.HeldBy, c.HeldByName)
	}
	if err := f.m.TakeOver(within(t), other, "uid-main"); err != nil {
		t.Fatal(err)
	}
	held := func(by string) func(state.Cluster) bool { return func(c state.Cluster) bool { return c.HeldBy == by } }
	f.await(other, held("uid-other"))
	f.await(main, held("uid-other"))
	if err := f.m.Release(within(t), other); err != nil {
		t.Fatal(err)
	}
	f.m.Disconnect(other)
	f.await(main, held("uid-main"))
}

func TestAKafkaThatIsAwayKeepsNobody(t *testing.T) {
	f := start(t)
	away := f.settings("uid-other")
	away.Properties = map[string]string{"bootstrap.servers": "127.0.0.1:1"}
	f.m.Connect(other, away)
	f.connected(main, "uid-main")
	c := f.await(other, func(c state.Cluster) bool { return c.Reachable != nil && !errors.Is(c.Reachable, errNotTried) })
	if c.CaughtUp {
		t.Error("the status topic of a Kafka that is away was read")
	}
	if err := f.m.FenceSource(within(t), other, "c", 1); err == nil {
		t.Error("fencing at a Kafka that is away is called done")
	}
	// New settings reach it.
	f.m.Connect(other, f.settings("uid-other"))
	f.await(other, func(c state.Cluster) bool { return c.Reachable == nil && c.CaughtUp })
}

func TestATopicThatWouldLoseOffsets(t *testing.T) {
	f := start(t)
	client, err := f.newClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	policy := "delete"
	if _, err := kadm.NewClient(client).CreateTopic(within(t), 1, 1, map[string]*string{"cleanup.policy": &policy}, "g-offsets"); err != nil {
		t.Fatal(err)
	}
	f.m.Connect(main, f.settings("uid-main"))
	c := f.await(main, func(c state.Cluster) bool { return c.Topics != nil })
	if c.Reachable != nil || !strings.Contains(c.Topics.Error(), "g-offsets") {
		t.Errorf("what is known is %+v, want Kafka reachable and g-offsets named", c)
	}
}

func TestEpochs(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	key := state.TaskKey{Cluster: main, Connector: "c", Index: 1}
	for want := int64(1); want <= 3; want++ {
		if got, err := f.m.NextEpoch(within(t), key, 0); err != nil || got != want {
			t.Fatalf("the next epoch is %d, %v; want %d", got, err, want)
		}
	}
	again := &fixture{t: t, brokers: f.brokers, m: New(Options{Logger: logr.Discard()})}
	run(t, again.m)
	again.connected(main, "uid-main")
	if got, err := again.m.NextEpoch(within(t), key, 0); err != nil || got != 4 {
		t.Errorf("to a new operator the next epoch is %d, %v; want 4", got, err)
	}
	if got, err := again.m.NextEpoch(within(t), key, 9); err != nil || got != 10 {
		t.Errorf("above 9 the next epoch is %d, %v; want 10", got, err)
	}
	if s, known := again.m.Task(key); !known || s.HighestEpoch < 3 {
		t.Errorf("the task is known as %+v, %v", s, known)
	}
}

func TestWhatAWorkerSaysArrives(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	f := &fixture{t: t, brokers: c.ListenAddrs(), m: New(Options{Logger: logr.Discard()})}
	one, two := f.m.TaskEvents(), f.m.TaskEvents()
	run(t, f.m)
	f.connected(main, "uid-main")
	w, id := f.worker(), storage.TaskID{Connector: "c", Index: 0}
	lag := int64(7)
	detail := storage.TaskDetail{
		State: "FAILED", WorkerID: "w:8083", Pod: "w-0", Epoch: 5, Error: "broken", Assignment: []string{"t-0"}, Partitions: 1, Lag: &lag,
		Offsets: []storage.PartitionOffset{{Partition: "t-0", Offset: "3", Lag: &lag}}, Records: 9, RecordsPerSecond: 1.5,
	}
	if err := w.PutDetail(within(t), id, detail); err != nil {
		t.Fatal(err)
	}
	key := state.TaskKey{Cluster: main, Connector: "c", Index: 0}
	for i, events := range []<-chan eventOf{one, two} {
		select {
		case e := <-events:
			if e.Object != key {
				t.Errorf("subscriber %d hears of %v, want %v", i, e.Object, key)
			}
		case <-within(t).Done():
			t.Fatalf("subscriber %d hears nothing", i)
		}
	}
	got, known := f.m.Task(key)
	want := state.Task{
		State: "FAILED", WorkerID: "w:8083", Pod: "w-0", Epoch: 5, Error: "broken", Assignment: []string{"t-0"}, Partitions: 1, Lag: &lag,
		Offsets: []state.PartitionOffset{{Partition: "t-0", Offset: "3", Lag: &lag}}, Records: 9, RecordsPerSecond: 1.5,
	}
	if diff := cmp.Diff(want, got); diff != "" || !known {
		t.Errorf("the task is known as (-want +got):\n%s", diff)
	}
	if err := w.PutWorker(within(t), storage.WorkerDetail{Pod: "w-0", UID: "u", Version: "1", Plugins: []storage.Plugin{{Class: "file-sink", Type: "sink", Version: "1"}}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if ws := f.m.Workers(main); len(ws) != 1 || ws[0].UID != "u" || len(ws[0].Plugins) != 1 {
			return fmt.Errorf("workers are %+v", ws)
		}
		return nil
	})
}

func TestFencedSourcesCommitNoMore(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	o, err := storage.OpenOffsets(f.newClient, "g-offsets", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	commit := func(task *storage.TaskOffsets) error {
		return task.Commit(within(t), []connect.CommittedOffset{{
			Partition: &connect.SourcePartition{Key: map[string]any{"filename": "a"}, Fields: []string{"position"}},
			Offset:    []connect.Value{connect.Int64Value(1)},
		}})
	}
	task := o.Task("g", "c", 1)
	if err := task.Fence(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := commit(task); err != nil {
		t.Fatal(err)
	}
	if err := f.m.FenceSource(within(t), main, "c", 2); err != nil {
		t.Fatal(err)
	}
	if err := commit(task); !errors.Is(err, storage.ErrFenced) {
		t.Errorf("after the fence a commit returned %v, want ErrFenced", err)
	}
	for _, keep := range []bool{true, false} {
		if err := f.m.Forget(within(t), main, "c", !keep); err != nil {
			t.Fatal(err)
		}
		if err := o.ReadToEnd(within(t)); err != nil {
			t.Fatal(err)
		}
		if got, err := o.Connector("c"); err != nil || (len(got) > 0) != keep {
			t.Errorf("offsets to be kept: %v; left: %v, %v", keep, got, err)
		}
	}
}

func TestForgetKeepsEpochs(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	key := state.TaskKey{Cluster: main, Connector: "c", Index: 0}
	if _, err := f.m.NextEpoch(within(t), key, 0); err != nil {
		t.Fatal(err)
	}
	w, id := f.worker(), storage.TaskID{Connector: "c", Index: 0}
	if err := w.PutDetail(within(t), id, storage.TaskDetail{State: "RUNNING", Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	if err := f.m.Forget(within(t), main, "c", true); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if s, _ := f.m.Task(key); s.State != "" || s.HighestEpoch != 1 {
			return fmt.Errorf("the task is known as %+v, want no state and epoch 1", s)
		}
		return nil
	})
}

func TestOurs(t *testing.T) {
	mine := ours("g-c-", 1)
	for id, want := range map[string]bool{"g-c-0": false, "g-c-1": true, "g-c-12": true, "g-c-x": false, "h-c-1": false, "": false} {
		if got := mine(id); got != want {
			t.Errorf("%q is ours from 1 on: %v, want %v", id, got, want)
		}
	}
}
