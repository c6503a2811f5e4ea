// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// keyFailed, valueFailed and headerFailed are told by a Datum that cannot be
// decoded.
func (s *Sink) keyFailed(d *connect.Datum, err error) error {
	return s.undecoded(d, err, stageKey, s.policy.KeyClass)
}

func (s *Sink) valueFailed(d *connect.Datum, err error) error {
	return s.undecoded(d, err, stageValue, s.policy.ValueClass)
}

func (s *Sink) headerFailed(d *connect.Datum, err error) error {
	return s.undecoded(d, err, stageHeader, s.policy.HeaderClass)
}

// undecoded tries again to decode a Datum, wherever it is that somebody has asked
// for its value. What it says in the end the Datum will say every time.
func (s *Sink) undecoded(d *connect.Datum, err error, at stage, class string) error {
	raw, codec, _ := d.Raw()
	err = s.policy.again(err, func() error {
		schema, v, err := codec.Converter.ToConnect(codec.Arena, codec.Topic, raw)
		if err == nil {
			d.Set(schema, v)
		}
		return err
	})
	if err == nil {
		return nil
	}
	e := &decodeError{stage: at, class: class, err: err, raw: raw}
	d.SetRaw(raw, &connect.Codec{Converter: broken{e}, Topic: codec.Topic, Arena: codec.Arena})
	return e
}

// broken is the converter of what could not be decoded.
type broken struct{ err *decodeError }

// FromConnect implements connect.Converter.
func (b broken) FromConnect([]byte, string, *connect.Schema, connect.Value) ([]byte, error) {
	return nil, b.err
}

// ToConnect implements connect.Converter.
func (b broken) ToConnect(*connect.Arena, string, []byte) (*connect.Schema, connect.Value, error) {
	return nil, connect.Value{}, b.err
}

// transform runs the chain over the batch, and takes out what it drops. It returns
// false if the batch ends here.
func (m *member) transform(ctx context.Context) bool {
	s := m.s
	if len(s.chain.links) == 0 {
		return true
	}
	s.chain.begin()
	if _, err := s.chain.apply(s.batch, len(s.batch.Records)); err != nil {
		t := &s.chain.fatal
		if errors.Is(t.err, errInterrupted) {
			m.rewind(s.batchStarts())
			return false
		}
		s.policy.failed()
		m.report(ctx, t)
		s.fail(exceeded(err))
		return false
	}
	if len(s.chain.skipped) > 0 && !m.buryAll(ctx, s.chain.inOrder()) {
		m.rewind(s.batchStarts())
		return false
	}
	s.batch.Compact()
	return true
}

// buryAll reports what was skipped. It returns false if it was interrupted.
func (m *member) buryAll(ctx context.Context, skipped []trouble) bool {
	for i := range skipped {
		if !m.report(ctx, &skipped[i]) {
			return false
		}
	}
	return true
}

// settle hands the records that the connector has failed to the policy. It returns
// those that are not done with: the one that ends the task, with its error, or the
// one at which it was interrupted, and what came behind it.
func (m *member) settle(ctx context.Context, failures []connect.Failure) ([]connect.Failure, error) {
	s := m.s
	failures = slices.Clone(failures)
	slices.SortStableFunc(failures, func(a, b connect.Failure) int { return cmp.Compare(a.Index, b.Index) })
	failures = slices.CompactFunc(failures, func(a, b connect.Failure) bool { return a.Index == b.Index })
	for i, f := range failures {
		if f.Index < 0 || f.Index >= len(s.batch.Records) {
			return failures[i:], fmt.Errorf("the connector has failed record %d of a batch of %d: %w", f.Index, len(s.batch.Records), f.Err)
		}
		t := troubleOf(f.Err, stagePut, sinkTaskClass)
		t.index = f.Index
		if errors.Is(t.err, errInterrupted) {
			return failures[i:], nil
		}
		skip := s.policy.failed()
		switch reported := m.report(ctx, &t); {
		case !skip:
			o := s.batch.Records[f.Index].Origin()
			return failures[i:], exceeded(fmt.Errorf("the record at offset %d of partition %d of topic %q cannot be written (%d of %d records in the batch failed): %w",
				o.Offset, o.Partition, o.Topic, len(failures), len(s.batch.Records), f.Err))
		case !reported:
			return failures[i:], nil
		}
	}
	return nil, nil
}

// setAside takes the record out of the batch on which the connector's Put has
// given up because it cannot be decoded, and those that the connector has failed
// before. It returns false if the batch ends here.
func (m *member) setAside(ctx context.Context, err error) bool {
	s := m.s
	e := decodeErrorIn(err)
	i := s.indexOf(e)
	switch {
	case errors.Is(err, errInterrupted):
		m.rewind(s.batchStarts())
		return false
	case i < 0:
		s.fail(exceeded(fmt.Errorf("putting a record that cannot be decoded, and that the connector does not name: %w", err)))
		return false
	}
	return m.takeOut(ctx, append(slices.Clone(s.batch.Failures()), connect.Failure{Index: i, Err: err}))
}

// takeOut hands records to the policy and takes them out of a batch that is not
// put yet. It returns false if the batch ends here.
func (m *member) takeOut(ctx context.Context, failures []connect.Failure) bool {
	s := m.s
	open, err := m.settle(ctx, failures)
	switch {
	case err != nil:
		s.fail(err)
		return false
	case len(open) > 0:
		m.rewind(s.batchStarts())
		return false
	}
	for _, f := range failures {
		s.batch.Records[f.Index].Drop()
	}
	s.batch.Compact()
	return true
}

// indexOf finds the record that a decodeError is about, -1 if it is not to be
// found: by its Datum, wherever that lies by now, or, since a connector may work on
// copies of records, by the bytes.
func (s *Sink) indexOf(e *decodeError) int {
	says := func(d *connect.Datum) bool {
		_, c, ok := d.Raw()
		b, is := broken{}, false
		if ok {
			b, is = c.Converter.(broken)
		}
		return is && b.err == e
	}
	for i := range s.batch.Records {
		r := &s.batch.Records[i]
		if says(&r.Key) || says(&r.Value) || slices.ContainsFunc(r.Headers, func(h connect.Header) bool { return says(&h.Value) }) {
			return i
		}
	}
	if len(e.raw) == 0 {
		return -1
	}
	same := func(b []byte) bool { return len(b) == len(e.raw) && unsafe.SliceData(b) == unsafe.SliceData(e.raw) }
	return slices.IndexFunc(s.batch.Records, func(r connect.Record) bool {
		from := s.consumed(r.Origin())
		return from != nil && (same(from.Key) || same(from.Value) ||
			slices.ContainsFunc(from.Headers, func(h kgo.RecordHeader) bool { return same(h.Value) }))
	})
}

// leaveOut takes those records out of a batch that was read again which are done
// with.
func (s *Sink) leaveOut() {
	if len(s.settled) == 0 {
		return
	}
	for i := range s.batch.Records {
		r := &s.batch.Records[i]
		if _, ok := s.settled[r.Origin()]; ok {
			r.Drop()
		}
	}
	s.batch.Compact()
}

// delivered forgets what a batch was made of.
func (s *Sink) delivered() {
	s.fetches = nil
	clear(s.settled)
}

// report logs a record that has failed and gives its dead letter to Kafka. It
// returns false if it was interrupted before that, or the task was abandoned.
func (m *member) report(ctx context.Context, t *trouble) bool {
	s := m.s
	if s.abandoned.Load() {
		return false
	}
	o := s.batch.Records[t.index].Origin()
	from := s.consumed(o)
	if from == nil {
		from = &kgo.Record{Topic: o.Topic, Partition: o.Partition, Offset: o.Offset}
	}
	if s.policy.DeadLetters.enabled() && !m.post(ctx, s.deadLetter(from, t), o) {
		return false
	}
	s.logged(t, func() string { return consumedText(from) })
	if s.settled == nil {
		s.settled = make(map[connect.Origin]struct{})
	}
	s.settled[o] = struct{}{}
	return true
}

// consumed returns the record as it was read.
func (s *Sink) consumed(o connect.Origin) *kgo.Record {
	for i := range s.fetches {
		for j := range s.fetches[i].Topics {
			t := &s.fetches[i].Topics[j]
			if t.Topic != o.Topic {
				continue
			}
			for k := range t.Partitions {
				p := &t.Partitions[k]
				if p.Partition != o.Partition {
					continue
				}
				at, ok := slices.BinarySearchFunc(p.Records, o.Offset, func(r *kgo.Record, offset int64) int { return cmp.Compare(r.Offset, offset) })
				if ok {
					return p.Records[at]
				}
			}
		}
	}
	return nil
}

// deadLetter makes the dead letter of a record, in memory of its own: that of the
// fetch is much larger.
func (s *Sink) deadLetter(from *kgo.Record, t *trouble) kgo.Record {
	d := &s.policy.DeadLetters
	letter := kgo.Record{Topic: d.Topic, Key: slices.Clone(from.Key), Value: slices.Clone(from.Value), Timestamp: from.Timestamp}
	for _, h := range from.Headers {
		letter.Headers = append(letter.Headers, kgo.RecordHeader{Key: h.Key, Value: slices.Clone(h.Value)})
	}
	if d.Headers {
		letter.Headers = s.policy.addContext(letter.Headers, connect.Origin{Topic: from.Topic, Partition: from.Partition, Offset: from.Offset}, t)
	}
	return letter
}

func consumedText(r *kgo.Record) string {
	kind := "CreateTime"
	switch r.Attrs.TimestampType() {
	case 1:
		kind = "LogAppendTime"
	case -1:
		kind = "NoTimestampType"
	}
	return ", where consumed record is {topic='" + r.Topic + "', partition=" + strconv.Itoa(int(r.Partition)) + ", offset=" + strconv.FormatInt(r.Offset, 10) +
		", timestamp=" + strconv.FormatInt(r.Timestamp.UnixMilli(), 10) + ", timestampType=" + kind + "}"
}
