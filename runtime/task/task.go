// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package task holds the batch loops that move records between a connector and
// Kafka, one goroutine a task.
package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// ID names a task: its connector's name in Kafka and its number.
type ID struct {
	Connector string
	Index     int
}

// String returns `<connector>-<index>`.
func (id ID) String() string { return fmt.Sprintf("%s-%d", id.Connector, id.Index) }

// State is a task's state, in Kafka Connect's words.
type State string

// The states of a task. A Restarting task has failed and waits for its next try.
const (
	Unassigned State = "UNASSIGNED"
	Running    State = "RUNNING"
	Paused     State = "PAUSED"
	Failed     State = "FAILED"
	Restarting State = "RESTARTING"
)

// ErrSuperseded is what Run returns when a newer incarnation of the task exists:
// a higher epoch, or a fence that this one may not answer. It is no failure; the
// task stops and writes nothing more, no status either.
var ErrSuperseded = errors.New("a newer incarnation of the task exists")

// Epochs reads the epochs of tasks (docs/architecture.md, "Who owns a task").
type Epochs interface {
	// Highest returns the highest epoch ever written for the task, 0 if none,
	// after it has read the status topic to its end.
	Highest(ctx context.Context, id ID) (int64, error)
}

// OffsetStore keeps the source offsets of one task.
type OffsetStore interface {
	connect.OffsetReader
	// Fence takes the task's transactional id over, so that no older incarnation
	// can commit any more.
	Fence(ctx context.Context) error
	// Commit writes the offsets in one transaction. ErrFenced in the error's tree
	// says that another incarnation has fenced this one.
	Commit(ctx context.Context, offsets []connect.CommittedOffset) error
}

// ErrFenced says that another process has taken the transactional id over.
var ErrFenced = errors.New("fenced by another incarnation")

// Producer sends records; a *kgo.Client that was built with ProducerOpts is one.
// Promises are called in the order of each partition, one at a time for the whole
// client. Produce must not block because of what other tasks have given it: what
// a task has in flight is bounded by the task.
type Producer interface {
	Produce(ctx context.Context, r *kgo.Record, promise func(*kgo.Record, error))
}

// Progress is what a task has done; the loops update it, anyone may read a copy.
type Progress struct {
	// Records and Bytes count what was written: to Kafka by a source, given to a
	// successful Put by a sink.
	Records, Bytes int64
	// LastRecord is when a record was last read or written.
	LastRecord time.Time
	// LastCommit is when offsets were last committed.
	LastCommit time.Time
	// LastTurn is when the loop last turned; a loop that is stuck in a connector
	// does not turn.
	LastTurn time.Time
	// Pending counts records that were read and are not yet written and committed:
	// of a sink, how far the committed offsets are behind what was put.
	Pending int64
	// Waiting says that the loop waits for the outside: nothing to read, or it is
	// paused. A loop that neither waits nor turns hangs in the connector.
	Waiting bool
	// Lag is how many records a sink's partitions hold beyond what it has read; -1
	// is unknown, and 0 for a source. LagMax is that of the partition that has most.
	Lag, LagMax int64
	// Assignment is what the task works on: `topic-partition` of a sink, nothing
	// for a source.
	Assignment []string
	// Offsets are the most recently committed offsets, newest first, bounded.
	Offsets []PartitionOffset
	// Partitions counts all partitions with a committed offset: of a source, those
	// that this incarnation has committed, up to 65,536.
	Partitions int
	// Polled counts the records that were read: by the connector of a source, from
	// Kafka by a sink.
	Polled int64
	// Failures counts the tries to convert, transform or write a record that failed,
	// Errors the records that failed for good, Skipped those of them without which
	// the task went on, and Logged those that were logged.
	Failures, Errors, Skipped, Logged int64
	// DeadLetters counts the dead letters that were given to Kafka,
	// DeadLetterFailures those that it did not take.
	DeadLetters, DeadLetterFailures int64
	// Retries counts how often something was tried again after an error that may
	// pass: a poll, a put or a record; LastError is when anything went wrong last.
	Retries   int64
	LastError time.Time
	// Batch measures the records of a Poll that brought some, or of a Put; BatchTime
	// how long that took, in nanoseconds.
	Batch, BatchTime Measure
	// CommitTime measures commits of offsets that succeeded, CommitFailed those that
	// did not, in nanoseconds.
	CommitTime, CommitFailed Measure
}

// PartitionOffset is a committed offset as text: a source partition as JSON and
// its offset as JSON, or `topic-partition` and a number.
type PartitionOffset struct {
	Partition string `json:"partition"`
	Offset    string `json:"offset"`
	Lag       *int64 `json:"lag,omitempty"`
}

// Task is a running loop.
type Task interface {
	// Run opens the connector's task, moves records until ctx is done or it fails,
	// then finishes what is in flight, commits and closes. It returns nil after a
	// graceful stop, ErrSuperseded (in the tree) when a newer incarnation exists,
	// or the reason of the failure. A panic in the connector is such a reason (a
	// *PanicError), and so is a stop after which something could not be written or
	// committed. The graceful part is bounded by Options' StopTimeout: a connector
	// that is not back by then is left behind (ErrAbandoned). If ErrSuperseded is
	// the cause of ctx's end, Run stops as gracefully, for what is not fenced may
	// still be committed, and returns it. Run is called once.
	Run(ctx context.Context) error
	// SetPaused pauses or resumes, at any time and without waiting; OnState is told
	// when the loop gets there.
	SetPaused(paused bool)
	// Progress returns a copy of what the task has done.
	Progress() Progress
}

// Options are what both loops need.
type Options struct {
	ID    ID
	Count int
	// Epoch is this incarnation's.
	Epoch  int64
	Paused bool
	Plugin connect.Plugin
	// Config is the connector's whole config, secrets resolved.
	Config             map[string]string
	Key, Value, Header connect.Converter
	// Transforms are the task's own, in the order in which they apply.
	Transforms []connect.ChainLink
	// Errors are what becomes of records that fail.
	Errors ErrorOptions
	Epochs Epochs
	// OnState is called from the loop with Running or Paused each time it gets
	// there; it must not block.
	OnState func(State)
	// OnTopic is called from the loop with the topics that the task reads or writes:
	// with each at least once, and with one of them for each batch. It must not
	// block; nil is nobody.
	OnTopic func(topic string)
	// FlushInterval is offset.flush.interval.ms; 0 is 5 s.
	FlushInterval time.Duration
	// StopTimeout bounds the graceful part of a stop; 0 is 30 s.
	StopTimeout time.Duration
	// MaxInFlightBytes bounds the memory of records between the connector and
	// Kafka, for this task; 0 is 32 MiB.
	MaxInFlightBytes int
	// Memory is what the tasks of the worker share; nil is none to share.
	Memory *Memory
	Env    func() connect.Env // without Offsets, which the source loop fills
}

// SourceOptions are what the source loop needs.
type SourceOptions struct {
	Options
	Offsets  OffsetStore
	Producer Producer
	// Topics creates the topics that are not there; nil leaves them to the brokers.
	Topics TopicCreator
}

// SinkOptions are what the sink loop needs.
type SinkOptions struct {
	Options
	Topics []string
	// Pattern is an expression of Go's for topics, in the place of Topics; "" is none.
	Pattern string
	// Group is the consumer group's name, for messages.
	Group string
	// BatchRecords bounds the records of a Put; 0 is 2000.
	BatchRecords int
	// MaxFetchBytes and MaxPartitionFetchBytes bound what a fetch asks for beyond
	// what MaxInFlightBytes does; 0 does not.
	MaxFetchBytes, MaxPartitionFetchBytes int
	// MaxBatchBytes is how many bytes a batch of the topic may have once it is
	// decompressed (task.max.batch.bytes); 0 is the client's own bound.
	MaxBatchBytes int
	// NewClient builds the group client from what the loop adds: topics, group
	// callbacks, no automatic commits. The caller's options carry brokers, security,
	// group id, instance id and balancers; the loop sets the sizes of fetches. It is
	// called again if the member is fenced by nobody newer.
	NewClient func(extra ...kgo.Opt) (*kgo.Client, error)
}
