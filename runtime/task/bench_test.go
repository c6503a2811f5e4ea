// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// lateAcks is a Producer that answers every hundred records, all at once.
type lateAcks struct {
	waiting [100]promised
	n       int
}

func (p *lateAcks) Produce(_ context.Context, r *kgo.Record, promise func(*kgo.Record, error)) {
	p.waiting[p.n] = promised{r, promise}
	if p.n++; p.n < len(p.waiting) {
		return
	}
	p.n = 0
	for _, w := range p.waiting {
		w.promise(w.r, nil)
	}
}

// firehose is a source of n records as fast as it can, from a few partitions,
// and then of nothing.
type firehose struct {
	left, each int64
	parts      []*connect.SourcePartition
	value      connect.Value
	headers    int
	done       chan struct{}
}

func newFirehose(n int64, size, headers int) *firehose {
	f := &firehose{left: n, each: 500, headers: headers, value: connect.StringValue(string(make([]byte, size))), done: make(chan struct{})}
	for i := range 4 {
		f.parts = append(f.parts, &connect.SourcePartition{Key: map[string]any{"p": int64(i)}, Fields: []string{"n"}})
	}
	return f
}

func (f *firehose) Poll(ctx context.Context, b *connect.Batch) error {
	for i := int64(0); i < f.each && f.left > 0; i++ {
		r := b.Add()
		r.Topic = "out"
		r.Key.Set(nil, connect.StringValue("key"))
		r.Value.Set(nil, f.value)
		r.Headers = b.Arena.Headers(f.headers)
		for i := range r.Headers {
			r.Headers[i].Key = "header"
			r.Headers[i].Value.Set(nil, connect.StringValue("text"))
		}
		r.Source = f.parts[f.left%4]
		r.SourceOffset = b.Offset(connect.Int64Value(-f.left))
		f.left--
	}
	if len(b.Records) == 0 {
		close(f.done)
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (f *firehose) Close(context.Context) error { return nil }

// pump moves n records of size bytes through a source loop.
func pump(tb testing.TB, producer Producer, n int64, size, headers int) {
	tb.Helper()
	hose := newFirehose(n, size, headers)
	o := SourceOptions{
		Options: options(&epochs{}, &states{}, connect.Plugin{
			OpenSource: func(context.Context, connect.Env, map[string]string) (connect.SourceTask, error) { return hose, nil },
		}),
		Offsets: &offsetStore{topic: newOffsetTopic()}, Producer: producer,
	}
	run := start(NewSource(o))
	<-hose.done
	if err := run.end(); err != nil {
		tb.Fatal(err)
	}
	if got := run.Progress().Records; got != n {
		tb.Fatalf("%d records, want %d", got, n)
	}
}

func BenchmarkSourceLoop(b *testing.B) {
	for _, size := range []int{100, 1000} {
		b.Run(fmt.Sprint(size, "B"), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			// A whole number of answers, and no fewer than one.
			pump(b, &lateAcks{}, int64(b.N/100+1)*100, size, 0)
		})
	}
}

func BenchmarkSourceKafka(b *testing.B) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "out"), kfake.BlackholeProduce())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	cl, err := kgo.NewClient(append(ProducerOpts(), kgo.SeedBrokers(c.ListenAddrs()...), kgo.DisableClientMetrics(),
		kgo.ProducerBatchCompression(kgo.NoCompression()))...)
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	b.ReportAllocs()
	b.SetBytes(1000)
	b.ResetTimer()
	pump(b, cl, int64(b.N), 1000, 0)
}

// BenchmarkBareProduce is what BenchmarkSourceKafka is to be compared with: the
// same records, each made new, without a loop.
func BenchmarkBareProduce(b *testing.B) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "out"), kfake.BlackholeProduce())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.DisableClientMetrics(),
		kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	b.ReportAllocs()
	b.SetBytes(1000)
	b.ResetTimer()
	value, promise := make([]byte, 1000), func(*kgo.Record, error) {}
	for range b.N {
		cl.Produce(context.Background(), &kgo.Record{Topic: "out", Key: []byte("key"), Value: value}, promise)
	}
	if err := cl.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// TestSourceAllocations guards the source loop: no allocation for each record.
// What is left is for each batch of 500 and for the task; 0.05 leaves room for
// the batches that are new.
func TestSourceAllocations(t *testing.T) {
	const n = 200_000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pump(t, &lateAcks{}, n, 100, 0)
	runtime.ReadMemStats(&after)
	if per := float64(after.Mallocs-before.Mallocs) / n; per > 0.05 {
		t.Errorf("%.3f allocations per record, want 0.05 at most", per)
	}
}

// drain is a sink that counts and, if decode is set, reads every value.
type drain struct {
	decode bool
	n      atomic.Int64
	want   int64
	done   chan struct{}
}

func (d *drain) Put(_ context.Context, b *connect.Batch) error {
	if d.decode {
		for i := range b.Records {
			if _, _, err := b.Records[i].Value.Get(); err != nil {
				return err
			}
		}
	}
	n := int64(len(b.Records))
	if at := d.n.Add(n); at >= d.want && at-n < d.want {
		close(d.done)
	}
	return nil
}

func (d *drain) Close(context.Context) error { return nil }

// BenchmarkSinkLoop measures what the loop does with what was fetched, without
// IO: making the batch, putting, noting positions.
func BenchmarkSinkLoop(b *testing.B) {
	s, fetches := loopOnly(b, 100, 0)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += sinkBatchRecords {
		s.read(fetches)
		if err := s.put(b.Context()); err != nil {
			b.Fatal(err)
		}
		s.advance(nil)
	}
}

// loopOnly returns a sink without a client, and a fetch of sinkBatchRecords
// records of size bytes.
func loopOnly(tb testing.TB, size, headers int) (*Sink, kgo.Fetches) {
	tb.Helper()
	s := NewSink(SinkOptions{Options: options(&epochs{}, &states{}, connect.Plugin{})})
	s.task = &drain{decode: true, want: 1 << 62, done: make(chan struct{})}
	var parts []kgo.FetchPartition
	for p := range int32(4) {
		f := kgo.FetchPartition{Partition: p, HighWatermark: 500}
		for i := range int64(sinkBatchRecords / 4) {
			f.Records = append(f.Records, &kgo.Record{
				Topic: "in", Partition: p, Offset: i, Key: []byte("key"), Value: make([]byte, size), Timestamp: time.Now(),
				Headers: slices.Repeat([]kgo.RecordHeader{{Key: "header", Value: []byte("text")}}, headers),
			})
		}
		parts = append(parts, f)
	}
	return s, kgo.Fetches{{Topics: []kgo.FetchTopic{{Topic: "in", Partitions: parts}}}}
}

// TestSinkAllocations guards the sink loop: nothing is allocated for a batch.
func TestSinkAllocations(t *testing.T) {
	s, fetches := loopOnly(t, 100, 0)
	per := testing.AllocsPerRun(50, func() {
		s.read(fetches)
		if err := s.put(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.advance(nil)
	})
	if per > 2 {
		t.Errorf("%.1f allocations for a batch of %d records, want 2 at most", per, sinkBatchRecords)
	}
}

func BenchmarkSinkKafka(b *testing.B) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "in"),
		kfake.SyntheticFetch(kfake.SyntheticBatch{Records: 500, RecordBytes: 1000}))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	d := &drain{decode: true, want: int64(b.N), done: make(chan struct{})}
	o := SinkOptions{
		Options: options(&epochs{}, &states{}, connect.Plugin{
			OpenSink: func(context.Context, connect.Env, map[string]string) (connect.SinkTask, error) { return d, nil },
		}),
		Topics: []string{"in"},
		NewClient: func(extra ...kgo.Opt) (*kgo.Client, error) {
			return kgo.NewClient(append([]kgo.Opt{
				kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumerGroup("g"), kgo.InstanceID("i"), kgo.DisableClientMetrics(),
			}, extra...)...)
		},
	}
	b.ReportAllocs()
	b.SetBytes(1000)
	b.ResetTimer()
	run := start(NewSink(o))
	<-d.done
	b.StopTimer()
	if err := run.end(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBareConsume is what BenchmarkSinkKafka is to be compared with.
func BenchmarkBareConsume(b *testing.B) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "in"),
		kfake.SyntheticFetch(kfake.SyntheticBatch{Records: 500, RecordBytes: 1000}))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("in"),
		kgo.DisableClientMetrics(), kgo.DisableAutoCommit())
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	b.ReportAllocs()
	b.SetBytes(1000)
	b.ResetTimer()
	for n := 0; n < b.N; {
		n += cl.PollRecords(b.Context(), sinkBatchRecords).NumRecords()
	}
}
