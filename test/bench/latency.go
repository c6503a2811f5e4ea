// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/test/bench/stats"
)

// unmeasuredRate is the load in records a second if the work whose half it would
// be was not done in this run.
const unmeasuredRate = 10000

// course is one way through a system: put hands records in, and got is told of
// each that comes out.
type course struct {
	job job
	put func(ctx context.Context, records []record) error
	// follow calls got for what comes out until ctx is done.
	follow func(ctx context.Context, got func(created int64)) error
	close  func(ctx context.Context) error
}

// latency measures how long records take at half load.
func latency(ctx context.Context, b *bench, work string, open func(ctx context.Context, b *bench, turn string) (course, error)) error {
	rate := b.book.rates[work]
	of := "half of what the slowest worker reached"
	if rate == 0 {
		rate, of = unmeasuredRate, "a rate for runs that do not measure throughput"
	}
	warm, span := 5*time.Second, 5*time.Second
	if b.quick {
		warm, span = time.Second, time.Second
	}
	b.book.note(fmt.Sprintf("%s: latencies at %.0f records/s, %s.", work, rate, of))
	p50, p99 := map[system][]float64{}, map[system][]float64{}
	for round := range b.rounds {
		for _, s := range inTurn([]system{ours, peer, bareKgo}, round) {
			l, err := b.latencyOf(ctx, s, rate, warm, span, open)
			if err != nil {
				return fmt.Errorf("%s, latency, round %d, %s: %w", work, round+1, s, err)
			}
			p50[s] = append(p50[s], stats.Quantile(l, 0.5))
			p99[s] = append(p99[s], stats.Quantile(l, 0.99))
			b.say("%-12s round %d  %-20s latency p50 %.1f ms, p99 %.1f ms at %.0f records/s",
				work, round+1, s, p50[s][round], p99[s][round], rate)
		}
	}
	for _, against := range []system{peer, bareKgo} {
		b.book.compare(work, "latency_p50_ms", "ms", lower, p50[ours], against, p50[against])
		b.book.compare(work, "latency_p99_ms", "ms", lower, p99[ours], against, p99[against])
	}
	return nil
}

// latencyOf returns the sorted latencies in milliseconds of the records that were
// handed in after the warm-up.
func (b *bench) latencyOf(ctx context.Context, s system, rate float64, warm, span time.Duration,
	open func(ctx context.Context, b *bench, turn string) (course, error),
) (l []float64, err error) {
	b.serial++
	turn := fmt.Sprintf("r%d", b.serial)
	if err := os.MkdirAll(b.path(turn, ""), 0o755); err != nil {
		return nil, err
	}
	c, err := open(ctx, b, turn)
	if err != nil {
		return nil, err
	}
	syscall.Sync()
	r, err := b.launch(ctx, s, turn, c.job)
	if err != nil {
		return nil, err
	}
	l, err = c.ride(ctx, r, rate, warm, span)
	return l, errors.Join(err, r.Stop(), c.close(ctx), os.RemoveAll(b.path(turn, "")))
}

// tally notes when records came out.
type tally struct {
	mu        sync.Mutex
	from      int64 // created at or after this counts
	seen      int
	latencies []float64
}

func (t *tally) got(createdMicros int64) {
	now := time.Now().UnixMicro()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen++
	if createdMicros >= t.from {
		t.latencies = append(t.latencies, float64(now-createdMicros)/1000)
	}
}

func (t *tally) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen
}

func (c course) ride(ctx context.Context, r *running, rate float64, warm, span time.Duration) ([]float64, error) {
	t := &tally{from: time.Now().Add(time.Hour).UnixMicro()}
	fctx, stop := context.WithCancel(ctx)
	followed := make(chan error, 1)
	go func() { followed <- c.follow(fctx, t.got) }()
	sent, err := c.load(ctx, r, t, rate, warm, span)
	if err == nil {
		err = poll(ctx, stall, 10*time.Millisecond, func() error { return arrived(r, t, sent) })
	}
	stop()
	err = errors.Join(err, <-followed)
	slices.Sort(t.latencies)
	if err == nil && t.seen != sent {
		err = fmt.Errorf("%d records came out of %d", t.seen, sent)
	}
	return t.latencies, err
}

func arrived(r *running, t *tally, sent int) error {
	if n := t.count(); n < sent {
		return errors.Join(r.Err(), fmt.Errorf("%d of %d records came out", n, sent))
	}
	return nil
}

// load waits until the system works and then hands records in at a steady pace.
func (c course) load(ctx context.Context, r *running, t *tally, rate float64, warm, span time.Duration) (sent int, err error) {
	if err := c.put(ctx, []record{{id: 0, created: time.Now().UnixMicro()}}); err != nil {
		return 0, err
	}
	sent = 1
	if err := poll(ctx, stall, 10*time.Millisecond, func() error { return arrived(r, t, sent) }); err != nil {
		return sent, fmt.Errorf("waiting for the first record: %w", err)
	}
	started := time.Now()
	t.mu.Lock()
	t.from = started.Add(warm).UnixMicro()
	t.mu.Unlock()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	var due []record
	for time.Since(started) < warm+span {
		now := time.Now()
		due = due[:0]
		for float64(sent+len(due)) < rate*now.Sub(started).Seconds() {
			due = append(due, record{id: int64(sent + len(due)), created: now.UnixMicro()})
		}
		if err := c.put(ctx, due); err != nil {
			return sent, err
		}
		sent += len(due)
		select {
		case <-ctx.Done():
			return sent, ctx.Err()
		case <-ticker.C:
		}
	}
	return sent, nil
}

// latencyOfSink goes from Kafka to a file.
func latencyOfSink(ctx context.Context, b *bench, turn string) (course, error) {
	v := base(0)
	topic, out, s := "latency-"+turn, b.path(turn, "out"), newShape(v.size)
	if err := b.broker.createTopic(ctx, topic, v.partitions); err != nil {
		return course{}, err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.broker.Address()), kgo.DefaultProduceTopic(topic),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.ProducerLinger(time.Millisecond), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return course{}, err
	}
	failed := make(chan error, 1)
	return course{
		job: job{
			connectors: []connector{p1Connector(turn, topic, out, 1)},
			bare:       []string{"sink", "-broker", b.broker.Address(), "-topic", topic, "-file", out, "-prompt"},
		},
		put: func(ctx context.Context, records []record) error {
			for _, r := range records {
				cl.Produce(ctx, &kgo.Record{Value: s.envelope(nil, r)}, func(_ *kgo.Record, err error) {
					if err != nil {
						select {
						case failed <- err:
						default:
						}
					}
				})
			}
			select {
			case err := <-failed:
				return err
			default:
				return nil
			}
		},
		follow: func(ctx context.Context, got func(int64)) error { return tail(ctx, out, got) },
		close: func(ctx context.Context) error {
			cl.Close()
			return b.broker.deleteTopic(ctx, topic)
		},
	}, nil
}

// latencyOfSource goes from a file to Kafka.
func latencyOfSource(ctx context.Context, b *bench, turn string) (course, error) {
	v := base(0)
	topic, in, s := "latency-"+turn, b.path(turn, "in"), newShape(v.size)
	if err := b.broker.createTopic(ctx, topic, v.partitions); err != nil {
		return course{}, err
	}
	f, err := os.Create(in)
	if err != nil {
		return course{}, err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.broker.Address()), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return course{}, errors.Join(err, f.Close())
	}
	var lines []byte
	return course{
		job: job{
			connectors: []connector{p2Connector("latency-"+turn, in, topic, "none")},
			bare:       []string{"source", "-broker", b.broker.Address(), "-topic", topic, "-file", in, "-prompt"},
		},
		put: func(_ context.Context, records []record) error {
			lines = lines[:0]
			for _, r := range records {
				lines = append(s.line(lines, r), '\n')
			}
			_, err := f.Write(lines)
			return err
		},
		follow: func(ctx context.Context, got func(int64)) error {
			for ctx.Err() == nil {
				fetches := cl.PollFetches(ctx)
				if err := fetches.Err(); err != nil && ctx.Err() == nil {
					return err
				}
				fetches.EachRecord(func(r *kgo.Record) { got(number(r.Value)) })
			}
			return nil
		},
		close: func(ctx context.Context) error {
			cl.Close()
			return errors.Join(f.Close(), b.broker.deleteTopic(ctx, topic))
		},
	}, nil
}

// tail follows a file of lines as a sink writes it.
func tail(ctx context.Context, path string, got func(created int64)) (err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	buf := make([]byte, 0, 1<<20)
	for ctx.Err() == nil {
		n, err := f.Read(buf[len(buf):cap(buf)])
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		buf = buf[:len(buf)+n]
		left := buf
		for {
			line, rest, ok := bytes.Cut(left, []byte{'\n'})
			if !ok {
				break
			}
			_, text, _ := bytes.Cut(line, []byte("created"))
			if _, payload, ok := bytes.Cut(text, []byte("payload")); ok {
				_, text, _ = bytes.Cut(payload, []byte("created"))
			}
			got(number(bytes.TrimLeft(text, `":=`)))
			left = rest
		}
		buf = append(buf[:0], left...)
		if n == 0 {
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	}
	return nil
}

// number returns the number at the start of a text, 0 if there is none.
func number(text []byte) int64 {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, _ := strconv.ParseInt(string(text[:end]), 10, 64)
	return n
}
