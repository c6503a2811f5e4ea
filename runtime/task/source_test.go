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
	"github.com/google/go-cmp/cmp/cmpopts"

	"penstock.dev/runtime/connect"
)

func TestSourceWritesCommitsAndTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 25)
		run := start(NewSource(r.o))
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff(numbers(0, 25), r.broker.values()); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		if got := r.topic.number(partKey(0)); got != 25 {
			t.Errorf("committed %d, want 25", got)
		}
		if got := r.source.told(partKey(0)); got != 25 {
			t.Errorf("the connector was told %d, want 25", got)
		}
		p := run.Progress()
		if p.Records != 25 || p.Pending != 0 || p.Partitions != 1 || !p.Waiting || p.Bytes == 0 {
			t.Errorf("progress %+v", p)
		}
		if p.Polled != 25 || p.Batch != (Measure{25, 25, Window{25, 25, 1}}) || p.BatchTime.Count != 25 || p.CommitTime.Count != 1 ||
			p.CommitFailed.Count != 0 || p.Failures != 0 || p.Retries != 0 || !p.LastError.IsZero() {
			t.Errorf("measured %+v", p)
		}
		want := []PartitionOffset{{Partition: `{"p":0}`, Offset: `{"n":25}`}}
		if diff := cmp.Diff(want, p.Offsets); diff != "" {
			t.Errorf("offsets (-want +got):\n%s", diff)
		}
		commits := r.topic.count()
		time.Sleep(time.Minute)
		if got := r.topic.count(); got != commits {
			t.Errorf("an idle source made %d commits", got-commits)
		}
		if err := run.end(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if r.source.closed != 1 {
			t.Errorf("closed %d times", r.source.closed)
		}
		if diff := cmp.Diff([]State{Running}, r.states.list()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
	})
}

func TestSourceStopFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 10)
		r.broker.hold = true
		run := start(NewSource(r.o))
		synctest.Wait()
		if got := r.broker.held(); got != 10 {
			t.Fatalf("%d records in flight, want 10", got)
		}
		run.stop()
		time.Sleep(time.Second)
		if got := r.topic.number(partKey(0)); got != -1 {
			t.Errorf("committed %d before Kafka has answered", got)
		}
		r.broker.setHold(false)
		if err := <-run.done; err != nil {
			t.Errorf("stop: %v", err)
		}
		if got := r.topic.number(partKey(0)); got != 10 {
			t.Errorf("committed %d, want 10", got)
		}
		if got := r.source.told(partKey(0)); got != 10 {
			t.Errorf("the connector was told %d, want 10", got)
		}
	})
}

func TestSourceStopWithoutAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2, 3)
		r.source.topic = func(p int) string { return fmt.Sprint("t", p) }
		r.broker.hold = true
		run := start(NewSource(r.o))
		synctest.Wait()
		r.broker.answer(func(topic string) bool { return topic == "t0" })
		begin := time.Now()
		err := run.end()
		if err == nil || errors.Is(err, ErrAbandoned) || !strings.Contains(err.Error(), "acknowledge") {
			t.Errorf("stop: %v", err)
		}
		if d := time.Since(begin); d > r.o.StopTimeout {
			t.Errorf("the stop took %s", d)
		}
		if a, b := r.topic.number(partKey(0)), r.topic.number(partKey(1)); a != 3 || b != -1 {
			t.Errorf("committed %d and %d, want 3 and none", a, b)
		}
		r.broker.setHold(false) // late answers are taken
	})
}

func TestSourceRestartGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2, 10)
		run := start(NewSource(r.o))
		synctest.Wait()
		if err := run.end(); err != nil {
			t.Fatal(err)
		}
		r.source.limit = 15
		r.o.Offsets = &offsetStore{topic: r.topic}
		run = start(NewSource(r.o))
		synctest.Wait()
		if err := run.end(); err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, v := range r.broker.values() {
			got[v]++
		}
		for p := range 2 {
			for _, v := range numbers(p, 15) {
				if got[v] != 1 {
					t.Errorf("record %s was written %d times", v, got[v])
				}
			}
		}
	})
}

func TestSourceOutOfOrderAcks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 10)
		n := 0
		r.source.topic = func(int) string {
			n++
			if n == 4 {
				return "slow"
			}
			return "fast"
		}
		r.broker.hold = true
		run := start(NewSource(r.o))
		synctest.Wait()
		r.broker.answer(func(topic string) bool { return topic == "fast" })
		time.Sleep(6 * time.Second)
		if got := r.topic.number(partKey(0)); got != 3 {
			t.Errorf("committed %d, want 3: the fourth is not acked", got)
		}
		r.broker.setHold(false)
		time.Sleep(6 * time.Second)
		if got := r.topic.number(partKey(0)); got != 10 {
			t.Errorf("committed %d, want 10", got)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSourcePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 5)
		run := start(NewSource(r.o))
		synctest.Wait()
		run.SetPaused(true)
		synctest.Wait()
		if got := r.topic.number(partKey(0)); got != 5 {
			t.Errorf("committed %d at the pause, want 5", got)
		}
		r.source.limit = 7
		time.Sleep(time.Minute)
		if got := len(r.broker.values()); got != 5 {
			t.Errorf("%d records while paused", got)
		}
		if p := run.Progress(); !p.Waiting {
			t.Error("a paused task does not wait")
		}
		run.SetPaused(false)
		synctest.Wait()
		if got := len(r.broker.values()); got != 7 {
			t.Errorf("%d records after the resume, want 7", got)
		}
		if diff := cmp.Diff([]State{Running, Paused, Running}, r.states.list()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		run.SetPaused(true)
		synctest.Wait()
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSourceCreatedPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 5)
		r.o.Paused = true
		run := start(NewSource(r.o))
		time.Sleep(time.Minute)
		if r.source.parts != nil || r.topic.fence != 0 {
			t.Error("a paused task was opened or fenced")
		}
		run.SetPaused(false)
		synctest.Wait()
		if got := len(r.broker.values()); got != 5 {
			t.Errorf("%d records, want 5", got)
		}
		if diff := cmp.Diff([]State{Paused, Running}, r.states.list()); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
		r.o.Paused = true
		run = start(NewSource(r.o))
		synctest.Wait()
		if err := run.end(); err != nil {
			t.Errorf("stop while paused: %v", err)
		}
	})
}

func TestSourceEpochs(t *testing.T) {
	tests := map[string]struct {
		onRead    func(e *epochs, n int)
		err       error
		wantFence int
		want      error
	}{
		"newer before":    {onRead: func(e *epochs, _ int) { e.highest = 2 }, want: ErrSuperseded},
		"newer meanwhile": {onRead: func(e *epochs, n int) { e.highest = int64(n) }, wantFence: 1, want: ErrSuperseded},
		"unreadable":      {err: context.DeadlineExceeded, want: context.DeadlineExceeded},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 1, 5)
			r.epochs.err = tc.err
			r.epochs.onRead = func(n int) {
				if tc.onRead != nil {
					tc.onRead(r.epochs, n)
				}
			}
			if err := NewSource(r.o).Run(t.Context()); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if r.topic.fence != tc.wantFence {
				t.Errorf("fenced %d times, want %d", r.topic.fence, tc.wantFence)
			}
			if r.source.parts != nil || len(r.states.list()) > 0 {
				t.Error("opened, or reported a state")
			}
		})
	}
}

func TestSourceFenced(t *testing.T) {
	tests := map[string]struct {
		newest int64
		want   error
		number int64
	}{
		"by a newer one":     {newest: 2, want: ErrSuperseded, number: -1},
		"by none of ours":    {newest: 1, number: 5},
		"by a stale restart": {newest: 0, number: 5},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1, 5)
				run := start(NewSource(r.o))
				synctest.Wait()
				r.epochs.set(tc.newest)
				other := &offsetStore{topic: r.topic}
				if err := other.Fence(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(6 * time.Second)
				synctest.Wait()
				if err := run.end(); !errors.Is(err, tc.want) {
					t.Errorf("got %v, want %v", err, tc.want)
				}
				if got := r.topic.number(partKey(0)); got != tc.number {
					t.Errorf("committed %d, want %d", got, tc.number)
				}
				if r.source.closed != 1 {
					t.Errorf("closed %d times", r.source.closed)
				}
			})
		})
	}
}

func TestSourceHoldsWhileNobodyKnowsWhoFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 5)
		run := start(NewSource(r.o))
		synctest.Wait()
		r.epochs.mu.Lock()
		r.epochs.err = errors.New("no Kafka")
		r.epochs.mu.Unlock()
		if err := (&offsetStore{topic: r.topic}).Fence(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		r.source.mu.Lock()
		r.source.limit = 6
		r.source.mu.Unlock()
		run.SetPaused(true) // makes the source look again
		run.SetPaused(false)
		time.Sleep(6 * time.Second)
		if got := len(r.broker.values()); got != 5 {
			t.Errorf("%d records while held, want 5", got)
		}
		r.epochs.mu.Lock()
		r.epochs.err = nil
		r.epochs.mu.Unlock()
		time.Sleep(6 * time.Second)
		if got := len(r.broker.values()); got != 6 {
			t.Errorf("%d records afterwards, want 6", got)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if got := r.topic.number(partKey(0)); got != 6 {
			t.Errorf("committed %d, want 6", got)
		}
	})
}

func TestSourceStopsProducingWithoutCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 1<<40)
		r.source.onPoll = func(ctx context.Context, _ *connect.Batch) (bool, error) {
			select {
			case <-time.After(100 * time.Millisecond):
				return false, nil
			case <-ctx.Done():
				return true, ctx.Err()
			}
		}
		r.topic.err = errors.New("no Kafka")
		run := start(NewSource(r.o))
		time.Sleep(14 * time.Second)
		before := len(r.broker.values())
		time.Sleep(10 * time.Second)
		stalled := len(r.broker.values())
		time.Sleep(time.Minute)
		if after := len(r.broker.values()); after != stalled || before > stalled {
			t.Errorf("%d records after 14 s, %d after 24 s, %d later", before, stalled, after)
		}
		if p := run.Progress(); time.Since(p.LastTurn) > 2*time.Second {
			t.Errorf("a loop that waits for Kafka does not turn: %s", time.Since(p.LastTurn))
		}
		r.topic.fail(nil)
		time.Sleep(3 * time.Second)
		if after := len(r.broker.values()); after == stalled {
			t.Error("no records after a commit has succeeded")
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if got := r.topic.number(partKey(0)); got != int64(len(r.broker.values())) {
			t.Errorf("committed %d of %d", got, len(r.broker.values()))
		}
	})
}

func TestSourceSlowCommitDoesNotHoldPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 1<<40)
		r.topic.delay = 4 * time.Second
		r.source.onPoll = func(context.Context, *connect.Batch) (bool, error) {
			time.Sleep(time.Second)
			return false, nil
		}
		run := start(NewSource(r.o))
		time.Sleep(20*time.Second + time.Millisecond)
		if got := len(r.broker.values()); got < 19 {
			t.Errorf("%d records in 20 s, want 19 or more", got)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSourceFailures(t *testing.T) {
	boom := errors.New("boom")
	add := func(r *rig, b *connect.Batch, n int64, topic, value string) {
		rec := b.Add()
		rec.Topic = topic
		rec.Value.Set(nil, connect.StringValue(value))
		rec.Source, rec.SourceOffset = r.source.parts[0], b.Offset(connect.Int64Value(n))
	}
	tests := map[string]struct {
		poll   func(r *rig, b *connect.Batch) error
		refuse map[string]error
		want   error
		text   string
		wrote  int
		number int64
	}{
		"Poll fails, its records count": {
			poll: func(r *rig, b *connect.Batch) error { add(r, b, 1, "out", "a"); return boom },
			want: boom, text: "polling: boom", wrote: 1, number: 1,
		},
		"Poll panics": {
			poll: func(r *rig, b *connect.Batch) error { add(r, b, 1, "out", "a"); panic(boom) },
			want: boom, text: "panic while polling: boom", number: -1,
		},
		"a record cannot be converted": {
			poll: func(r *rig, b *connect.Batch) error {
				add(r, b, 1, "out", "a")
				add(r, b, 2, "out", "bad")
				add(r, b, 3, "out", "c")
				return nil
			},
			want: errBadText, text: `a record for topic "out": converting the value: bad text`, wrote: 1, number: 1,
		},
		"the connector refuses a record": {
			poll: func(r *rig, b *connect.Batch) error {
				add(r, b, 1, "out", "a")
				add(r, b, 2, "out", "b")
				b.Fail(1, boom)
				return nil
			},
			want: boom, text: `refused record 1 of its batch, which goes to topic "out"`, wrote: 1, number: 1,
		},
		"Kafka refuses a record": {
			poll: func(r *rig, b *connect.Batch) error {
				add(r, b, 1, "out", "a")
				add(r, b, 2, "denied", "b")
				add(r, b, 3, "out", "c")
				return nil
			},
			refuse: map[string]error{"denied": boom},
			want:   boom, text: `producing to topic "denied": boom`, wrote: 2, number: 1,
		},
		"no topic": {
			poll: func(r *rig, b *connect.Batch) error { add(r, b, 1, "", "a"); return nil },
			text: `a record of source partition {"p":0} has no valid topic`, number: -1,
		},
		"no topic name": {
			poll: func(r *rig, b *connect.Batch) error { add(r, b, 1, "a b", "a"); return nil },
			text: `"a b" is no topic name`, number: -1,
		},
		"offset of the wrong length": {
			poll: func(r *rig, b *connect.Batch) error {
				add(r, b, 1, "out", "a")
				b.Records[0].SourceOffset = b.Offset(connect.Int64Value(1), connect.Int64Value(2))
				return nil
			},
			text: `its source offset has 2 values, source partition {"p":0} names 1 fields`, number: -1,
		},
		"negative timestamp": {
			poll: func(r *rig, b *connect.Batch) error {
				add(r, b, 1, "out", "a")
				b.Records[0].Timestamp = -2
				return nil
			},
			text: `the timestamp -2 must be milliseconds since 1970`, number: -1,
		},
		"source partition that is no JSON": {
			poll: func(r *rig, b *connect.Batch) error {
				add(r, b, 1, "out", "a")
				b.Records[0].Source = &connect.SourcePartition{Key: map[string]any{"f": func() {}}, Fields: []string{"n"}}
				return nil
			},
			text: `cannot be written as JSON`, number: -1,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1, 0)
				r.broker.refuse = tc.refuse
				polls := 0
				r.source.onPoll = func(ctx context.Context, b *connect.Batch) (bool, error) {
					if polls++; polls > 1 {
						return false, nil
					}
					return true, tc.poll(r, b)
				}
				src := NewSource(r.o)
				err := src.Run(t.Context())
				failures := int64(1)
				if strings.HasPrefix(name, "Poll ") {
					failures = 0 // no record's
				}
				if p := src.Progress(); p.Failures != failures || p.LastError.IsZero() {
					t.Errorf("%d failed records, the last error at %s; want %d", p.Failures, p.LastError, failures)
				}
				if err == nil || (tc.want != nil && !errors.Is(err, tc.want)) || !strings.Contains(err.Error(), tc.text) {
					t.Errorf("got %v, want %q", err, tc.text)
				}
				if got := len(r.broker.values()); got != tc.wrote {
					t.Errorf("%d records written, want %d", got, tc.wrote)
				}
				if got := r.topic.number(partKey(0)); got != tc.number {
					t.Errorf("committed %d, want %d", got, tc.number)
				}
				if r.source.closed != 1 {
					t.Errorf("closed %d times", r.source.closed)
				}
			})
		})
	}
}

func TestSourceOpenFails(t *testing.T) {
	boom := errors.New("boom")
	tests := map[string]struct {
		open func() error
		text string
	}{
		"error": {open: func() error { return boom }, text: "opening the connector: boom"},
		"panic": {open: func() error { panic(boom) }, text: "panic while opening: boom"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.o.Plugin.OpenSource = func(context.Context, connect.Env, map[string]string) (connect.SourceTask, error) {
				return nil, tc.open()
			}
			err := NewSource(r.o).Run(t.Context())
			if !errors.Is(err, boom) || err.Error() != tc.text {
				t.Errorf("got %v, want %q", err, tc.text)
			}
		})
	}
}

func TestSourceRetriablePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 3)
		polls := 0
		r.source.onPoll = func(context.Context, *connect.Batch) (bool, error) {
			polls++
			return polls <= 5, connect.Retriable(errors.New("not now"))
		}
		run := start(NewSource(r.o))
		time.Sleep(300 * time.Millisecond * 31)
		synctest.Wait()
		if got := len(r.broker.values()); got != 3 || polls < 6 {
			t.Errorf("%d records after %d polls, want 3", got, polls)
		}
		if p := run.Progress(); p.Retries != 5 || p.LastError.IsZero() {
			t.Errorf("%d retries, the last error at %s; want 5", p.Retries, p.LastError)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSourceEmptyPollsDoNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 0)
		polls := 0
		r.source.onPoll = func(context.Context, *connect.Batch) (bool, error) {
			polls++
			return true, nil
		}
		run := start(NewSource(r.o))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if polls > 200 {
			t.Errorf("%d polls in 10 s", polls)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestSourceStuckPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 5)
		release := make(chan struct{})
		polls := 0
		r.source.onPoll = func(_ context.Context, b *connect.Batch) (bool, error) {
			if polls++; polls > 5 {
				<-release
				return false, nil
			}
			return false, nil
		}
		r.o.FlushInterval = time.Hour // only the stop commits
		run := start(NewSource(r.o))
		synctest.Wait()
		begin := time.Now()
		err := run.end()
		if !errors.Is(err, ErrAbandoned) || !strings.Contains(err.Error(), "polling") {
			t.Errorf("got %v", err)
		}
		if d := time.Since(begin); d != r.o.StopTimeout {
			t.Errorf("the stop took %s, want %s", d, r.o.StopTimeout)
		}
		if got := r.topic.number(partKey(0)); got != 5 {
			t.Errorf("committed %d, want 5", got)
		}
		r.source.limit = 9
		close(release)
		synctest.Wait()
		if got := len(r.broker.values()); got != 5 {
			t.Errorf("an abandoned task has produced: %d records, want 5", got)
		}
		if r.source.closed != 1 {
			t.Errorf("closed %d times", r.source.closed)
		}
	})
}

// A transform or a converter that hangs, as one that waits for a schema registry
// may, brings nothing into Kafka once its task was abandoned: the next incarnation
// may have written further by then.
func TestSourceStuckConversion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 1)
		release := make(chan struct{})
		r.o.Transforms = []connect.ChainLink{{Alias: "a", Transform: each(func(*connect.Record, string) (bool, error) {
			<-release
			return false, nil
		})}}
		run := start(NewSource(r.o))
		synctest.Wait()
		if err := run.end(); !errors.Is(err, ErrAbandoned) || !strings.Contains(err.Error(), "transforming") {
			t.Errorf("got %v", err)
		}
		close(release)
		synctest.Wait()
		if got := r.broker.values(); len(got) > 0 {
			t.Errorf("an abandoned task has produced %q", got)
		}
		if r.source.closed != 1 {
			t.Errorf("closed %d times", r.source.closed)
		}
	})
}

func TestSourceStuckPollAfterFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 1)
		boom := errors.New("boom")
		r.broker.hold = true
		r.broker.refuse = map[string]error{"out": boom}
		release := make(chan struct{})
		polls := 0
		r.source.onPoll = func(context.Context, *connect.Batch) (bool, error) {
			if polls++; polls > 1 {
				<-release
			}
			return false, nil
		}
		run := start(NewSource(r.o))
		synctest.Wait()
		r.broker.setHold(false)
		err := <-run.done
		if !errors.Is(err, ErrAbandoned) || !errors.Is(err, boom) {
			t.Errorf("got %v, want both reasons", err)
		}
		close(release)
		synctest.Wait()
	})
}

func TestSourceBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 1<<40)
		r.source.each = 1 << 20
		r.o.MaxInFlightBytes = 4 << 20
		r.broker.hold = true
		s := NewSource(r.o)
		run := start(s)
		time.Sleep(4 * time.Second)
		s.mu.Lock()
		used := s.ring.used
		s.mu.Unlock()
		if used > r.o.MaxInFlightBytes || used < r.o.MaxInFlightBytes/4 {
			t.Errorf("%d bytes in flight, the budget is %d", used, r.o.MaxInFlightBytes)
		}
		held := r.broker.held()
		r.broker.answer(func(string) bool { return true })
		synctest.Wait()
		if got := r.broker.held(); got < held/2 {
			t.Errorf("%d records in flight after the answers, before %d", got, held)
		}
		r.source.limit = 0
		r.broker.setHold(false)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if s.ring.used != 0 || s.ring.out > 1 {
			t.Errorf("%d bytes and %d flights are not given back", s.ring.used, s.ring.out)
		}
	})
}

func TestSourceRecordWithoutPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 0)
		polls := 0
		r.source.onPoll = func(_ context.Context, b *connect.Batch) (bool, error) {
			if polls++; polls > 3 {
				return false, nil
			}
			rec := b.Add()
			rec.Topic, rec.Timestamp = "out", 1234
			rec.Headers = b.Arena.Headers(1)
			rec.Headers[0].Key = "h"
			rec.Headers[0].Value.Set(nil, connect.StringValue("v"))
			return true, nil
		}
		run := start(NewSource(r.o))
		time.Sleep(20 * time.Second)
		if p := run.Progress(); p.Records != 3 || p.Pending != 0 {
			t.Errorf("progress %+v", p)
		}
		if r.topic.count() != 0 {
			t.Error("there was nothing to commit")
		}
		want := written{topic: "out", headers: 1, timestamp: time.UnixMilli(1234)}
		if diff := cmp.Diff(want, r.broker.log[0], cmp.AllowUnexported(written{}), cmpopts.IgnoreFields(written{}, "all")); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

// A source that could not commit for long, because Kafka took nothing, must not
// produce more when Kafka is back before it has committed: it may be an old
// incarnation.
func TestSourceStallsWhileKafkaTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 3)
		r.broker.hold = true
		s := NewSource(r.o)
		run := start(s)
		stalled := func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.stalled()
		}
		time.Sleep(stallIntervals*r.o.FlushInterval - time.Second)
		if stalled() {
			t.Error("it must not produce any more, too early")
		}
		time.Sleep(time.Minute)
		if !stalled() {
			t.Error("after a minute without a commit it may still produce")
		}
		r.broker.setHold(false)
		time.Sleep(r.o.FlushInterval + time.Second)
		if stalled() {
			t.Error("it has committed and must not produce")
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

// Records that carry no offset leave nothing to commit, and must not make the task
// wait for a commit.
func TestSourceRecordsWithoutOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 0)
		r.source.onPoll = func(_ context.Context, b *connect.Batch) (bool, error) {
			time.Sleep(time.Second)
			rec := b.Add()
			rec.Topic, rec.Source = "out", r.source.parts[0]
			return true, nil
		}
		run := start(NewSource(r.o))
		time.Sleep(time.Minute + time.Second/2)
		if p := run.Progress(); p.Records < 59 {
			t.Errorf("after a minute there are %d records, want one a second", p.Records)
		}
		if r.topic.count() != 0 {
			t.Error("there was nothing to commit")
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

// The worker may know before Kafka tells us. What was done is committed, so that
// the newer one does not do it again.
func TestSourceStoppedAsSuperseded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 5)
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() { done <- NewSource(r.o).Run(ctx) }()
		synctest.Wait()
		cancel(fmt.Errorf("epoch 2: %w", ErrSuperseded))
		if err := <-done; !errors.Is(err, ErrSuperseded) {
			t.Errorf("got %v", err)
		}
		if got := r.topic.number(partKey(0)); got != 5 {
			t.Errorf("committed %d, want 5", got)
		}
		if r.source.closed != 1 {
			t.Errorf("closed %d times", r.source.closed)
		}
	})
}
