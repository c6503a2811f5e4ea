// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"sync"
	"time"
)

// measureWindow is how long a measure's window is. What is recent are the current
// window and the one before, 30 to 60 s together, as in Kafka's metrics.
const measureWindow = 30 * time.Second

// Measure sums values up: how many there were and their sum since the incarnation
// began, and the same and the greatest of the last 30 to 60 s.
type Measure struct {
	Count, Sum int64
	Recent     Window
}

// Window is what a Measure knows of a while.
type Window struct{ Count, Sum, Max int64 }

// Avg returns the mean of the window's values, 0 without any.
func (w Window) Avg() float64 {
	if w.Count == 0 {
		return 0
	}
	return float64(w.Sum) / float64(w.Count)
}

func (w *Window) add(v int64) {
	w.Count++
	w.Sum += v
	w.Max = max(w.Max, v)
}

// plus returns both windows as one.
func (w Window) plus(o Window) Window {
	return Window{w.Count + o.Count, w.Sum + o.Sum, max(w.Max, o.Max)}
}

// measure takes values in. It has no buckets: a hundred bytes are what a worker
// of hundreds of tasks can give to each of its times and sizes. It is written to
// once a batch or a commit.
type measure struct {
	mu        sync.Mutex
	total     Window
	now, last Window
	began     time.Time // the current window
}

func (m *measure) add(at time.Time, v int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.roll(at)
	m.total.add(v)
	m.now.add(v)
}

// since adds the time that has passed, in nanoseconds.
func (m *measure) since(start time.Time) {
	now := time.Now()
	m.add(now, int64(now.Sub(start)))
}

// roll begins a new window if the current one is over.
func (m *measure) roll(at time.Time) {
	age := at.Sub(m.began)
	if age < measureWindow {
		return
	}
	m.last = Window{}
	if age < 2*measureWindow {
		m.last = m.now
	}
	m.now, m.began = Window{}, at
}

func (m *measure) copy(at time.Time) Measure {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.roll(at)
	return Measure{Count: m.total.Count, Sum: m.total.Sum, Recent: m.now.plus(m.last)}
}
