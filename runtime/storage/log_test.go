// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"
)

// countedLog counts the records that it is handed.
func (k testKafka) countedLog(t *testing.T) (*Log, *atomic.Int64) {
	t.Helper()
	var n atomic.Int64
	l, err := OpenLog(k.newClient, k.topics.Status, slog.New(slog.DiscardHandler), func(*kgo.Record) { n.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, &n
}

func fill(t *testing.T, l *Log, n int) {
	t.Helper()
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{Key: fmt.Append(nil, "key", i), Value: []byte("v")}
	}
	if err := l.Put(within(t), records...); err != nil {
		t.Fatal(err)
	}
}

func TestReadToEnd(t *testing.T) {
	k := broker(t)
	writer, _ := k.countedLog(t)
	reader, n := k.countedLog(t)
	if err := reader.ReadToEnd(within(t)); err != nil || n.Load() != 0 {
		t.Fatalf("an empty topic: %d records, %v", n.Load(), err)
	}
	for i := 1; i <= 3; i++ {
		fill(t, writer, 50)
		if err := reader.ReadToEnd(within(t)); err != nil || n.Load() != int64(50*i) {
			t.Errorf("after %d rounds %d records were read, %v", i, n.Load(), err)
		}
	}
	late, n := k.countedLog(t)
	if err := late.ReadToEnd(within(t)); err != nil || n.Load() != 150 {
		t.Errorf("one who comes later reads %d records, %v; want 150", n.Load(), err)
	}
}

// However a transaction ends, the topic ends with a mark that is no record.
func TestReadToEndOfTransactions(t *testing.T) {
	for _, how := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		t.Run(fmt.Sprint("commit ", bool(how)), func(t *testing.T) {
			k := broker(t)
			client := k.client(t, kgo.TransactionalID(k.topics.Status), kgo.DefaultProduceTopic(k.topics.Status))
			if err := client.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				if err := client.ProduceSync(within(t), &kgo.Record{Key: fmt.Append(nil, i)}).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			open, n := k.countedLog(t)
			if err := open.ReadToEnd(within(t)); err != nil || n.Load() != 20 {
				t.Errorf("of an open transaction %d records were read, %v; want 20", n.Load(), err)
			}
			if err := client.EndTransaction(within(t), how); err != nil {
				t.Fatal(err)
			}
			late, n2 := k.countedLog(t)
			for l, n := range map[*Log]*atomic.Int64{open: n, late: n2} {
				if err := l.ReadToEnd(within(t)); err != nil || n.Load() != 20 {
					t.Errorf("%d records were read, %v; want 20", n.Load(), err)
				}
			}
		})
	}
}

func TestReadToEndAfterDeletedRecords(t *testing.T) {
	k := fake(t) // a real one refuses to delete records of a compacted topic
	writer, _ := k.countedLog(t)
	fill(t, writer, 10)
	listed, err := writer.adm.ListEndOffsets(within(t), k.topics.Status)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.adm.DeleteRecords(within(t), listed.Offsets()); err != nil {
		t.Fatal(err)
	}
	late, n := k.countedLog(t)
	if err := late.ReadToEnd(within(t)); err != nil || n.Load() != 0 {
		t.Errorf("%d records were read, %v; want none", n.Load(), err)
	}
}

// Compaction may leave nothing between the last record and the end.
func TestReadToEndAcrossAGap(t *testing.T) {
	const gap = 3
	k := fake(t)
	writer, _ := k.countedLog(t)
	fill(t, writer, 4)
	ends, err := writer.ends()
	if err != nil {
		t.Fatal(err)
	}
	k.cluster.ControlKey(int16(kmsg.ListOffsets), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		k.cluster.KeepControl()
		return listed(kreq, ends, gap), nil, true
	})
	probes := 0
	k.cluster.ControlKey(int16(kmsg.Fetch), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		req, ok := kreq.(*kmsg.FetchRequest)
		if !ok || req.MinBytes != 0 { // the log's own reading
			return nil, nil, false
		}
		k.cluster.KeepControl()
		probes++
		return nothing(req, ends, gap), nil, true
	})
	late, n := k.countedLog(t)
	if err := late.ReadToEnd(within(t)); err != nil || n.Load() != 4 {
		t.Errorf("%d records were read, %v; want 4", n.Load(), err)
	}
	if probes == 0 {
		t.Error("the broker was not asked about the gap")
	}
}

// listed answers with ends that are gap higher than they are.
func listed(kreq kmsg.Request, ends map[int32]int64, gap int64) kmsg.Response {
	resp, ok := kreq.ResponseKind().(*kmsg.ListOffsetsResponse)
	req, ok2 := kreq.(*kmsg.ListOffsetsRequest)
	if !ok || !ok2 {
		return nil
	}
	for _, rt := range req.Topics {
		st := kmsg.NewListOffsetsResponseTopic()
		st.Topic = rt.Topic
		for _, rp := range rt.Partitions {
			sp := kmsg.NewListOffsetsResponseTopicPartition()
			sp.Partition, sp.Offset = rp.Partition, 0
			if rp.Timestamp == -1 {
				sp.Offset = ends[rp.Partition] + gap
			}
			st.Partitions = append(st.Partitions, sp)
		}
		resp.Topics = append(resp.Topics, st)
	}
	return resp
}

// nothing answers a fetch with no records at all.
func nothing(req *kmsg.FetchRequest, ends map[int32]int64, gap int64) kmsg.Response {
	resp := kmsg.NewPtrFetchResponse()
	resp.Version = req.Version
	for _, rt := range req.Topics {
		st := kmsg.NewFetchResponseTopic()
		st.Topic, st.TopicID = rt.Topic, rt.TopicID
		for _, rp := range rt.Partitions {
			sp := kmsg.NewFetchResponseTopicPartition()
			sp.Partition, sp.HighWatermark = rp.Partition, ends[rp.Partition]+gap
			st.Partitions = append(st.Partitions, sp)
		}
		resp.Topics = append(resp.Topics, st)
	}
	return resp
}

// Many tasks start at once and each reads the topic to its end.
func TestReadersShareTheirQuestions(t *testing.T) {
	k := fake(t)
	l, _ := k.countedLog(t)
	fill(t, l, 10)
	if err := l.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	questions := k.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Observe: true, Count: -1})
	const readers = 200
	var g errgroup.Group
	for range readers {
		g.Go(func() error { return l.ReadToEnd(within(t)) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := questions.Hits(); n > readers {
		t.Errorf("%d readers asked for the end %d times", readers, n)
	}
}

func TestReadToEndFails(t *testing.T) {
	k := fake(t)
	l, _ := k.countedLog(t)
	fill(t, l, 1)
	h := k.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	if err := l.ReadToEnd(within(t)); !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Errorf("a refused question returned %v", err)
	}
	h.Remove()
	if err := l.ReadToEnd(within(t)); err != nil {
		t.Errorf("after that passed: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.ReadToEnd(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled reader got %v", err)
	}
	l.Close()
	if err := l.ReadToEnd(within(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed log returned %v, want ErrClosed", err)
	}
}

func TestCloseReleasesReaders(t *testing.T) {
	k := fake(t)
	l, _ := k.countedLog(t)
	fill(t, l, 1)
	// The end never comes.
	ends := map[int32]int64{0: 1 << 40, 1: 1 << 40}
	asked := make(chan struct{}, 1000)
	k.cluster.ControlKey(int16(kmsg.ListOffsets), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		k.cluster.KeepControl()
		asked <- struct{}{}
		return listed(kreq, ends, 0), nil, true
	})
	done := make(chan error)
	ctx := within(t)
	go func() { done <- l.ReadToEnd(ctx) }()
	<-asked
	l.Close()
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("the reader got %v, want ErrClosed", err)
	}
}

func TestKafkaIsAwayAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		k := virtual(t)
		dial := k.dial
		k.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if away.Load() {
				return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
			}
			return dial(ctx, network, addr)
		}
		away.Store(true)
		var n atomic.Int64
		l, err := OpenLog(k.newVirtualClient, k.topics.Status, slog.New(slog.DiscardHandler), func(*kgo.Record) { n.Add(1) })
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := l.ReadToEnd(ctx); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("without Kafka, reading to the end returned %v", err)
		}
		away.Store(false)
		ctx, cancel2 := context.WithTimeout(t.Context(), time.Minute)
		defer cancel2()
		err = l.Put(ctx, record("k", []byte("v")))
		for err == nil { // a question that was asked before may still fail
			if err = l.ReadToEnd(ctx); err == nil {
				break
			}
			if ctx.Err() == nil {
				err = nil
			}
		}
		if err != nil || n.Load() != 1 {
			t.Errorf("after Kafka came back %d records were read, %v; want 1", n.Load(), err)
		}
		l.Close()
		k.close()
	})
}

// A batch that would fill the memory once it is decompressed is passed by and said;
// what stands behind it is read.
func TestLogPassesLargeBatches(t *testing.T) {
	k := broker(t)
	var log bytes.Buffer
	var n atomic.Int64
	l, err := OpenLog(k.newClient, k.topics.Status, slog.New(slog.NewTextHandler(&log, nil)), func(*kgo.Record) { n.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	fill(t, l, 10)
	hostile, err := k.newClient(kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.ProducerBatchMaxBytes(80<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer hostile.Close()
	if err := hostile.ProduceSync(within(t), &kgo.Record{Topic: k.topics.Status, Key: []byte("key0"), Value: make([]byte, 65<<20)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 10)
	if err := l.ReadToEnd(within(t)); err != nil || n.Load() != 20 {
		t.Errorf("%d records were read, %v", n.Load(), err)
	}
	l.Close()
	if !strings.Contains(log.String(), "skipping a batch of records that is too large") {
		t.Errorf("the log is %s", &log)
	}
}
