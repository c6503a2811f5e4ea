// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

func TestArenaPiecesDoNotOverlap(t *testing.T) {
	var a Arena
	for round := range 3 {
		var pieces [][]byte
		for i := range 500 {
			n := i * 7 % 1500
			var p []byte
			if i%2 == 0 {
				p = a.Copy(bytes.Repeat([]byte{byte(i)}, n))
			} else {
				p = a.Take(append(a.Tail(n/2), bytes.Repeat([]byte{byte(i)}, n)...))
			}
			pieces = append(pieces, p)
		}
		for i, p := range pieces {
			if want := bytes.Repeat([]byte{byte(i)}, i*7%1500); !bytes.Equal(p, want) {
				t.Fatalf("round %d: piece %d was overwritten", round, i)
			}
			_ = append(p, 'x') // must not reach the next piece
		}
		for i, p := range pieces {
			if len(p) > 0 && p[0] != byte(i) {
				t.Fatalf("round %d: an append to a piece reached piece %d", round, i)
			}
		}
		a.Reset()
		if a.Used() != 0 {
			t.Fatalf("after Reset %d bytes are in use", a.Used())
		}
	}
}

func TestArenaValuesAreNullAfterReset(t *testing.T) {
	var a Arena
	for range 2 {
		v, e := a.Values(10), a.Entries(10)
		for i := range v {
			if !v[i].IsNull() || !e[i].Key.IsNull() || !e[i].Value.IsNull() {
				t.Fatal("a value of an earlier batch is still there")
			}
			v[i], e[i] = StringValue("x"), Entry{StringValue("k"), Int8Value(1)}
		}
		a.Reset()
	}
}

func TestArenaIsReused(t *testing.T) {
	var a Arena
	fill := func() {
		for range 1000 {
			a.Values(5)
			a.Entries(2)
			a.Bytes(100)
		}
		a.Reset()
	}
	fill()
	if got := testing.AllocsPerRun(10, fill); got > 6 {
		t.Errorf("3000 pieces cost %v allocations after the first round, want at most the growth of three chunks", got)
	}
}

func TestBatch(t *testing.T) {
	b := NewBatch(3, 1000)
	if b.Full() {
		t.Error("an empty batch is full")
	}
	r := b.Add()
	if r.Partition != ByKey || r.Timestamp != NoTimestamp {
		t.Errorf("a new record has partition %d and timestamp %d", r.Partition, r.Timestamp)
	}
	r.Topic, r.SourceOffset = "t", b.Offset(Int64Value(5))
	b.Add()
	if b.Full() {
		t.Error("2 of 3 records are called full")
	}
	b.Add()
	if !b.Full() {
		t.Error("3 of 3 records are not full")
	}
	b.Fail(1, errors.New("no"))
	if f := b.Failures(); len(f) != 1 || f[0].Index != 1 {
		t.Errorf("failures are %v", f)
	}
	b.Reset()
	if len(b.Records) != 0 || len(b.Failures()) != 0 {
		t.Error("Reset left something")
	}
	if r := b.Add(); r.Topic != "" || r.SourceOffset != nil {
		t.Error("a reused record remembers its former life")
	}
	b.Arena.Bytes(1000)
	if !b.Full() {
		t.Error("a batch at its byte limit is not full")
	}
}

type countingConverter struct{ calls int }

func (c *countingConverter) FromConnect(dst []byte, _ string, _ *Schema, v Value) ([]byte, error) {
	return append(dst, v.Bytes()...), nil
}

func (c *countingConverter) ToConnect(_ *Arena, topic string, data []byte) (*Schema, Value, error) {
	c.calls++
	if data == nil {
		return nil, Value{}, fmt.Errorf("null in %s", topic)
	}
	return StringSchema, StringOf(data), nil
}

func TestDatumDecodesOnce(t *testing.T) {
	conv := &countingConverter{}
	codec := &Codec{Converter: conv, Topic: "t", Arena: &Arena{}}
	var d Datum
	d.SetRaw([]byte("v"), codec)
	if raw, c, ok := d.Raw(); !ok || c != codec || string(raw) != "v" {
		t.Errorf("an untouched datum has raw bytes %q, %v", raw, ok)
	}
	for range 2 {
		s, v, err := d.Get()
		if err != nil || s != StringSchema || v.Str() != "v" {
			t.Fatalf("Get returned %v %q %v", s, v.Str(), err)
		}
	}
	if conv.calls != 1 {
		t.Errorf("decoded %d times", conv.calls)
	}
	if _, _, ok := d.Raw(); ok {
		t.Error("a touched datum still offers its raw bytes")
	}
	d.SetRaw(nil, codec)
	if _, _, err := d.Get(); err == nil {
		t.Error("the converter's error is lost")
	}
	d.Set(Int64Schema, Int64Value(3))
	if s, v, err := d.Get(); err != nil || s != Int64Schema || v.Int() != 3 {
		t.Errorf("Set is not what Get returns: %v %v %v", s, v, err)
	}
}

func TestHeader(t *testing.T) {
	conv := &countingConverter{}
	codec := &Codec{Converter: conv, Topic: "t", Arena: &Arena{}}
	h := Header{Key: "trace"}
	if s, v, err := h.Get(); s != nil || !v.IsNull() || err != nil {
		t.Errorf("a header without value is %v %v, %v", s, v, err)
	}
	h.Value.SetRaw([]byte("v"), codec)
	if s, v, err := h.Get(); s != StringSchema || v.Str() != "v" || err != nil {
		t.Errorf("got %v %v, %v", s, v, err)
	}
	h.Value.SetRaw(nil, codec)
	if _, _, err := h.Get(); err == nil || err.Error() != `reading the header "trace": null in t` {
		t.Errorf("got error %v", err)
	}
}

// Headers that were handed out stay what they are when the arena grows, and count
// as memory.
func TestArenaHeaders(t *testing.T) {
	var a Arena
	all := make([][]Header, 40)
	for i := range all {
		all[i] = a.Headers(2)
		all[i][1].Key = fmt.Sprint(i)
	}
	for i, h := range all {
		if len(h) != 2 || cap(h) != 2 || h[0].Key != "" || h[1].Key != fmt.Sprint(i) {
			t.Errorf("headers %d are %v", i, h)
		}
	}
	if a.Used() != 80*headerCost {
		t.Errorf("80 headers count as %d bytes", a.Used())
	}
	a.Reset()
	if h := a.Headers(1); h[0].Key != "" || a.Used() != headerCost {
		t.Errorf("after Reset a header is %v, %d bytes are used", h, a.Used())
	}
	a.Headers(keepHeaders + 1)
	a.Reset()
	if cap(a.headers) > keepHeaders {
		t.Error("Reset keeps what a huge batch has needed")
	}
}

func TestShare(t *testing.T) {
	const keys = 3000
	for _, count := range []int{1, 2, 5, 16} {
		got := make([]int, count)
		moved := 0
		for i := range keys {
			key := fmt.Sprintf("table-%d", i)
			owner := Share(key, count)
			got[owner]++
			if next := Share(key, count+1); next != owner {
				if next != count {
					t.Fatalf("%s moved from task %d to %d, not to the new one", key, owner, next)
				}
				moved++
			}
		}
		for i, n := range got {
			if n < keys/count*8/10 || n > keys/count*12/10+1 {
				t.Errorf("of %d tasks, task %d owns %d of %d keys", count, i, n, keys)
			}
		}
		if moved > keys/(count+1)*12/10 {
			t.Errorf("one more than %d tasks moved %d of %d keys", count, moved, keys)
		}
	}
	if !(Env{Index: 0, Count: 1}).Owns("x") {
		t.Error("a task alone does not own everything")
	}
}

func TestRetriable(t *testing.T) {
	cause := errors.New("away")
	wrapped := fmt.Errorf("writing: %w", Retriable(cause))
	if !IsRetriable(wrapped) || !errors.Is(wrapped, cause) || wrapped.Error() != "writing: away" {
		t.Errorf("%v is not a retriable %v", wrapped, cause)
	}
	if IsRetriable(cause) || Retriable(nil) != nil {
		t.Error("an unmarked error is retriable")
	}
}
