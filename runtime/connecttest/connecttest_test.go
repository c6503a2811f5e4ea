// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connecttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
)

func TestOffsets(t *testing.T) {
	o := Offsets{}
	partition := map[string]any{"b": int64(1), "a": "x"}
	got, err := o.Offset(t.Context(), partition)
	if got != nil || err != nil {
		t.Errorf("got %v, error %v of nothing", got, err)
	}
	r := &connect.Record{
		Source: &connect.SourcePartition{Key: partition, Fields: []string{"int", "float", "text", "truth", "null"}},
		SourceOffset: []connect.Value{
			connect.Int32Value(-7), connect.Float32Value(0.5), connect.StringValue("s"), connect.BooleanValue(true), connect.NullValue(),
		},
	}
	if err := o.Commit(r); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"int": int64(-7), "float": 0.5, "text": "s", "truth": true, "null": nil}
	got, err = o.Offset(t.Context(), map[string]any{"a": "x", "b": int64(1)})
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("error %v, %s", err, d)
	}
	bad := map[string]any{"f": func() {}}
	if _, err := o.Offset(t.Context(), bad); err == nil {
		t.Error("a partition that is no JSON has an offset")
	}
	if err := o.Commit(&connect.Record{Source: &connect.SourcePartition{Key: bad}}); err == nil {
		t.Error("a partition that is no JSON is committed")
	}
}

func TestCheckRecord(t *testing.T) {
	good := func() *connect.Record {
		return &connect.Record{
			Topic:        "t",
			Source:       &connect.SourcePartition{Key: map[string]any{"a": nil, "b": int64(1)}, Fields: []string{"n"}},
			SourceOffset: []connect.Value{connect.Int64Value(1)},
		}
	}
	for name, tc := range map[string]struct {
		spoil func(*connect.Record)
		want  string
	}{
		"good":            {func(*connect.Record) {}, ""},
		"topic":           {func(r *connect.Record) { r.Topic = "a b" }, "no topic name"},
		"no partition":    {func(r *connect.Record) { r.Source = nil }, "source partition"},
		"no offset":       {func(r *connect.Record) { r.SourceOffset = nil }, "source partition"},
		"partition's int": {func(r *connect.Record) { r.Source.Key["b"] = 1 }, "b is a int"},
		"value": {func(r *connect.Record) {
			r.Value.SetRaw(nil, &connect.Codec{Converter: &refusing{}})
		}, "undecodable"},
	} {
		t.Run(name, func(t *testing.T) {
			r := good()
			tc.spoil(r)
			err := checkRecord(r)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// sinkOf is a sink of two functions; pre may be nil.
type sinkOf struct {
	put func(b *connect.Batch) error
	pre func(o connect.Offsets) (connect.Offsets, error)
}

func (s sinkOf) Put(_ context.Context, b *connect.Batch) error { return s.put(b) }
func (sinkOf) Close(context.Context) error                     { return nil }
func (s sinkOf) PreCommit(_ context.Context, o connect.Offsets) (connect.Offsets, error) {
	if s.pre == nil {
		return o, nil
	}
	return s.pre(o)
}

func TestPutUndecodable(t *testing.T) {
	// read asks for all values, and gives what cannot be had to fail.
	read := func(b *connect.Batch, fail func(i int, err error)) {
		for i := range b.Records {
			if _, _, err := b.Records[i].Value.Get(); err != nil {
				fail(i, err)
			}
		}
	}
	other := errors.New("other")
	for name, tc := range map[string]struct {
		sink sinkOf
		want string
	}{
		"fails it":    {sinkOf{put: func(b *connect.Batch) error { read(b, b.Fail); return nil }}, ""},
		"asks nobody": {sinkOf{put: func(*connect.Batch) error { return nil }}, ""},
		"returns it": {sinkOf{put: func(b *connect.Batch) (last error) {
			read(b, func(_ int, err error) { last = fmt.Errorf("putting: %w", err) })
			return last
		}}, ""},
		"swallows it": {sinkOf{put: func(b *connect.Batch) error { read(b, func(int, error) {}); return nil }}, "it is lost"},
		"returns another error": {sinkOf{put: func(b *connect.Batch) (last error) {
			read(b, func(int, error) { last = other })
			return last
		}}, "does not return what Datum.Get has said: other"},
		"fails another record": {sinkOf{put: func(b *connect.Batch) error {
			read(b, func(_ int, err error) { b.Fail(0, err) })
			return nil
		}}, "record 0 has failed, which can be decoded"},
		"fails none of the batch": {sinkOf{put: func(b *connect.Batch) error {
			read(b, func(_ int, err error) { b.Fail(3, err) })
			return nil
		}}, "record 3 of 3"},
		"fails it otherwise": {sinkOf{put: func(b *connect.Batch) error {
			read(b, func(i int, _ error) { b.Fail(i, other) })
			return nil
		}}, "without what Datum.Get has said: other"},
		"goes on failing": {sinkOf{put: func(*connect.Batch) error { return errUndecodable }}, "fails without the records"},
		"fails it late": {sinkOf{
			put: func(b *connect.Batch) error { read(b, func(int, error) {}); return nil },
			pre: func(o connect.Offsets) (connect.Offsets, error) {
				return o, &connect.RecordError{Origin: connect.Origin{Topic: topic, Offset: 1}, Err: errUndecodable}
			},
		}, ""},
		"fails another one late": {sinkOf{
			put: func(b *connect.Batch) error { read(b, b.Fail); return nil },
			pre: func(o connect.Offsets) (connect.Offsets, error) {
				return o, &connect.RecordError{Origin: connect.Origin{Topic: topic}, Err: errUndecodable}
			},
		}, "PreCommit fails"},
		"calls more safe": {sinkOf{
			put: func(b *connect.Batch) error { read(b, b.Fail); return nil },
			pre: func(connect.Offsets) (connect.Offsets, error) {
				return connect.Offsets{{Topic: topic}: 4}, nil
			},
		}, "only 3 were put"},
	} {
		t.Run(name, func(t *testing.T) {
			b := connect.NewBatch(batchRecords, batchBytes)
			fillBatch(Suite{}, b)
			conv := &refusing{}
			b.Records[1].Value.SetRaw([]byte("?"), &connect.Codec{Converter: conv, Topic: topic, Arena: &b.Arena})
			err := putUndecodable(t.Context(), tc.sink, b, []int{1}, conv)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestSampleOf(t *testing.T) {
	got := sampleOf("# x\n```properties\n# a=comment\na=1\n b.c = d=e \n\n```\n```properties\nz=1\n```\n")
	if d := cmp.Diff(map[string]string{"a": "1", "b.c": "d=e"}, got); d != "" {
		t.Error(d)
	}
}

// source ends Poll with what it is told to.
type source struct {
	poll func(ctx context.Context) error
}

func (s source) Poll(ctx context.Context, _ *connect.Batch) error { return s.poll(ctx) }
func (source) Close(context.Context) error                        { return nil }

func TestPollUntilDone(t *testing.T) {
	failed := errors.New("failed")
	for name, tc := range map[string]struct {
		poll func(ctx context.Context) error
		want error
	}{
		"its context's error":      {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil},
		"no error":                 {func(ctx context.Context) error { <-ctx.Done(); return nil }, nil},
		"another error":            {func(context.Context) error { return failed }, failed},
		"another error at the end": {func(ctx context.Context) error { <-ctx.Done(); return failed }, failed},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error)
			go func() { done <- pollUntilDone(ctx, source{tc.poll}) }()
			cancel()
			if err := <-done; !errors.Is(err, tc.want) {
				t.Errorf("got error %v", err)
			}
		})
	}
}
