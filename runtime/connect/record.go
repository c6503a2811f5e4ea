// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import "fmt"

// NoTimestamp is the timestamp of a record that has none.
const NoTimestamp int64 = -1

// ByKey as a source record's partition lets the producer choose: by the hash of
// the key as Kafka's default partitioner does, or any if there is no key.
const ByKey int32 = -1

// Record is one message on its way through a task.
type Record struct {
	// Topic is where a source record goes, or where a sink record came from; a
	// transform may change it.
	Topic string
	// Partition is the Kafka partition, or ByKey.
	Partition int32
	dropped   bool
	// Offset is a sink record's Kafka offset.
	Offset int64
	// Timestamp is in milliseconds since 1970-01-01T00:00:00Z, or NoTimestamp.
	Timestamp int64
	// Headers are best made by Arena.Headers of the record's batch. To change them,
	// make others; those of two records may lie side by side.
	Headers []Header
	Key     Datum
	Value   Datum

	// Source and SourceOffset say where a source record came from. The offset's
	// values stand in the order of Source.Fields and must be owned by the batch
	// (see Batch.Offset) or constant.
	Source       *SourcePartition
	SourceOffset []Value

	origin Origin
}

// Header is a record header. A key may be there more than once. A source gives it
// a value with Value.Set; in a sink it is the bytes that were read until something
// asks for the value.
type Header struct {
	Key   string
	Value Datum
}

// Get returns the schema and the value as Datum.Get does, with an error that
// names the header.
func (h *Header) Get() (*Schema, Value, error) {
	s, v, err := h.Value.Get()
	if err != nil {
		return nil, Value{}, fmt.Errorf("reading the header %q: %w", h.Key, err)
	}
	return s, v, nil
}

// Origin is where a sink record was read in Kafka; it stays what it was when a
// transform changes the record's topic or partition (KIP-793).
type Origin struct {
	Topic     string
	Partition int32
	Offset    int64
}

// Origin returns where a sink record was read.
func (r *Record) Origin() Origin { return r.origin }

// Dropped reports whether a transform has taken the record out of the stream. It
// is for the loops: a connector sees no such record.
func (r *Record) Dropped() bool { return r.dropped }

// Drop takes the record out of the stream. It is for the loops, and for a source's
// or sink's record that has failed; a transform has Selection.Drop.
func (r *Record) Drop() { r.dropped = true }

// SetOrigin is for the loop that reads records from Kafka.
func (r *Record) SetOrigin(o Origin) { r.origin = o }

// SourcePartition is a part of the outside system whose records have an order:
// a file, a table. A connector makes one for each and lets all its records point
// to it.
type SourcePartition struct {
	// Key identifies the partition, as in Kafka Connect: `{"filename":"/a"}`.
	// Values are nil, string, bool, int64 or float64.
	Key map[string]any
	// Fields names the values of Record.SourceOffset.
	Fields []string
}

// Datum is a record's key or value, or a header's value. As long as nothing touches it, it is the
// bytes that were read; Get decodes them once.
type Datum struct {
	schema *Schema
	value  Value
	raw    []byte
	codec  *Codec // nil: schema and value stand
	looked bool   // fields of the bytes were read alone
}

// Codec says how the raw bytes of a Datum are decoded, and in whose memory.
type Codec struct {
	Converter Converter
	Topic     string
	Arena     *Arena
	// Failed, if there is one, is told that the converter could not decode d. It
	// may try again and Set what it got, and returns nil; or the error of Get. It is
	// for the loops.
	Failed func(d *Datum, err error) error

	yield yield
}

// Set gives the datum a value and its schema; nil is no schema.
func (d *Datum) Set(s *Schema, v Value) { d.schema, d.value, d.raw, d.codec = s, v, nil, nil }

// SetRaw gives the datum bytes as they were read, nil for null, and how to
// decode them.
func (d *Datum) SetRaw(raw []byte, c *Codec) {
	d.schema, d.value, d.raw, d.codec, d.looked = nil, Value{}, raw, c, false
}

// Get returns the schema, nil if there is none, and the value. The first Get
// decodes; its error is the converter's.
func (d *Datum) Get() (*Schema, Value, error) {
	if d.codec == nil {
		return d.schema, d.value, nil
	}
	s, v, err := d.codec.Converter.ToConnect(d.codec.Arena, d.codec.Topic, d.raw)
	if err != nil {
		return d.failed(err)
	}
	if d.looked {
		d.codec.yield.decoded++
	}
	d.schema, d.value, d.codec = s, v, nil
	return s, v, nil
}

func (d *Datum) failed(err error) (*Schema, Value, error) {
	if d.codec.Failed != nil {
		err = d.codec.Failed(d, err)
	}
	if err != nil {
		return nil, Value{}, err
	}
	return d.schema, d.value, nil
}

// IsNull reports whether the value is null. It decodes the bytes unless they are
// null themselves, for a converter may read other bytes as null.
func (d *Datum) IsNull() (bool, error) {
	if d.codec != nil && d.raw == nil {
		return true, nil
	}
	_, v, err := d.Get()
	return v.IsNull(), err
}

// Raw returns the bytes as they were read and their codec, if nothing has
// touched them; ok is false otherwise.
func (d *Datum) Raw() (raw []byte, c *Codec, ok bool) { return d.raw, d.codec, d.codec != nil }
