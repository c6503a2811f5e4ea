// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"penstock.dev/runtime/kafka"
)

// ErrFenced says that a task's transactional id has been taken over, or that its
// state is not known any more: the task must look at its epoch before it fences
// again.
var ErrFenced = errors.New("the transactional id was taken over")

// txnTimeoutMillis is how long a broker leaves a transaction open whose owner
// says nothing more: 10 s.
const txnTimeoutMillis = 10_000

// Request keys, for the versions below.
const (
	produceKey         = 0
	addPartitionsToTxn = 24
	endTxnKey          = 26
)

// txnVersions keeps to the transactions of KIP-98: from AddPartitionsToTxn 4,
// Produce 12 and EndTxn 5 on a broker expects those of KIP-890, in which every
// transaction has an epoch of its own.
func txnVersions() *kversion.Versions {
	v := kversion.Stable()
	v.SetMaxKeyVersion(produceKey, 11)
	v.SetMaxKeyVersion(addPartitionsToTxn, 3)
	v.SetMaxKeyVersion(endTxnKey, 4)
	return v
}

// txn writes small transactions under one transactional id. Many of them share a
// client, which a transactional kgo client would not let them. It is not safe
// for concurrent use.
type txn struct {
	client   *kgo.Client
	id       string
	topic    string
	producer int64
	epoch    int16
	sequence map[int32]int32 // the next one, by partition
	ready    bool
}

// fence takes the id over; from here on nobody else can commit under it.
func (t *txn) fence(ctx context.Context) error {
	t.ready = false
	producer, epoch, err := kafka.InitProducerID(ctx, t.client, t.id, txnTimeoutMillis)
	if err != nil {
		return fmt.Errorf("taking over the transactional id %s: %w", t.id, err)
	}
	t.producer, t.epoch, t.sequence, t.ready = producer, epoch, map[int32]int32{}, true
	return nil
}

// usable returns ErrFenced unless the id was fenced and every commit since went
// well.
func (t *txn) usable() error {
	if !t.ready {
		return fmt.Errorf("committing under %s: %w", t.id, ErrFenced)
	}
	return nil
}

// commit writes the records, by partition, in one transaction. If that fails
// nobody knows what has become of it, and the id must be fenced again.
func (t *txn) commit(ctx context.Context, records map[int32][]kmsg.Record) error {
	t.ready = false
	if err := t.addPartitions(ctx, records); err != nil {
		return fmt.Errorf("adding partitions to the transaction of %s: %w", t.id, err)
	}
	if err := t.produce(ctx, records); err != nil {
		return fmt.Errorf("writing in the transaction of %s: %w", t.id, err)
	}
	if err := t.end(ctx); err != nil {
		return fmt.Errorf("ending the transaction of %s: %w", t.id, err)
	}
	t.ready = true
	return nil
}

func (t *txn) addPartitions(ctx context.Context, records map[int32][]kmsg.Record) error {
	return kafka.Retry(ctx, kafka.IsRetriable, func() error {
		req := kmsg.NewPtrAddPartitionsToTxnRequest()
		req.TransactionalID, req.ProducerID, req.ProducerEpoch = t.id, t.producer, t.epoch
		topic := kmsg.NewAddPartitionsToTxnRequestTopic()
		topic.Topic = t.topic
		for p := range records {
			topic.Partitions = append(topic.Partitions, p)
		}
		req.Topics = append(req.Topics, topic)
		resp, err := req.RequestWith(ctx, t.client)
		if err != nil {
			return err
		}
		return addError(resp)
	})
}

// addError returns why partitions were not added. If one is refused the broker
// does not try the others, which says nothing.
func addError(resp *kmsg.AddPartitionsToTxnResponse) error {
	var notTried error
	for _, rt := range resp.Topics {
		for _, p := range rt.Partitions {
			err := fenced(p.ErrorCode)
			if errors.Is(err, kerr.OperationNotAttempted) {
				notTried = err
				continue
			}
			if err != nil {
				return fmt.Errorf("partition %d: %w", p.Partition, err)
			}
		}
	}
	return notTried
}

func (t *txn) end(ctx context.Context) error {
	return kafka.Retry(ctx, kafka.IsRetriable, func() error {
		req := kmsg.NewPtrEndTxnRequest()
		req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = t.id, t.producer, t.epoch, true
		resp, err := req.RequestWith(ctx, t.client)
		if err != nil {
			return err
		}
		return fenced(resp.ErrorCode)
	})
}

// fenced turns the codes that an older incarnation gets into ErrFenced; which one
// it is depends on where it was when it was overtaken.
func fenced(code int16) error {
	err := kerr.ErrorForCode(code)
	for _, f := range []error{kerr.InvalidProducerEpoch, kerr.ProducerFenced, kerr.InvalidTxnState, kerr.InvalidProducerIDMapping, kerr.UnknownProducerID, kerr.OutOfOrderSequenceNumber} {
		if errors.Is(err, f) {
			return fmt.Errorf("%w: %w", ErrFenced, err)
		}
	}
	return err
}
