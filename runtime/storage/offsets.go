// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/javajson"
)

// Offsets is the offsets topic in memory. It is safe for concurrent use.
type Offsets struct {
	log *slog.Logger
	*Log

	// partition is Kafka's default partitioner. For records with a key, as all are
	// here, it keeps nothing, so the tasks share one.
	partition kgo.TopicPartitioner

	mu      sync.Mutex
	entries map[string]offsetEntry // by canonical key
}

// offsetEntry keeps the bytes of a key as they were first seen: another writer
// looks its offsets up by those bytes.
type offsetEntry struct {
	connector  string
	key, value []byte
}

// SourceOffset is one entry of the offsets topic.
type SourceOffset struct {
	Partition, Offset map[string]any
}

// OpenOffsets starts to follow the offsets topic, which must exist.
func OpenOffsets(newClient NewClient, topic string, log *slog.Logger) (*Offsets, error) {
	o := &Offsets{log: log, entries: map[string]offsetEntry{}, partition: kgo.StickyKeyPartitioner(nil).ForTopic(topic)}
	l, err := OpenLog(newClient, topic, log, o.apply, kgo.MaxVersions(txnVersions()))
	if err != nil {
		return nil, err
	}
	o.Log = l
	return o, nil
}

func (o *Offsets) apply(r *kgo.Record) {
	connector, partition, err := decodeOffsetKey(r.Key)
	if err != nil {
		o.log.Warn("skipping a record of the offsets topic", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "error", err)
		return
	}
	key := canonicalOffsetKey(connector, partition)
	o.mu.Lock()
	defer o.mu.Unlock()
	e, known := o.entries[key]
	if !known {
		e = offsetEntry{connector: connector, key: append([]byte(nil), r.Key...)}
	}
	// A deleted offset stays, without value: its key may be written again.
	e.value = append([]byte(nil), r.Value...)
	if r.Value == nil {
		e.value = nil
	}
	o.entries[key] = e
}

// lookup returns the offset of a source partition, nil if there is none.
func (o *Offsets) lookup(connector string, partition map[string]any) (map[string]any, error) {
	o.mu.Lock()
	e := o.entries[canonicalOffsetKey(connector, partition)]
	o.mu.Unlock()
	offset, err := decodeOffset(e.value)
	if err != nil {
		return nil, fmt.Errorf("reading the offset of %s: %w", e.key, err)
	}
	return offset, nil
}

func decodeOffset(value []byte) (map[string]any, error) {
	if value == nil {
		return nil, nil
	}
	v, err := javajson.Decode(value)
	if err != nil || v == nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the offset %s is no object", value)
	}
	return m, nil
}

// key returns the bytes under which a source partition's offset is written.
func (o *Offsets) key(connector string, partition map[string]any) ([]byte, error) {
	o.mu.Lock()
	e, known := o.entries[canonicalOffsetKey(connector, partition)]
	o.mu.Unlock()
	if known {
		return e.key, nil
	}
	return encodeOffsetKey(connector, partition)
}

// Connector returns all offsets of a connector, as far as the topic was read.
func (o *Offsets) Connector(connector string) ([]SourceOffset, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []SourceOffset
	for _, e := range o.entries {
		if e.connector != connector || e.value == nil {
			continue
		}
		_, partition, err := decodeOffsetKey(e.key)
		if err != nil {
			return nil, err
		}
		offset, err := decodeOffset(e.value)
		if err != nil {
			return nil, fmt.Errorf("reading the offset of %s: %w", e.key, err)
		}
		if offset != nil {
			out = append(out, SourceOffset{Partition: partition, Offset: offset})
		}
	}
	return out, nil
}

// Write sets the offsets of source partitions of a connector, whose tasks must
// have ended; a nil offset removes the partition's. Numbers are int64 or float64,
// as Kafka Connect's converter reads them.
func (o *Offsets) Write(ctx context.Context, connector string, offsets []SourceOffset) error {
	if err := o.ReadToEnd(ctx); err != nil {
		return err
	}
	records := make([]*kgo.Record, len(offsets))
	for i, e := range offsets {
		key, err := o.key(connector, e.Partition)
		if err != nil {
			return err
		}
		records[i] = &kgo.Record{Key: key}
		if e.Offset == nil {
			continue
		}
		if err := checkPrimitives(e.Offset); err != nil {
			return fmt.Errorf("source offset: %w", err)
		}
		if records[i].Value, err = javajson.AppendValue(nil, e.Offset); err != nil {
			return fmt.Errorf("encoding an offset of %s: %w", connector, err)
		}
	}
	if len(records) == 0 {
		return nil
	}
	if err := o.Put(ctx, records...); err != nil {
		return err
	}
	return o.ReadToEnd(ctx)
}

// Delete removes all offsets of a connector, whose tasks must have ended.
func (o *Offsets) Delete(ctx context.Context, connector string) error {
	if err := o.ReadToEnd(ctx); err != nil {
		return err
	}
	var tombstones []*kgo.Record
	o.mu.Lock()
	for _, e := range o.entries {
		if e.connector == connector && e.value != nil {
			tombstones = append(tombstones, &kgo.Record{Key: e.key})
		}
	}
	o.mu.Unlock()
	if len(tombstones) == 0 {
		return nil
	}
	return o.Put(ctx, tombstones...)
}
