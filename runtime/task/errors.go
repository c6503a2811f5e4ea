// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"penstock.dev/runtime/connect"
)

// ErrorOptions are what a task does with records that fail: errors.* of its
// config, as org.apache.kafka.connect.runtime.errors.RetryWithToleranceOperator
// understands it (KIP-298). The zero ErrorOptions fail the task with the first
// one.
type ErrorOptions struct {
	// RetryTimeout is for how long a record is tried again whose error may pass, 0
	// for not at all and less for ever; MaxRetryDelay bounds the pauses between.
	RetryTimeout, MaxRetryDelay time.Duration
	// Tolerate skips what fails for good.
	Tolerate bool
	// Log writes each failure to the log, LogRecord with the record's whereabouts.
	Log, LogRecord bool
	// DeadLetters takes the records that fail; its zero value does not.
	DeadLetters DeadLetters
	// KeyClass, ValueClass, HeaderClass and PluginClass are how Kafka Connect calls
	// the converters and the connector.
	KeyClass, ValueClass, HeaderClass, PluginClass string
	// Redact takes secrets out of a text that leaves the worker; nil leaves it as it
	// is.
	Redact func(text string) string
}

// DeadLetters is where records go that fail.
type DeadLetters struct {
	// Topic is their topic; "" is none.
	Topic string
	// Headers adds what has happened to the record.
	Headers bool
	// Producer writes them. A source uses its own.
	Producer Producer
	// Ensure creates the topic unless it is there; nil takes it for granted.
	Ensure func(ctx context.Context) error
}

// enabled reports whether there is such a topic.
func (d DeadLetters) enabled() bool { return d.Topic != "" }

// ensure makes sure that the topic is there.
func (d DeadLetters) ensure(ctx context.Context) error {
	if !d.enabled() || d.Ensure == nil {
		return nil
	}
	if err := d.Ensure(ctx); err != nil {
		return fmt.Errorf("Could not initialize dead letter queue with topic=%s: %w", d.Topic, err)
	}
	return nil
}

// stage is what was being done with a record that failed, in Kafka Connect's
// words (org.apache.kafka.connect.runtime.errors.Stage).
type stage string

// The stages at which a record can fail. What fails at another of Kafka Connect's
// is no record's failure.
const (
	stagePoll      stage = "TASK_POLL"
	stagePut       stage = "TASK_PUT"
	stageTransform stage = "TRANSFORMATION"
	stageKey       stage = "KEY_CONVERTER"
	stageValue     stage = "VALUE_CONVERTER"
	stageHeader    stage = "HEADER_CONVERTER"
	stageProduce   stage = "KAFKA_PRODUCE"
)

// The classes that Kafka Connect names for what is no plugin.
const (
	sinkTaskClass   = "org.apache.kafka.connect.sink.SinkTask"
	sourceLoopClass = "org.apache.kafka.connect.runtime.WorkerSourceTask"
)

// trouble is the failure of a record.
type trouble struct {
	index int // of the record in its batch
	stage stage
	class string
	err   error // what the stage said
	text  error // the same, and about which record
}

// errExceeded is what a task fails with whose errors.tolerance is none.
var errExceeded = errors.New("Tolerance exceeded in error handler")

// errInterrupted says that a record was given up because the task is to stop, to
// pause or to give partitions back. It is read again later.
var errInterrupted = errors.New("interrupted before it was known what becomes of the record")

func exceeded(err error) error { return fmt.Errorf("%w: %w", errExceeded, err) }

// firstDelay is the pause before a record is tried for the second time.
const firstDelay = 300 * time.Millisecond

// delay returns the pause before the next try, n of which there were before, when
// elapsed has passed since the first try. ok is false if there is to be none.
// random returns a number from 0 up to and without n.
func (o ErrorOptions) delay(n int, elapsed time.Duration, random func(n int64) int64) (d time.Duration, ok bool) {
	if o.RetryTimeout >= 0 && elapsed >= o.RetryTimeout {
		return 0, false
	}
	d = o.MaxRetryDelay + 1
	if n < 32 {
		d = firstDelay << n
	}
	if d > o.MaxRetryDelay {
		d = time.Duration(random(max(int64(o.MaxRetryDelay), 1)))
	}
	if o.RetryTimeout >= 0 {
		d = min(d, o.RetryTimeout-elapsed)
	}
	return d, true
}

// policy is what a loop does with failures.
type policy struct {
	ErrorOptions
	id       ID
	progress *progress
	// hold waits before the next try. It returns false if the record is to be given
	// up. The loop sets it.
	hold func(d time.Duration) bool
}

func (p *policy) init(b *base) {
	p.ErrorOptions, p.id, p.progress = b.o.Errors, b.o.ID, &b.progress
	if p.Redact == nil {
		p.Redact = func(text string) string { return text }
	}
}

// again tries once more, as long as the error of the last try may pass. It returns
// the last error, nil, or errInterrupted. It counts as Kafka Connect does: each
// try that may be repeated is a failure.
func (p *policy) again(err error, try func() error) error {
	begin := time.Now()
	for n := 0; err != nil; n++ {
		if errors.Is(err, connect.ErrInterrupted) {
			return errInterrupted
		}
		if !retriable(err) {
			break
		}
		p.progress.failures.Add(1)
		d, ok := p.delay(n, time.Since(begin), rand.Int64N)
		if !ok {
			break
		}
		if !p.hold(d) {
			return errInterrupted
		}
		p.progress.retried()
		err = try()
	}
	return err
}

// failed counts a record that has failed for good, and reports whether it is to be
// skipped.
func (p *policy) failed() (skip bool) {
	p.progress.failures.Add(1)
	p.progress.errors.Add(1)
	p.progress.erred()
	if p.Tolerate {
		p.progress.skipped.Add(1)
	}
	return p.Tolerate
}

// decodeError is what a sink's Datum says that cannot be decoded, after all tries.
// It finds its way back to the loop through a transform or the connector.
type decodeError struct {
	stage stage
	class string
	err   error
	raw   []byte
}

// Error returns the converter's error.
func (e *decodeError) Error() string { return e.err.Error() }

// Unwrap returns the converter's error.
func (e *decodeError) Unwrap() error { return e.err }

// decodeErrorIn returns the one in err's tree, nil if there is none.
func decodeErrorIn(err error) *decodeError {
	if err == nil {
		return nil // without an allocation
	}
	e := new(decodeError)
	if !errors.As(err, &e) {
		return nil
	}
	return e
}

// conversion is the error of a source's converter.
type conversion struct {
	stage stage
	class string
	act   string // "converting the key"
	err   error
}

// Error says what was converted.
func (e *conversion) Error() string { return e.act + ": " + e.err.Error() }

// Unwrap returns the converter's error.
func (e *conversion) Unwrap() error { return e.err }

// troubleOf returns what has failed at a stage, or, if the error is a converter's,
// at that.
func troubleOf(err error, at stage, class string) trouble {
	if e := decodeErrorIn(err); e != nil {
		return trouble{stage: e.stage, class: e.class, err: e.err}
	}
	if e := new(conversion); errors.As(err, &e) {
		return trouble{stage: e.stage, class: e.class, err: e.err}
	}
	return trouble{stage: at, class: class, err: err}
}
