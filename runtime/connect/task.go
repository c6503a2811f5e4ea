// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"context"
	"errors"
	"fmt"
)

// SourceTask reads from an outside system. The loop calls its methods one at a
// time.
type SourceTask interface {
	// Poll appends records to b and returns; while there are none it blocks,
	// until ctx is done. It returns soon after ctx is done, with ctx's error or
	// nil; what it appended by then counts. A Retriable error is logged and Poll
	// is called again after a pause; any other error fails the task. Records that
	// were appended when it fails are written before the task stops.
	Poll(ctx context.Context, b *Batch) error
	// Close releases what the task holds. It is called once, after the last Poll.
	Close(ctx context.Context) error
}

// SinkTask writes to an outside system. The loop calls its methods one at a
// time.
type SinkTask interface {
	// Put writes the records of b. A nil error means that every record which was
	// not given to b.Fail is written, or buffered by a task that is a
	// PreCommitter. What Datum.Get says of a record goes to b.Fail, too; a Put that
	// returns it is called again without that record. After a Retriable error the loop gives the same batch again;
	// any other error fails the task. A batch may come again after a restart, so
	// a Put must be safe to repeat.
	Put(ctx context.Context, b *Batch) error
	// Close releases what the task holds. It is called once, after the last Put.
	Close(ctx context.Context) error
}

// Committer is implemented by a source task that must tell its system what is
// durable in Kafka. Commit is called after offsets were committed, with the last
// offset of each source partition that moved.
type Committer interface {
	Commit(ctx context.Context, committed []CommittedOffset) error
}

// CommittedOffset is what was committed for one source partition. Offset is only
// good during the call.
type CommittedOffset struct {
	Partition *SourcePartition
	Offset    []Value
}

// TopicPartition names a partition of a topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// Offsets holds for each partition the offset of the next record to read.
type Offsets map[TopicPartition]int64

// PreCommitter is implemented by a sink task that buffers. PreCommit makes
// durable what it can and returns which of the offsets are safe to commit; a
// partition that is left out is not committed. Of records that turn out not to be
// fit it returns a RecordError each, joined by errors.Join, beside the offsets,
// which need not stop before them: the loop reads such a record again, hands it to
// the error policy as if Put had given it to Batch.Fail, and puts those behind it
// once more (KIP-610).
type PreCommitter interface {
	PreCommit(ctx context.Context, o Offsets) (Offsets, error)
}

// RecordError is the failure of a record that was put and buffered.
type RecordError struct {
	// Origin is the record's Origin.
	Origin Origin
	Err    error
}

// Error says which record it is.
func (e *RecordError) Error() string {
	return fmt.Sprintf("the record at offset %d of partition %d of topic %q: %v", e.Origin.Offset, e.Origin.Partition, e.Origin.Topic, e.Err)
}

// Unwrap returns why the record is not fit.
func (e *RecordError) Unwrap() error { return e.Err }

// Rebalancer is implemented by a sink task that keeps state for each partition.
type Rebalancer interface {
	Assigned(ctx context.Context, tps []TopicPartition) error
	// Revoked is called after PreCommit; the partitions are gone when it returns.
	Revoked(ctx context.Context, tps []TopicPartition) error
}

// Checker is implemented by a task that can test its connection.
type Checker interface {
	Check(ctx context.Context) error
}

// Retriable marks an error as one that may pass: Kafka Connect's
// RetriableException. A nil err stays nil.
func Retriable(err error) error {
	if err == nil {
		return nil
	}
	return &retriable{err}
}

// IsRetriable reports whether an error in err's tree was marked by Retriable.
func IsRetriable(err error) bool {
	var r *retriable
	return errors.As(err, &r)
}

type retriable struct{ error }

func (r *retriable) Unwrap() error { return r.error }
