// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesink

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

const perBatch = 1000

// putting returns a function that puts a batch of lines of that size.
func putting(tb testing.TB, size int) (put func()) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "out.txt")
	sink, err := Plugin().OpenSink(tb.Context(), connecttest.Env(tb, nil), map[string]string{"file": path})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = sink.Close(tb.Context()) })
	lines := make([]string, perBatch)
	for i := range lines {
		lines[i] = strings.Repeat("x", size-1)
	}
	b := batch(0, lines...)
	puts := 0
	return func() {
		if puts++; puts%100 == 0 { // keep the file small
			if err := os.Truncate(path, 0); err != nil {
				tb.Fatal(err)
			}
		}
		if err := sink.Put(tb.Context(), b); err != nil {
			tb.Fatal(err)
		}
	}
}

func TestNoAllocationPerRecord(t *testing.T) {
	put := putting(t, 100)
	put()
	if perRecord := testing.AllocsPerRun(50, put) / perBatch; perRecord > 0.001 {
		t.Errorf("%.4f allocations a record", perRecord)
	}
}

func TestKeepsNoHugeBuffer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.txt")
	task := appendTo(t, path)
	if err := task.Put(t.Context(), batch(0, strings.Repeat("x", 2*keepSize))); err != nil {
		t.Fatal(err)
	}
	if cap(task.buf) > keepSize {
		t.Errorf("keeps %d bytes", cap(task.buf))
	}
}

func BenchmarkFileSink(b *testing.B) {
	for name, size := range map[string]int{"100 bytes": 100, "933 bytes": 933} {
		b.Run(name, func(b *testing.B) {
			put := putting(b, size)
			put()
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for n := 0; n < b.N; n += perBatch {
				put()
			}
		})
	}
}

var _ connect.PreCommitter = (*task)(nil)
