// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connecttest

import (
	"context"
	"errors"
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
			r.Value.SetRaw(nil, &connect.Codec{Converter: undecodable{}})
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

type undecodable struct{ connect.Converter }

func (undecodable) ToConnect(*connect.Arena, string, []byte) (*connect.Schema, connect.Value, error) {
	return nil, connect.Value{}, errors.New("undecodable")
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
