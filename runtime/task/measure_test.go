// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

func TestMeasure(t *testing.T) {
	type step struct {
		after time.Duration
		add   int64 // 0 adds nothing
		want  Measure
	}
	recent := func(count, sum, most int64) Window { return Window{count, sum, most} }
	tests := map[string][]step{
		"nothing": {{0, 0, Measure{}}},
		"one window": {
			{0, 3, Measure{1, 3, recent(1, 3, 3)}},
			{29 * time.Second, 1, Measure{2, 4, recent(2, 4, 3)}},
		},
		"the window before counts": {
			{0, 9, Measure{1, 9, recent(1, 9, 9)}},
			{31 * time.Second, 1, Measure{2, 10, recent(2, 10, 9)}},
			{31 * time.Second, 0, Measure{2, 10, recent(1, 1, 1)}},
			{31 * time.Second, 0, Measure{2, 10, recent(0, 0, 0)}},
		},
		"a long silence is forgotten at once": {
			{0, 9, Measure{1, 9, recent(1, 9, 9)}},
			{time.Hour, 2, Measure{2, 11, recent(1, 2, 2)}},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			var m measure
			now := time.Unix(1_000_000, 0)
			for i, s := range steps {
				now = now.Add(s.after)
				if s.add != 0 {
					m.add(now, s.add)
				}
				if diff := cmp.Diff(s.want, m.copy(now)); diff != "" {
					t.Errorf("step %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
	if got := (Window{Count: 2, Sum: 5}).Avg(); got != 2.5 {
		t.Errorf("average %v, want 2.5", got)
	}
	if got := (Window{}).Avg(); got != 0 {
		t.Errorf("average %v of nothing, want 0", got)
	}
}

// Hundreds of connectors share a worker, so what measures a task must stay small.
func TestProgressStaysSmall(t *testing.T) {
	if size := unsafe.Sizeof(progress{}); size > 1<<10 {
		t.Errorf("a task's progress has %d bytes, want at most 1 KiB", size)
	}
}
