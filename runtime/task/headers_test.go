// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/runtime/connect"
)

// marked is a converter that counts its calls and marks what it writes.
type marked struct{ from, to int }

func (m *marked) FromConnect(dst []byte, _ string, _ *connect.Schema, v connect.Value) ([]byte, error) {
	m.from++
	switch {
	case v.IsNull():
		return nil, nil
	case v.Type() == connect.Boolean:
		return nil, errBadText
	}
	return fmt.Appendf(dst, "<%d>", v.Int()), nil
}

func (m *marked) ToConnect(_ *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	m.to++
	return nil, connect.StringOf(data), nil
}

// marksOf returns a source with a converter for headers.
func marksOf(t *testing.T) (*Source, *marked, *flight) {
	t.Helper()
	m := &marked{}
	r := newRig(t, 1, 0)
	r.o.Header = m
	s := NewSource(r.o)
	f := newFlight(s.o.Memory, 10)
	f.prepare(10)
	return s, m, f
}

func withHeaders(b *connect.Batch, n int) *connect.Record {
	r := b.Add()
	r.Topic = "out"
	r.Headers = b.Arena.Headers(n)
	for i := range r.Headers {
		r.Headers[i].Key = fmt.Sprint("h", i)
	}
	return r
}

func TestSourceHeaders(t *testing.T) {
	s, m, f := marksOf(t)
	r := withHeaders(f.batch, 5)
	r.Headers[0].Value.Set(connect.Int64Schema, connect.Int64Value(7))
	// Bytes of the same converter and topic pass as they are, others do not.
	r.Headers[1].Value.SetRaw([]byte("raw"), &connect.Codec{Converter: m, Topic: "out", Arena: &f.batch.Arena})
	r.Headers[2].Value.SetRaw([]byte{}, &connect.Codec{Converter: m, Topic: "out", Arena: &f.batch.Arena})
	r.Headers[3].Value.SetRaw([]byte("12"), &connect.Codec{Converter: number{}, Topic: "out", Arena: &f.batch.Arena})
	withHeaders(f.batch, 0)
	for i := range f.batch.Records {
		if err := s.fill(f, i); err != nil {
			t.Fatal(err)
		}
	}
	want := []kgo.RecordHeader{{Key: "h0", Value: []byte("<7>")}, {Key: "h1", Value: []byte("raw")}, {Key: "h2", Value: []byte{}}, {Key: "h3", Value: []byte("<12>")}, {Key: "h4"}}
	if d := cmp.Diff(want, f.slots[0].rec.Headers); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
	if f.slots[1].rec.Headers != nil {
		t.Errorf("a record without headers has %v", f.slots[1].rec.Headers)
	}
	if m.from != 3 || m.to != 0 {
		t.Errorf("%d values were encoded and %d decoded", m.from, m.to)
	}
}

// number reads digits as an integer.
type number struct{}

func (number) FromConnect([]byte, string, *connect.Schema, connect.Value) ([]byte, error) {
	return nil, errBadText
}

func (number) ToConnect(_ *connect.Arena, topic string, data []byte) (*connect.Schema, connect.Value, error) {
	var n int64
	if _, err := fmt.Sscan(string(data), &n); err != nil {
		return nil, connect.Value{}, fmt.Errorf("in %s: %w", topic, err)
	}
	return connect.Int64Schema, connect.Int64Value(n), nil
}

func TestSourceHeaderErrors(t *testing.T) {
	s, _, f := marksOf(t)
	withHeaders(f.batch, 2).Headers[1].Value.Set(nil, connect.BooleanValue(true))
	err := s.fill(f, 0)
	if want := `a record for topic "out": the header "h1": converting the header: bad text`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	withHeaders(f.batch, 1).Headers[0].Value.SetRaw([]byte("x"), &connect.Codec{Converter: number{}, Topic: "in"})
	err = s.fill(f, 1)
	if want := `a record for topic "out": the header "h0": reading the header: in in: `; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A header that nothing touches is not decoded; one that is read is decoded once.
func TestSinkHeadersAreLazy(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		m := &marked{}
		st := &store{}
		touch := false
		st.onPut = func(_ context.Context, b *connect.Batch, _ int) error {
			for i := range b.Records {
				h := &b.Records[i].Headers[0]
				raw, c, ok := h.Value.Raw()
				if !ok || string(raw) != "v" || c.Converter != m || c.Topic != "in" {
					t.Errorf("header %q is %q, %v", h.Key, raw, c)
				}
				for range 2 {
					if !touch {
						continue
					}
					if _, v, err := h.Get(); v.Str() != "v" || err != nil {
						t.Errorf("header %q is %q, %v", h.Key, v.Str(), err)
					}
				}
			}
			return nil
		}
		o := r.options(0, "a", st)
		o.Header = m
		run := start(NewSink(o))
		r.produce(0, 1, 5)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if m.to != 0 || st.headers != 5 {
			t.Errorf("of %d headers %d were decoded", st.headers, m.to)
		}
		touch = true
		r.produce(0, 6, 10)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if m.to != 5 || st.headers != 10 {
			t.Errorf("of %d headers %d were decoded, want 5", st.headers, m.to)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

// Null and nothing are two values of a header, in both directions through Kafka.
func TestSinkKeepsNullHeaders(t *testing.T) {
	sinkTest(t, 1, func(t *testing.T, r *sinkRig) {
		st := &store{}
		var got []string
		st.onPut = func(_ context.Context, b *connect.Batch, _ int) error {
			for _, h := range b.Records[0].Headers {
				raw, _, ok := h.Value.Raw()
				got = append(got, fmt.Sprint(h.Key, " ", raw == nil, len(raw), ok))
			}
			return nil
		}
		run := start(NewSink(r.options(0, "a", st)))
		rec := &kgo.Record{Topic: "in", Headers: []kgo.RecordHeader{{Key: "a"}, {Key: "a", Value: []byte{}}, {Key: "", Value: []byte{0}}}}
		if err := r.client.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if d := cmp.Diff([]string{"a true 0 true", "a false 0 true", " false 1 true"}, got); d != "" {
			t.Errorf("headers (-want +got):\n%s", d)
		}
		if err := run.end(); err != nil {
			t.Error(err)
		}
	})
}

// TestHeaderAllocations guards both loops: headers are in the memory of the
// batches.
func TestHeaderAllocations(t *testing.T) {
	const n, headers = 100_000, 3
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pump(t, &lateAcks{}, n, 100, headers)
	runtime.ReadMemStats(&after)
	if per := float64(after.Mallocs-before.Mallocs) / n; per > 0.1 && !raceEnabled { // with the race detector, a pool drops what it is given
		t.Errorf("%.3f allocations per record with headers, want 0.1 at most", per)
	}

	s, fetches := loopOnly(t, 100, headers)
	per := testing.AllocsPerRun(50, func() {
		s.read(fetches)
		if err := s.put(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.advance(nil)
	})
	if per > 2 {
		t.Errorf("%.1f allocations for a batch of %d records with headers, want 2 at most", per, sinkBatchRecords)
	}
}

// BenchmarkHeaders measures what three headers add to a record.
func BenchmarkHeaders(b *testing.B) {
	for _, headers := range []int{0, 3} {
		b.Run(fmt.Sprint("source/", headers), func(b *testing.B) {
			b.ReportAllocs()
			pump(b, &lateAcks{}, int64(b.N/100+1)*100, 100, headers)
		})
		b.Run(fmt.Sprint("sink/", headers), func(b *testing.B) {
			s, fetches := loopOnly(b, 100, headers)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += sinkBatchRecords {
				s.read(fetches)
				if err := s.put(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
