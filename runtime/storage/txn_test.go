// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/runtime/connect"
)

func TestACommitOutlastsPassingTrouble(t *testing.T) {
	for name, f := range map[string]kfake.Fault{
		"an earlier transaction is not quite over": {Keys: []kmsg.Key{kmsg.AddPartitionsToTxn}, Err: kerr.ConcurrentTransactions, Count: 3},
		"the coordinator loads":                    {Keys: []kmsg.Key{kmsg.AddPartitionsToTxn}, Err: kerr.CoordinatorLoadInProgress, Count: 2},
		"the coordinator moves before the end":     {Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.NotCoordinator, TopLevel: true},
		"the end finds the beginning under way":    {Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.ConcurrentTransactions, TopLevel: true, Count: 2},
		"the leader moves":                         {Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, Count: 2},
		"too few replicas":                         {Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: 2},
		"written, but not by all replicas in time": {Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicasAfterAppend, Count: 1},
		"the answer comes too late":                {Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.RequestTimedOut, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			k := fake(t)
			task := k.task(t)
			faults := k.cluster.Fault(f)
			for i := range int64(3) {
				if err := task.Commit(within(t), []connect.CommittedOffset{at("a", i), at("b", i), at("c", i), at("d", i)}); err != nil {
					t.Fatalf("commit %d: %v", i, err)
				}
			}
			if faults.Hits() == 0 {
				t.Error("the trouble did not come up")
			}
			again := k.offsets(t).Task(t.Name(), "c", 0)
			for _, file := range []string{"a", "b", "c", "d"} {
				if got := committed(t, again, file); got != int64(2) {
					t.Errorf("%s is at %v, want 2", file, got)
				}
			}
		})
	}
}

func TestWhatAFenceLooksLike(t *testing.T) {
	for name, f := range map[string]kfake.Fault{
		"adding partitions": {Keys: []kmsg.Key{kmsg.AddPartitionsToTxn}, Err: kerr.ProducerFenced},
		"the id expired":    {Keys: []kmsg.Key{kmsg.AddPartitionsToTxn}, Err: kerr.InvalidProducerIDMapping},
		"writing":           {Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.InvalidProducerEpoch},
		"the state is lost": {Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.UnknownProducerID},
		"a gap":             {Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.OutOfOrderSequenceNumber},
		"ending":            {Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.InvalidTxnState, TopLevel: true},
	} {
		t.Run(name, func(t *testing.T) {
			k := fake(t)
			task := k.task(t)
			k.cluster.Fault(f)
			if err := task.Commit(within(t), []connect.CommittedOffset{at("a", 1)}); !errors.Is(err, ErrFenced) {
				t.Fatalf("commit returned %v, want ErrFenced", err)
			}
			if err := task.Fence(within(t)); err != nil {
				t.Fatal(err)
			}
			if err := task.Commit(within(t), []connect.CommittedOffset{at("a", 2)}); err != nil {
				t.Errorf("the commit after another fence: %v", err)
			}
		})
	}
}

func TestARefusedCommitSaysWhy(t *testing.T) {
	for name, tc := range map[string]struct {
		fault kfake.Fault
		want  string
	}{
		"not authorised": {
			kfake.Fault{Keys: []kmsg.Key{kmsg.AddPartitionsToTxn}, Err: kerr.TransactionalIDAuthorizationFailed, Count: -1},
			"TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
		},
		"too large": {kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.MessageTooLarge, Count: -1}, "MESSAGE_TOO_LARGE"},
	} {
		t.Run(name, func(t *testing.T) {
			k := fake(t)
			task := k.task(t)
			k.cluster.Fault(tc.fault)
			err := task.Commit(within(t), []connect.CommittedOffset{at("a", 1)})
			if err == nil || errors.Is(err, ErrFenced) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("commit returned %v, want %s", err, tc.want)
			}
		})
	}
}

func TestACommitFollowsLeaderAndCoordinator(t *testing.T) {
	k := fake(t)
	task := k.task(t)
	for i := range int64(6) {
		k.cluster.ShufflePartitionLeaders()
		k.cluster.RehashCoordinators()
		if err := task.Commit(within(t), []connect.CommittedOffset{at("a", i), at("b", i), at("c", i)}); err != nil {
			t.Fatalf("commit %d: %v", i, err)
		}
	}
	if got := committed(t, k.offsets(t).Task(t.Name(), "c", 0), "c"); got != int64(5) {
		t.Errorf("the offset is %v, want 5", got)
	}
}

func TestACommitGivesUpWithItsContext(t *testing.T) {
	k := fake(t)
	task := k.task(t)
	if err := task.Commit(within(t), []connect.CommittedOffset{at("a", 0)}); err != nil { // so it knows the leader
		t.Fatal(err)
	}
	k.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := task.Commit(ctx, []connect.CommittedOffset{at("a", 1)})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, kerr.NotEnoughReplicas) {
		t.Errorf("commit returned %v, want the deadline and what it waited for", err)
	}
}

// A connector that reads very many tables commits more than a broker takes in one
// batch.
func TestALargeCommit(t *testing.T) {
	k := broker(t)
	task := k.task(t)
	const files = 20_000
	long := strings.Repeat("x", 150)
	offsets := make([]connect.CommittedOffset, files)
	for i := range offsets {
		offsets[i] = at(fmt.Sprint(long, i), int64(i))
	}
	for range 2 {
		if err := task.Commit(within(t), offsets); err != nil {
			t.Fatal(err)
		}
	}
	o := k.offsets(t)
	if err := o.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	got, err := o.Connector("c")
	if err != nil || len(got) != files {
		t.Errorf("%d offsets came back, %v; want %d", len(got), err, files)
	}
}

func TestFitting(t *testing.T) {
	big := kmsg.Record{Value: make([]byte, maxBatchBytes)}
	small := kmsg.Record{Value: make([]byte, maxBatchBytes/4)}
	for name, tc := range map[string]struct {
		records []kmsg.Record
		want    int
	}{
		"all":                        {[]kmsg.Record{small, small}, 2},
		"as many as fit":             {[]kmsg.Record{small, small, small, small}, 3},
		"one, however large":         {[]kmsg.Record{big, small}, 1},
		"what stands before a large": {[]kmsg.Record{small, big}, 1},
	} {
		if got := fitting(tc.records); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}

// The batch is written by hand: another reader of the format must agree.
func TestBatchFormat(t *testing.T) {
	x := &txn{producer: 77, epoch: 3}
	raw := x.batch([]kmsg.Record{{Key: []byte("k1"), Value: []byte("v1")}, {Key: []byte("k2")}}, 12, 1_700_000_000_000)
	got, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{Topic: "t"},
		&kmsg.FetchResponseTopicPartition{RecordBatches: raw, HighWatermark: 2}, kgo.DefaultDecompressor(), nil)
	if got.Err != nil || next != 2 || len(got.Records) != 2 {
		t.Fatalf("%d records, next offset %d, %v", len(got.Records), next, got.Err)
	}
	for i, want := range []kgo.Record{{Key: []byte("k1"), Value: []byte("v1")}, {Key: []byte("k2")}} {
		r := got.Records[i]
		if string(r.Key) != string(want.Key) || string(r.Value) != string(want.Value) || (r.Value == nil) != (want.Value == nil) {
			t.Errorf("record %d is %q: %q", i, r.Key, r.Value)
		}
		if r.ProducerID != 77 || r.ProducerEpoch != 3 || !r.Attrs.IsTransactional() || r.Timestamp.UnixMilli() != 1_700_000_000_000 {
			t.Errorf("record %d: %s", i, cmp.Diff(kgo.Record{}, *r))
		}
	}
	var b kmsg.RecordBatch
	if err := b.ReadFrom(raw); err != nil || b.FirstSequence != 12 {
		t.Errorf("the batch starts at sequence %d, %v; want 12", b.FirstSequence, err)
	}
}

// An incarnation that dies between its first and its last request leaves an open
// transaction behind, which must not hold the next one up.
func TestADeadIncarnationHoldsNobodyUp(t *testing.T) {
	k := fake(t)
	dead := k.task(t)
	h := k.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.CoordinatorLoadInProgress, TopLevel: true, Count: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := dead.Commit(ctx, []connect.CommittedOffset{at("a", 1)}); err == nil || errors.Is(err, ErrFenced) {
		t.Fatalf("the commit that cannot end returned %v", err)
	}
	h.Remove()
	next := k.task(t)
	// What it wrote was true when it wrote it: the records before it are in Kafka.
	if got := committed(t, next, "a"); got != int64(1) {
		t.Errorf("the next one starts at %v, want 1", got)
	}
	if err := next.Commit(within(t), []connect.CommittedOffset{at("a", 2)}); err != nil {
		t.Fatal(err)
	}
	if got := committed(t, k.offsets(t).Task(t.Name(), "c", 0), "a"); got != int64(2) {
		t.Errorf("the offset is %v, want 2", got)
	}
	if err := dead.Commit(within(t), []connect.CommittedOffset{at("a", 1)}); !errors.Is(err, ErrFenced) {
		t.Errorf("the dead one's commit returned %v, want ErrFenced", err)
	}
}

// A transaction that is not ended in time is aborted by its coordinator, and its
// owner looks fenced: it must look at its epoch and may go on.
func TestATransactionTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := virtual(t)
		task := k.task(t)
		h := k.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.ConcurrentTransactions, TopLevel: true, Count: -1})
		time.AfterFunc(3*txnTimeoutMillis*time.Millisecond, h.Remove)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := task.Commit(ctx, []connect.CommittedOffset{at("a", 1)}); !errors.Is(err, ErrFenced) {
			t.Errorf("the commit returned %v, want ErrFenced", err)
		}
		if err := task.Fence(ctx); err != nil {
			t.Fatal(err)
		}
		if err := task.Commit(ctx, []connect.CommittedOffset{at("a", 2)}); err != nil {
			t.Errorf("after another fence: %v", err)
		}
		k.close()
	})
}
