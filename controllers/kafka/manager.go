// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package kafka is the operator's one door to Kafka. It follows the status topic
// of every ConnectCluster into memory and wakes the controllers, raises epochs,
// and fences and removes what is left of old incarnations.
package kafka

import (
	"context"
	"fmt"
	"maps"
	"net"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"penstock.dev/controllers/internal/state"
	"penstock.dev/runtime/storage"
)

// Options are what a Manager needs.
type Options struct {
	Logger logr.Logger
	// Dial opens connections to Kafka; nil is the usual way.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// GroupInterval is how often the members of the sinks' consumer groups are read;
	// 0 is every 30 s.
	GroupInterval time.Duration
}

// Manager knows the Kafka of every ConnectCluster. One that does not answer costs
// the others nothing: each has a goroutine and clients of its own.
type Manager struct {
	o          Options
	tasks      *hub[state.TaskKey]
	clusters   *hub[types.NamespacedName]
	connectors *hub[state.ConnectorKey]

	mu      sync.Mutex
	running context.Context // set by Start
	wg      sync.WaitGroup
	entries map[types.NamespacedName]*entry
}

// New returns a Manager; Start makes it work.
func New(o Options) *Manager {
	return &Manager{
		o: o, tasks: newHub[state.TaskKey](), clusters: newHub[types.NamespacedName](), connectors: newHub[state.ConnectorKey](),
		entries: map[types.NamespacedName]*entry{},
	}
}

// Start works until ctx is done, then lets go of every Kafka.
func (m *Manager) Start(ctx context.Context) error {
	m.mu.Lock()
	m.running = ctx
	for _, e := range m.entries {
		m.launch(e)
	}
	m.mu.Unlock()
	m.wg.Go(func() { m.tasks.run(ctx) })
	m.wg.Go(func() { m.clusters.run(ctx) })
	m.wg.Go(func() { m.connectors.run(ctx) })
	<-ctx.Done()
	m.wg.Wait()
	return nil
}

// NeedLeaderElection says that only the operator that leads talks to Kafka.
func (m *Manager) NeedLeaderElection() bool { return true }

// TaskEvents returns a channel of its own on which the keys of tasks arrive of
// which Kafka knows something new; several changes may come as one.
func (m *Manager) TaskEvents() <-chan event.TypedGenericEvent[state.TaskKey] {
	return m.tasks.subscribe()
}

// ClusterEvents returns a channel of its own on which the names of clusters
// arrive of which something new is known.
func (m *Manager) ClusterEvents() <-chan event.TypedGenericEvent[types.NamespacedName] {
	return m.clusters.subscribe()
}

// GroupEvents returns a channel of its own on which the keys of connectors arrive
// of whose consumer group something new is known.
func (m *Manager) GroupEvents() <-chan event.TypedGenericEvent[state.ConnectorKey] {
	return m.connectors.subscribe()
}

// Connect says how a cluster's Kafka is reached. It returns at once; what comes
// of it is told by Cluster. The same settings again change nothing.
func (m *Manager) Connect(key types.NamespacedName, s state.Settings) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.entries[key]
	if old != nil && same(old.settings, s) {
		old.allow(s.MayClaim)
		return
	}
	if old != nil {
		old.stop()
	}
	e := newEntry(key, s, m)
	m.entries[key] = e
	if m.running != nil {
		m.launch(e)
	}
}

func (m *Manager) launch(e *entry) {
	ctx, cancel := context.WithCancel(m.running)
	e.cancel = cancel
	m.wg.Go(func() { e.run(ctx) })
}

func same(a, b state.Settings) bool {
	return a.UID == b.UID && a.GroupID == b.GroupID && a.OffsetsTopic == b.OffsetsTopic && a.StatusTopic == b.StatusTopic &&
		a.ReplicationFactor == b.ReplicationFactor && maps.Equal(a.Properties, b.Properties)
}

// Disconnect forgets a cluster.
func (m *Manager) Disconnect(key types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil {
		e.stop()
		delete(m.entries, key)
	}
}

func (m *Manager) entry(key types.NamespacedName) *entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[key]
}

// holding is answering for what only the holder of the internal topics may do. The
// status topic is read to its end first, so that a take-over is noticed that was
// written before.
func (m *Manager) holding(ctx context.Context, key types.NamespacedName) (*entry, *link, error) {
	e, l, err := m.answering(key)
	if err != nil {
		return nil, nil, err
	}
	if err := l.statuses.ReadToEnd(ctx); err != nil {
		return nil, nil, err
	}
	return e, l, e.ours(l)
}

// answering returns what reaches a cluster's Kafka, or an error if it was not
// reached, or did not answer last time: a call to a Kafka that is away would keep
// a reconciler from others until it gives up.
func (m *Manager) answering(key types.NamespacedName) (*entry, *link, error) {
	e, l, err := m.link(key)
	if err != nil {
		return nil, nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state.Reachable != nil {
		return nil, nil, fmt.Errorf("the Kafka of ConnectCluster %s does not answer: %w", key, e.state.Reachable)
	}
	return e, l, nil
}

// link returns what reaches a cluster's Kafka, or an error as long as it was not
// reached.
func (m *Manager) link(key types.NamespacedName) (*entry, *link, error) {
	e := m.entry(key)
	if e == nil {
		return nil, nil, fmt.Errorf("ConnectCluster %s is not connected to its Kafka", key)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.link == nil {
		return nil, nil, fmt.Errorf("ConnectCluster %s has not reached its Kafka: %w", key, e.unlinked())
	}
	return e, e.link, nil
}

// Cluster returns what is known of a cluster's Kafka.
func (m *Manager) Cluster(key types.NamespacedName) (state.Cluster, bool) {
	e := m.entry(key)
	if e == nil {
		return state.Cluster{}, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.state
	if s.CaughtUp && e.link != nil { // who took over is known before the next look
		e.addHolder(&s, e.link)
	}
	return s, true
}

// Task returns the last word about a task; false if there is none.
func (m *Manager) Task(k state.TaskKey) (state.Task, bool) {
	_, l, err := m.link(k.Cluster)
	if err != nil {
		return state.Task{}, false
	}
	return taskState(l.statuses, storage.TaskID{Connector: k.Connector, Index: k.Index})
}

// Workers returns what the workers of a cluster last said of themselves.
func (m *Manager) Workers(key types.NamespacedName) []state.Worker {
	_, l, err := m.link(key)
	if err != nil {
		return nil
	}
	var out []state.Worker
	for _, d := range l.statuses.Workers() {
		out = append(out, workerState(d))
	}
	return out
}
