// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// write writes records to partition 0 of the topic in.
func (r *sinkRig) write(recs ...*kgo.Record) {
	r.t.Helper()
	for _, rec := range recs {
		rec.Topic = "in"
	}
	if err := r.client.ProduceSync(context.Background(), recs...).FirstErr(); err != nil {
		r.t.Fatal(err)
	}
}

// texts are records of these values.
func texts(values ...string) []*kgo.Record {
	var recs []*kgo.Record
	for _, v := range values {
		recs = append(recs, &kgo.Record{Value: []byte(v)})
	}
	return recs
}

// keyed reads the keys of all records, which file-like sinks do not.
func keyed(_ context.Context, b *connect.Batch, _ int) error {
	for i := range b.Records {
		if _, _, err := b.Records[i].Key.Get(); err != nil {
			b.Fail(i, fmt.Errorf("the key: %w", err))
		}
	}
	return nil
}

// careless returns what Get says, and works on copies.
func careless(_ context.Context, b *connect.Batch, _ int) error {
	for _, r := range b.Records {
		if _, _, err := r.Value.Get(); err != nil {
			return fmt.Errorf("cannot read it: %w", err)
		}
	}
	return nil
}

// headed reads the headers of all records.
func headed(_ context.Context, b *connect.Batch, _ int) error {
	for _, r := range b.Records {
		for i := range r.Headers {
			if _, _, err := r.Headers[i].Get(); err != nil {
				return err
			}
		}
	}
	return nil
}

func failing(value string, err error) func(context.Context, *connect.Batch, int) error {
	return func(_ context.Context, b *connect.Batch, _ int) error {
		for i := range b.Records {
			if _, v, err2 := b.Records[i].Value.Get(); err2 == nil && v.Str() == value {
				b.Fail(i, err)
			}
		}
		return nil
	}
}

// TestSinkErrors sends good, bad, good through a sink that fails with the second,
// in every way.
func TestSinkErrors(t *testing.T) {
	link := func(transform connect.Transform, p connect.Predicate) []connect.ChainLink {
		l := connect.ChainLink{Alias: "a", Class: "Transform", Transform: transform, Predicate: p, PredicateAlias: "p"}
		return []connect.ChainLink{l, {Alias: "b", Class: "After", Transform: mark("")}}
	}
	data, conn := "org.apache.kafka.connect.errors.DataException", "org.apache.kafka.connect.errors.ConnectException"
	for name, tc := range map[string]struct {
		links                            []connect.ChainLink
		onPut                            func(ctx context.Context, b *connect.Batch, n int) error
		bad                              string // the value of the second record, or its key if it begins with key=
		stage, class, exception, message string
		written                          string // by the store, beside the good ones
		fails                            string // the task, if nothing is tolerated
		committed                        int64  // if nothing is tolerated
	}{
		"value, failed by the connector": {
			bad: "bad", stage: "VALUE_CONVERTER", class: "ValueConverter", exception: data, message: "bad text",
			fails: `the record at offset 1 of partition 0 of topic "in" cannot be written (1 of 3 records in the batch failed): bad text`, committed: 1,
		},
		"value, given up by the connector": {
			onPut: careless, bad: "bad", stage: "VALUE_CONVERTER", class: "ValueConverter", exception: data, message: "bad text",
			fails: `the record at offset 1 of partition 0 of topic "in" cannot be written (1 of 3 records in the batch failed): cannot read it: bad text`, committed: -1,
		},
		"key": {
			onPut: keyed, bad: "key=bad", stage: "KEY_CONVERTER", class: "KeyConverter", exception: data, message: "bad text", written: "good",
			fails: `cannot be written (1 of 3 records in the batch failed): the key: bad text`, committed: 1,
		},
		"header": {
			onPut: headed, bad: "header=bad", stage: "HEADER_CONVERTER", class: "HeaderConverter", exception: data, message: "bad text",
			fails: `cannot be written (1 of 3 records in the batch failed): reading the header "h": bad text`, committed: -1,
		},
		"header that nobody reads": {bad: "header=bad"},
		"key that nobody reads":    {bad: "key=bad", written: "good"},
		"value in a transform": {
			links: link(mark(""), nil), bad: "bad", stage: "VALUE_CONVERTER", class: "ValueConverter", exception: data, message: "bad text",
			fails: `transform a: the record at offset 1 of partition 0 of topic "in": bad text`, committed: -1,
		},
		"transform": {
			links: link(failIf(oneOf("odd")), nil), bad: "odd", stage: "TRANSFORMATION", class: "Transform", exception: data, message: "unfit",
			fails: `transform a: the record at offset 1 of partition 0 of topic "in": unfit`, committed: -1,
		},
		"transform panics": {
			links: link(panicIf(oneOf("odd")), nil), bad: "odd", stage: "TRANSFORMATION", class: "Transform", exception: "java.lang.RuntimeException",
			message: "panic while transforming: oh no", fails: `transform a: the record at offset 1 of partition 0 of topic "in": panic while transforming: oh no`, committed: -1,
		},
		"predicate": {
			links: link(mark(""), when(func(v string) (bool, error) {
				if v == "odd" {
					return false, errUnfit
				}
				return true, nil
			})), bad: "odd", stage: "TRANSFORMATION", class: "Transform", exception: data, message: "unfit",
			fails: `predicate p of transform a: the record at offset 1 of partition 0 of topic "in": unfit`, committed: -1,
		},
		"put": {
			onPut: failing("odd", errUnfit), bad: "odd", stage: "TASK_PUT", class: "org.apache.kafka.connect.sink.SinkTask", exception: conn, message: "unfit", written: "odd",
			fails: `the record at offset 1 of partition 0 of topic "in" cannot be written (1 of 3 records in the batch failed): unfit`, committed: 1,
		},
	} {
		for _, tolerate := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%t", name, tolerate), func(t *testing.T) {
				sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
					bad := &kgo.Record{Value: []byte(tc.bad), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("v")}}, Timestamp: time.UnixMilli(1234)}
					if key, ok := strings.CutPrefix(tc.bad, "key="); ok {
						bad.Key, bad.Value = []byte(key), []byte("good")
					}
					if header, ok := strings.CutPrefix(tc.bad, "header="); ok {
						bad.Headers[0].Value, bad.Value = []byte(header), []byte("good")
					}
					r.write(texts("good")[0], bad, texts("good")[0])
					st, dead := &store{onPut: tc.onPut}, &morgue{}
					o := r.options(0, "a", st)
					o.Transforms, o.Errors = tc.links, dead.options()
					o.Errors.Tolerate, o.Errors.Log, o.Errors.LogRecord = tolerate, true, true
					lines := capture(&o.Options)
					run := start(NewSink(o))
					time.Sleep(10 * time.Second)
					if tc.stage == "" {
						if err := run.end(); err != nil || len(dead.letters) > 0 || st.count() != 3 {
							t.Errorf("end %v, dead %q, wrote %q", err, dead.values(), st.list())
						}
						return
					}
					want := map[string]string{
						"topic": "in", "partition": "0", "offset": "1", "connector.name": "c", "task.id": "0", "stage": tc.stage,
						"class.name": tc.class, "exception.class.name": tc.exception, "exception.message": tc.message,
					}
					if diff := cmp.Diff(want, dead.context(0)); diff != "" {
						t.Errorf("context (-want +got):\n%s", diff)
					}
					l := dead.letters[0]
					if string(l.Key) != string(bad.Key) || (l.Key == nil) != (bad.Key == nil) || string(l.Value) != string(bad.Value) || !l.Timestamp.Equal(bad.Timestamp) ||
						l.Topic != "dead" || l.Headers[0].Key != "h" || string(l.Headers[0].Value) != string(bad.Headers[0].Value) || len(l.Headers) != 1+contextHeaders {
						t.Errorf("letter %+v", l)
					}
					line := fmt.Sprintf("Error encountered in task c-0. Executing stage '%s' with class '%s'"+
						", where consumed record is {topic='in', partition=0, offset=1, timestamp=1234, timestampType=CreateTime}.", tc.stage, tc.class)
					if !slices.Contains(lines(), line) {
						t.Errorf("log %q\nwithout %q", lines(), line)
					}
					err, p := run.end(), run.Progress()
					if tolerate {
						wrote := strings.Fields("good " + tc.written + " good")
						if got := r.committed(0); err != nil || got != 3 || !slices.Equal(st.list(), wrote) && tc.stage != "KEY_CONVERTER" {
							t.Errorf("end %v, committed %d, wrote %q", err, got, st.list())
						}
						if got := countsOf(p); got != (counts{Failures: 1, Errors: 1, Skipped: 1, Logged: 1, Letters: 1}) {
							t.Errorf("counts %+v", got)
						}
						return
					}
					if err == nil || !errors.Is(err, errExceeded) || !strings.HasPrefix(err.Error(), "Tolerance exceeded in error handler: ") || !strings.Contains(err.Error(), tc.fails) {
						t.Errorf("the task ended with %v", err)
					}
					if got := r.committed(0); got != tc.committed {
						t.Errorf("committed %d, want %d", got, tc.committed)
					}
					if got := countsOf(p); got != (counts{Failures: 1, Errors: 1, Logged: 1, Letters: 1}) {
						t.Errorf("counts %+v", got)
					}
				})
			})
		}
	}
}

// Many records fail, in transforms and in the connector: dead letters come in the
// order of the records, and each once although the connector asks for the batch
// again.
func TestSinkErrorsOfABatch(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		r.produce(0, 1, 9)
		st, dead := &store{}, &morgue{}
		st.onPut = func(ctx context.Context, b *connect.Batch, n int) error {
			if n < 3 {
				return connect.Retriable(errUnfit)
			}
			return failing("0:5", errUnfit)(ctx, b, n)
		}
		o := r.options(0, "a", st)
		o.Errors = dead.options()
		o.Transforms = []connect.ChainLink{
			{Alias: "a", Transform: failIf(oneOf("0:8", "0:2"))},
			{Alias: "b", Transform: panicIf(oneOf("0:1", "0:2", "0:4", "0:9"))},
		}
		run := start(NewSink(o))
		time.Sleep(20 * time.Second)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"0:1", "0:2", "0:4", "0:8", "0:9", "0:5"}, dead.values()); diff != "" {
			t.Errorf("dead letters (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"0:3", "0:5", "0:6", "0:7"}, st.list()); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
		if got := r.committed(0); got != 9 {
			t.Errorf("committed %d, want 9", got)
		}
		if got := countsOf(run.Progress()); got != (counts{Failures: 6, Errors: 6, Skipped: 6, Retries: 2, Letters: 6}) {
			t.Errorf("counts %+v", got)
		}
	})
}

// TestSinkRetries lets the value of the second record be decoded at the fourth
// try, in the connector's Put or in a transform.
func TestSinkRetries(t *testing.T) {
	for name, tc := range map[string]struct {
		links             []connect.ChainLink
		onPut             func(ctx context.Context, b *connect.Batch, n int) error
		timeout           time.Duration
		tolerate          bool
		written, dead     []string
		fails             string
		after             time.Duration // the time that it takes
		failures, retries int64
	}{
		"in a put":            {timeout: time.Minute, written: []string{"1", "flaky", "3"}, after: 2100 * time.Millisecond, failures: 3, retries: 3},
		"in a careless put":   {onPut: careless, timeout: time.Minute, written: []string{"1", "flaky", "3"}, after: 2100 * time.Millisecond, failures: 3, retries: 3},
		"in a transform":      {links: []connect.ChainLink{{Alias: "a", Transform: mark("")}}, timeout: -1, written: []string{"1", "flaky", "3"}, after: 2100 * time.Millisecond, failures: 3, retries: 3},
		"too long, tolerated": {timeout: time.Second, tolerate: true, written: []string{"1", "3"}, dead: []string{"flaky"}, after: time.Second, failures: 5, retries: 3},
		"too long": {timeout: time.Second, dead: []string{"flaky"}, written: []string{"1", "3"}, after: time.Second, failures: 5, retries: 3,
			fails: "Tolerance exceeded in error handler: the record at offset 1"},
		"not at all": {tolerate: true, written: []string{"1", "3"}, dead: []string{"flaky"}, failures: 2},
	} {
		t.Run(name, func(t *testing.T) {
			sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
				r.write(texts("1", "flaky", "3")...)
				st, dead := &store{onPut: tc.onPut}, &morgue{}
				o := r.options(0, "a", st)
				o.Errors, o.Transforms = dead.options(), tc.links
				o.Errors.RetryTimeout, o.Errors.Tolerate = tc.timeout, tc.tolerate
				times := 3 // at 0, 0.3 and 0.9 s
				if tc.dead != nil {
					times = 100
				}
				o.Value = &flaky{left: map[string]int{"flaky": times}, err: errRegistry}
				begin := time.Now()
				run := start(NewSink(o))
				for st.count() < len(tc.written) {
					time.Sleep(10 * time.Millisecond)
				}
				if d := time.Since(begin); d < tc.after || d > tc.after+5*time.Second {
					t.Errorf("it took %s, want %s and what it takes to join", d, tc.after)
				}
				time.Sleep(time.Second)
				err := run.end()
				if tc.fails == "" && err != nil || tc.fails != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.fails)) {
					t.Errorf("end %v", err)
				}
				if diff := cmp.Diff(tc.written, st.list()); diff != "" {
					t.Errorf("written (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tc.dead, dead.values()); diff != "" {
					t.Errorf("dead (-want +got):\n%s", diff)
				}
				if p := run.Progress(); p.Failures != tc.failures || p.Retries != tc.retries {
					t.Errorf("%d failures, %d retries, want %d and %d", p.Failures, p.Retries, tc.failures, tc.retries)
				}
			})
		})
	}
}

// A record that is tried again for ever holds up neither a stop, nor a pause, nor
// a rebalance, and is not lost by any.
func TestSinkRetryIsInterrupted(t *testing.T) {
	broken := func(r *sinkRig, st *store) (*flaky, SinkOptions) {
		conv := &flaky{left: map[string]int{"0:5": 1 << 30}, err: errRegistry}
		o := r.options(0, "a", st)
		o.Value, o.Errors = conv, (&morgue{}).options()
		o.Errors.RetryTimeout = -1
		return conv, o
	}
	mend := func(conv *flaky) {
		conv.mu.Lock()
		defer conv.mu.Unlock()
		conv.left["0:5"] = 0
	}
	complete := func(t *testing.T, r *sinkRig, st *store) {
		t.Helper()
		if got := st.values["0:5"]; got != 1 || len(st.values) != 9 {
			t.Errorf("0:5 was written %d times; %q", got, st.list())
		}
		if got := r.committed(0); got != 9 {
			t.Errorf("committed %d, want 9", got)
		}
	}
	t.Run("stop", func(t *testing.T) {
		sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
			r.produce(0, 1, 9)
			st := &store{}
			conv, o := broken(r, st)
			run := start(NewSink(o))
			time.Sleep(time.Minute)
			begin := time.Now()
			if err := run.end(); err != nil {
				t.Error(err)
			}
			if d := time.Since(begin); d > time.Second {
				t.Errorf("the stop took %s", d)
			}
			if got := r.committed(0); got != 4 {
				t.Errorf("committed %d, want 4: before the record that was not written", got)
			}
			mend(conv)
			again := start(NewSink(o))
			time.Sleep(10 * time.Second)
			if err := again.end(); err != nil {
				t.Error(err)
			}
			complete(t, r, st)
		})
	})
	t.Run("pause", func(t *testing.T) {
		sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
			r.produce(0, 1, 9)
			st := &store{}
			conv, o := broken(r, st)
			run := start(NewSink(o))
			time.Sleep(time.Minute)
			run.SetPaused(true)
			time.Sleep(2 * time.Second)
			if got := r.states.list(); got[len(got)-1] != Paused {
				t.Errorf("states %v while it is to be paused", got)
			}
			mend(conv)
			run.SetPaused(false)
			time.Sleep(10 * time.Second)
			if err := run.end(); err != nil {
				t.Error(err)
			}
			complete(t, r, st)
		})
	})
	t.Run("rebalance", func(t *testing.T) {
		sinkTest(t, 2, func(t *testing.T, r *sinkRig) {
			r.produce(0, 1, 9)
			st, other := &store{}, &store{}
			conv, o := broken(r, st)
			first := start(NewSink(o))
			time.Sleep(time.Minute)
			second := start(NewSink(r.options(1, "b", other)))
			time.Sleep(10 * time.Second)
			if a, b := first.Progress().Assignment, second.Progress().Assignment; len(a) != 1 || len(b) != 1 {
				t.Errorf("assignments %v and %v", a, b)
			}
			mend(conv)
			time.Sleep(2 * time.Minute)
			if err := errors.Join(first.end(), second.end()); err != nil {
				t.Error(err)
			}
			if st.values["0:5"]+other.values["0:5"] == 0 || r.committed(0) != 9 {
				t.Errorf("committed %d; wrote %q and %q", r.committed(0), st.list(), other.list())
			}
		})
	})
}

// As long as Kafka has not taken a dead letter, no offset from its record on is
// committed; not at a stop either.
func TestSinkCommitsBehindDeadLetters(t *testing.T) {
	for name, release := range map[string]bool{"taken at the stop": true, "never taken": false} {
		t.Run(name, func(t *testing.T) {
			sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
				r.write(texts("1", "2", "bad", "4", "bad", "6")...)
				st, dead := &store{}, &morgue{hold: true}
				o := r.options(0, "a", st)
				o.Errors = dead.options()
				run := start(NewSink(o))
				time.Sleep(20 * time.Second)
				if got := r.committed(0); got != 2 || dead.held() != 2 {
					t.Errorf("committed %d with %d dead letters in flight, want 2 and 2", got, dead.held())
				}
				if p := run.Progress(); p.Pending != 4 {
					t.Errorf("%d records pend, want 4", p.Pending)
				}
				run.stop()
				time.Sleep(time.Second)
				want := int64(2)
				if release {
					dead.answer()
					want = 6
				}
				if err := <-run.done; err != nil {
					t.Errorf("stop: %v", err)
				}
				if got := r.committed(0); got != want {
					t.Errorf("committed %d at the end, want %d", got, want)
				}
			})
		})
	}
}

// A rebalance while dead letters are in flight commits nothing behind them: who
// has the partition then reads their records again.
func TestSinkRebalanceWithDeadLettersInFlight(t *testing.T) {
	sinkTest(t, 2, func(t *testing.T, r *sinkRig) {
		dead := &morgue{hold: true}
		options := func(i int, name string, st *store) SinkOptions {
			o := r.options(i, name, st)
			o.Value, o.Errors = &flaky{left: map[string]int{}}, dead.options()
			o.Transforms = []connect.ChainLink{{Alias: "a", Transform: failIf(func(v string) bool { return strings.HasSuffix(v, ":3") })}}
			return o
		}
		r.produce(0, 1, 5)
		r.produce(1, 1, 5)
		first := start(NewSink(options(0, "a", &store{})))
		time.Sleep(10 * time.Second)
		second := start(NewSink(options(1, "b", &store{})))
		time.Sleep(time.Minute)
		if a, b := first.Progress().Assignment, second.Progress().Assignment; len(a) != 1 || len(b) != 1 {
			t.Errorf("assignments %v and %v", a, b)
		}
		if a, b := r.committed(0), r.committed(1); a != 2 || b != 2 {
			t.Errorf("committed %d and %d with dead letters in flight, want 2 and 2", a, b)
		}
		if got := dead.held(); got != 3 {
			t.Errorf("%d dead letters in flight, want 3: one of both tasks", got)
		}
		dead.answer()
		time.Sleep(10 * time.Second)
		if err := errors.Join(first.end(), second.end()); err != nil {
			t.Error(err)
		}
		if a, b := r.committed(0), r.committed(1); a != 5 || b != 5 {
			t.Errorf("committed %d and %d, want 5 and 5", a, b)
		}
	})
}

func TestSinkDeadLetterIsRefused(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		r.write(texts("1", "bad", "3")...)
		dead := &morgue{refuse: kerr.TopicAuthorizationFailed}
		o := r.options(0, "a", &store{})
		o.Errors = dead.options()
		run := start(NewSink(o))
		err := <-run.done
		if err == nil || !errors.Is(err, kerr.TopicAuthorizationFailed) || !strings.HasPrefix(err.Error(), `writing the dead letter of the record at offset 1 of partition 0 of topic "in" to topic "dead": `) {
			t.Errorf("the task ended with %v", err)
		}
		if got := r.committed(0); got != 1 {
			t.Errorf("committed %d, want 1: before the record that is nowhere", got)
		}
		if got := countsOf(run.Progress()); got != (counts{Failures: 1, Errors: 1, Skipped: 1, Letters: 1, Lost: 1}) {
			t.Errorf("counts %+v", got)
		}
	})
}

func TestDeadLetterTopicCannotBeMade(t *testing.T) {
	unable := func(context.Context) error { return kerr.InvalidReplicationFactor }
	want := "Could not initialize dead letter queue with topic=dead: INVALID_REPLICATION_FACTOR"
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		o := r.options(0, "a", &store{})
		o.Errors = (&morgue{}).options()
		o.Errors.DeadLetters.Ensure = unable
		if err := <-start(NewSink(o)).done; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the sink ended with %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 1)
		r.o.Errors = (&morgue{}).options()
		r.o.Errors.DeadLetters.Ensure = unable
		if err := <-start(NewSource(r.o)).done; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the source ended with %v", err)
		}
	})
}

// When every record fails and Kafka takes no dead letter, what is in flight stays
// below the task's share, and the task can be stopped.
func TestSinkDeadLettersAreBounded(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		const n, each = 400, 10 << 10
		for range n {
			r.write(&kgo.Record{Value: []byte(strings.Repeat("x", each))})
		}
		dead := &morgue{hold: true}
		st := &store{onPut: func(_ context.Context, b *connect.Batch, _ int) error {
			for i := range b.Records {
				b.Fail(i, errUnfit)
			}
			return nil
		}}
		o := r.options(0, "a", st)
		o.Errors, o.MaxInFlightBytes = dead.options(), 8<<20
		run := start(NewSink(o))
		time.Sleep(time.Minute)
		held, room := dead.held(), o.MaxInFlightBytes/letterShare
		if held*each > room || held*each < room/2 {
			t.Errorf("%d dead letters of %d bytes are in flight, in a room of %d", held, each, room)
		}
		begin := time.Now()
		run.stop()
		time.Sleep(time.Second)
		dead.answer()
		if err := <-run.done; err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d > 3*time.Second {
			t.Errorf("the stop took %s", d)
		}
		if got := r.committed(0); got < int64(held) || got > int64(len(dead.letters)) {
			t.Errorf("committed %d, %d dead letters were taken, %d before the stop", got, len(dead.letters), held)
		}
	})
}

// A record that cannot be decoded is found where it lies when the connector gives
// up on it, though a transform has asked for it before others were taken out.
func TestSinkFindsWhatCannotBeDecoded(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st, dead := &store{onPut: careless}, &morgue{}
		o := r.options(0, "a", st)
		o.Errors = dead.options()
		o.Transforms = []connect.ChainLink{{Alias: "a", Transform: careful{}}}
		r.write(texts("drop", "bad", "1", "2")...)
		run := start(NewSink(o))
		time.Sleep(30 * time.Second)
		if err := run.end(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"bad"}, dead.values()); diff != "" {
			t.Errorf("dead letters (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"1", "2"}, st.list()); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
	})
}

// careful is a transform that leaves alone what it cannot read.
type careful struct{}

func (careful) Apply(s *connect.Selection) {
	for r := s.Next(); r != nil; r = s.Next() {
		if _, v, err := r.Value.Get(); err == nil && v.Str() == "drop" {
			s.Drop()
		}
	}
}

// The dead letter of the record that ends a task is in Kafka when the task has
// ended, for its producer may be closed then.
func TestSinkWaitsForTheLastDeadLetter(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		dead := &morgue{hold: true}
		o := r.options(0, "a", &store{})
		o.Errors = dead.options()
		o.Errors.Tolerate = false
		r.write(texts("bad")...)
		run := start(NewSink(o))
		time.Sleep(5 * time.Second)
		select {
		case err := <-run.done:
			t.Fatalf("the task has ended with %v before its dead letter was taken", err)
		default:
		}
		dead.answer()
		if err := <-run.done; !errors.Is(err, errExceeded) || len(dead.values()) != 1 {
			t.Errorf("the task ended with %v, dead letters %q", err, dead.values())
		}
	})
}

// batches is a sink that writes at PreCommit, and finds out only then which records
// are not fit.
type batches struct {
	*store
	buffer []connect.Origin
	values []string
	refuse func(v string) error
}

func (b *batches) Put(_ context.Context, batch *connect.Batch) error {
	for i := range batch.Records {
		_, v, err := batch.Records[i].Value.Get()
		if err != nil {
			batch.Fail(i, err)
			continue
		}
		b.buffer, b.values = append(b.buffer, batch.Records[i].Origin()), append(b.values, strings.Clone(v.Str()))
	}
	return nil
}

func (b *batches) PreCommit(_ context.Context, o connect.Offsets) (connect.Offsets, error) {
	var errs []error
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, v := range b.values {
		if err := b.refuse(v); err != nil {
			errs = append(errs, &connect.RecordError{Origin: b.buffer[i], Err: err})
			continue
		}
		b.write(v)
	}
	b.buffer, b.values = nil, nil
	if len(errs) > 0 {
		return o, fmt.Errorf("writing: %w", errors.Join(errs...))
	}
	return o, nil
}

func (b *batches) Close(context.Context) error { return nil }

// What a connector that buffers finds out late is dealt with as if it had known at
// once.
func TestSinkLateErrors(t *testing.T) {
	odd := func(v string) error {
		if strings.HasPrefix(v, "odd") {
			return errUnfit
		}
		return nil
	}
	late := func(r *sinkRig, st *store, e ErrorOptions) SinkOptions {
		o := r.options(0, "a", st)
		o.Plugin.OpenSink = func(context.Context, connect.Env, map[string]string) (connect.SinkTask, error) {
			return &batches{store: st, refuse: odd}, nil
		}
		o.Errors = e
		return o
	}
	values := []string{"1", "odd1", "2", "odd2", "3"}
	t.Run("all", func(t *testing.T) {
		sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
			st, dead := &store{}, &morgue{}
			r.write(texts(values...)...)
			run := start(NewSink(late(r, st, dead.options())))
			time.Sleep(time.Minute)
			if got := r.committed(0); got != 5 {
				t.Errorf("committed %d, want 5", got)
			}
			if err := run.end(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{"odd1", "odd2"}, dead.values()); diff != "" {
				t.Errorf("dead letters (-want +got):\n%s", diff)
			}
			want := map[string]string{
				"topic": "in", "partition": "0", "offset": "1", "connector.name": "c", "task.id": "0", "stage": "TASK_PUT",
				"class.name": "org.apache.kafka.connect.sink.SinkTask", "exception.class.name": "org.apache.kafka.connect.errors.ConnectException", "exception.message": "unfit",
			}
			if diff := cmp.Diff(want, dead.context(0)); diff != "" {
				t.Errorf("context (-want +got):\n%s", diff)
			}
			// What lies behind the first one is put twice.
			if diff := cmp.Diff([]string{"1", "2", "3", "2", "3"}, st.list()); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			if got := countsOf(run.Progress()); got != (counts{Failures: 2, Errors: 2, Skipped: 2, Letters: 2}) {
				t.Errorf("counts %+v", got)
			}
		})
	})
	t.Run("none", func(t *testing.T) {
		sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
			r.write(texts(values...)...)
			run := start(NewSink(late(r, &store{}, ErrorOptions{})))
			err := <-run.done
			if want := `Tolerance exceeded in error handler: the record at offset 1 of partition 0 of topic "in" cannot be written`; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("the task ended with %v", err)
			}
			if got := r.committed(0); got != 1 {
				t.Errorf("committed %d, want 1", got)
			}
		})
	})
	t.Run("at a stop", func(t *testing.T) {
		sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
			st, dead := &store{}, &morgue{}
			r.write(texts(values...)...)
			run := start(NewSink(late(r, st, dead.options())))
			time.Sleep(3 * time.Second) // before the first commit
			if err := run.end(); err != nil {
				t.Error(err)
			}
			if got := r.committed(0); got != 1 || len(dead.letters) > 0 {
				t.Errorf("committed %d, want 1; dead letters %q", got, dead.values())
			}
			again := start(NewSink(late(r, st, dead.options())))
			time.Sleep(time.Minute)
			if err := again.end(); err != nil {
				t.Error(err)
			}
			if got := r.committed(0); got != 5 || len(dead.letters) != 2 {
				t.Errorf("committed %d, want 5; dead letters %q", got, dead.values())
			}
		})
	})
	t.Run("with another error", func(t *testing.T) {
		if late, err := lateErrors(errors.Join(&connect.RecordError{Err: errUnfit}, errUnfit)); late != nil || err == nil {
			t.Errorf("%v, %v", late, err)
		}
		if late, err := lateErrors(nil); late != nil || err != nil {
			t.Errorf("%v, %v", late, err)
		}
	})
}
