// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package plugins

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
	"penstock.dev/test/bench/bare"
)

func TestSourceFeedsSink(t *testing.T) {
	const n, size = 2500, 100
	src, err := sourcePlugin().OpenSource(t.Context(), connecttest.Env(t, nil), map[string]string{"topic": "t", "records": strconv.Itoa(n), "size": strconv.Itoa(size)})
	if err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(t.TempDir(), "count")
	dst, err := sinkPlugin().OpenSink(t.Context(), connecttest.Env(t, nil), map[string]string{"records": strconv.Itoa(n), "report": report})
	if err != nil {
		t.Fatal(err)
	}
	b := connect.NewBatch(1000, 1<<20)
	for moved := 0; moved < n; moved += len(b.Records) {
		b.Reset()
		if err := src.Poll(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := dst.Put(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := bare.Read(report); err != nil || got != bare.Expect(n, size) {
		t.Errorf("the sink counted %+v, %v; want %+v", got, err, bare.Expect(n, size))
	}
	b.Reset()
	b.Add().Value.Set(connect.StringSchema, connect.StringValue("x"))
	if err := dst.Put(t.Context(), b); err == nil {
		t.Error("a string was taken for bytes")
	}
}

func TestJSONSink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	dst, err := jsonSinkPlugin().OpenSink(t.Context(), connecttest.Env(t, nil), map[string]string{"file": path})
	if err != nil {
		t.Fatal(err)
	}
	b := connect.NewBatch(10, 1<<20)
	r := b.Add()
	r.Topic = "t"
	r.Value.Set(connect.StringSchema, connect.StringValue("x"))
	if err := dst.Put(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := dst.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	want := `t {"schema":{"type":"string","optional":false},"payload":"x"}` + "\n"
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Errorf("wrote %q, %v; want %q", got, err, want)
	}
}
