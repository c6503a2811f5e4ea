// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/task"
)

// errorOptions returns what a task does with records that fail, but for its dead
// letters.
func (w *Worker) errorOptions(plugin connect.Plugin, c resolved) task.ErrorOptions {
	config := connect.Errors(c.props)
	return task.ErrorOptions{
		RetryTimeout: config.RetryTimeout, MaxRetryDelay: config.RetryMaxDelay, Tolerate: config.Tolerates(),
		Log: config.LogEnable, LogRecord: config.LogIncludeMessages,
		KeyClass:    w.o.Registry.ConverterFor(connect.KeySide, c.props, c.defaults).Plugin.Class(),
		ValueClass:  w.o.Registry.ConverterFor(connect.ValueSide, c.props, c.defaults).Plugin.Class(),
		HeaderClass: w.o.Registry.ConverterFor(connect.HeaderSide, c.props, c.defaults).Plugin.Class(),
		PluginClass: plugin.Class(), Redact: c.redact.Redact,
	}
}

// deadLetters returns where the records of a connector go that fail. As in Kafka
// Connect (org.apache.kafka.connect.runtime.Worker, sinkTaskReporters) the producer
// has the connector's producer.override.… and who creates the topic has its
// admin.override.…; both are given back with the task.
func (w *Worker) deadLetters(ctx context.Context, to *opened, kind connect.Kind, c resolved) (task.DeadLetters, error) {
	config := connect.Errors(c.props)
	if config.DeadLetterTopic == "" {
		return task.DeadLetters{}, nil
	}
	admin, release, err := w.admin(c)
	if err != nil {
		return task.DeadLetters{}, err
	}
	to.release = append(to.release, release)
	d := task.DeadLetters{
		Topic: config.DeadLetterTopic, Headers: config.DeadLetterHeaders,
		Ensure: func(ctx context.Context) error {
			return kafka.EnsureDeadLetters(ctx, kadm.NewClient(admin), config.DeadLetterTopic, int16(config.DeadLetterReplication))
		},
	}
	if kind == connect.SourceKind {
		return d, nil // it writes them with its own producer
	}
	producer, release, err := w.producer(ctx, c)
	if err != nil {
		return task.DeadLetters{}, err
	}
	to.release = append(to.release, release)
	d.Producer = producer
	return d, nil
}
