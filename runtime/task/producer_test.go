// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// consumeAll returns what is in the topic "in", by partition.
func (r *sinkRig) consumeAll(t *testing.T, want int) map[int32][]string {
	t.Helper()
	cl, err := r.newClient(kgo.ConsumeTopics("in"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, n := map[int32][]string{}, 0
	for n < want && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(rec *kgo.Record) {
			got[rec.Partition] = append(got[rec.Partition], string(rec.Value))
			n++
		})
	}
	return got
}

// Two tasks share a producer. The topic of the first does not exist and is not
// created: it fails, naming the topic, and the second goes on all the while.
func TestProducerMissingTopicHoldsUpNobodyElse(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, k *sinkRig) {
		cl, err := k.newClient(ProducerOpts()...)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		lost := newRig(t, 1, 1<<40)
		lost.source.topic = func(int) string { return "missing" }
		lost.source.each = 10_000
		lost.o.Producer, lost.o.MaxInFlightBytes = cl, 32<<20
		good := newRig(t, 1, 1<<40)
		good.source.topic = func(int) string { return "in" }
		good.source.onPoll = func(ctx context.Context, _ *connect.Batch) (bool, error) {
			select {
			case <-time.After(10 * time.Millisecond):
				return false, nil
			case <-ctx.Done():
				return true, ctx.Err()
			}
		}
		good.o.Producer = cl
		bad, fine := start(NewSource(lost.o)), start(NewSource(good.o))
		time.Sleep(time.Second)
		if n := cl.BufferedProduceRecords(); n < 10_000 {
			t.Fatalf("%d records wait for the topic; the client's default limit of 10,000 is not passed", n)
		}
		before := fine.Progress().Records
		time.Sleep(time.Second)
		if after := fine.Progress().Records; after < before+90 {
			t.Errorf("%d records in a second beside the lost task, want 90 or more", after-before)
		}
		err = <-bad.done
		if !errors.Is(err, kerr.UnknownTopicOrPartition) || !strings.Contains(err.Error(), `producing to topic "missing"`) {
			t.Errorf("got %v", err)
		}
		if err := fine.end(); err != nil {
			t.Error(err)
		}
		if n := good.topic.number(partKey(0)); n != fine.Progress().Records {
			t.Errorf("committed %d of %d", n, fine.Progress().Records)
		}
	})
}

// A topic that was made anew fails the tasks that write to it, whatever they tolerate,
// and is written to again by those that follow, with the same producer.
func TestProducerOfATopicMadeAnew(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, k *sinkRig) {
		cl, err := k.newClient(ProducerOpts()...)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		adm := kadm.NewClient(k.client)
		r := newRig(t, 1, 3)
		r.source.topic = func(int) string { return "in" }
		r.o.Producer, r.o.Errors.Tolerate = cl, true
		run := func(limit int64) error {
			r.source.limit, r.o.Offsets = limit, &offsetStore{topic: r.topic}
			run := start(NewSource(r.o))
			time.Sleep(time.Minute)
			err := run.end()
			if n := run.Progress().Skipped; n != 0 {
				t.Errorf("%d records were skipped", n)
			}
			return err
		}
		if err := run(3); err != nil {
			t.Fatal(err)
		}
		if _, err := adm.DeleteTopics(context.Background(), "in"); err != nil {
			t.Fatal(err)
		}
		if _, err := adm.CreateTopic(context.Background(), 1, 1, nil, "in"); err != nil {
			t.Fatal(err)
		}
		if err := run(6); !errors.Is(err, kerr.UnknownTopicID) {
			t.Errorf("the task has ended with %v", err)
		}
		if err := run(6); err != nil {
			t.Errorf("the next one has ended with %v", err)
		}
		if diff := cmp.Diff(map[int32][]string{0: {"0:4", "0:5", "0:6"}}, k.consumeAll(t, 3)); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
		if got := r.topic.number(partKey(0)); got != 6 {
			t.Errorf("committed %d, want 6", got)
		}
	})
}

func TestProducerCreatesTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &sinkRig{t: t, net: &kfake.VirtualNetwork{}}
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(19092), kfake.AllowAutoTopicCreation(),
			kfake.ListenFn(k.net.Listen))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		k.kafka = c
		cl, err := k.newClient(ProducerOpts()...)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		r := newRig(t, 1, 5)
		r.source.topic = func(int) string { return "in" }
		r.o.Producer = cl
		run := start(NewSource(r.o))
		time.Sleep(6 * time.Second)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		n := 0
		for _, vs := range k.consumeAll(t, 5) {
			n += len(vs)
		}
		if n != 5 {
			t.Errorf("%d records in the topic, want 5", n)
		}
	})
}

func TestProducerPartitions(t *testing.T) {
	sinkTest(t, 4, func(t *testing.T, k *sinkRig) {
		cl, err := k.newClient(ProducerOpts()...)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		r := newRig(t, 1, 0)
		polled := false
		r.source.onPoll = func(_ context.Context, b *connect.Batch) (bool, error) {
			if polled {
				return false, nil
			}
			polled = true
			for i := range int32(40) {
				rec := b.Add()
				rec.Topic = "in"
				rec.Value.Set(nil, connect.StringValue(fmt.Sprint("by key ", i)))
				rec.Key.Set(nil, connect.StringValue(fmt.Sprint(i)))
				if i < 4 {
					rec.Partition = i
					rec.Value.Set(nil, connect.StringValue("asked"))
				}
			}
			return true, nil
		}
		r.o.Producer = cl
		run := start(NewSource(r.o))
		time.Sleep(time.Second)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		// murmur2, as Kafka's default partitioner.
		byKafka := kgo.StickyKeyPartitioner(nil).ForTopic("in")
		want := map[int32][]string{}
		for i := range int32(40) {
			p, v := int32(byKafka.Partition(&kgo.Record{Key: fmt.Append(nil, i)}, 4)), fmt.Sprint("by key ", i)
			if i < 4 {
				p, v = i, "asked"
			}
			want[p] = append(want[p], v)
		}
		if diff := cmp.Diff(want, k.consumeAll(t, 40)); diff != "" {
			t.Errorf("partitions (-want +got):\n%s", diff)
		}
	})
}

// The client overwrites a record's partition before it asks the partitioner
// again, which it does for a new batch.
func TestPartitionerReadsTheSlot(t *testing.T) {
	p := partitioner{kgo.StickyKeyPartitioner(nil)}.ForTopic("t")
	asks, free := &slot{partition: 2}, &slot{partition: connect.ByKey}
	derived := context.WithValue(context.Context(asks), "k", "v") //nolint:staticcheck // the key's type is of no matter here
	for name, tc := range map[string]struct {
		rec        kgo.Record
		want       int // -1: any
		consistent bool
	}{
		"asked":              {rec: kgo.Record{Context: asks, Partition: 3}, want: 2, consistent: true},
		"asked, by a hook":   {rec: kgo.Record{Context: derived, Partition: 3}, want: 2, consistent: true},
		"free":               {rec: kgo.Record{Context: free, Partition: 3}, want: -1},
		"by key":             {rec: kgo.Record{Context: free, Key: []byte("a")}, want: -1, consistent: true},
		"somebody else's":    {rec: kgo.Record{Context: context.Background(), Partition: 3}, want: -1},
		"without a context ": {rec: kgo.Record{Partition: 3}, want: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := p.RequiresConsistency(&tc.rec); got != tc.consistent {
				t.Errorf("consistent: %v, want %v", got, tc.consistent)
			}
			if got := p.Partition(&tc.rec, 4); got < 0 || got > 3 || tc.want >= 0 && got != tc.want {
				t.Errorf("partition %d, want %d", got, tc.want)
			}
		})
	}
}

// A partition that the topic does not have fails the task.
func TestProducerPartitionOutOfRange(t *testing.T) {
	sinkTest(t, 2, func(t *testing.T, k *sinkRig) {
		cl, err := k.newClient(ProducerOpts()...)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		r := newRig(t, 1, 0)
		r.source.onPoll = func(_ context.Context, b *connect.Batch) (bool, error) {
			rec := b.Add()
			rec.Topic, rec.Partition = "in", 7
			return true, nil
		}
		r.o.Producer = cl
		err = NewSource(r.o).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), `producing to topic "in": invalid record partitioning choice of 7 from 2`) {
			t.Errorf("got %v", err)
		}
	})
}
