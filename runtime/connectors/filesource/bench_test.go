// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

const (
	benchLines = 20_000
	benchLine  = 933 // the size of the records that the data model was measured with
)

// looped returns a task on a file of many lines that begins again at its end, and
// a function that polls a batch of it.
func looped(tb testing.TB, size int) (poll func() int) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "in.txt")
	text := strings.Repeat(strings.Repeat("x", size-1)+"\n", benchLines)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
	source, err := Plugin().OpenSource(tb.Context(), connecttest.Env(tb, connecttest.Offsets{}), map[string]string{"file": path, "topic": "lines"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = source.Close(tb.Context()) })
	task := source.(*file)
	b := connect.NewBatch(2000, 4<<20)
	return func() int {
		if task.at == int64(len(text)) {
			task.restart()
		}
		b.Reset()
		if err := task.Poll(tb.Context(), b); err != nil {
			tb.Fatal(err)
		}
		return len(b.Records)
	}
}

func TestNoAllocationPerRecord(t *testing.T) {
	poll := looped(t, 100)
	poll()
	records, runs := 0, 50
	allocs := testing.AllocsPerRun(runs, func() { records += poll() })
	if perRecord := allocs * float64(runs) / float64(records); perRecord > 0.001 {
		t.Errorf("%.4f allocations a record", perRecord)
	}
}

func BenchmarkFileSource(b *testing.B) {
	for name, size := range map[string]int{"100 bytes": 100, "933 bytes": benchLine} {
		b.Run(name, func(b *testing.B) {
			poll := looped(b, size)
			poll()
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for n := 0; n < b.N; {
				n += poll()
			}
		})
	}
}
