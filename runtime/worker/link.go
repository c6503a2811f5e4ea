// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kprom"

	"penstock.dev/runtime/clientkeys"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

const (
	// firstRetry and lastRetry are the pauses between tries to reach Kafka.
	firstRetry = 250 * time.Millisecond
	lastRetry  = 5 * time.Second
	// openTimeout bounds one try. It must be shorter than the time after which a
	// loop counts as stuck.
	openTimeout = 30 * time.Second
)

// link is what a worker's tasks share of Kafka.
type link struct {
	producer *kgo.Client    // of the worker's own settings
	metrics  *kprom.Metrics // of the producer; nil: none
	control  *kgo.Client
	admin    *kadm.Client // over control
	offsets  *storage.Offsets
	statuses *storage.Statuses
	configs  *storage.Configs // nil without a config topic
}

// reach opens the link, and tries until it has one or ctx is done. Kafka being
// away is no reason to give up; topics that must not be used as they are is one.
func (w *Worker) reach(ctx context.Context) (*link, error) {
	pause := firstRetry
	for {
		w.health.turn("assignment")
		l, err := w.openLink(ctx)
		if err == nil {
			w.health.kafka(nil)
			return l, nil
		}
		if ctx.Err() != nil || errors.As(err, new(*kafka.TopicError)) {
			return nil, err
		}
		err = kafka.Explain(err)
		w.health.kafka(err)
		w.log.Warn("reaching Kafka failed, trying again", "brokers", w.o.Kafka.Brokers, "error", err, "pause", pause)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, lastRetry)
	}
}

func (w *Worker) openLink(ctx context.Context) (l *link, err error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	l = &link{}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if err := w.openOwnProducer(ctx, l); err != nil {
		return l, err
	}
	// Not on the producer, which creates the topics that it is asked about.
	if l.control, err = w.client("admin", nil); err != nil {
		return l, err
	}
	l.admin = kadm.NewClient(l.control)
	if err := w.o.Topics.Ensure(ctx, l.admin); err != nil {
		return l, fmt.Errorf("preparing the internal topics: %w", err)
	}
	if l.statuses, err = storage.OpenStatuses(w.clients("status"), w.o.Topics.Status, w.log, nil); err != nil {
		return l, err
	}
	if l.offsets, err = storage.OpenOffsets(w.clients("offsets"), w.o.Topics.Offsets, w.log); err != nil {
		return l, err
	}
	if w.o.Topics.Config != "" {
		if l.configs, err = storage.OpenConfigs(w.clients("configs"), w.o.Topics.Config, w.log, w.o.OnConfig); err != nil {
			return l, err
		}
		if err := l.configs.ReadToEnd(ctx); err != nil {
			return l, err
		}
	}
	if err := l.statuses.ReadToEnd(ctx); err != nil {
		return l, err
	}
	return l, nil
}

// close gives up what was opened.
func (l *link) close() {
	if l.statuses != nil {
		l.statuses.Close()
	}
	if l.offsets != nil {
		l.offsets.Close()
	}
	if l.configs != nil {
		l.configs.Close()
	}
	for _, c := range []*kgo.Client{l.producer, l.control} {
		if c != nil {
			c.Close()
		}
	}
}

func (w *Worker) clients(role string) storage.NewClient {
	return func(extra ...kgo.Opt) (*kgo.Client, error) { return w.client(role, nil, extra...) }
}

func (w *Worker) client(role string, hooks []kgo.Hook, extra ...kgo.Opt) (*kgo.Client, error) {
	return w.clientOf(w.o.Kafka, role, hooks, extra...)
}

func (w *Worker) clientOf(config kafka.Config, role string, hooks []kgo.Hook, extra ...kgo.Opt) (*kgo.Client, error) {
	return config.NewClient(kafka.Options{
		ClientID: w.o.GroupID + "-" + role, Logger: slog.New(clientLog{w.log.With("logger", "kafka").Handler()}), Hooks: hooks, Dial: w.o.Dial,
	}, extra...)
}

// openOwnProducer makes the producer of the worker's own settings, and measures it.
// The clients of sinks are too many for that: each would register two dozen
// collectors, under the same names. What they exchange is counted by a
// kafka.Traffic.
func (w *Worker) openOwnProducer(ctx context.Context, l *link) error {
	keys, err := w.workerKeys(ctx, clientkeys.Producer)
	if err != nil {
		return err
	}
	var hooks []kgo.Hook
	if w.o.Metrics != nil {
		l.metrics = producerMetrics(w.o.Metrics)
		hooks = append(hooks, l.metrics)
	}
	l.producer, err = w.openProducer(keys, hooks)
	return err
}

func producerMetrics(to prometheus.Registerer) *kprom.Metrics {
	return kprom.NewMetrics("penstock",
		kprom.Subsystem("kafka_producer"),
		kprom.Registerer(to),
		kprom.Gatherer(prometheus.NewRegistry()), // its handler is not used
		kprom.FetchAndProduceDetail(kprom.ByNode, kprom.Batches, kprom.Records, kprom.CompressedBytes, kprom.UncompressedBytes),
	)
}

// Highest implements task.Epochs.
func (l *link) Highest(ctx context.Context, id task.ID) (int64, error) {
	return l.statuses.Highest(ctx, storage.TaskID(id))
}

// highestSeen is Highest as far as the status topic was read by itself.
func (l *link) highestSeen(id task.ID) int64 { return l.statuses.Epoch(storage.TaskID(id)) }

func (l *link) offsetStore(groupID string, id task.ID) task.OffsetStore {
	return offsetStore{l.offsets.Task(groupID, id.Connector, id.Index)}
}

// offsetStore says fenced in the words of package task.
type offsetStore struct{ *storage.TaskOffsets }

// Fence implements task.OffsetStore.
func (o offsetStore) Fence(ctx context.Context) error { return inTask(o.TaskOffsets.Fence(ctx)) }

// Commit implements task.OffsetStore.
func (o offsetStore) Commit(ctx context.Context, offsets []connect.CommittedOffset) error {
	return inTask(o.TaskOffsets.Commit(ctx, offsets))
}

func inTask(err error) error {
	if errors.Is(err, storage.ErrFenced) {
		return fmt.Errorf("%w: %w", task.ErrFenced, err)
	}
	return err
}

// clientLog makes debug messages of all that the Kafka client has to say: it
// tells of every heartbeat, and, while a broker is away, of every try to connect,
// for every client. What comes of it, the worker and its tasks tell themselves.
type clientLog struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h clientLog) Enabled(ctx context.Context, l slog.Level) bool {
	return h.Handler.Enabled(ctx, min(l, slog.LevelDebug))
}

// Handle implements slog.Handler.
func (h clientLog) Handle(ctx context.Context, r slog.Record) error {
	r.Level = min(r.Level, slog.LevelDebug)
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h clientLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return clientLog{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h clientLog) WithGroup(name string) slog.Handler {
	return clientLog{h.Handler.WithGroup(name)}
}
