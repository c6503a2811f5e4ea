// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The states that the rules below speak of.
const (
	unassigned = "UNASSIGNED"
	running    = "RUNNING"
)

// Change says what a record of the status topic was about; one field is set.
type Change struct {
	Task     *TaskID // a task's status, detail or epoch
	Worker   string  // the pod of a worker
	Identity bool    // who claims the topics
}

// Statuses is the status topic in memory. It is safe for concurrent use.
type Statuses struct {
	*Log
	log      *slog.Logger
	onChange func(Change)

	mu         sync.Mutex
	tasks      map[TaskID]Status
	details    map[TaskID]TaskDetail
	epochs     map[TaskID]epoch
	connectors map[string]Status
	workers    map[string]WorkerDetail
	identities map[string]claim           // by UID
	topics     map[string]map[string]bool // that connectors use
}

// claim is an identity and where it was written: the lowest offset holds.
type claim struct {
	Identity
	offset int64
}

// OpenStatuses starts to follow the status topic, which must exist. onChange, if
// it is not nil, is called for every record, by one goroutine; it must not block.
func OpenStatuses(newClient NewClient, topic string, log *slog.Logger, onChange func(Change)) (*Statuses, error) {
	s := &Statuses{
		log: log, onChange: onChange,
		tasks: map[TaskID]Status{}, details: map[TaskID]TaskDetail{}, epochs: map[TaskID]epoch{},
		connectors: map[string]Status{}, workers: map[string]WorkerDetail{}, identities: map[string]claim{},
		topics: map[string]map[string]bool{},
	}
	l, err := OpenLog(newClient, topic, log, s.apply, kgo.RecordPartitioner(byKey()))
	if err != nil {
		return nil, err
	}
	s.Log = l
	return s, nil
}

func (s *Statuses) apply(r *kgo.Record) {
	change, err := s.take(string(r.Key), r)
	if err != nil {
		s.log.Warn("skipping a record of the status topic", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "error", err)
		return
	}
	if s.onChange != nil && change != (Change{}) {
		s.onChange(change)
	}
}

// take puts a record into memory. Keys that are neither Kafka Connect's nor ours
// are left alone.
func (s *Statuses) take(key string, r *kgo.Record) (Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := parseTaskKey(key, detailPrefix); ok {
		return Change{Task: &id}, s.takeDetail(id, r.Value)
	}
	if id, ok := parseTaskKey(key, epochPrefix); ok {
		return Change{Task: &id}, s.takeEpoch(id, r.Value)
	}
	if id, ok := parseTaskKey(key, taskPrefix); ok {
		return Change{Task: &id}, s.takeStatus(id, r.Value)
	}
	if name, ok := cutPrefix(key, connectorPrefix); ok {
		return Change{}, set(s.connectors, name, r.Value)
	}
	if pod, ok := cutPrefix(key, workerPrefix); ok {
		return Change{Worker: pod}, set(s.workers, pod, r.Value)
	}
	if u, ok := parseUsedTopic(key); ok {
		s.takeTopic(u, r.Value)
		return Change{}, nil
	}
	if uid, ok := cutPrefix(key, identityPrefix); ok {
		return Change{Identity: true}, s.takeIdentity(uid, r)
	}
	return Change{}, nil
}

func set[K comparable, V any](m map[K]V, key K, value []byte) error {
	v, ok, err := decode[V](value)
	if err != nil {
		return err
	}
	if !ok {
		delete(m, key)
		return nil
	}
	m[key] = v
	return nil
}

// takeStatus leaves an UNASSIGNED of an older or equal generation aside if the
// task runs: a worker that was slow to say goodbye (KAFKA-12525).
func (s *Statuses) takeStatus(id TaskID, value []byte) error {
	v, ok, err := decode[Status](value)
	if err != nil {
		return err
	}
	now := s.tasks[id]
	if ok && v.State == unassigned && now.State == running && now.WorkerID != v.WorkerID && now.Generation >= v.Generation {
		return nil
	}
	return set(s.tasks, id, value)
}

// takeDetail leaves what an older incarnation says aside: its write was under way
// when a newer one had already spoken.
func (s *Statuses) takeDetail(id TaskID, value []byte) error {
	v, ok, err := decode[TaskDetail](value)
	if err == nil && ok && v.Epoch < s.details[id].Epoch {
		return nil
	}
	return set(s.details, id, value)
}

// takeIdentity remembers where a claim was first written; writing it again does
// not move it.
func (s *Statuses) takeIdentity(uid string, r *kgo.Record) error {
	v, ok, err := decode[Identity](r.Value)
	if err != nil {
		return err
	}
	if !ok {
		delete(s.identities, uid)
		return nil
	}
	if _, known := s.identities[uid]; !known {
		s.identities[uid] = claim{v, r.Offset}
	}
	return nil
}

// Task returns the status of a task.
func (s *Statuses) Task(id TaskID) (Status, bool) { return get(s, s.tasks, id) }

// Detail returns what a task's worker last said of it.
func (s *Statuses) Detail(id TaskID) (TaskDetail, bool) { return get(s, s.details, id) }

// ConnectorStatus returns the status of a connector.
func (s *Statuses) ConnectorStatus(name string) (Status, bool) { return get(s, s.connectors, name) }

// Worker returns what a worker last said of itself.
func (s *Statuses) Worker(pod string) (WorkerDetail, bool) { return get(s, s.workers, pod) }

func get[K comparable, V any](s *Statuses, m map[K]V, key K) (V, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := m[key]
	return v, ok
}

// Workers returns all workers, by pod.
func (s *Statuses) Workers() []WorkerDetail {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]WorkerDetail, 0, len(s.workers))
	for _, pod := range slices.Sorted(maps.Keys(s.workers)) {
		out = append(out, s.workers[pod])
	}
	return out
}

// Tasks returns every task that has a status or a detail.
func (s *Statuses) Tasks() []TaskID {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[TaskID]bool{}
	for id := range s.tasks {
		seen[id] = true
	}
	for id := range s.details {
		seen[id] = true
	}
	return slices.Collect(maps.Keys(seen))
}

// Group returns the consumer group of a sink, as its tasks have said, or else the
// one that Kafka Connect gives it: connect-<name>.
func (s *Statuses) Group(connector string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	group, epoch := "", int64(-1)
	for id, d := range s.details {
		if id.Connector == connector && d.Group != "" && d.Epoch > epoch {
			group, epoch = d.Group, d.Epoch
		}
	}
	return cmp.Or(group, "connect-"+connector)
}

// Holder returns the identity that holds the topics, as far as the topic was
// read.
func (s *Statuses) Holder() (Identity, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var holder claim
	for _, c := range s.identities {
		if holder.UID == "" || c.offset < holder.offset {
			holder = c
		}
	}
	return holder.Identity, holder.UID != ""
}

// PutTask writes the status of a task. An UNASSIGNED that comes after another
// worker has taken the task over, under a higher generation, is not written
// (Kafka Connect's putSafe).
func (s *Statuses) PutTask(ctx context.Context, id TaskID, v Status) error {
	if now, ok := s.Task(id); ok && v.State == unassigned && now.WorkerID != v.WorkerID && now.Generation > v.Generation {
		return nil
	}
	return s.Put(ctx, record(taskKey(taskPrefix, id), v.encode()))
}

// PutConnector writes the status of a connector.
func (s *Statuses) PutConnector(ctx context.Context, name string, v Status) error {
	return s.Put(ctx, record(connectorPrefix+name, v.encode()))
}

// PutDetail writes what a worker says of a task.
func (s *Statuses) PutDetail(ctx context.Context, id TaskID, d TaskDetail) error {
	return s.putJSON(ctx, taskKey(detailPrefix, id), d)
}

// PutWorker writes what a worker says of itself.
func (s *Statuses) PutWorker(ctx context.Context, d WorkerDetail) error {
	return s.putJSON(ctx, workerPrefix+d.Pod, d)
}

// PutIdentity claims the topics, once. All claims go to partition 0, where their
// offsets say who was first; a claim that is there is not written again, because
// compaction would then leave it behind those that came later. Holder says who
// holds the topics when it returns.
func (s *Statuses) PutIdentity(ctx context.Context, v Identity) error {
	if err := s.ReadToEnd(ctx); err != nil {
		return err
	}
	if _, known := get(s, s.identities, v.UID); known {
		return nil
	}
	if err := s.putIdentity(ctx, v.UID, v); err != nil {
		return err
	}
	return s.ReadToEnd(ctx)
}

// DeleteIdentity withdraws a claim.
func (s *Statuses) DeleteIdentity(ctx context.Context, uid string) error {
	return s.putIdentity(ctx, uid, nil)
}

// DeleteConnector removes the statuses of a connector and of its tasks, and the
// topics that it used. Epochs stay for ever: a task of that name may come again.
func (s *Statuses) DeleteConnector(ctx context.Context, name string) error {
	tombstones := append(s.usedTopicTombstones(name), record(connectorPrefix+name, nil))
	for _, id := range s.Tasks() {
		if id.Connector == name {
			tombstones = append(tombstones, record(taskKey(taskPrefix, id), nil), record(taskKey(detailPrefix, id), nil))
		}
	}
	return s.Put(ctx, tombstones...)
}

// DeleteTask removes the status and the detail of a task.
func (s *Statuses) DeleteTask(ctx context.Context, id TaskID) error {
	return s.Put(ctx, record(taskKey(taskPrefix, id), nil), record(taskKey(detailPrefix, id), nil))
}

// DeleteWorker removes what a worker said of itself.
func (s *Statuses) DeleteWorker(ctx context.Context, pod string) error {
	return s.Put(ctx, record(workerPrefix+pod, nil))
}

func (s *Statuses) putJSON(ctx context.Context, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", key, err)
	}
	return s.Put(ctx, record(key, data))
}

func record(key string, value []byte) *kgo.Record {
	return &kgo.Record{Key: []byte(key), Value: value}
}
