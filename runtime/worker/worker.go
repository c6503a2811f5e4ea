// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package worker runs the tasks of an assignment: it owns what they share (one
// producer, the offsets and status topics), starts, pauses and stops them, one
// goroutine each, and tells the status topic what becomes of them.
package worker

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

const (
	// beat is how often the loop looks at epochs and Kafka is asked whether it is
	// there.
	beat = time.Second
	// stopMargin is what a stop takes beyond the tasks' own time.
	stopMargin = 2 * time.Second
	// lastWrites bounds the writing of the last states.
	lastWrites = 5 * time.Second
)

// Options are what New needs.
type Options struct {
	// GroupID names the cluster; it prefixes transactional and instance ids.
	GroupID string
	// WorkerID is `host:port`, as Kafka Connect's statuses hold it.
	WorkerID string
	// Pod and PodUID name the process to the operator; Version is the build's.
	Pod, PodUID, Version string
	Kafka                kafka.Config
	Topics               storage.Topics
	Registry             connect.Registry
	// Secrets resolves the references of connector configs.
	Secrets *secrets.Resolver
	// Defaults is the worker's config: the keys of connect.WorkerConfig and the
	// default converters.
	Defaults map[string]string
	// Hidden are values in Defaults and elsewhere that must not be shown: secrets
	// that were resolved before. Those of Kafka need not be among them.
	Hidden []string
	Logger *slog.Logger
	// OnConfig is called for each change in the config topic, if Topics names one;
	// it must not block.
	OnConfig func(storage.ConfigChange)
	// TrackTopics notes in the status topic which topics a connector uses (KIP-558).
	TrackTopics bool
	// Metrics takes the worker's metrics; nil is none.
	Metrics prometheus.Registerer
	// Dial opens connections to Kafka; nil is the usual way.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Worker runs tasks. Its methods may be called from any goroutine; Run is called
// once.
type Worker struct {
	o        Options
	config   connect.WorkerConfig
	problems []configdef.Problem
	log      *slog.Logger
	health   *health
	fleet    *fleet
	book     *book

	wake    chan struct{} // the loop has something to do
	changed chan struct{}
	reached chan struct{}  // closed when link is set
	link    *link          // to Kafka
	memory  task.Memory    // of the tasks
	lent    shared         // clients of tasks with settings of their own
	writes  sync.WaitGroup // of topics; Run waits for them
	// producers and consumers count what all clients of tasks exchange, over the
	// whole life of the worker.
	producers, consumers kafka.Traffic

	mu       sync.Mutex
	desired  map[task.ID]TaskSpec
	assigned bool
}

// New returns a worker that is not running yet.
func New(o Options) *Worker {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Secrets == nil {
		o.Secrets = secrets.New(secrets.Defaults())
	}
	w := &Worker{
		o: o, health: newHealth(),
		wake: make(chan struct{}, 1), changed: make(chan struct{}, 1), reached: make(chan struct{}),
	}
	w.log = secrets.NewRedactor(w.hidden()).Logger(o.Logger)
	w.config, w.problems = configdef.Decode[connect.WorkerConfig](o.Defaults)
	w.book = newBook(w.writeState, w.log)
	w.fleet = newFleet(w.openTask, w.log, w.report, func() { signal(w.wake) })
	if o.Metrics != nil {
		o.Metrics.MustRegister(newCollector(sources{
			states: w.Tasks, restarts: w.fleet.restarts, plugin: w.o.Registry.Lookup, view: w.view,
		}))
	}
	return w
}

// view is what the worker's metrics tell beside those of its tasks.
func (w *Worker) view() workerView {
	return workerView{
		ready: w.Ready() == nil, moving: w.fleet.moving.Load(),
		taskStarts: w.fleet.outcomes.tasks.counts(), firstStarts: w.fleet.outcomes.first.counts(),
		producers: w.producers.Counts(), consumers: w.consumers.Counts(),
	}
}

func (w *Worker) report(s TaskState) {
	w.book.report(s)
	signal(w.changed)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Assign says which tasks are to run, instead of what was said before. It never
// blocks. A task goes on if its spec differs at most in Paused; otherwise it is
// stopped first. Assign may be called before Run.
func (w *Worker) Assign(specs []TaskSpec) {
	desired := make(map[task.ID]TaskSpec, len(specs))
	for _, s := range specs {
		s.Config = maps.Clone(s.Config)
		desired[s.id()] = s
	}
	w.mu.Lock()
	w.desired, w.assigned = desired, true
	w.mu.Unlock()
	signal(w.wake)
}

func (w *Worker) assignment() (map[task.ID]TaskSpec, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.desired, w.assigned
}

// Tasks returns what the worker knows of its tasks, in their order. After Run has
// returned it tells how they ended.
func (w *Worker) Tasks() []TaskState { return w.fleet.snapshot() }

// Changed receives after the state of a task has changed; several changes may
// come as one. It has one reader.
func (w *Worker) Changed() <-chan struct{} { return w.changed }

// Run reaches Kafka, trying until it does, and runs what is assigned until ctx is
// done. Then it stops the tasks gracefully, writes their last states and returns
// nil. Another error says why the worker cannot work at all.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.configError(); err != nil {
		return err
	}
	link, err := w.reach(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	var writes sync.WaitGroup
	defer func() {
		link.close() // it ends what is still being written
		writes.Wait()
		w.writes.Wait()
		w.book.wait()
	}()
	w.link = link
	close(w.reached)

	side, stopSide := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { w.watchKafka(side, &writes) })
	wg.Go(func() {
		w.book.run(side, w.Tasks, func() { w.health.turn("status") })
		w.health.end("status")
	})
	w.loop(ctx)
	w.fleet.stopAll(w.config.ShutdownTimeout + stopMargin)
	stopSide()
	wg.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
	defer cancel()
	w.book.flush(last)
	w.leave(last)
	return nil
}

func (w *Worker) configError() error {
	errs := make([]error, len(w.problems))
	for i, p := range w.problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// loop brings the tasks to the assignment until ctx is done.
func (w *Worker) loop(ctx context.Context) {
	// Tasks do not end with ctx: they are stopped, with a cause, by the fleet.
	tasks := context.WithoutCancel(ctx)
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	defer w.health.end("assignment")
	for ctx.Err() == nil {
		w.health.turn("assignment")
		w.fleet.supersede(w.link.highestSeen)
		if desired, ok := w.assignment(); ok {
			w.fleet.reconcile(tasks, desired)
			w.health.takenOver()
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-ticker.C:
		}
	}
}
