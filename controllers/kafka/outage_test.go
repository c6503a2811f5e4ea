// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/storage"
)

var errCut = errors.New("the cable is cut")

// cable connects a Manager to its brokers, or does not.
type cable struct {
	mu    sync.Mutex
	isCut bool
	conns []net.Conn
}

func (c *cable) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isCut {
		return nil, errCut
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		c.conns = append(c.conns, conn)
	}
	return conn, err
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = true
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = false
}

// startOver runs a Manager that reaches its broker over a cable.
func startOver(t *testing.T, wire *cable) *fixture {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &fixture{t: t, brokers: c.ListenAddrs(), m: New(Options{Logger: logr.Discard(), Dial: wire.dial})}
}

func TestAKafkaThatComesLate(t *testing.T) {
	var wire cable
	wire.cut()
	f := startOver(t, &wire)
	run(t, f.m)
	f.m.Connect(main, f.settings("uid-main"))
	f.await(main, func(c state.Cluster) bool { return c.Reachable != nil && !errors.Is(c.Reachable, errNotTried) })
	if _, err := f.m.NextEpoch(within(t), state.TaskKey{Cluster: main, Connector: "c"}, 0); err == nil {
		t.Error("an epoch was raised at a Kafka that is away")
	}
	wire.mend()
	c := f.await(main, func(c state.Cluster) bool { return c.CaughtUp && c.Reachable == nil })
	if c.HeldBy != "uid-main" {
		t.Errorf("the topics are held by %q", c.HeldBy)
	}
}

// What was known of a Kafka stays known while it does not answer.
func TestAKafkaThatGoesAndComesBack(t *testing.T) {
	var wire cable
	f := startOver(t, &wire)
	run(t, f.m)
	f.connected(main, "uid-main")
	key := state.TaskKey{Cluster: main, Connector: "c"}
	if _, err := f.m.NextEpoch(within(t), key, 0); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { // it is read from the topic like a worker's word
		if s, _ := f.m.Task(key); s.HighestEpoch != 1 {
			return fmt.Errorf("the task is %+v", s)
		}
		return nil
	})
	wire.cut()
	gone := f.await(main, func(c state.Cluster) bool { return c.Reachable != nil })
	if !gone.CaughtUp || gone.HeldBy != "uid-main" || gone.KafkaClusterID == "" {
		t.Errorf("while Kafka is away, what is known is %+v", gone)
	}
	if s, known := f.m.Task(key); !known || s.HighestEpoch != 1 {
		t.Errorf("while Kafka is away, the task is %+v, %v", s, known)
	}
	wire.mend()
	f.await(main, func(c state.Cluster) bool { return c.Reachable == nil })
	if got, err := f.m.NextEpoch(within(t), key, 0); err != nil || got != 2 {
		t.Errorf("after it has come back the next epoch is %d, %v; want 2", got, err)
	}
}

// A deleted cluster must not claim its topics again.
func TestReleasedTopicsStayReleased(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	if err := f.m.Release(within(t), main); err != nil {
		t.Fatal(err)
	}
	w := f.worker()
	e, l, err := f.m.link(main)
	if err != nil {
		t.Fatal(err)
	}
	e.look(within(t), l) // as the next tick does
	if err := w.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	if h, held := w.Holder(); held {
		t.Errorf("after the release the topics are held by %v", h)
	}
}

// Nobody can come between the two steps of taking over.
func TestTakeOverLeavesNoGap(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	f.connected(other, "uid-other")
	seen := make(chan storage.Identity, 100)
	var w *storage.Statuses
	ready := make(chan struct{})
	s, err := storage.OpenStatuses(f.newClient, "g-status", slog.New(slog.DiscardHandler), func(storage.Change) {
		<-ready
		h, _ := w.Holder()
		seen <- h
	})
	if err != nil {
		t.Fatal(err)
	}
	w = s
	close(ready)
	t.Cleanup(s.Close)
	if err := s.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := f.m.TakeOver(within(t), other, "uid-main"); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case h := <-seen:
			if h.UID == "" {
				t.Fatal("for a moment nobody held the topics")
			}
			if h.UID == "uid-other" {
				return
			}
		case <-within(t).Done():
			t.Fatal("the topics were not taken over")
		}
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	f := start(t)
	s := f.settings("uid-main")
	s.Properties["security.protocol"] = "SMOKE_SIGNALS"
	f.m.Connect(main, s)
	c := f.await(main, func(c state.Cluster) bool { return !errors.Is(c.Reachable, errNotTried) })
	if c.Reachable == nil || c.CaughtUp {
		t.Errorf("what is known is %+v", c)
	}
}

// Connect is called in every pass of a controller.
func TestTheSameSettingsChangeNothing(t *testing.T) {
	f := start(t)
	f.connected(main, "uid-main")
	before := f.m.entry(main)
	f.m.Connect(main, f.settings("uid-main"))
	if f.m.entry(main) != before {
		t.Error("the same settings began again")
	}
	for name, change := range map[string]func(*state.Settings){
		"uid": func(s *state.Settings) { s.UID = "x" }, "group": func(s *state.Settings) { s.GroupID = "x" },
		"offsets": func(s *state.Settings) { s.OffsetsTopic = "x" }, "status": func(s *state.Settings) { s.StatusTopic = "x" },
		"factor": func(s *state.Settings) { s.ReplicationFactor = 2 }, "properties": func(s *state.Settings) { s.Properties["client.dns.lookup"] = "x" },
	} {
		s := f.settings("uid-main")
		change(&s)
		if same(f.settings("uid-main"), s) {
			t.Errorf("another %s is the same", name)
		}
	}
}

func TestNothingIsLeftRunning(t *testing.T) {
	var wire cable
	f := startOver(t, &wire)
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	f.m.Connect(main, f.settings("uid-main")) // before it is started
	events := f.m.ClusterEvents()             // nobody reads on
	go func() { ended <- f.m.Start(ctx) }()
	f.await(main, func(c state.Cluster) bool { return c.CaughtUp })
	select {
	case e := <-events:
		if e.Object != main {
			t.Errorf("what is new concerns %v", e.Object)
		}
	case <-within(t).Done():
		t.Fatal("nobody tells of the cluster")
	}
	f.m.Disconnect(main)
	f.m.Disconnect(main) // once more does no harm
	f.m.Connect(other, f.settings("uid-other"))
	f.await(other, func(c state.Cluster) bool { return c.CaughtUp })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the manager ended with %v", err)
	}
	goleak.VerifyNone(t, before, // but for the broker's ends
		goleak.IgnoreAnyFunction("github.com/twmb/franz-go/pkg/kfake.(*clientConn).read"),
		goleak.IgnoreAnyFunction("github.com/twmb/franz-go/pkg/kfake.(*clientConn).write"))
}

func TestWhatIsUnknown(t *testing.T) {
	f := start(t)
	ctx := within(t)
	_, epoch := f.m.NextEpoch(ctx, state.TaskKey{Cluster: main}, 0)
	for name, err := range map[string]error{
		"NextEpoch": epoch, "FenceSource": f.m.FenceSource(ctx, main, "c", 1), "RemoveMembers": f.m.RemoveMembers(ctx, main, "c", 0),
		"Forget": f.m.Forget(ctx, main, "c", true), "TakeOver": f.m.TakeOver(ctx, main, "x"), "Release": f.m.Release(ctx, main),
	} {
		if err == nil {
			t.Errorf("%s of a cluster that nobody connected is called done", name)
		}
	}
	if s, known := f.m.Task(state.TaskKey{Cluster: main}); known {
		t.Errorf("a task of it is known: %+v", s)
	}
	if w := f.m.Workers(main); w != nil {
		t.Errorf("workers of it are known: %+v", w)
	}
}

func TestAHubHandsOnWhatWaitsOnce(t *testing.T) {
	h := newHub[string]()
	one, two := h.subscribe(), h.subscribe()
	for i := range 1000 {
		h.publish(fmt.Sprint("k", i%3))
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { h.run(ctx); close(done) }()
	for range 3 { // two reads nothing, and does not hold one up
		select {
		case <-one:
		case <-within(t).Done():
			t.Fatal("a key is missing")
		}
	}
	h.publish("last")
	if e := <-one; e.Object != "last" {
		t.Errorf("%q came twice", e.Object)
	}
	got := map[string]int{}
	for range 3 {
		e := <-two
		got[e.Object]++
	}
	if len(got) != 3 {
		t.Errorf("the slow one got %v", got)
	}
	cancel()
	<-done
}
