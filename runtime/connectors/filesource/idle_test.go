// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package filesource

import (
	"strings"
	"testing"
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

func TestWaitingHoldsNoBuffer(t *testing.T) {
	for name, tc := range map[string]struct {
		held string
		most int // bytes
	}{
		"nothing is left":         {"", 0},
		"the start of a line":     {"tw", keepRest},
		"half of a return":        {"two\r", keepRest},
		"the start of a long one": {strings.Repeat("x", keepRest+1), bufferSize},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, path string) {
				write(t, path, "one\n"+tc.held)
				r := follow(t, path)
				r.want("one")
				l := &r.task.(*file).lines
				if got := cap(l.buf) + cap(l.small); got > tc.most {
					t.Errorf("%d bytes are kept, want %d at most", got, tc.most)
				}
				write(t, path, "end\n")
				if rest, cut := strings.CutSuffix(tc.held, "\r"); cut {
					r.want(rest, "end")
				} else {
					r.want(rest + "end")
				}
				if len(l.buf) > 0 {
					t.Errorf("%d bytes are kept for nothing", len(l.buf))
				}
			})
		})
	}
}

// TestLooks finds out how soon a line is seen, and how often an idle file is
// looked at: each look reads the clock.
func TestLooks(t *testing.T) {
	inBubble(t, func(t *testing.T, path string) {
		looks := 0
		env := connecttest.Env(t, connecttest.Offsets{})
		env.Now = func() time.Time {
			looks++
			return time.Now()
		}
		task, err := Plugin().OpenSource(t.Context(), env, map[string]string{"file": path, "topic": "lines"})
		must(t, err)
		r := &reader{t, task, connecttest.Offsets{}}
		t.Cleanup(r.stop)
		write(t, path, "first\n")
		r.want("first")

		looks = 0
		r.want()
		if most := int(5*time.Second/lastLook) + 1; looks > most {
			t.Errorf("%d looks at an idle file in 5 s, want %d at most", looks, most)
		}
		for i, most := range []time.Duration{lastLook, firstLook, firstLook, firstLook} {
			var wrote time.Time
			time.AfterFunc(2*time.Millisecond, func() {
				wrote = time.Now()
				write(t, path, "line\n")
			})
			b := connect.NewBatch(10, 1<<20)
			must(t, task.Poll(t.Context(), b))
			if late := time.Since(wrote); len(b.Records) != 1 || late > most {
				t.Errorf("line %d was seen after %v with %d others, want %v at most", i, late, len(b.Records)-1, most)
			}
		}
	})
}
