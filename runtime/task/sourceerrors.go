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
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// hold waits before a record is tried again. A pause is taken in between, after
// which there is a next try at once. It returns false if the task ends.
func (s *Source) hold(ctx context.Context, d time.Duration) bool {
	for end := time.Now().Add(d); s.going(ctx); {
		if s.paused.Load() {
			s.rest(ctx)
			return s.going(ctx)
		}
		left := time.Until(end)
		if left <= 0 {
			return true
		}
		s.await(ctx, min(left, touch))
	}
	return false
}

// refusals hands the records that the connector has refused to the policy. It
// returns the place of the first one that ends the batch, or the number of
// records, and why.
func (s *Source) refusals(b *connect.Batch) (limit int, err error) {
	limit = len(b.Records)
	if len(b.Failures()) == 0 {
		return limit, nil
	}
	failures := slices.Clone(b.Failures())
	slices.SortStableFunc(failures, func(a, b connect.Failure) int { return cmp.Compare(a.Index, b.Index) })
	for _, f := range failures {
		if f.Index < 0 || f.Index >= limit {
			return 0, fmt.Errorf("the connector refused record %d of a batch of %d: %w", f.Index, limit, f.Err)
		}
		r := &b.Records[f.Index]
		t := trouble{index: f.Index, stage: stagePoll, class: s.policy.PluginClass, err: f.Err}
		switch {
		case r.Dropped(): // refused twice
		case s.policy.Tolerate && checkOffset(r) == nil:
			s.chain.skip(r, t)
		default:
			t.text = fmt.Errorf("the connector refused record %d of its batch, which goes to topic %q: %w", f.Index, r.Topic, f.Err)
			return f.Index, s.fatal(b, t)
		}
	}
	return limit, nil
}

// fatal counts and logs the failure that ends a batch, and returns what the task
// fails with.
func (s *Source) fatal(b *connect.Batch, t trouble) error {
	if errors.Is(t.err, errInterrupted) {
		return t.err
	}
	s.policy.failed()
	s.logged(&t, func() string { return sourceRecordText(&b.Records[t.index]) })
	return exceeded(t.text)
}

// fillAgain handles that a record could not be made a Kafka record: it tries again
// or skips it. It returns what ends the batch.
func (s *Source) fillAgain(f *flight, i int, err error) error {
	err = s.policy.again(err, func() error {
		_, err := s.fillFrom(f, i, i+1)
		return err
	})
	if err == nil || errors.Is(err, errInterrupted) {
		return err
	}
	r := &f.batch.Records[i]
	if isPanic(err) {
		err = s.blame(&f.batch.Arena, r, err)
	}
	c := new(conversion)
	if !errors.As(err, &c) {
		return err // a mistake of the connector, and not this record's
	}
	t := trouble{index: i, stage: c.stage, class: c.class, err: c.err, text: err}
	if !s.policy.Tolerate || checkOffset(r) != nil {
		return s.fatal(f.batch, t)
	}
	s.chain.skip(r, t)
	return s.fill(f, i) // as one that is dropped
}

// blame finds out which converter has panicked.
func (s *Source) blame(a *connect.Arena, r *connect.Record, err error) error {
	culprit := func(c *side, d *connect.Datum) error {
		if _, perr := s.bytesOf(c, a, r.Topic, d); isPanic(perr) {
			return fmt.Errorf("a record for topic %q: %w", r.Topic, c.failed("converting", perr))
		}
		return nil
	}
	if err := cmp.Or(culprit(&s.key, &r.Key), culprit(&s.value, &r.Value)); err != nil {
		return err
	}
	for i := range r.Headers {
		if err := culprit(&s.header, &r.Headers[i].Value); err != nil {
			return err
		}
	}
	return err
}

// bytesOf converts a key or value and catches a panic.
func (s *Source) bytesOf(c *side, a *connect.Arena, topic string, d *connect.Datum) (b []byte, err error) {
	defer s.caught(converting, &err)
	return c.bytes(a, topic, d)
}

// buryAll logs what was skipped of the first n records, and puts dead letters in
// the records' places: as long as Kafka has not taken those, no offset behind them
// is committed.
func (s *Source) buryAll(f *flight, n int) {
	for _, t := range s.chain.inOrder() {
		if t.index >= n {
			return
		}
		r, sl := &f.batch.Records[t.index], &f.slots[t.index]
		s.logged(&t, func() string { return sourceRecordText(r) })
		sl.dead = true
		if !s.policy.DeadLetters.enabled() {
			continue
		}
		rec := kgo.Record{Key: s.remains(&s.key, f, r, &r.Key), Value: s.remains(&s.value, f, r, &r.Value)}
		if r.Timestamp >= 0 {
			rec.Timestamp = time.UnixMilli(r.Timestamp)
		}
		for i := range r.Headers {
			h := &r.Headers[i]
			rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: h.Key, Value: s.remains(&s.header, f, r, &h.Value)})
		}
		s.bury(sl, &rec, r, &t)
		f.extra += size(&sl.rec) - len(rec.Key) - len(rec.Value)
		sl.dropped = false
		sl.acked.Store(false)
	}
}

// bury makes what is left of a record the dead letter in its slot.
func (s *Source) bury(sl *slot, left *kgo.Record, r *connect.Record, t *trouble) {
	letter := kgo.Record{Topic: s.policy.DeadLetters.Topic, Key: left.Key, Value: left.Value, Timestamp: left.Timestamp, Context: sl}
	letter.Headers = slices.Clone(left.Headers)
	if s.policy.DeadLetters.Headers {
		letter.Headers = s.policy.addContext(letter.Headers, connect.Origin{Topic: r.Topic, Partition: r.Partition, Offset: -1}, t)
		letter.Headers = append(letter.Headers,
			kgo.RecordHeader{Key: headerSourcePartition, Value: []byte(sourceText(r.Source))},
			kgo.RecordHeader{Key: headerSourceOffset, Value: []byte(sourceOffsetText(r))})
	}
	sl.dead, sl.partition, sl.rec = true, connect.ByKey, letter
	s.progress.letters.Add(1)
}

// remains returns what a dead letter has of a key, value or header: its bytes in Kafka, or,
// if it cannot be converted, the bytes as the connector gave them, or a text in
// JSON.
func (s *Source) remains(c *side, f *flight, r *connect.Record, d *connect.Datum) []byte {
	b, err := s.bytesOf(c, &f.batch.Arena, r.Topic, d)
	if err == nil {
		return b
	}
	schema, v, err := d.Get()
	if err != nil {
		raw, _, _ := d.Raw()
		return raw
	}
	text := appendPlain(nil, schema, v)
	f.extra += len(text)
	return text
}

// unproduced handles that Kafka has not taken a record or a dead letter. It
// returns true if another record is on its way in the same slot.
func (s *Source) unproduced(sl *slot, r *kgo.Record, err error) bool {
	record := &sl.flight.batch.Records[sl.index]
	if errors.Is(err, kerr.UnknownTopicID) && s.lostTopic.CompareAndSwap(false, true) {
		forget(s.producer, r.Topic)
	}
	switch {
	case sl.dead && len(r.Value) > 0 && errors.Is(err, kerr.MessageTooLarge):
		s.shed(sl, r)
		return true
	case sl.dead:
		s.progress.lettersLost.Add(1)
		s.fail(fmt.Errorf("writing a dead letter to topic %q: %w", r.Topic, err))
		return false
	case !s.policy.Tolerate, topicLost(err), errors.Is(err, kgo.ErrClientClosed), errors.Is(err, context.Canceled):
		s.lose(fmt.Errorf("Unrecoverable exception from producer send callback: producing to topic %q: %w", r.Topic, err))
		return false
	}
	t := trouble{index: int(sl.index), stage: stageProduce, class: sourceLoopClass, err: err}
	s.policy.failed()
	s.logged(&t, func() string { return sourceRecordText(record) })
	if !s.policy.DeadLetters.enabled() {
		sl.dead = true
		sl.acked.Store(true)
		return false
	}
	left := kgo.Record{Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp}
	s.bury(sl, &left, record, &t)
	s.producer.Produce(context.Background(), &sl.rec, s.promise)
	return true
}

// shed gives a dead letter to Kafka once more, without the value with which it is too
// large. A record that was refused for its size need not be too large itself: brokers
// refuse a batch as a whole.
func (s *Source) shed(sl *slot, r *kgo.Record) {
	sl.rec = kgo.Record{
		Topic: r.Topic, Key: r.Key, Timestamp: r.Timestamp, Context: sl,
		Headers: append(slices.Clone(r.Headers), kgo.RecordHeader{Key: headerValueBytes, Value: []byte(strconv.Itoa(len(r.Value)))}),
	}
	s.producer.Produce(context.Background(), &sl.rec, s.promise)
}

// size is what a dead letter holds, in bytes.
func size(r *kgo.Record) int {
	n := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

func sourceOffsetText(r *connect.Record) string {
	if r.Source == nil || len(r.SourceOffset) != len(r.Source.Fields) {
		return "none"
	}
	return offsetText(connect.CommittedOffset{Partition: r.Source, Offset: r.SourceOffset})
}

// sourceRecordText says which record it is, without its key and value, which may
// hold what must not be in a log.
func sourceRecordText(r *connect.Record) string {
	partition := "null"
	if r.Partition >= 0 {
		partition = strconv.Itoa(int(r.Partition))
	}
	return fmt.Sprintf(", where source record is = SourceRecord{sourcePartition=%s, sourceOffset=%s} ConnectRecord{topic='%s', kafkaPartition=%s, timestamp=%d}",
		sourceText(r.Source), sourceOffsetText(r), r.Topic, partition, r.Timestamp)
}
