// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

func at(file string, position int64) connect.CommittedOffset {
	return connect.CommittedOffset{
		Partition: &connect.SourcePartition{Key: map[string]any{"filename": file}, Fields: []string{"position"}},
		Offset:    []connect.Value{connect.Int64Value(position)},
	}
}

func committed(t *testing.T, task *TaskOffsets, file string) any {
	t.Helper()
	o, err := task.Offset(within(t), map[string]any{"filename": file})
	if err != nil {
		t.Fatal(err)
	}
	return o["position"]
}

func TestCommittedOffsetsAreRead(t *testing.T) {
	k := broker(t)
	first := k.offsets(t).Task(t.Name(), "c", 0)
	if err := first.Fence(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := committed(t, first, "a"); got != nil {
		t.Errorf("an offset %v was there before anything was committed", got)
	}
	// Several files fall into several partitions of the topic, several times.
	for round := range int64(5) {
		var batch []connect.CommittedOffset
		for i := range 10 {
			batch = append(batch, at(fmt.Sprintf("file-%d", i), round*100))
		}
		if err := first.Commit(within(t), batch); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	// The topic ends with the marks of transactions: reading to its end must not
	// wait for a record behind them.
	again := k.offsets(t).Task(t.Name(), "c", 0)
	for i := range 10 {
		if got := committed(t, again, fmt.Sprintf("file-%d", i)); got != int64(400) {
			t.Errorf("file-%d is at %v, want 400", i, got)
		}
	}
	if err := first.Commit(within(t), nil); err != nil {
		t.Errorf("committing nothing: %v", err)
	}
}

func TestAnOlderIncarnationCannotCommit(t *testing.T) {
	k := broker(t)
	old, young := k.offsets(t).Task(t.Name(), "c", 0), k.offsets(t).Task(t.Name(), "c", 0)
	if err := old.Fence(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := old.Commit(within(t), []connect.CommittedOffset{at("a", 1)}); err != nil {
		t.Fatal(err)
	}
	if err := young.Fence(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := committed(t, young, "a"); got != int64(1) {
		t.Errorf("the new incarnation starts at %v, want 1", got)
	}
	if err := young.Commit(within(t), []connect.CommittedOffset{at("a", 9)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := old.Commit(within(t), []connect.CommittedOffset{at("a", 2)}); !errors.Is(err, ErrFenced) {
			t.Errorf("the old incarnation's commit returned %v, want ErrFenced", err)
		}
	}
	if got := committed(t, k.offsets(t).Task(t.Name(), "c", 0), "a"); got != int64(9) {
		t.Errorf("after the old one tried, the offset is %v, want 9", got)
	}
	// It may come back, if its epoch allows.
	if err := old.Fence(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := old.Commit(within(t), []connect.CommittedOffset{at("a", 10)}); err != nil {
		t.Errorf("after fencing again: %v", err)
	}
}

func TestCommitBeforeFence(t *testing.T) {
	task := broker(t).offsets(t).Task(t.Name(), "c", 0)
	if err := task.Commit(within(t), []connect.CommittedOffset{at("a", 1)}); !errors.Is(err, ErrFenced) {
		t.Errorf("a commit without a fence returned %v, want ErrFenced", err)
	}
}

func TestAfterAFailedCommitTheStateIsUnknown(t *testing.T) {
	task := broker(t).offsets(t).Task(t.Name(), "c", 0)
	if err := task.Fence(within(t)); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := task.Commit(gone, []connect.CommittedOffset{at("a", 1)}); err == nil || errors.Is(err, ErrFenced) {
		t.Fatalf("a commit with a dead context returned %v", err)
	}
	if err := task.Commit(within(t), []connect.CommittedOffset{at("a", 1)}); !errors.Is(err, ErrFenced) {
		t.Errorf("the commit after a failed one returned %v, want ErrFenced", err)
	}
}

// Another task's open transaction on the same partition of the offsets topic must
// not hide what was committed behind it.
func TestAnOpenTransactionHidesNothing(t *testing.T) {
	k := broker(t)
	stuck, err := k.newClient(kgo.TransactionalID("other"), kgo.TransactionTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	if err := stuck.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		r := &kgo.Record{Topic: k.topics.Offsets, Key: fmt.Appendf(nil, `["other",{"n":%d}]`, i), Value: []byte(`{"n":1}`)}
		if err := stuck.ProduceSync(within(t), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	task := k.offsets(t).Task(t.Name(), "c", 0)
	if err := task.Fence(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := task.Commit(within(t), []connect.CommittedOffset{at("a", 7)}); err != nil {
		t.Fatal(err)
	}
	if got := committed(t, k.offsets(t).Task(t.Name(), "c", 0), "a"); got != int64(7) {
		t.Errorf("the offset is %v, want 7", got)
	}
	if err := stuck.EndTransaction(within(t), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
}

func TestKeysKeepTheBytesOfTheirFirstWriter(t *testing.T) {
	k := broker(t)
	o := k.offsets(t)
	// Another runtime wrote this key with its members in another order.
	foreign := `["c",{"table":"t","protocol":"1"}]`
	if err := o.Put(within(t), &kgo.Record{Key: []byte(foreign), Value: []byte(`{"id":3}`)}); err != nil {
		t.Fatal(err)
	}
	partition := map[string]any{"protocol": "1", "table": "t"}
	task := o.Task(t.Name(), "c", 0)
	if err := task.Fence(within(t)); err != nil {
		t.Fatal(err)
	}
	got, err := task.Offset(within(t), partition)
	if err != nil || got["id"] != int64(3) {
		t.Fatalf("the foreign offset reads as %v, %v", got, err)
	}
	key, err := o.key("c", partition)
	if err != nil || string(key) != foreign {
		t.Errorf("the key is written as %s, %v; want %s", key, err, foreign)
	}
	if key, err := o.key("d", partition); err != nil || string(key) != `["d",{"protocol":"1","table":"t"}]` {
		t.Errorf("a new key is written as %s, %v", key, err)
	}
}

func TestDeleteConnectorsOffsets(t *testing.T) {
	k := broker(t)
	o := k.offsets(t)
	for _, connector := range []string{"c", "d"} {
		task := o.Task(t.Name(), connector, 0)
		if err := task.Fence(within(t)); err != nil {
			t.Fatal(err)
		}
		if err := task.Commit(within(t), []connect.CommittedOffset{at("a", 1), at("b", 2)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Delete(within(t), "c"); err != nil {
		t.Fatal(err)
	}
	if err := o.ReadToEnd(within(t)); err != nil {
		t.Fatal(err)
	}
	for connector, want := range map[string]int{"c": 0, "d": 2} {
		if got, err := o.Connector(connector); err != nil || len(got) != want {
			t.Errorf("connector %s has offsets %v, %v; want %d", connector, got, err, want)
		}
	}
}

func TestEncodeOffset(t *testing.T) {
	for name, tc := range map[string]struct {
		fields []string
		values []connect.Value
		want   string
		err    string
	}{
		"position": {[]string{"position"}, []connect.Value{connect.Int64Value(12)}, `{"position":12}`, ""},
		"mixed": {
			[]string{"a", "b", "c", "d", "e"},
			[]connect.Value{connect.NullValue(), connect.BooleanValue(true), connect.StringValue(`x"y`), connect.BytesValue([]byte{1}), connect.Float64Value(1)},
			`{"a":null,"b":true,"c":"x\"y","d":"AQ==","e":1.0}`, "",
		},
		"too few":  {[]string{"a", "b"}, []connect.Value{connect.NullValue()}, "", `source offset: 1 values for the fields ["a" "b"]`},
		"an array": {[]string{"a"}, []connect.Value{connect.ArrayValue(nil)}, "", "source offset: field a holds a array: only strings, numbers, booleans and bytes may stand there"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := encodeOffset(tc.fields, tc.values)
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Fatalf("error %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil || string(got) != tc.want {
				t.Errorf("%s, %v; want %s", got, err, tc.want)
			}
		})
	}
}

func FuzzDecodeOffsetKey(f *testing.F) {
	for _, s := range []string{`["c",{"filename":"/a"}]`, `["c",null]`, `["c"]`, `[1,{}]`, `{}`, ``, `["c",{}] x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		connector, partition, err := decodeOffsetKey(key)
		if err != nil || partition == nil || checkPrimitives(partition) != nil {
			return
		}
		again, err := encodeOffsetKey(connector, partition)
		if err != nil {
			t.Fatalf("%s cannot be written again: %v", key, err)
		}
		c2, p2, err := decodeOffsetKey(again)
		if err != nil || c2 != connector || canonicalOffsetKey(c2, p2) != canonicalOffsetKey(connector, partition) {
			t.Errorf("%s came back as %s (%v): %s", key, again, err, cmp.Diff(partition, p2))
		}
	})
}

// FuzzOffsetRecord: whatever stands in the topic, the others' offsets are read, and
// an offset that was read is found again under its partition.
func FuzzOffsetRecord(f *testing.F) {
	f.Add([]byte(`["c",{"filename":"/a"}]`), []byte(`{"position":12}`))
	f.Add([]byte(`["c",{"a":1e400}]`), []byte(`[]`))
	f.Add([]byte(`["c",null]`), []byte(`null`))
	f.Add([]byte(`["d",{}]`), []byte(`{"a":{"b":[`))
	f.Add([]byte("\xff"), []byte(nil))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		o := &Offsets{log: slog.New(slog.DiscardHandler), entries: map[string]offsetEntry{}}
		o.apply(&kgo.Record{Key: key, Value: value})
		o.apply(&kgo.Record{Key: []byte(`["safe",{"a":1}]`), Value: []byte(`{"b":2}`)})
		if got, err := o.lookup("safe", map[string]any{"a": int64(1)}); err != nil || got["b"] != int64(2) {
			t.Errorf("the other offset is %v, error %v", got, err)
		}
		list, err := o.Connector("c")
		if err != nil {
			return
		}
		for _, e := range list {
			found, err := o.lookup("c", e.Partition)
			if err != nil || !cmp.Equal(found, e.Offset, cmpopts.EquateNaNs()) {
				t.Errorf("%v has the offset %v, error %v, want %v", e.Partition, found, err, e.Offset)
			}
		}
	})
}
