// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package bare does the least possible work for a transfer, with franz-go alone:
// no groups, no commits, no conversion.
package bare

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Options say what to move.
type Options struct {
	Broker, Topic string
	// File is read or written; "" generates or discards.
	File string
	// Records is how many there are; 0 is no end.
	Records int64
	// Size is that of a generated record.
	Size int
	// Prompt sacrifices throughput for latency.
	Prompt bool
	// Report takes a Count when all records are discarded.
	Report string
	// Compression is that of produced batches.
	Compression kgo.CompressionCodec
}

// Run moves records from Kafka ("sink") or to Kafka ("source") and then waits for
// ctx to be done, as a worker would.
func Run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("bare needs sink or source")
	}
	var o Options
	var compression string
	flags := flag.NewFlagSet("bare "+args[0], flag.ContinueOnError)
	flags.StringVar(&o.Broker, "broker", "", "broker")
	flags.StringVar(&o.Topic, "topic", "", "topic")
	flags.StringVar(&o.File, "file", "", "file to read or write; none generates or discards")
	flags.Int64Var(&o.Records, "records", 0, "how many; 0 is no end")
	flags.IntVar(&o.Size, "size", 1000, "size of a generated record")
	flags.BoolVar(&o.Prompt, "prompt", false, "do not wait for more")
	flags.StringVar(&o.Report, "report", "", "file that takes the count of discarded records")
	flags.StringVar(&compression, "compression", "none", "none, snappy, lz4 or zstd")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	var err error
	if o.Compression, err = Codec(compression); err != nil {
		return err
	}
	switch args[0] {
	case "sink":
		err = sink(ctx, o)
	case "source":
		err = source(ctx, o)
	default:
		return fmt.Errorf("bare %s is unknown, use sink or source", args[0])
	}
	if err == nil {
		<-ctx.Done()
		return nil
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Codec returns a compression by Kafka's name for it.
func Codec(name string) (kgo.CompressionCodec, error) {
	switch name {
	case "none":
		return kgo.NoCompression(), nil
	case "snappy":
		return kgo.SnappyCompression(), nil
	case "lz4":
		return kgo.Lz4Compression(), nil
	case "zstd":
		return kgo.ZstdCompression(), nil
	}
	return kgo.CompressionCodec{}, fmt.Errorf("compression %q is unknown here, use none, snappy, lz4 or zstd", name)
}

func sink(ctx context.Context, o Options) (err error) {
	opts := []kgo.Opt{
		kgo.SeedBrokers(o.Broker), kgo.DisableClientMetrics(), kgo.ConsumeTopics(o.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxPartitionBytes(4 << 20), kgo.WithPools(&pools{}),
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return fmt.Errorf("building a client: %w", err)
	}
	defer cl.Close()
	out, done := discard(o)
	if o.File != "" {
		f, err := os.OpenFile(o.File, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out, done = lines(f)
	}
	var n int64
	for o.Records == 0 || n < o.Records {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("reading: %w", err)
		}
		for i := fetches.RecordIter(); !i.Done(); n++ {
			r := i.Next()
			if err := out(r.Value); err != nil {
				return err
			}
			r.Recycle()
		}
		if err := done(n); err != nil {
			return err
		}
	}
	return nil
}

// lines writes records as lines; what a poll returned is written when it is all
// there.
func lines(f *os.File) (out func([]byte) error, done func(int64) error) {
	w := bufio.NewWriterSize(f, 1<<20)
	out = func(value []byte) error {
		_, err := w.Write(value)
		return errors.Join(err, w.WriteByte('\n'))
	}
	return out, func(int64) error { return w.Flush() }
}

// discard counts records.
func discard(o Options) (out func([]byte) error, done func(int64) error) {
	r := NewReporter(o.Report, o.Records)
	out = func(value []byte) error { r.Add(value); return nil }
	return out, func(int64) error { return r.Report() }
}

func source(ctx context.Context, o Options) error {
	linger := 10 * time.Millisecond
	if o.Prompt {
		linger = time.Millisecond
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(o.Broker), kgo.DisableClientMetrics(), kgo.DefaultProduceTopic(o.Topic),
		kgo.MaxBufferedRecords(20000), kgo.ProducerLinger(linger), kgo.ProducerBatchCompression(o.Compression))
	if err != nil {
		return fmt.Errorf("building a client: %w", err)
	}
	defer cl.Close()
	p := &producer{cl: cl}
	if o.File == "" {
		err = p.generate(ctx, o)
	} else {
		err = p.file(ctx, o)
	}
	if ctx.Err() == nil {
		err = errors.Join(err, cl.Flush(ctx))
	}
	if failed := p.failed.Load(); failed != nil {
		err = errors.Join(err, *failed)
	}
	return err
}

// producer reuses records and their memory.
type producer struct {
	cl     *kgo.Client
	free   sync.Pool
	failed atomic.Pointer[error]
}

// record returns a record with an empty value.
func (p *producer) record() *kgo.Record {
	if r, ok := p.free.Get().(*kgo.Record); ok {
		*r = kgo.Record{Value: r.Value[:0]}
		return r
	}
	return &kgo.Record{}
}

func (p *producer) send(ctx context.Context, r *kgo.Record) { p.cl.Produce(ctx, r, p.done) }

func (p *producer) done(r *kgo.Record, err error) {
	if err != nil {
		p.failed.CompareAndSwap(nil, &err)
		return
	}
	p.free.Put(r)
}

func (p *producer) generate(ctx context.Context, o Options) error {
	block := Block()
	for i := int64(0); (o.Records == 0 || i < o.Records) && ctx.Err() == nil; i++ {
		r := p.record()
		r.Value = Append(r.Value, block, i, o.Size)
		p.send(ctx, r)
	}
	return ctx.Err()
}

// pools keep the memory of fetched records.
type pools struct{ kept, records sync.Pool }

func (p *pools) GetKRecords(n int) []kmsg.Record {
	if s, ok := p.kept.Get().(*[]kmsg.Record); ok && cap(*s) >= n {
		return (*s)[:0]
	}
	return make([]kmsg.Record, 0, n)
}

func (p *pools) PutKRecords(s []kmsg.Record) { p.kept.Put(&s) }

func (p *pools) GetRecords(n int) []kgo.Record {
	if s, ok := p.records.Get().(*[]kgo.Record); ok && cap(*s) >= n {
		return (*s)[:0]
	}
	return make([]kgo.Record, 0, n)
}

func (p *pools) PutRecords(s []kgo.Record) { p.records.Put(&s) }
