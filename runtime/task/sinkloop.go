// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// run is a run of records of one partition that was read, from the offset first
// on, up to and without next.
type run struct {
	tp                 connect.TopicPartition
	part               *sinkPart
	first, next, bytes int64
}

// turn polls once, puts what came, and commits when it is time. It returns
// errFencedMember, or an error that fails the task.
func (m *member) turn(ctx context.Context) error {
	s := m.s
	pctx := s.interrupt.context(ctx)
	if s.paused.Load() != m.halted {
		pctx = ended()
	}
	fetches := m.poll(pctx)
	defer m.allow()
	if err := m.faults(fetches); err != nil {
		return err
	}
	s.read(fetches)
	if m.settleOwed() {
		s.batch.Reset()
	} else if n := len(s.batch.Records); n > 0 {
		s.progress.polled.Add(int64(n))
		m.deliver(ctx, fetches)
		m.adapt()
	} else {
		s.release()
	}
	switch {
	case s.failed.get() != nil, s.abandoned.Load():
		return nil
	case s.paused.Load() != m.halted:
		return m.toggle()
	case !time.Now().Before(m.due):
		m.due = time.Now().Add(s.o.FlushInterval)
		return m.checkpoint(nil, false)
	}
	return nil
}

// poll waits for records, or until a commit is due.
func (m *member) poll(ctx context.Context) kgo.Fetches {
	s := m.s
	if s.dirty() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, m.due)
		defer cancel()
	} else if now := time.Now(); m.due.Before(now) {
		m.due = now.Add(s.o.FlushInterval) // from the first record on
	}
	s.progress.turn()
	s.progress.waiting.Store(true)
	defer s.progress.turn()
	defer s.progress.waiting.Store(false)
	return m.cl.PollRecords(ctx, s.records)
}

// allow lets the group change.
func (m *member) allow() {
	m.wanted.Store(false)
	m.cl.AllowRebalance()
}

// adapt changes the size of fetches by what they bring.
func (m *member) adapt() {
	held := m.cl.BufferedFetchBytes()
	for _, r := range m.s.runs {
		held += r.bytes
	}
	if size := nextFetchSize(m.size, held, m.s.o.MaxInFlightBytes); size != m.size {
		m.size = size
		m.ask()
	}
}

// toggle pauses or resumes. The member stays in the group and keeps polling, so
// that it takes part in rebalances; what it has put is committed first.
func (m *member) toggle() error {
	s := m.s
	m.halt(s.paused.Load())
	if !m.halted {
		s.o.OnState(Running)
		return nil
	}
	err := m.checkpoint(nil, false)
	s.o.OnState(Paused)
	return err
}

// read makes the batch of what was fetched.
func (s *Sink) read(fetches kgo.Fetches) {
	s.batch.Reset()
	s.runs = s.runs[:0]
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range fetches {
		for j := range fetches[i].Topics {
			t := &fetches[i].Topics[j]
			for k := range t.Partitions {
				s.readPartition(t.Topic, &t.Partitions[k], now)
			}
		}
	}
	if len(s.runs) > 0 {
		s.progress.lastRecord.Store(now.UnixNano())
	}
}

// release lets go of the batch's memory. It is for a poll that brought nothing,
// as the one does that ends for the next commit: a task that is busy keeps what it
// has, and one that waits keeps nothing.
func (s *Sink) release() {
	if s.broken {
		return // who knows what the connector still does with it
	}
	s.batch.Release()
}

func (s *Sink) readPartition(topic string, f *kgo.FetchPartition, now time.Time) {
	tp := connect.TopicPartition{Topic: topic, Partition: f.Partition}
	p := s.parts[tp]
	switch {
	case p == nil && len(f.Records) == 0:
		return // an error's
	case p == nil:
		p = newSinkPart()
		s.parts[tp] = p
	}
	p.measured(f.HighWatermark, now)
	if len(f.Records) == 0 {
		return
	}
	s.o.OnTopic(topic)
	p.begin(f.Records[0].Offset)
	r := run{tp: tp, part: p, first: f.Records[0].Offset, next: f.Records[len(f.Records)-1].Offset + 1}
	codecs := s.codecsOf(topic)
	for _, rec := range f.Records {
		r.bytes += s.fill(rec, codecs)
	}
	s.runs = append(s.runs, r)
}

// fill appends a record to the batch, undecoded.
func (s *Sink) fill(rec *kgo.Record, c *topicCodecs) int64 {
	r := s.batch.Add()
	r.Topic, r.Partition, r.Offset = rec.Topic, rec.Partition, rec.Offset
	r.Timestamp = rec.Timestamp.UnixMilli()
	r.SetOrigin(connect.Origin{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset})
	r.Key.SetRaw(rec.Key, &c.key)
	r.Value.SetRaw(rec.Value, &c.value)
	if len(rec.Headers) > 0 {
		r.Headers = s.headersOf(rec, &c.header)
	}
	return int64(len(rec.Key) + len(rec.Value))
}

// headersOf returns a record's headers, undecoded.
func (s *Sink) headersOf(rec *kgo.Record, c *connect.Codec) []connect.Header {
	headers := s.batch.Arena.Headers(len(rec.Headers))
	for i, h := range rec.Headers {
		headers[i].Key = h.Key
		headers[i].Value.SetRaw(h.Value, c)
	}
	return headers
}

func (s *Sink) codecsOf(topic string) *topicCodecs {
	c := s.codecs[topic]
	if c == nil {
		c = &topicCodecs{
			key:    connect.Codec{Converter: s.key, Topic: topic, Arena: &s.batch.Arena, Failed: s.keyFailed},
			value:  connect.Codec{Converter: s.value, Topic: topic, Arena: &s.batch.Arena, Failed: s.valueFailed},
			header: connect.Codec{Converter: s.header, Topic: topic, Arena: &s.batch.Arena, Failed: s.headerFailed},
		}
		s.codecs[topic] = c
	}
	return c
}

// deliver transforms and puts the batch, again and again while the connector says that it may
// pass. It gives up, to read the records again later, when the group waits for
// us or the task is paused.
func (m *member) deliver(ctx context.Context, fetches kgo.Fetches) {
	s := m.s
	s.fetches = fetches
	defer s.delivered()
	if len(s.late) > 0 && !m.settleLate(ctx) {
		return
	}
	var retry backoff
	for ready := false; ; {
		if !ready && !m.transform(ctx) || s.abandoned.Load() {
			return // abandoned in a transform: another one may have the partitions by now
		}
		start, n := time.Now(), len(s.batch.Records)
		err := s.put(m.work)
		switch {
		case s.abandoned.Load():
			return
		case err == nil:
			s.progress.delivered(n, start)
			m.conclude(ctx)
			return
		case decodeErrorIn(err) != nil:
			if !m.setAside(ctx, err) {
				return
			}
			ready = true // without that record
			continue
		case !retriable(err):
			s.fail(fmt.Errorf("putting: %w", err))
			return
		}
		s.progress.retried()
		d := retry.next(firstRetry, lastRetry)
		s.log.Warn("putting failed and is tried again", "error", err, "pause", d)
		if !m.hold(ctx, d) {
			m.rewind(s.batchStarts())
			return
		}
		s.read(fetches) // without what transforms and the connector have done to it
		s.leaveOut()
		ready = false
	}
}

// hold waits before the next try, and reports whether there is to be one.
func (m *member) hold(ctx context.Context, d time.Duration) bool {
	s := m.s
	for end := time.Now().Add(d); ; {
		if m.pressed(ctx) {
			return false
		}
		left := time.Until(end)
		if left <= 0 {
			return true
		}
		s.await(ctx, min(left, touch))
	}
}

// pressed reports whether the batch must be given up if it takes longer.
func (m *member) pressed(ctx context.Context) bool {
	return m.wanted.Load() || m.s.paused.Load() || !m.s.going(ctx)
}

// conclude ends a batch that was put. What the connector has failed and is not done
// with is read again, unless it ends the task.
func (m *member) conclude(ctx context.Context) {
	s := m.s
	var open []connect.Failure
	var err error
	if failures := s.batch.Failures(); len(failures) > 0 {
		open, err = m.settle(ctx, failures)
	}
	again := s.advance(open)
	if err == nil && len(again) > 0 {
		m.rewind(again)
	}
	s.fail(err)
}

// advance notes the batch as put: each partition up to its first record that is
// open. It returns the offsets of those.
func (s *Sink) advance(open []connect.Failure) (first connect.Offsets) {
	records, bytes := int64(len(s.batch.Records)-len(s.batch.Failures())), int64(0)
	s.mu.Lock()
	for i := range s.runs {
		r := &s.runs[i]
		bytes += r.bytes
		if _, ok := first[r.tp]; ok {
			continue // an earlier run of the partition has ended before its end
		}
		next := r.next
		for _, f := range open {
			if at, ok := s.failedAt(f, r); ok && at < next {
				if first == nil {
					first = make(connect.Offsets)
				}
				next, first[r.tp] = at, at
			}
		}
		r.part.next = max(r.part.next, next)
	}
	s.mu.Unlock()
	s.progress.wrote(records, bytes)
	return first
}

// failedAt returns the offset of a failed record, if it is of the run.
func (s *Sink) failedAt(f connect.Failure, r *run) (int64, bool) {
	if f.Index < 0 || f.Index >= len(s.batch.Records) {
		return 0, false
	}
	o := s.batch.Records[f.Index].Origin()
	return o.Offset, o.Partition == r.tp.Partition && o.Topic == r.tp.Topic && o.Offset >= r.first && o.Offset < r.next
}

// batchStarts returns the offsets at which the batch begins.
func (s *Sink) batchStarts() connect.Offsets {
	at := make(connect.Offsets, len(s.runs))
	for _, r := range s.runs {
		if first, ok := at[r.tp]; !ok || r.first < first {
			at[r.tp] = r.first
		}
	}
	return at
}

// rewind makes the client read again from the given offsets on.
func (m *member) rewind(to connect.Offsets) {
	m.cl.SetOffsets(epochOffsets(to))
}

func epochOffsets(o connect.Offsets) map[string]map[int32]kgo.EpochOffset {
	at := make(map[string]map[int32]kgo.EpochOffset)
	for tp, offset := range o {
		if at[tp.Topic] == nil {
			at[tp.Topic] = make(map[int32]kgo.EpochOffset)
		}
		at[tp.Topic][tp.Partition] = kgo.EpochOffset{Epoch: -1, Offset: offset}
	}
	return at
}
