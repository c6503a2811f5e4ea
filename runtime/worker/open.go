// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/task"
)

const (
	// sessionTimeout and heartbeat are Kafka's defaults. A task that dies without a
	// word is followed by one of the same instance id, which need not wait.
	sessionTimeout = 45 * time.Second
	heartbeat      = 3 * time.Second
	// fetchWait is how long a broker waits for records; a resumed task waits for it.
	fetchWait = 500 * time.Millisecond
	// topicsMaxAge is how soon added partitions are seen.
	topicsMaxAge = time.Minute
)

// openTask builds the task of a spec: it resolves the secrets and makes
// converters and clients. The connector itself is opened when the task runs.
func (w *Worker) openTask(ctx context.Context, s TaskSpec, onState func(task.State), o *opened) error {
	plugin, ok := w.o.Registry.Lookup(s.Class)
	if !ok {
		return fmt.Errorf("connector.class: unknown class %s", s.Class)
	}
	o.kind = plugin.Kind
	c, err := w.resolve(ctx, plugin, s.Config)
	o.redact = c.redact
	if err == nil {
		err = w.validate(plugin, c)
	}
	if err != nil {
		return err
	}
	log := c.redact.Logger(w.log.With("connector", s.Connector, "task", s.Index))
	options := task.Options{
		ID: s.id(), Count: s.Count, Epoch: s.Epoch, Paused: s.Paused, Plugin: plugin, Config: c.props,
		Epochs: w.link, OnState: onState, FlushInterval: w.config.FlushInterval,
		StopTimeout: w.config.ShutdownTimeout, MaxInFlightBytes: w.config.MaxInFlightBytes, Memory: &w.memory,
		Env: func() connect.Env {
			return connect.Env{Logger: log, Now: time.Now}
		},
	}
	if options.Key, err = w.converter(connect.KeySide, c); err != nil {
		return err
	}
	if options.Value, err = w.converter(connect.ValueSide, c); err != nil {
		return err
	}
	if options.Header, err = w.converter(connect.HeaderSide, c); err != nil {
		return err
	}
	if options.Transforms, err = w.o.Registry.ChainFor(plugin.Kind, c.props).Chain(plugin.Kind); err != nil {
		return err
	}
	w.build(o, options, log)
	return nil
}

// build makes the loop.
func (w *Worker) build(to *opened, o task.Options, log *slog.Logger) {
	if o.Plugin.Kind == connect.SourceKind {
		to.task = task.NewSource(task.SourceOptions{Options: o, Offsets: w.link.offsetStore(w.o.GroupID, o.ID), Producer: w.link.producer})
		return
	}
	to.traffic = &kafka.Traffic{}
	to.task = task.NewSink(task.SinkOptions{Options: o, Topics: connect.Topics(o.Config), NewClient: w.sinkClient(o, log, to.traffic)})
}

// resolved is a connector's config with its secrets, and the worker's.
type resolved struct {
	props, defaults map[string]string
	redact          *secrets.Redactor
}

func (w *Worker) resolve(ctx context.Context, plugin connect.Plugin, config map[string]string) (resolved, error) {
	own, err := w.o.Secrets.Resolve(ctx, config)
	defaults, derr := w.o.Secrets.Resolve(ctx, w.o.Defaults)
	hidden := slices.Concat(own.Secrets, defaults.Secrets, w.hidden())
	for _, k := range plugin.Keys {
		if k.Type == "PASSWORD" {
			hidden = append(hidden, own.Props[k.Name])
		}
	}
	return resolved{props: own.Props, defaults: defaults.Props, redact: secrets.NewRedactor(hidden)}, errors.Join(err, derr)
}

// hidden is what no task may show, whatever its own secrets are.
func (w *Worker) hidden() []string { return slices.Concat(w.o.Hidden, w.o.Kafka.Secrets()) }

// validate checks the config again, now that its secrets are known.
func (w *Worker) validate(plugin connect.Plugin, c resolved) error {
	problems := w.o.Registry.Validate(plugin.Name, c.props, c.defaults).Problems
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

func (w *Worker) converter(side string, c resolved) (connect.Converter, error) {
	found := w.o.Registry.ConverterFor(side, c.props, c.defaults)
	if len(found.Problems) > 0 {
		return nil, found.Problems[0]
	}
	converter, err := found.Plugin.New(maps.Clone(found.Props), side == connect.KeySide)
	if err != nil {
		return nil, fmt.Errorf("making the %s converter: %w", side, err)
	}
	return converter, nil
}

// groupOf is the consumer group of a sink connector, as in Kafka Connect.
func groupOf(connector string) string { return "connect-" + connector }

// sinkClient returns how the group client of a sink task is made. The instance
// id is the same for every incarnation: a new one takes the partitions over at
// once and the old one is fenced.
func (w *Worker) sinkClient(o task.Options, log *slog.Logger, hook kgo.Hook) func(extra ...kgo.Opt) (*kgo.Client, error) {
	index := strconv.Itoa(o.ID.Index)
	fetch := int32(min(o.MaxInFlightBytes/2, 50<<20))
	opts := []kgo.Opt{
		kgo.ConsumerGroup(groupOf(o.ID.Connector)),
		kgo.InstanceID(storage.TransactionalID(w.o.GroupID, o.ID.Connector, o.ID.Index)),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(sessionTimeout),
		kgo.HeartbeatInterval(heartbeat),
		kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxWait(fetchWait),
		kgo.FetchMaxBytes(fetch),
		kgo.FetchMaxPartitionBytes(min(fetch, 4<<20)),
		kgo.MetadataMaxAge(topicsMaxAge),
	}
	return func(extra ...kgo.Opt) (*kgo.Client, error) {
		return w.o.Kafka.NewClient(kafka.Options{
			ClientID: "connector-consumer-" + o.ID.Connector + "-" + index,
			Logger:   slog.New(clientLog{log.Handler()}), Hooks: []kgo.Hook{hook}, Dial: w.o.Dial,
		}, append(slices.Clip(opts), extra...)...)
	}
}
