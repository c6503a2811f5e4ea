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
	"time"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/task"
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
		err = w.validate(s.Connector, plugin, c)
	}
	if err != nil {
		return err
	}
	log := c.redact.Logger(w.log.With("connector", s.Connector, "task", s.Index))
	options := task.Options{
		ID: s.id(), Count: s.Count, Epoch: s.Epoch, Paused: s.Paused, Plugin: plugin, Config: c.props,
		Epochs: w.link, OnState: onState, OnTopic: w.onTopic(s), FlushInterval: w.config.FlushInterval,
		StopTimeout: w.config.ShutdownTimeout, Memory: &w.memory,
		Env: func() connect.Env {
			return connect.Env{Logger: log, Now: time.Now}
		},
	}
	if options.MaxInFlightBytes, err = w.budget(plugin.Kind, c); err != nil {
		return err
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
	options.Errors = w.errorOptions(plugin, c)
	if options.Errors.DeadLetters, err = w.deadLetters(ctx, o, plugin.Kind, c); err != nil {
		return err
	}
	if options.Transforms, err = w.o.Registry.ChainFor(plugin.Kind, c.props).Chain(plugin.Kind); err != nil {
		return err
	}
	return w.build(ctx, o, options, c, log)
}

// build makes the loop.
func (w *Worker) build(ctx context.Context, to *opened, o task.Options, c resolved, log *slog.Logger) error {
	if o.Plugin.Kind == connect.SourceKind {
		producer, release, err := w.producer(ctx, c)
		if err != nil {
			return err
		}
		to.release = append(to.release, release)
		creator, release, err := w.topicCreator(c, log)
		if err != nil {
			return err
		}
		to.release = append(to.release, release)
		to.task = task.NewSource(task.SourceOptions{
			Options: o, Offsets: w.link.offsetStore(w.o.GroupID, o.ID), Producer: producer, Topics: creator,
		})
		return nil
	}
	to.traffic = &kafka.Traffic{}
	options := task.SinkOptions{Options: o, Topics: connect.Topics(o.Config), Pattern: connect.TopicsPattern(o.Config)}
	if err := w.sinkClient(ctx, &options, c, log, to.traffic); err != nil {
		return err
	}
	to.group, to.task = options.Group, task.NewSink(options)
	return nil
}

// resolved is a connector's config with its secrets, and the worker's.
type resolved struct {
	props, defaults map[string]string
	redact          *secrets.Redactor
}

func (w *Worker) resolve(ctx context.Context, plugin connect.Plugin, config map[string]string) (resolved, error) {
	own, err := w.o.Secrets.Resolve(ctx, config)
	defaults, derr := w.o.Secrets.Resolve(ctx, w.o.Defaults)
	hidden := slices.Concat(own.Secrets, defaults.Secrets, w.hidden(), w.clientSecrets(own.Props, defaults.Props), passwords(plugin.Keys, own.Props))
	for _, side := range connect.EverySide() {
		c := w.o.Registry.ConverterFor(side, own.Props, defaults.Props)
		hidden = append(hidden, passwords(c.Plugin.KeysIn(c.Props), c.Props)...)
	}
	return resolved{props: own.Props, defaults: defaults.Props, redact: secrets.NewRedactor(hidden)}, errors.Join(err, derr)
}

// passwords returns the values of the keys that hold passwords.
func passwords(keys []configdef.Key, props map[string]string) []string {
	var out []string
	for _, k := range keys {
		if v := props[k.Name]; k.Type == "PASSWORD" && v != "" {
			out = append(out, v)
		}
	}
	return out
}

// hidden is what no task may show, whatever its own secrets are.
func (w *Worker) hidden() []string { return slices.Concat(w.o.Hidden, w.o.Kafka.Secrets()) }

// validate checks the config again, now that its secrets are known.
func (w *Worker) validate(connector string, plugin connect.Plugin, c resolved) error {
	problems := w.o.Registry.Validate(plugin.Name, c.props, c.defaults).Problems
	if p := connect.GroupProblem(plugin.Kind, connector, w.o.GroupID, c.props); p != nil {
		problems = append(problems, *p)
	}
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
