// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Batches of a pool are used by several goroutines at a time; none may see what
// another has put there.
func TestPooledBatchesDoNotMix(t *testing.T) {
	var pool Pool
	var tasks sync.WaitGroup
	for id := range 4 {
		tasks.Go(func() {
			mine := strings.Repeat(string(rune('a'+id)), 50)
			b := pool.NewBatch(1000, 1<<20)
			for n := range 200 {
				for range 1 + n*7%300 {
					r := b.Add()
					_, v, err := r.Value.Get()
					if r.Topic != "" || r.Source != nil || len(r.SourceOffset) > 0 || !v.IsNull() || err != nil {
						t.Errorf("a new record is %+v", r)
						return
					}
					r.Topic = mine
					r.SourceOffset = b.Offset(Int64Value(int64(n)))
					r.Value.Set(nil, StringOf(b.Arena.Copy([]byte(mine))))
					for _, e := range b.Arena.Entries(1) {
						if !e.Key.IsNull() || !e.Value.IsNull() {
							t.Error("an entry of another batch is still there")
							return
						}
					}
					r.Headers = b.Arena.Headers(1)
					if h := &r.Headers[0]; h.Key != "" || !isNull(h.Value) {
						t.Error("a header of another batch is still there")
						return
					}
					r.Headers[0].Key = mine
					r.Headers[0].Value.Set(nil, Int64Value(int64(n)))
				}
				for i := range b.Records {
					r := &b.Records[i]
					_, h, _ := r.Headers[0].Value.Get()
					if _, v, _ := r.Value.Get(); r.Topic != mine || v.Str() != mine || r.SourceOffset[0].Int() != int64(n) ||
						r.Headers[0].Key != mine || h.Int() != int64(n) {
						t.Errorf("a record has become %+v", r)
						return
					}
				}
				if n%3 == 0 {
					b.Reset()
				} else {
					b.Release()
				}
			}
		})
	}
	tasks.Wait()
}

func isNull(d Datum) bool {
	null, err := d.IsNull()
	return null && err == nil
}

func TestRelease(t *testing.T) {
	var pool Pool
	b := pool.NewBatch(2, 100)
	b.Add()
	b.Arena.Bytes(100)
	b.Arena.Values(1)
	b.Arena.Headers(1)
	b.Fail(0, errors.New("no"))
	if !b.Full() {
		t.Error("a batch at its byte limit is not full")
	}
	b.Release()
	if cap(b.Records) > 0 || cap(b.Arena.bytes) > 0 || cap(b.Arena.values) > 0 || cap(b.Arena.headers) > 0 || b.Full() || len(b.Failures()) > 0 || b.Arena.Used() > 0 {
		t.Error("Release left something")
	}
	b.Release() // once more does no harm
	b.Add()
	b.Add()
	if !b.Full() {
		t.Error("a released batch has forgotten its limits")
	}

	own := NewBatch(2, 100)
	own.Add()
	own.Release()
	if cap(own.Records) == 0 || len(own.Records) > 0 {
		t.Error("a batch without a pool is to be empty and keep its memory")
	}

	// What a connector has put in the place of the records is as good.
	b.Release()
	b.Records = slices.Grow(b.Records, 8)
	if r := b.Add(); r.Topic != "" {
		t.Error("the record is not empty")
	}
	b.Release()
}
