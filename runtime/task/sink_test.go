// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"penstock.dev/runtime/connect"
)

// sinkTest runs body in a bubble with a broker.
func sinkTest(t *testing.T, partitions int32, body func(t *testing.T, r *sinkRig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newSinkRig(t, partitions)
		defer r.close()
		body(t, r)
	})
}

func TestSinkPutsAndCommits(t *testing.T) {
	sinkTest(t, 2, func(t *testing.T, r *sinkRig) {
		st := &store{rebalances: true}
		r.produce(0, 1, 10)
		run := start(NewSink(r.options(0, "a", st)))
		time.Sleep(4 * time.Second)
		if diff := cmp.Diff(numbers(0, 10), st.list()); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		if st.headers != 10 {
			t.Errorf("%d headers, want 10", st.headers)
		}
		if got := r.committed(0); got != -1 {
			t.Errorf("committed %d before the flush interval", got)
		}
		if p := run.Progress(); p.Pending != 10 || p.Records != 10 || !p.Waiting {
			t.Errorf("progress %+v", p)
		}
		time.Sleep(40 * time.Second)
		if got := r.committed(0); got != 10 {
			t.Errorf("committed %d, want 10", got)
		}
		p := run.Progress()
		if p.Pending != 0 || p.Lag != 0 || p.Partitions != 1 || p.LastCommit.IsZero() {
			t.Errorf("progress %+v", p)
		}
		if diff := cmp.Diff([]string{"in-0", "in-1"}, p.Assignment); diff != "" {
			t.Errorf("assignment (-want +got):\n%s", diff)
		}
		lag := int64(0)
		if diff := cmp.Diff([]PartitionOffset{{Partition: "in-0", Offset: "10", Lag: &lag}}, p.Offsets); diff != "" {
			t.Errorf("offsets (-want +got):\n%s", diff)
		}
		r.produce(1, 1, 5)
		time.Sleep(time.Second)
		if err := run.end(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if a, b := r.committed(0), r.committed(1); a != 10 || b != 5 {
			t.Errorf("committed %d and %d at the stop, want 10 and 5", a, b)
		}
		if diff := cmp.Diff([]string{"+0", "+1", "-0", "-1"}, st.callList()); diff != "" {
			t.Errorf("partitions (-want +got):\n%s", diff)
		}
		if st.closed != 1 {
			t.Errorf("closed %d times", st.closed)
		}
		if diff := cmp.Diff([]State{Running}, r.states.list()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
	})
}

func TestSinkRestartGoesOn(t *testing.T) {
	sinkTest(t, 2, func(t *testing.T, r *sinkRig) {
		st := &store{}
		for i := range 3 {
			run := start(NewSink(r.options(0, fmt.Sprint(i), st)))
			for p := range int32(2) {
				r.produce(p, 10*i+1, 10*i+10)
			}
			time.Sleep(2 * time.Second)
			if err := run.end(); err != nil {
				t.Fatal(err)
			}
		}
		if got := st.count(); got != 60 {
			t.Errorf("%d records, want 60; twice: %v", got, st.twice())
		}
	})
}

// A topic that is made anew while a task reads it is read from its beginning, and
// committed from there.
func TestSinkOfATopicMadeAnew(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		adm := kadm.NewClient(r.client)
		st := &store{}
		r.produce(0, 1, 10)
		run := start(NewSink(r.options(0, "a", st)))
		time.Sleep(20 * time.Second)
		if got := r.committed(0); got != 10 {
			t.Fatalf("committed %d, want 10", got)
		}
		if _, err := adm.DeleteTopics(context.Background(), "in"); err != nil {
			t.Fatal(err)
		}
		if _, err := adm.CreateTopic(context.Background(), 1, 1, nil, "in"); err != nil {
			t.Fatal(err)
		}
		r.client.PurgeTopicsFromClient("in")
		time.Sleep(time.Second)
		r.produce(0, 11, 15)
		time.Sleep(2 * time.Minute)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if got := r.committed(0); got != 5 {
			t.Errorf("committed %d, want 5", got)
		}
		if diff := cmp.Diff(numbers(0, 15), st.list()); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
	})
}

func TestSinkPause(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{}
		run := start(NewSink(r.options(0, "a", st)))
		r.produce(0, 1, 3)
		time.Sleep(time.Second)
		run.SetPaused(true)
		synctest.Wait()
		if got := r.committed(0); got != 3 {
			t.Errorf("committed %d at the pause, want 3", got)
		}
		r.produce(0, 4, 7)
		time.Sleep(2 * time.Minute) // longer than the session timeout
		if got := st.count(); got != 3 {
			t.Errorf("%d records while paused, want 3", got)
		}
		if p := run.Progress(); p.Lag != 4 || !p.Waiting {
			t.Errorf("progress while paused %+v, want a lag of 4", p)
		}
		run.SetPaused(false)
		time.Sleep(2 * time.Second)
		if got := st.count(); got != 7 {
			t.Errorf("%d records after the resume, want 7", got)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]State{Running, Paused, Running}, r.states.list()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
	})
}

func TestSinkRebalance(t *testing.T) {
	sinkTest(t, 4, func(t *testing.T, r *sinkRig) {
		st := []*store{{rebalances: true}, {rebalances: true}}
		a := start(NewSink(r.options(0, "a", st[0])))
		n := 0
		produce := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); {
				n++
				for p := range int32(4) {
					r.produce(p, n, n)
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		produce(5 * time.Second)
		if got := len(a.Progress().Assignment); got != 4 {
			t.Fatalf("the first task has %d partitions, want 4", got)
		}
		b := start(NewSink(r.options(1, "b", st[1])))
		produce(20 * time.Second)
		if x, y := len(a.Progress().Assignment), len(b.Progress().Assignment); x != 2 || y != 2 {
			t.Errorf("the tasks have %d and %d partitions, want 2 each", x, y)
		}
		if got := st[0].callList(); len(got) != 6 || got[4][0] != '-' {
			t.Errorf("the first task was told %v", got)
		}
		time.Sleep(time.Second)
		for _, run := range []*running{a, b} {
			if err := run.end(); err != nil {
				t.Error(err)
			}
		}
		seen := map[string]int{}
		for _, s := range st {
			for _, v := range s.list() {
				seen[v]++
			}
		}
		for p := range 4 {
			for _, v := range numbers(p, n) {
				if seen[v] != 1 {
					t.Errorf("record %s was written %d times", v, seen[v])
				}
			}
		}
	})
}

func TestSinkFenced(t *testing.T) {
	tests := map[string]struct {
		newest int64
		want   error
	}{
		"by a newer one":  {newest: 2, want: ErrSuperseded},
		"by none of ours": {newest: 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			sinkTest(t, 2, func(t *testing.T, r *sinkRig) {
				old, young := &store{}, &store{}
				a := start(NewSink(r.options(0, "old", old)))
				r.produce(0, 1, 5)
				time.Sleep(time.Second)
				r.epochs.set(tc.newest)
				o := r.options(0, "young", young)
				o.Epoch = 2
				b := start(NewSink(o))
				r.produce(0, 6, 10)
				if tc.want != nil {
					time.Sleep(20 * time.Second)
					select {
					case err := <-a.done:
						if !errors.Is(err, tc.want) {
							t.Errorf("got %v, want %v", err, tc.want)
						}
					default:
						t.Error("the old one still runs")
					}
					r.produce(0, 11, 15)
					time.Sleep(10 * time.Second)
					if err := b.end(); err != nil {
						t.Error(err)
					}
					if got := r.committed(0); got != 15 {
						t.Errorf("committed %d, want 15", got)
					}
					return
				}
				// Two members of one epoch, which the operator never makes: the
				// place goes back and forth, and both end when they are told to.
				time.Sleep(20 * time.Second)
				select {
				case err := <-a.done:
					t.Fatalf("the old one has ended: %v", err)
				default:
				}
				a.stop()
				b.stop()
				<-a.done
				<-b.done
			})
		})
	}
}

func TestSinkSupersededAtStart(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		r.epochs.set(2)
		st := &store{}
		if err := NewSink(r.options(0, "a", st)).Run(t.Context()); !errors.Is(err, ErrSuperseded) {
			t.Errorf("got %v", err)
		}
		if st.closed != 0 || len(r.states.list()) != 0 {
			t.Error("opened, or reported a state")
		}
	})
}

func TestSinkCommitFails(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{}
		run := start(NewSink(r.options(0, "a", st)))
		f := r.kafka.Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.OffsetCommit}, Topic: "in", Err: kerr.RequestTimedOut, Count: -1,
		})
		r.produce(0, 1, 5)
		time.Sleep(21 * time.Second)
		if got := st.count(); got != 5 {
			t.Errorf("%d records, want 5", got)
		}
		if f.Hits() == 0 || !run.Progress().LastCommit.IsZero() {
			t.Errorf("%d commits have failed, the last good one was at %s", f.Hits(), run.Progress().LastCommit)
		}
		if p := run.Progress(); p.CommitFailed.Count == 0 || p.CommitTime.Count != 0 || p.LastError.IsZero() {
			t.Errorf("measured %+v, want commits that failed", p)
		}
		f.Remove()
		time.Sleep(16 * time.Second)
		if got := r.committed(0); got != 5 {
			t.Errorf("committed %d, want 5", got)
		}
		if got := st.count(); got != 5 {
			t.Errorf("%d records afterwards, want 5", got)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSinkCommitIsRefused(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		run := start(NewSink(r.options(0, "a", &store{})))
		r.kafka.Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.OffsetCommit}, Topic: "in", Err: kerr.TopicAuthorizationFailed, Count: -1,
		})
		r.produce(0, 1, 5)
		err := <-run.done
		if !errors.Is(err, kerr.TopicAuthorizationFailed) || !strings.Contains(err.Error(), "committing offsets") {
			t.Errorf("got %v", err)
		}
	})
}

func TestSinkFailures(t *testing.T) {
	boom := errors.New("boom")
	tests := map[string]struct {
		store     *store
		want      error
		text      string
		committed int64
		failures  int64
	}{
		"Put fails": {
			store: &store{onPut: func(_ context.Context, _ *connect.Batch, n int) error {
				if n == 2 {
					return boom
				}
				return nil
			}},
			want: boom, text: "putting: boom", committed: 3,
		},
		"Put panics": {
			store: &store{onPut: func(_ context.Context, _ *connect.Batch, n int) error {
				if n == 2 {
					panic(connect.Retriable(boom))
				}
				return nil
			}},
			want: boom, text: "panic while putting: boom", committed: 3,
		},
		"a record fails": {
			store: &store{onPut: func(_ context.Context, b *connect.Batch, n int) error {
				if n == 2 {
					b.Fail(1, boom)
				}
				return nil
			}},
			want:      boom,
			text:      `the record at offset 4 of partition 0 of topic "in" cannot be written (1 of 3 records in the batch failed): boom`,
			committed: 4, failures: 1,
		},
		"a record cannot be decoded": {
			store: &store{onPut: func(_ context.Context, b *connect.Batch, n int) error {
				if n == 2 {
					raw, c, _ := b.Records[2].Value.Raw()
					b.Records[2].Value.SetRaw(append(raw[:0:0], "bad"...), c)
				}
				return nil
			}},
			want: errBadText, text: `the record at offset 5 of partition 0`, committed: 5, failures: 1,
		},
		"PreCommit fails": {
			store: &store{onPre: func(o connect.Offsets) (connect.Offsets, error) {
				if o[connect.TopicPartition{Topic: "in"}] > 3 {
					return nil, boom
				}
				return o, nil
			}},
			want: boom, text: "pre-committing: boom", committed: 3,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
				st := tc.store
				run := start(NewSink(r.options(0, "a", st)))
				r.produce(0, 1, 3)
				time.Sleep(6 * time.Second)
				r.produce(0, 4, 6)
				err := <-run.done
				if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
					t.Errorf("got %v, want %q", err, tc.text)
				}
				if p := run.Progress(); p.Failures != tc.failures || p.LastError.IsZero() {
					t.Errorf("%d failed records, the last error at %s; want %d", p.Failures, p.LastError, tc.failures)
				}
				if got := r.committed(0); got != tc.committed {
					t.Errorf("committed %d, want %d", got, tc.committed)
				}
				if st.closed != 1 {
					t.Errorf("closed %d times", st.closed)
				}
			})
		})
	}
}

func TestSinkRetriablePut(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		var sizes []int
		st := &store{onPut: func(_ context.Context, b *connect.Batch, n int) error {
			sizes = append(sizes, len(b.Records))
			if n <= 9 {
				b.Records[0].Value.Set(nil, connect.StringValue("changed"))
				b.Fail(0, errors.New("forgotten at the next try"))
				return connect.Retriable(errors.New("not now"))
			}
			return nil
		}}
		r.produce(0, 1, 5)
		run := start(NewSink(r.options(0, "a", st)))
		time.Sleep(3 * time.Minute) // longer than the session timeout
		if diff := cmp.Diff(numbers(0, 5), st.list()); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(slices.Repeat([]int{5}, 10), sizes); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		if p := run.Progress(); p.Polled != 5 || p.Retries != 9 || p.Batch.Count != 1 || p.Batch.Sum != 5 || p.BatchTime.Count != 1 ||
			p.CommitTime.Count != 1 || p.Failures != 0 || p.LastError.IsZero() {
			t.Errorf("measured %+v", p)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

// A task that cannot put must not hold up the group for ever.
func TestSinkRetriablePutLetsTheGroupRebalance(t *testing.T) {
	sinkTest(t, 2, func(t *testing.T, r *sinkRig) {
		var up atomic.Bool
		a := &store{rebalances: true, onPut: func(context.Context, *connect.Batch, int) error {
			if !up.Load() {
				return connect.Retriable(errors.New("down"))
			}
			return nil
		}}
		b := &store{}
		for p := range int32(2) {
			r.produce(p, 1, 5)
		}
		first := start(NewSink(r.options(0, "a", a)))
		time.Sleep(10 * time.Second)
		second := start(NewSink(r.options(1, "b", b)))
		time.Sleep(20 * time.Second)
		if x, y := len(first.Progress().Assignment), len(second.Progress().Assignment); x != 1 || y != 1 {
			t.Errorf("the tasks have %d and %d partitions, want 1 each", x, y)
		}
		up.Store(true)
		time.Sleep(40 * time.Second)
		if x, y := a.count(), b.count(); x != 5 || y != 5 {
			t.Errorf("the tasks have put %d and %d records, want 5 each", x, y)
		}
		for _, run := range []*running{first, second} {
			if err := run.end(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSinkStopWhileRetrying(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{onPut: func(context.Context, *connect.Batch, int) error {
			return connect.Retriable(errors.New("down"))
		}}
		r.produce(0, 1, 5)
		run := start(NewSink(r.options(0, "a", st)))
		time.Sleep(10 * time.Second)
		run.SetPaused(true)
		time.Sleep(10 * time.Second)
		if diff := cmp.Diff([]State{Running, Paused}, r.states.list()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		synctest.Wait()
		puts := st.puts
		time.Sleep(time.Minute)
		synctest.Wait()
		if st.puts != puts {
			t.Error("put while paused")
		}
		run.SetPaused(false)
		time.Sleep(10 * time.Second)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if got := r.committed(0); got != -1 {
			t.Errorf("committed %d, want nothing", got)
		}
	})
}

func TestSinkStopFinishesPut(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{onPut: func(ctx context.Context, _ *connect.Batch, _ int) error {
			select {
			case <-time.After(5 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		r.produce(0, 1, 5)
		run := start(NewSink(r.options(0, "a", st)))
		time.Sleep(2 * time.Second)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if got := r.committed(0); got != 5 {
			t.Errorf("committed %d, want 5", got)
		}
	})
}

func TestSinkStuckPut(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		release := make(chan struct{})
		st := &store{rebalances: true, onPut: func(context.Context, *connect.Batch, int) error {
			<-release
			return nil
		}}
		r.produce(0, 1, 5)
		run := start(NewSink(r.options(0, "a", st)))
		time.Sleep(time.Minute)
		if p := run.Progress(); p.Waiting || time.Since(p.LastTurn) < 50*time.Second {
			t.Errorf("a loop that hangs in Put shows %+v", p)
		}
		begin := time.Now()
		err := run.end()
		if !errors.Is(err, ErrAbandoned) || !strings.Contains(err.Error(), "putting") {
			t.Errorf("got %v", err)
		}
		if d := time.Since(begin); d != 10*time.Second {
			t.Errorf("the stop took %s, want 10s", d)
		}
		// Its place is free for the next incarnation.
		next := &store{}
		again := start(NewSink(r.options(0, "b", next)))
		time.Sleep(10 * time.Second)
		if got := next.count(); got != 5 {
			t.Errorf("the next one has put %d records, want 5", got)
		}
		close(release)
		time.Sleep(10 * time.Second)
		if err := again.end(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if st.closed != 1 || slices.Contains(st.callList(), "-0") {
			t.Errorf("the abandoned one was closed %d times and told %v", st.closed, st.callList())
		}
	})
}

// What comes out of a transform that has hung is neither put nor reported once the
// task was abandoned: another one may have written further by then.
func TestSinkStuckTransform(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		release := make(chan struct{})
		st, dead := &store{}, &morgue{}
		o := r.options(0, "a", st)
		o.Errors = dead.options()
		o.Transforms = []connect.ChainLink{{Alias: "a", Transform: each(func(_ *connect.Record, v string) (bool, error) {
			<-release
			return false, map[string]error{"0:2": errUnfit}[v]
		})}}
		r.produce(0, 1, 3)
		run := start(NewSink(o))
		time.Sleep(10 * time.Second)
		if err := run.end(); !errors.Is(err, ErrAbandoned) || !strings.Contains(err.Error(), "transforming") {
			t.Errorf("got %v", err)
		}
		close(release)
		time.Sleep(10 * time.Second)
		if st.count() > 0 || len(dead.values()) > 0 {
			t.Errorf("an abandoned task has put %q and reported %q", st.list(), dead.values())
		}
		if got := r.committed(0); got != -1 {
			t.Errorf("committed %d", got)
		}
	})
}

func TestSinkPreCommitHoldsBack(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		tp := connect.TopicPartition{Topic: "in"}
		var safe atomic.Int64
		safe.Store(2)
		st := &store{onPre: func(connect.Offsets) (connect.Offsets, error) {
			return connect.Offsets{tp: safe.Load(), {Topic: "other"}: 7}, nil
		}}
		r.produce(0, 1, 5)
		run := start(NewSink(r.options(0, "a", st)))
		time.Sleep(11 * time.Second)
		if got := r.committed(0); got != 2 {
			t.Errorf("committed %d, want 2", got)
		}
		safe.Store(4)
		time.Sleep(6 * time.Second)
		if got := r.committed(0); got != 4 {
			t.Errorf("committed %d, want 4: it is asked again though nothing came", got)
		}
		safe.Store(9)
		time.Sleep(6 * time.Second)
		if got := r.committed(0); got != 4 {
			t.Errorf("committed %d, want 4: 9 was not put yet", got)
		}
		safe.Store(3)
		time.Sleep(6 * time.Second)
		if got := r.committed(0); got != 4 {
			t.Errorf("committed %d, want 4: it does not go back", got)
		}
		safe.Store(5)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if got := r.committed(0); got != 5 {
			t.Errorf("committed %d at the stop, want 5", got)
		}
	})
}

func TestSinkRetriablePreCommitReadsAgain(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		calls := 0
		st := &store{onPre: func(o connect.Offsets) (connect.Offsets, error) {
			if calls++; calls == 2 {
				return nil, connect.Retriable(errors.New("lost the buffer"))
			}
			return o, nil
		}}
		r.produce(0, 1, 3)
		run := start(NewSink(r.options(0, "a", st)))
		time.Sleep(6 * time.Second)
		r.produce(0, 4, 6)
		time.Sleep(20 * time.Second)
		if diff := cmp.Diff([]string{"0:4", "0:5", "0:6"}, st.twice()); diff != "" {
			t.Errorf("written twice (-want +got):\n%s", diff)
		}
		if got := r.committed(0); got != 6 {
			t.Errorf("committed %d, want 6", got)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSinkClientCannotBeBuilt(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{}
		o := r.options(0, "a", st)
		o.NewClient = func(...kgo.Opt) (*kgo.Client, error) { return nil, errors.New("no brokers") }
		err := NewSink(o).Run(t.Context())
		if err == nil || err.Error() != "building the group client: no brokers" || st.closed != 1 {
			t.Errorf("got %v, closed %d times", err, st.closed)
		}
	})
}

func TestSinkStoppedAsSuperseded(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{}
		r.produce(0, 1, 5)
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() { done <- NewSink(r.options(0, "a", st)).Run(ctx) }()
		time.Sleep(2 * time.Second)
		cancel(fmt.Errorf("epoch 2: %w", ErrSuperseded))
		if err := <-done; !errors.Is(err, ErrSuperseded) {
			t.Errorf("got %v", err)
		}
		if got := r.committed(0); got != 5 || st.closed != 1 {
			t.Errorf("committed %d, closed %d times", got, st.closed)
		}
	})
}

func TestNextFetchSize(t *testing.T) {
	const budget = 16 << 20
	tests := map[string]struct {
		now  int32
		held int64
		want int32
	}{
		"too much in memory":   {now: 2 << 20, held: 13 << 20, want: 1 << 20},
		"as it should be":      {now: 2 << 20, held: 8 << 20, want: 2 << 20},
		"little":               {now: 2 << 20, held: 1 << 20, want: 2<<20 + 2<<17},
		"never beyond a part":  {now: 4 << 20, held: 1, want: 4 << 20},
		"never below the min":  {now: 64 << 10, held: 1 << 30, want: 64 << 10},
		"grows from the least": {now: 64 << 10, held: 1, want: 72 << 10},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := nextFetchSize(tc.now, tc.held, budget); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
	if got := firstFetchSize(1); got != minFetchSize {
		t.Errorf("with a tiny budget %d, want %d", got, minFetchSize)
	}
}

// A log that was cut off, or made anew, begins below what was put and committed. What
// is read of it is committed as anything else is, not only from the old end on.
func TestSinkOfALogThatBeginsAnew(t *testing.T) {
	tp := connect.TopicPartition{Topic: "in"}
	s := NewSink(SinkOptions{Options: options(&epochs{}, &states{}, connect.Plugin{})})
	s.parts[tp] = newSinkPart()
	s.parts[tp].resume(10)
	fetch := func(first, last int64) {
		p := kgo.FetchPartition{HighWatermark: last + 1}
		for o := first; o <= last; o++ {
			p.Records = append(p.Records, &kgo.Record{Topic: "in", Offset: o})
		}
		s.read(kgo.Fetches{{Topics: []kgo.FetchTopic{{Topic: "in", Partitions: []kgo.FetchPartition{p}}}}})
		s.advance(nil)
	}
	for _, step := range []struct {
		first, last int64
		want        connect.Offsets
	}{
		{10, 19, connect.Offsets{tp: 20}},
		{0, 4, connect.Offsets{tp: 5}},
		{5, 6, connect.Offsets{tp: 7}},
	} {
		fetch(step.first, step.last)
		got := s.acceptable(s.uncommitted(nil), s.uncommitted(nil))
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("after records %d to %d (-want +got):\n%s", step.first, step.last, diff)
		}
		s.committed(got)
	}
}

func TestSinkPartLag(t *testing.T) {
	tests := map[string]struct {
		part sinkPart
		want int64
	}{
		"nothing known":            {part: sinkPart{next: -1, committed: -1, low: -1, high: -1}, want: -1},
		"empty partition":          {part: sinkPart{next: -1, committed: -1, low: 5, high: 5}, want: 0},
		"reset policy unknown":     {part: sinkPart{next: -1, committed: -1, low: 5, high: 9}, want: -1},
		"read and not put":         {part: sinkPart{next: -1, committed: 5, low: -1, high: 9}, want: 4},
		"put":                      {part: sinkPart{next: 7, committed: 5, low: -1, high: 9}, want: 2},
		"beyond an old high water": {part: sinkPart{next: 12, committed: 5, low: -1, high: 9}, want: 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.part.lag(); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

// A join may take as long as the group rebalances; a stop must not.
func TestSinkStopWhileJoining(t *testing.T) {
	sinkTest(t, 2, func(t *testing.T, r *sinkRig) {
		release := make(chan struct{})
		a := &store{onPut: func(context.Context, *connect.Batch, int) error {
			<-release // holds up the rebalance
			return nil
		}}
		r.produce(0, 1, 5)
		first := start(NewSink(r.options(0, "a", a)))
		time.Sleep(time.Second)
		second := start(NewSink(r.options(1, "b", &store{})))
		time.Sleep(10 * time.Second)
		if got := second.Progress().Assignment; len(got) > 0 {
			t.Fatalf("the second has joined: %v", got)
		}
		begin := time.Now()
		if err := second.end(); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d > closeTimeout {
			t.Errorf("the stop took %s", d)
		}
		close(release)
		if err := first.end(); err != nil {
			t.Error(err)
		}
	})
}
