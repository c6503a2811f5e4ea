// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/task"
)

// errorOptions returns what a task does with records that fail. Dead letters go
// through the producer that all tasks share.
func (w *Worker) errorOptions(plugin connect.Plugin, c resolved) task.ErrorOptions {
	config := connect.Errors(c.props)
	o := task.ErrorOptions{
		RetryTimeout: config.RetryTimeout, MaxRetryDelay: config.RetryMaxDelay, Tolerate: config.Tolerates(),
		Log: config.LogEnable, LogRecord: config.LogIncludeMessages,
		KeyClass:    w.o.Registry.ConverterFor(connect.KeySide, c.props, c.defaults).Plugin.Class(),
		ValueClass:  w.o.Registry.ConverterFor(connect.ValueSide, c.props, c.defaults).Plugin.Class(),
		HeaderClass: w.o.Registry.ConverterFor(connect.HeaderSide, c.props, c.defaults).Plugin.Class(),
		PluginClass: plugin.Class(), Redact: c.redact.Redact,
	}
	if topic := config.DeadLetterTopic; topic != "" {
		o.DeadLetters = task.DeadLetters{
			Topic: topic, Headers: config.DeadLetterHeaders, Producer: w.link.producer,
			Ensure: func(ctx context.Context) error {
				return kafka.EnsureDeadLetters(ctx, w.link.admin, topic, int16(config.DeadLetterReplication))
			},
		}
	}
	return o
}
