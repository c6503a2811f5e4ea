// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/runtime/connect"
)

// TaskOffsets are the offsets of one task's incarnation. It writes them under the
// transactional id that Kafka Connect gives the task, `<groupId>-<connector>-<index>`.
type TaskOffsets struct {
	offsets   *Offsets
	connector string

	mu       sync.Mutex
	txn      txn
	caughtUp bool
	count    int // partitions of the topic
}

// Task returns the offsets of a task. Fence comes first.
func (o *Offsets) Task(groupID, connector string, index int) *TaskOffsets {
	return &TaskOffsets{
		offsets: o, connector: connector,
		txn: txn{client: o.client, id: TransactionalID(groupID, connector, index), topic: o.topic},
	}
}

// TransactionalID is the id under which a task commits, as in Kafka Connect
// (KIP-618).
func TransactionalID(groupID, connector string, index int) string {
	return groupID + "-" + connector + "-" + strconv.Itoa(index)
}

// Fence takes the task's transactional id over: nobody else can commit for the
// task from here on.
func (t *TaskOffsets) Fence(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.caughtUp = false
	n, err := t.offsets.Partitions(ctx)
	if err != nil {
		return err
	}
	t.count = n
	return t.txn.fence(ctx)
}

// Offset returns the committed offset of a source partition, or nil. The first
// call after Fence reads the topic to its end.
func (t *TaskOffsets) Offset(ctx context.Context, partition map[string]any) (map[string]any, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.caughtUp {
		if err := t.offsets.ReadToEnd(ctx); err != nil {
			return nil, err
		}
		t.caughtUp = true
	}
	return t.offsets.lookup(t.connector, partition)
}

// Commit writes offsets in one transaction. ErrFenced in the error's tree says
// that the task must look at its epoch, and fence again if it is still the
// highest. After any other error too the next Commit says so, because what has
// become of this one is not known.
func (t *TaskOffsets) Commit(ctx context.Context, offsets []connect.CommittedOffset) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(offsets) == 0 {
		return nil
	}
	if err := t.txn.usable(); err != nil {
		return err
	}
	records := map[int32][]kmsg.Record{}
	for _, o := range offsets {
		r, err := t.record(o)
		if err != nil {
			return fmt.Errorf("encoding an offset of %s: %w", t.connector, err)
		}
		p := int32(t.offsets.partition.Partition(&kgo.Record{Key: r.Key}, t.count))
		records[p] = append(records[p], r)
	}
	return t.txn.commit(ctx, records)
}

func (t *TaskOffsets) record(o connect.CommittedOffset) (kmsg.Record, error) {
	key, err := t.offsets.key(t.connector, o.Partition.Key)
	if err != nil {
		return kmsg.Record{}, err
	}
	value, err := encodeOffset(o.Partition.Fields, o.Offset)
	return kmsg.Record{Key: key, Value: value}, err
}
