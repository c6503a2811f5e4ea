// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// findTimeout bounds how long Tail looks for its topic.
const findTimeout = 30 * time.Second

// TailOptions say what Tail reads.
type TailOptions struct {
	// ClientID is the client's name unless the Config has one.
	ClientID string
	Topic    string
	// Partition is the only one that is read; nil is all.
	Partition *int32
	// FromBeginning reads what is there already, too.
	FromBeginning bool
}

// TailRecord is a record of a topic. Its memory is good until the function that it
// was given to returns.
type TailRecord struct {
	Partition int32
	Offset    int64
	Timestamp time.Time
	// Key and Value are nil for null.
	Key, Value []byte
	Headers    []TailHeader
}

// TailHeader is a header of a record; a Value of nil is null.
type TailHeader struct {
	Key   string
	Value []byte
}

// Tail reads a topic without a group and gives each record to take, in the order of
// each partition, until ctx ends, whose error it returns, or take returns an error,
// which it returns as it is. It returns an error as well if there is no such topic
// or partition, or Kafka refuses. Records of transactions that were aborted or are
// open are read, too.
func (c Config) Tail(ctx context.Context, o TailOptions, take func(TailRecord) error) error {
	finder, err := c.NewClient(Options{ClientID: o.ClientID})
	if err != nil {
		return err
	}
	from, err := o.start(ctx, kadm.NewClient(finder))
	finder.Close()
	if err != nil {
		return err
	}
	client, err := c.NewClient(Options{ClientID: o.ClientID}, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{o.Topic: from}))
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fetches.Err0(); err != nil {
			return fmt.Errorf("reading topic %s: %w", o.Topic, err)
		}
		for _, e := range fetches.Errors() {
			if large, ok := errors.AsType[*kgo.ErrDecompressTooLarge](e.Err); ok {
				return fmt.Errorf("reading topic %s, partition %d: the batch of records at offset %d has more than %d MiB once it is decompressed", e.Topic, e.Partition, large.Offset, maxBatchBytes>>20)
			}
			return fmt.Errorf("reading topic %s, partition %d: %w", e.Topic, e.Partition, e.Err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			if err := take(tailRecord(it.Next())); err != nil {
				return err
			}
		}
	}
}

// start finds the partitions and where to begin in each. The end is that of now,
// not of when the first fetch comes.
func (o TailOptions) start(ctx context.Context, adm *kadm.Client) (map[int32]kgo.Offset, error) {
	limited, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	list := adm.ListEndOffsets
	if o.FromBeginning {
		list = adm.ListStartOffsets
	}
	offsets, err := list(limited, o.Topic)
	if err == nil {
		err = offsets.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("looking for topic %s: %w", o.Topic, errors.Join(err, ctx.Err()))
	}
	from := map[int32]kgo.Offset{}
	offsets.Each(func(l kadm.ListedOffset) {
		if o.Partition == nil || *o.Partition == l.Partition {
			from[l.Partition] = kgo.NewOffset().At(l.Offset)
		}
	})
	if len(from) == 0 {
		if o.Partition != nil {
			return nil, fmt.Errorf("topic %s has no partition %d, it has %d", o.Topic, *o.Partition, len(offsets[o.Topic]))
		}
		return nil, fmt.Errorf("there is no topic %s", o.Topic)
	}
	return from, nil
}

func tailRecord(r *kgo.Record) TailRecord {
	t := TailRecord{Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp, Key: r.Key, Value: r.Value}
	for _, h := range r.Headers {
		t.Headers = append(t.Headers, TailHeader(h))
	}
	return t
}
