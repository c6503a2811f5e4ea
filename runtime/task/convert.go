// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// side converts the keys, the values or the headers of a source's records.
type side struct {
	name       string
	stage      stage
	class      string
	conv       connect.Converter
	comparable bool // conv may be compared with another one
	topicFree  bool // its bytes are the same for all topics
	room       int  // what the converter is likely to need
}

func newSide(name string, at stage, class string, conv connect.Converter) side {
	_, free := conv.(connect.TopicFree)
	return side{name: name, stage: at, class: class, conv: conv, comparable: conv != nil && reflect.TypeOf(conv).Comparable(), topicFree: free}
}

// The room that a converter finds to begin with: as much as it has needed
// lately. With less, the append leaves the arena's chunk behind and the arena
// begins again with a small one.
const minTail, maxTail = 64, 64 << 10

// bytes returns the datum as the bytes of a Kafka record, nil for null, in the
// memory of the batch. Bytes that came with the same converter pass through.
func (s *side) bytes(a *connect.Arena, topic string, d *connect.Datum) ([]byte, error) {
	if raw, c, ok := d.Raw(); ok && s.comparable && c.Converter == s.conv && (s.topicFree || c.Topic == topic) {
		return raw, nil
	}
	schema, v, err := d.Get()
	if err != nil {
		return nil, s.failed("reading", err)
	}
	b, err := s.conv.FromConnect(a.Tail(max(s.room, minTail)), topic, schema, v)
	if err != nil {
		return nil, s.failed("converting", err)
	}
	if b == nil {
		return nil, nil
	}
	s.room = min(max(len(b), s.room-s.room/256), maxTail)
	return a.Take(b), nil
}

func (s *side) failed(act string, err error) error {
	return &conversion{stage: s.stage, class: s.class, act: act + " the " + s.name, err: err}
}

// topicNames keeps one string for each topic. The producer keeps the names that
// it is given for ever, and a connector's may lie in a batch.
type topicNames struct {
	last string
	all  map[string]string
	// note keeps the new ones in fresh, for whoever creates them.
	note  bool
	fresh []string
}

func (t *topicNames) name(topic string) (string, error) {
	if topic == t.last && topic != "" {
		return t.last, nil
	}
	name, ok := t.all[topic]
	if !ok {
		if err := connect.CheckTopic(topic); err != nil {
			return "", err
		}
		name = strings.Clone(topic)
		t.all[name] = name
		if t.note {
			t.fresh = append(t.fresh, name)
		}
	}
	t.last = name
	return name, nil
}

// convert transforms the flight's batch and makes Kafka records of it. It returns
// how many records are done with and, if that is not all, why the next one failed.
func (s *Source) convert(f *flight) (n int, err error) {
	s.chain.begin()
	limit, refused := s.refusals(f.batch)
	if at, err := s.chain.apply(f.batch, limit); err != nil {
		limit, refused = at, s.fatal(f.batch, s.chain.fatal)
	}
	s.progress.enter(converting)
	f.prepare(len(f.batch.Records))
	for n < limit {
		if n, err = s.fillFrom(f, n, limit); err == nil {
			break
		}
		if err := s.fillAgain(f, n, err); err != nil {
			limit, refused = n, err
			break
		}
		n++ // it is filled, or skipped
	}
	if len(s.chain.skipped) > 0 {
		s.buryAll(f, limit)
	}
	return limit, refused
}

// fillFrom makes the Kafka records of the records from one on. It returns where it
// has ended: at the one on which it has failed.
func (s *Source) fillFrom(f *flight, from, limit int) (n int, err error) {
	defer s.caught(converting, &err)
	for n = from; n < limit; n++ {
		if err := s.fill(f, n); err != nil {
			return n, err
		}
	}
	return n, nil
}

// fill makes the Kafka record of record i.
func (s *Source) fill(f *flight, i int) error {
	r, sl := &f.batch.Records[i], &f.slots[i]
	if r.Dropped() {
		sl.rec, sl.flight, sl.next, sl.index, sl.dropped, sl.dead = kgo.Record{}, f, nil, int32(i), true, false
		sl.acked.Store(true)
		return checkOffset(r)
	}
	known := len(s.topics.all)
	topic, err := s.topics.name(r.Topic)
	if len(s.topics.all) > known || i == 0 {
		s.o.OnTopic(topic)
	}
	if err != nil {
		return &conversion{stage: stageProduce, class: sourceLoopClass, act: fmt.Sprintf("a record of source partition %s has no valid topic", sourceText(r.Source)), err: err}
	}
	if err := checkRecord(r); err != nil {
		return fmt.Errorf("a record for topic %q: %w", topic, err)
	}
	rec := kgo.Record{Topic: topic, Context: sl}
	if rec.Key, err = s.key.bytes(&f.batch.Arena, topic, &r.Key); err != nil {
		return fmt.Errorf("a record for topic %q: %w", topic, err)
	}
	if rec.Value, err = s.value.bytes(&f.batch.Arena, topic, &r.Value); err != nil {
		return fmt.Errorf("a record for topic %q: %w", topic, err)
	}
	if r.Timestamp != connect.NoTimestamp {
		rec.Timestamp = time.UnixMilli(r.Timestamp)
	}
	if rec.Headers, err = s.headersOf(f, topic, r.Headers); err != nil {
		return fmt.Errorf("a record for topic %q: %w", topic, err)
	}
	sl.rec, sl.flight, sl.next, sl.index, sl.partition, sl.dropped, sl.dead = rec, f, nil, int32(i), r.Partition, false, false
	sl.acked.Store(false)
	return nil
}

// headersOf converts the headers of a record.
func (s *Source) headersOf(f *flight, topic string, headers []connect.Header) ([]kgo.RecordHeader, error) {
	if len(headers) == 0 {
		return nil, nil
	}
	at := len(f.headers)
	for i := range headers {
		h := &headers[i]
		b, err := s.header.bytes(&f.batch.Arena, topic, &h.Value)
		if err != nil {
			return nil, fmt.Errorf("the header %q: %w", h.Key, err)
		}
		f.headers = append(f.headers, kgo.RecordHeader{Key: h.Key, Value: b})
	}
	return f.headers[at:len(f.headers):len(f.headers)], nil
}

func checkRecord(r *connect.Record) error {
	switch {
	case r.Partition < connect.ByKey:
		return fmt.Errorf("the partition %d must be 0 or more, or %d for one by the key", r.Partition, connect.ByKey)
	case r.Timestamp < connect.NoTimestamp:
		return fmt.Errorf("the timestamp %d must be milliseconds since 1970, or %d for none", r.Timestamp, connect.NoTimestamp)
	}
	return checkOffset(r)
}

func checkOffset(r *connect.Record) error {
	switch {
	case r.SourceOffset != nil && r.Source == nil:
		return fmt.Errorf("it has a source offset and no source partition")
	case r.SourceOffset != nil && len(r.SourceOffset) != len(r.Source.Fields):
		return fmt.Errorf("its source offset has %d values, source partition %s names %d fields",
			len(r.SourceOffset), sourceText(r.Source), len(r.Source.Fields))
	}
	return nil
}

func sourceText(p *connect.SourcePartition) string {
	if p == nil {
		return "none"
	}
	key, err := partitionKey(p)
	if err != nil {
		return fmt.Sprint(p.Key)
	}
	return key
}
