// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"sync"
	"time"

	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

const (
	// askInterval is how often Kafka is asked whether it is there, askTimeout how
	// long it may take to answer.
	askInterval = 5 * time.Second
	askTimeout  = 5 * time.Second
	// maxAssignment bounds the partitions in a task's detail.
	maxAssignment = 32
)

// writeState writes a task's state to the status topic: Kafka Connect's status,
// if it differs from the one before, and our detail.
func (w *Worker) writeState(ctx context.Context, s TaskState, before *TaskState) error {
	id := storage.TaskID(s.id())
	if known, ok := w.link.statuses.Detail(id); ok && known.Epoch > s.Epoch {
		return nil // another worker has gone on
	}
	status := w.status(s)
	if before == nil || status != w.status(*before) {
		if err := w.link.statuses.PutTask(ctx, id, status); err != nil {
			return err
		}
		if s.Index == 0 {
			if err := w.link.statuses.PutConnector(ctx, s.Connector, w.connectorStatus(s)); err != nil {
				return err
			}
		}
	}
	return w.link.statuses.PutDetail(ctx, id, w.detail(s))
}

func (w *Worker) status(s TaskState) storage.Status {
	return storage.Status{State: string(s.State), Trace: s.Error, WorkerID: w.o.WorkerID, Generation: s.Epoch, Version: w.version(s.Class)}
}

// connectorStatus is that of the connector, which has no instance of its own
// here: it goes where its first task goes, and does not fail with it.
func (w *Worker) connectorStatus(first TaskState) storage.Status {
	return storage.Status{State: string(connectorState(first)), WorkerID: w.o.WorkerID, Generation: first.Epoch, Version: w.version(first.Class)}
}

func (w *Worker) detail(s TaskState) storage.TaskDetail {
	p := s.Progress
	d := storage.TaskDetail{
		State: string(s.State), WorkerID: w.o.WorkerID, Pod: w.o.Pod, Epoch: s.Epoch, Released: s.Released, Error: s.Error, Group: s.Group,
		StartedAt: s.StartedAt.UTC(), LastCommit: p.LastCommit.UTC(),
		Assignment: p.Assignment[:min(len(p.Assignment), maxAssignment)],
		Partitions: p.Partitions, RecordsPerSecond: s.RecordsPerSecond, Records: p.Records,
	}
	for _, o := range p.Offsets {
		d.Offsets = append(d.Offsets, storage.PartitionOffset(o))
	}
	if p.Lag >= 0 {
		d.Lag = &p.Lag
	}
	return d
}

// watchKafka asks Kafka again and again whether it is there, and says that this
// worker is. It ends with ctx; a write may outlive it, until the client is closed.
func (w *Worker) watchKafka(ctx context.Context, writes *sync.WaitGroup) {
	ticker := time.NewTicker(askInterval)
	defer ticker.Stop()
	free := make(chan struct{}, 1) // holds a token while no write is under way
	free <- struct{}{}
	away := false
	for {
		err := kafka.Explain(w.ask(ctx))
		if ctx.Err() != nil {
			return
		}
		w.health.kafka(err)
		switch {
		case err != nil && !away:
			w.log.Warn("Kafka does not answer", "error", err)
		case err == nil && away:
			w.log.Info("Kafka answers again")
		}
		away = err != nil
		select {
		case <-free:
			writes.Go(func() { w.beat(ctx); free <- struct{}{} })
		default:
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// ask returns nil if a broker answers.
func (w *Worker) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return w.link.control.Ping(ctx)
}

// beat writes the worker's own detail.
func (w *Worker) beat(ctx context.Context) {
	d := storage.WorkerDetail{Pod: w.o.Pod, UID: w.o.PodUID, Version: w.o.Version, Heartbeat: time.Now().UTC()}
	for _, p := range w.o.Registry.Plugins {
		d.Plugins = append(d.Plugins, storage.Plugin{Class: p.Name, Type: string(p.Kind), Version: p.Version})
	}
	if err := w.link.statuses.PutWorker(ctx, d); err != nil && ctx.Err() == nil {
		w.log.Warn("writing the worker's heartbeat failed", "error", err)
	}
}

// leave takes the worker's detail back.
func (w *Worker) leave(ctx context.Context) {
	if err := w.link.statuses.DeleteWorker(ctx, w.o.Pod); err != nil {
		w.log.Warn("saying goodbye failed", "error", err)
	}
}

var _ task.Epochs = (*link)(nil)

// version returns the version of a connector's class, "" if it is unknown.
func (w *Worker) version(class string) string {
	p, _ := w.o.Registry.Lookup(class)
	return p.Version
}
