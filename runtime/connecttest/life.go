// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connecttest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"penstock.dev/runtime/connect"
)

// closer is a task of either kind.
type closer interface {
	Close(ctx context.Context) error
}

func open(ctx context.Context, p connect.Plugin, env connect.Env, props map[string]string) (closer, error) {
	if p.Kind == connect.SinkKind {
		env.Offsets = nil
		return p.OpenSink(ctx, env, props)
	}
	return p.OpenSource(ctx, env, props)
}

func openSource(t *testing.T, s Suite, props map[string]string, offsets Offsets) connect.SourceTask {
	t.Helper()
	task, err := s.Plugin.OpenSource(t.Context(), Env(t, offsets), props)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func closeTask(t *testing.T, task closer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := task.Close(ctx); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// noLeak checks, when the test ends, that it left no goroutine behind.
func noLeak(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

func testOpenClose(t *testing.T, s Suite) {
	noLeak(t)
	props := s.Config(t)
	for range 3 {
		task, err := open(t.Context(), s.Plugin, Env(t, Offsets{}), props)
		if err != nil {
			t.Fatal(err)
		}
		closeTask(t, task)
	}
	if task, err := open(t.Context(), s.Plugin, Env(t, Offsets{}), map[string]string{}); err == nil && anyRequired(s.Plugin) {
		t.Error("opened without its required keys")
		closeTask(t, task)
	}
}

func anyRequired(p connect.Plugin) bool {
	for _, k := range p.Keys {
		if k.Required {
			return true
		}
	}
	return false
}

// some polls until there are at least n records and returns them; they stay
// good, since each batch is a new one.
func some(t *testing.T, task connect.SourceTask, n int) []*connect.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got []*connect.Record
	for len(got) < n {
		b := connect.NewBatch(batchRecords, batchBytes)
		if err := task.Poll(ctx, b); err != nil {
			t.Fatalf("polling gave an error after %d of %d records: %v", len(got), n, err)
		}
		for i := range b.Records {
			got = append(got, &b.Records[i])
		}
	}
	return got
}

func testRecords(t *testing.T, s Suite) {
	noLeak(t)
	task := openSource(t, s, s.Config(t), Offsets{})
	defer closeTask(t, task)
	for _, r := range some(t, task, 2) {
		if err := checkRecord(r); err != nil {
			t.Fatal(err)
		}
	}
}

// checkRecord checks what the loop needs of a source record.
func checkRecord(r *connect.Record) error {
	if err := connect.CheckTopic(r.Topic); err != nil {
		return err
	}
	if r.Source == nil || len(r.Source.Key) == 0 || len(r.Source.Fields) != len(r.SourceOffset) {
		return fmt.Errorf("a record has a source partition with a key, and an offset with its fields: %+v %v", r.Source, r.SourceOffset)
	}
	for k, v := range r.Source.Key {
		switch v.(type) {
		case nil, string, bool, int64, float64:
		default:
			return fmt.Errorf("a source partition's %s is a %T", k, v)
		}
	}
	for _, d := range []*connect.Datum{&r.Key, &r.Value} {
		if _, _, err := d.Get(); err != nil {
			return err
		}
	}
	return nil
}

func testCancel(t *testing.T, s Suite) {
	noLeak(t)
	task := openSource(t, s, s.Config(t), Offsets{})
	defer closeTask(t, task)
	for name, d := range map[string]time.Duration{"before": 0, "while it waits or works": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- pollUntilDone(ctx, task) }()
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(patience):
				t.Fatal("Poll does not return though its context is done")
			}
		})
	}
}

// pollUntilDone polls until ctx is done, and once more.
func pollUntilDone(ctx context.Context, task connect.SourceTask) error {
	b := connect.NewBatch(batchRecords, batchBytes)
	for last := false; !last; {
		last = ctx.Err() != nil
		b.Reset()
		if err := task.Poll(ctx, b); err != nil && (ctx.Err() == nil || !errors.Is(err, ctx.Err())) {
			return fmt.Errorf("polling: %w", err)
		}
	}
	return nil
}

func testResume(t *testing.T, s Suite) {
	props := s.Config(t)
	task := openSource(t, s, props, Offsets{})
	want := some(t, task, 2)
	closeTask(t, task)
	for i := range want[:len(want)-1] {
		offsets := Offsets{}
		if err := offsets.Commit(want[i]); err != nil {
			t.Fatal(err)
		}
		again := openSource(t, s, props, offsets)
		got := some(t, again, 1)
		closeTask(t, again)
		_, w, _ := want[i+1].Value.Get()
		if _, g, err := got[0].Value.Get(); err != nil || !g.Equal(w) {
			t.Fatalf("after the offset of record %d comes another record than %d (error %v)", i, i+1, err)
		}
		if i == 10 {
			break
		}
	}
}

func testPutTwice(t *testing.T, s Suite) {
	noLeak(t)
	task, err := s.Plugin.OpenSink(t.Context(), sinkEnv(t), s.Config(t))
	if err != nil {
		t.Fatal(err)
	}
	defer closeTask(t, task)
	b := connect.NewBatch(batchRecords, batchBytes)
	fillBatch(s, b)
	for range 2 {
		if err := task.Put(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for _, f := range b.Failures() {
			t.Errorf("record %d: %v", f.Index, f.Err)
		}
	}
	if p, ok := task.(connect.PreCommitter); ok {
		given := connect.Offsets{{Topic: topic, Partition: 0}: int64(len(b.Records))}
		safe, err := p.PreCommit(t.Context(), given)
		if err != nil {
			t.Fatal(err)
		}
		for tp, o := range safe {
			if o > given[tp] {
				t.Errorf("%v: offset %d is safe, but only %d were put", tp, o, given[tp])
			}
		}
	}
}

const topic = "connecttest"

func sinkEnv(t *testing.T) connect.Env {
	env := Env(t, nil)
	env.Offsets = nil
	return env
}

func fillBatch(s Suite, b *connect.Batch) {
	if s.Records != nil {
		s.Records(b)
	} else {
		for _, line := range []string{"one", "two", "three"} {
			b.Add().Value.Set(connect.StringSchema, connect.StringValue(line))
		}
	}
	for i := range b.Records {
		r := &b.Records[i]
		r.Topic, r.Partition, r.Offset = topic, 0, int64(i)
		r.SetOrigin(connect.Origin{Topic: topic, Partition: 0, Offset: int64(i)})
	}
}
