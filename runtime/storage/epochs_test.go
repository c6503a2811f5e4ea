// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package storage

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// putEpoch writes the record of an epoch as it is.
func putEpoch(t *testing.T, s *Statuses, e epoch) {
	t.Helper()
	if err := s.putJSON(within(t), taskKey(epochPrefix, id), e); err != nil {
		t.Fatal(err)
	}
}

func TestEpochsNeverFall(t *testing.T) {
	k := broker(t)
	s := k.statuses(t, nil)
	ctx := within(t)
	if n, err := s.Highest(ctx, id); n != 0 || err != nil {
		t.Fatalf("a task that never was has epoch %d, %v", n, err)
	}
	for _, n := range []int64{1, 5, 3} {
		putEpoch(t, s, epoch{Epoch: n})
	}
	for _, r := range []*Statuses{s, k.statuses(t, nil)} {
		if n, err := r.Highest(ctx, id); n != 5 || err != nil {
			t.Errorf("the highest epoch is %d, %v; want 5", n, err)
		}
	}
	if err := errors.Join(s.DeleteConnector(ctx, id.Connector), s.ReadToEnd(ctx)); err != nil {
		t.Fatal(err)
	}
	if n := s.Epoch(id); n != 5 {
		t.Errorf("after its connector was deleted, the epoch is %d, want 5", n)
	}
}

// The record is what it always was, and one member more; one without it, from
// before, counts as any other.
func TestRaiseGoesOnFromOldRecords(t *testing.T) {
	k := broker(t)
	var mu sync.Mutex
	changes := 0
	s := k.statuses(t, func(c Change) {
		mu.Lock()
		defer mu.Unlock()
		if c.Task != nil && *c.Task == id {
			changes++
		}
	})
	if err := s.Put(within(t), record("penstock-epoch-my-c-1", []byte(`{"epoch":4}`))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{5, 6} {
		if n, err := s.Raise(within(t), TaskID{Connector: "my-c", Index: 1}, 0); n != want || err != nil {
			t.Errorf("epoch %d, %v; want %d", n, err, want)
		}
	}
	data, err := json.Marshal(epoch{Epoch: 7, Holder: "h"})
	if err != nil || string(data) != `{"epoch":7,"holder":"h"}` {
		t.Errorf("the record is %s, %v", data, err)
	}
}

func TestTakeEpochKeepsTheFirst(t *testing.T) {
	tests := map[string]struct {
		records []string
		want    epoch
	}{
		"the first of a number":      {[]string{`{"epoch":2,"holder":"a"}`, `{"epoch":2,"holder":"b"}`}, epoch{2, "a"}},
		"the highest":                {[]string{`{"epoch":2,"holder":"a"}`, `{"epoch":3,"holder":"b"}`, `{"epoch":2,"holder":"c"}`}, epoch{3, "b"}},
		"one from before was first":  {[]string{`{"epoch":2}`, `{"epoch":2,"holder":"b"}`}, epoch{2, ""}},
		"nonsense and tombstones":    {[]string{`{"epoch":2,"holder":"a"}`, `{"epoch":"x"}`, ``}, epoch{2, "a"}},
		"read again from the start":  {[]string{`{"epoch":2,"holder":"a"}`, `{"epoch":2,"holder":"b"}`, `{"epoch":2,"holder":"a"}`}, epoch{2, "a"}},
		"a member that is not known": {[]string{`{"epoch":2,"holder":"a","more":1}`}, epoch{2, "a"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := &Statuses{epochs: map[TaskID]epoch{}}
			for _, text := range tc.records {
				var value []byte
				if text != "" {
					value = []byte(text)
				}
				if err := s.takeEpoch(id, value); (err != nil) != strings.Contains(text, `"x"`) {
					t.Errorf("%s: %v", text, err)
				}
			}
			if diff := cmp.Diff(tc.want, s.epochs[id]); diff != "" {
				t.Errorf("epoch (-want +got):\n%s", diff)
			}
		})
	}
}

// gate holds the first record of each client back until it is opened.
type gate struct {
	arrived chan struct{}
	open    chan struct{}
	once    sync.Once
}

func (g *gate) OnProduceRecordBuffered(*kgo.Record) {
	g.once.Do(func() {
		g.arrived <- struct{}{}
		<-g.open
	})
}

// gated opens statuses whose first write waits for open, after it was announced
// to arrived.
func (k testKafka) gated(t *testing.T, arrived, open chan struct{}) *Statuses {
	t.Helper()
	g := &gate{arrived: arrived, open: open}
	newClient := func(extra ...kgo.Opt) (*kgo.Client, error) { return k.newClient(append(extra, kgo.WithHooks(g))...) }
	s, err := OpenStatuses(newClient, k.topics.Status, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Processes that start within the same moment read the same epoch and write the
// same next one. No two of them may think it theirs.
func TestRaiseAtTheSameTime(t *testing.T) {
	const starters = 4
	k := broker(t)
	arrived, open := make(chan struct{}, starters), make(chan struct{})
	got, errs := make([]int64, starters), make([]error, starters)
	all := make([]*Statuses, starters)
	ctx := within(t)
	var wg sync.WaitGroup
	for i := range starters {
		all[i] = k.gated(t, arrived, open)
		wg.Go(func() { got[i], errs[i] = all[i].Raise(ctx, id, 0) })
	}
	for range starters {
		<-arrived // each has read the topic to its end: the next epoch is 1
	}
	close(open)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if slices.Sort(got); len(slices.Compact(slices.Clone(got))) != starters {
		t.Errorf("epochs %v, want that no two are equal", got)
	}
	if n, err := all[0].Highest(ctx, id); n != slices.Max(got) || err != nil {
		t.Errorf("the highest epoch is %d, %v; want %d", n, err, slices.Max(got))
	}
}

// What compaction has removed may have been the record that was first.
func TestRaiseAgainIfRecordsWereSkipped(t *testing.T) {
	k := broker(t)
	arrived, open := make(chan struct{}, 1), make(chan struct{})
	s := k.gated(t, arrived, open)
	type answer struct {
		n   int64
		err error
	}
	done := make(chan answer, 1)
	ctx := within(t)
	go func() {
		n, err := s.Raise(ctx, id, 0)
		done <- answer{n, err}
	}()
	<-arrived
	s.Log.mu.Lock()
	s.skip(0, s.position[0]+1) // as if the reader had found nothing there
	s.Log.mu.Unlock()
	close(open)
	if got := <-done; got.n != 2 || got.err != nil {
		t.Errorf("epoch %d, %v; want 2, as another may hold 1", got.n, got.err)
	}
}

func TestSkippedOffsets(t *testing.T) {
	l := &Log{position: map[int32]int64{}, moved: make(chan struct{})}
	fetch := func(partition int32, offsets ...int64) {
		p := kgo.FetchPartition{Partition: partition}
		for _, o := range offsets {
			p.Records = append(p.Records, &kgo.Record{Offset: o})
		}
		l.advance(kgo.Fetches{{Topics: []kgo.FetchTopic{{Topic: "t", Partitions: []kgo.FetchPartition{p}}}}})
	}
	for i, step := range []struct {
		partition int32
		offsets   []int64
		want      int64
	}{
		{0, []int64{0, 1, 2}, 0},
		{1, []int64{5}, 5},
		{0, []int64{3, 6}, 7},
		{0, []int64{0, 1}, 7}, // from the start again
		{0, nil, 7},
	} {
		fetch(step.partition, step.offsets...)
		if got := l.skippedOffsets(); got != step.want {
			t.Errorf("step %d: %d skipped, want %d", i, got, step.want)
		}
	}
}

func TestRaiseEndsWithItsContext(t *testing.T) {
	s := broker(t).statuses(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := s.Raise(ctx, id, 0); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("epoch %d, %v; want none", n, err)
	}
}
