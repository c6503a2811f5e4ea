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

	"penstock.dev/runtime/connect"
)

// each is a transform that calls a function for each record: it may change it, or
// return that it is to be dropped, or an error.
type each func(r *connect.Record, value string) (drop bool, err error)

func (f each) Apply(s *connect.Selection) {
	for r := s.Next(); r != nil; r = s.Next() {
		_, v, err := r.Value.Get()
		if err != nil {
			s.Fail(err)
			continue
		}
		switch drop, err := f(r, v.Str()); {
		case err != nil:
			s.Fail(err)
		case drop:
			s.Drop()
		}
	}
}

// when is a predicate that calls a function for each value.
type when func(value string) (bool, error)

func (f when) Test(r *connect.Record) (bool, error) {
	_, v, err := r.Value.Get()
	if err != nil {
		return false, err
	}
	return f(v.Str())
}

var errUnfit = errors.New("unfit")

func mark(text string) each {
	return func(r *connect.Record, v string) (bool, error) {
		r.Value.Set(nil, connect.StringValue(v+text))
		return false, nil
	}
}

func dropIf(pick func(v string) bool) each {
	return func(_ *connect.Record, v string) (bool, error) { return pick(v), nil }
}

func failIf(pick func(v string) bool) each {
	return func(_ *connect.Record, v string) (bool, error) {
		if pick(v) {
			return false, errUnfit
		}
		return false, nil
	}
}

func panicIf(pick func(v string) bool) each {
	return func(_ *connect.Record, v string) (bool, error) {
		if pick(v) {
			panic("oh no")
		}
		return false, nil
	}
}

// oneOf picks values, whatever was appended to them.
func oneOf(values ...string) func(string) bool {
	return func(v string) bool {
		v, _, _ = strings.Cut(v, "+")
		return slices.Contains(values, v)
	}
}

func all(string) bool { return true }

// TestChain runs chains over the values 0:1 to 0:6.
func TestChain(t *testing.T) {
	link := func(alias string, t connect.Transform) connect.ChainLink {
		return connect.ChainLink{Alias: alias, Transform: t}
	}
	only := func(l connect.ChainLink, negate bool, p when) connect.ChainLink {
		l.PredicateAlias, l.Predicate, l.Negate = "p", p, negate
		return l
	}
	odd := when(func(v string) (bool, error) { return oneOf("0:1", "0:3", "0:5")(v), nil })
	broken := when(func(v string) (bool, error) {
		if v == "0:4" {
			return false, errUnfit
		}
		return true, nil
	})
	for name, tc := range map[string]struct {
		links []connect.ChainLink
		want  string // of the records before the one that fails, those that are not dropped
		err   string
	}{
		"none":                  {want: "0:1 0:2 0:3 0:4 0:5 0:6"},
		"one after the other":   {links: []connect.ChainLink{link("a", mark("+a")), link("b", mark("+b"))}, want: "0:1+a+b 0:2+a+b 0:3+a+b 0:4+a+b 0:5+a+b 0:6+a+b"},
		"dropped ones are gone": {links: []connect.ChainLink{link("a", dropIf(oneOf("0:1", "0:6"))), link("b", failIf(oneOf("0:1", "0:6"))), link("c", mark("+"))}, want: "0:2+ 0:3+ 0:4+ 0:5+"},
		"all dropped":           {links: []connect.ChainLink{link("a", dropIf(all)), link("b", panicIf(all))}},
		"predicate":             {links: []connect.ChainLink{only(link("a", mark("+a")), false, odd), link("b", mark("+b"))}, want: "0:1+a+b 0:2+b 0:3+a+b 0:4+b 0:5+a+b 0:6+b"},
		"negated predicate":     {links: []connect.ChainLink{only(link("a", dropIf(all)), true, odd)}, want: "0:1 0:3 0:5"},
		"failure": {
			links: []connect.ChainLink{link("a", failIf(oneOf("0:3", "0:5"))), link("b", mark("+b"))}, want: "0:1+b 0:2+b",
			err: `transform a: the record at offset {"n":3} of source partition {"p":0}, for topic "out": unfit`,
		},
		"the earlier record counts": {
			links: []connect.ChainLink{link("a", failIf(oneOf("0:5"))), link("b", failIf(oneOf("0:2", "0:6"))), link("c", mark("+c"))}, want: "0:1+c",
			err: `transform b: the record at offset {"n":2} of source partition {"p":0}, for topic "out": unfit`,
		},
		"panic": {
			links: []connect.ChainLink{link("a", panicIf(oneOf("0:4"))), link("b", mark("+b"))}, want: "0:1+b 0:2+b 0:3+b",
			err: `transform a: the record at offset {"n":4} of source partition {"p":0}, for topic "out": panic while transforming: oh no`,
		},
		"failure before a panic": {
			links: []connect.ChainLink{link("a", each(func(_ *connect.Record, v string) (bool, error) {
				if v == "0:2" {
					return false, errUnfit
				}
				return panicIf(oneOf("0:4"))(nil, v)
			}))}, want: "0:1",
			err: `transform a: the record at offset {"n":2} of source partition {"p":0}, for topic "out": unfit`,
		},
		"predicate fails": {
			links: []connect.ChainLink{only(link("a", mark("+a")), false, broken), link("b", mark("+b"))}, want: "0:1+a+b 0:2+a+b 0:3+a+b",
			err: `predicate p of transform a: the record at offset {"n":4} of source partition {"p":0}, for topic "out": unfit`,
		},
		"predicate panics": {
			links: []connect.ChainLink{only(link("a", mark("+a")), false, func(v string) (bool, error) {
				return panicIf(oneOf("0:2"))(nil, v)
			})}, want: "0:1",
			err: `predicate p of transform a: the record at offset {"n":2} of source partition {"p":0}, for topic "out": panic while deciding by a predicate: oh no`,
		},
		"transform fails before its predicate": {
			links: []connect.ChainLink{only(link("a", failIf(oneOf("0:1"))), false, broken)},
			err:   `transform a: the record at offset {"n":1} of source partition {"p":0}, for topic "out": unfit`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := connect.NewBatch(10, 1<<20)
			part := &connect.SourcePartition{Key: map[string]any{"p": int64(0)}, Fields: []string{"n"}}
			for n := range int64(6) {
				r := b.Add()
				r.Topic, r.Source, r.SourceOffset = "out", part, b.Offset(connect.Int64Value(n+1))
				r.Value.Set(nil, connect.StringValue(fmt.Sprintf("0:%d", n+1)))
			}
			var loop base
			loop.init(options(&epochs{}, &states{}, connect.Plugin{}))
			c := chain{b: &loop, links: tc.links}
			n, err := c.apply(b, len(b.Records))
			var got []string
			for i := range b.Records[:n] {
				if r := &b.Records[i]; !r.Dropped() {
					_, v, _ := r.Value.Get()
					got = append(got, v.Str())
				}
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("passed are %q, want %q", got, tc.want)
			}
			if (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
				t.Errorf("error %v, want %s", err, tc.err)
			}
		})
	}
}

// A source whose records are dropped, some or all, commits beyond them.
func TestSourceDropsRecords(t *testing.T) {
	for name, tc := range map[string]struct {
		drop func(string) bool
		want []string
	}{
		"some":     {oneOf("0:1", "0:4", "0:24", "0:25"), slices.DeleteFunc(numbers(0, 25), oneOf("0:1", "0:4", "0:24", "0:25"))},
		"the last": {oneOf("0:25"), numbers(0, 24)},
		"all":      {all, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1, 25)
				r.source.each = 10
				r.o.Transforms = []connect.ChainLink{{Alias: "a", Transform: dropIf(tc.drop)}}
				run := start(NewSource(r.o))
				time.Sleep(6 * time.Second)
				synctest.Wait()
				if diff := cmp.Diff(tc.want, r.broker.values()); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
				if got := r.topic.number(partKey(0)); got != 25 {
					t.Errorf("committed %d, want 25", got)
				}
				if p := run.Progress(); p.Records != int64(len(tc.want)) || p.Pending != 0 {
					t.Errorf("progress %+v, want %d records", p, len(tc.want))
				}
				if err := run.end(); err != nil {
					t.Errorf("stop: %v", err)
				}
			})
		})
	}
}

// A dropped record is no reason to commit beyond one that Kafka has not taken.
func TestSourceDropsBehindWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, 6)
		r.source.each = 3
		r.broker.hold = true
		r.o.Transforms = []connect.ChainLink{{Alias: "a", Transform: dropIf(oneOf("0:1", "0:3", "0:4", "0:5", "0:6"))}}
		run := start(NewSource(r.o))
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if got := r.topic.number(partKey(0)); got != 1 {
			t.Errorf("committed %d, want 1: the record 0:2 is in flight", got)
		}
		r.broker.setHold(false)
		time.Sleep(6 * time.Second)
		if got := r.topic.number(partKey(0)); got != 6 {
			t.Errorf("committed %d, want 6", got)
		}
		if err := run.end(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

func TestSourceTransformFails(t *testing.T) {
	for name, tc := range map[string]struct {
		transform connect.Transform
		want      string
	}{
		"error": {failIf(oneOf("0:4")), `transform a: the record at offset {"n":4} of source partition {"p":0}, for topic "out": unfit`},
		"panic": {panicIf(oneOf("0:4")), "panic while transforming: oh no"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1, 6)
				r.source.each = 6
				r.o.Transforms = []connect.ChainLink{{Alias: "a", Transform: tc.transform}}
				err := <-start(NewSource(r.o)).done
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("the task ended with %v, want %s", err, tc.want)
				}
				if diff := cmp.Diff(numbers(0, 3), r.broker.values()); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
				if got := r.topic.number(partKey(0)); got != 3 {
					t.Errorf("committed %d, want 3", got)
				}
			})
		})
	}
}

func TestSinkTransforms(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		var topics []string
		st := &store{onPut: func(_ context.Context, b *connect.Batch, _ int) error {
			for i := range b.Records {
				rec := &b.Records[i]
				topics = append(topics, fmt.Sprint(rec.Topic, " ", rec.Origin().Topic, " ", rec.Origin().Offset))
			}
			return nil
		}}
		o := r.options(0, "a", st)
		o.Transforms = []connect.ChainLink{
			{Alias: "a", Transform: dropIf(oneOf("0:1", "0:5"))},
			{Alias: "b", Transform: each(func(r *connect.Record, _ string) (bool, error) {
				r.Topic, r.Partition = "elsewhere", 7
				return false, nil
			})},
		}
		r.produce(0, 1, 5)
		run := start(NewSink(o))
		time.Sleep(12 * time.Second)
		if diff := cmp.Diff([]string{"0:2", "0:3", "0:4"}, st.list()); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"elsewhere in 1", "elsewhere in 2", "elsewhere in 3"}, topics); diff != "" {
			t.Errorf("topics (-want +got):\n%s", diff)
		}
		if got := r.committed(0); got != 5 {
			t.Errorf("committed %d, want 5: the last record was dropped", got)
		}
		if p := run.Progress(); p.Records != 3 || p.Pending != 0 {
			t.Errorf("progress %+v", p)
		}
		if err := run.end(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

func TestSinkDropsAll(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{}
		o := r.options(0, "a", st)
		o.Transforms = []connect.ChainLink{{Alias: "a", Transform: dropIf(all)}}
		r.produce(0, 1, 5)
		run := start(NewSink(o))
		time.Sleep(12 * time.Second)
		if got := r.committed(0); got != 5 || st.puts != 0 {
			t.Errorf("committed %d after %d puts, want 5 after none", got, st.puts)
		}
		if err := run.end(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

// After an error that may pass, the records are transformed again from what was
// read, not from what the transforms have made of it.
func TestSinkTransformsAgain(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{onPut: func(_ context.Context, _ *connect.Batch, n int) error {
			if n == 1 {
				return connect.Retriable(errUnfit)
			}
			return nil
		}}
		o := r.options(0, "a", st)
		o.Transforms = []connect.ChainLink{{Alias: "a", Transform: mark("+a")}, {Alias: "b", Transform: dropIf(oneOf("0:1"))}}
		r.produce(0, 1, 3)
		run := start(NewSink(o))
		time.Sleep(12 * time.Second)
		if diff := cmp.Diff([]string{"0:2+a", "0:3+a"}, st.list()); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		if err := run.end(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

// A record that the connector fails is found by where it was read, though the ones
// before it in the batch were dropped and its topic was changed.
func TestSinkFailsBehindDropped(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{onPut: func(_ context.Context, b *connect.Batch, _ int) error {
			b.Fail(1, errUnfit) // 0:4
			return nil
		}}
		o := r.options(0, "a", st)
		o.Transforms = []connect.ChainLink{
			{Alias: "a", Transform: dropIf(oneOf("0:1", "0:2"))},
			{Alias: "b", Transform: each(func(r *connect.Record, _ string) (bool, error) {
				r.Topic = "elsewhere"
				return false, nil
			})},
		}
		r.produce(0, 1, 5)
		err := <-start(NewSink(o)).done
		if err == nil || !strings.Contains(err.Error(), `the record at offset 3 of partition 0 of topic "in" cannot be written`) {
			t.Errorf("the task ended with %v", err)
		}
		if got := r.committed(0); got != 3 {
			t.Errorf("committed %d, want 3", got)
		}
	})
}

func TestSinkTransformFails(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{}
		o := r.options(0, "a", st)
		o.Transforms = []connect.ChainLink{{Alias: "a", Transform: failIf(oneOf("0:2"))}}
		r.produce(0, 1, 3)
		err := <-start(NewSink(o)).done
		want := `Tolerance exceeded in error handler: transform a: the record at offset 1 of partition 0 of topic "in": unfit`
		if err == nil || err.Error() != want {
			t.Errorf("the task ended with %v, want %s", err, want)
		}
		if got := r.committed(0); got > 1 || st.count() != 0 {
			t.Errorf("committed %d, written %v", got, st.list())
		}
	})
}
