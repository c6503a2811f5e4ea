// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// stuck is how long a loop of the worker may take for one turn.
	stuck = 45 * time.Second
	// reachFor is how long an answer of Kafka counts.
	reachFor = 15 * time.Second
)

// health is what the probes are answered from.
type health struct {
	now func() time.Time

	mu      sync.Mutex
	turns   map[string]time.Time // when each loop last turned
	answer  time.Time            // when Kafka last answered
	trouble error                // why it did not
	taken   bool                 // the first assignment was taken over
}

func newHealth() *health { return &health{now: time.Now, turns: map[string]time.Time{}} }

// turn notes that a loop turns.
func (h *health) turn(loop string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.turns[loop] = h.now()
}

// end notes that a loop has ended as it should.
func (h *health) end(loop string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.turns, loop)
}

// kafka notes whether Kafka has answered.
func (h *health) kafka(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trouble = err
	if err == nil {
		h.answer = h.now()
	}
}

func (h *health) takenOver() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken = true
}

// live returns which loop has not turned for too long.
func (h *health) live() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for loop, at := range h.turns {
		if d := h.now().Sub(at); d > stuck {
			return fmt.Errorf("the %s loop has not turned for %s", loop, d.Round(time.Second))
		}
	}
	return nil
}

// ready returns why the worker is not ready.
func (h *health) ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.answer.IsZero() && h.trouble == nil:
		return errors.New("Kafka was not reached yet")
	case h.answer.IsZero():
		return fmt.Errorf("Kafka was not reached yet: %w", h.trouble)
	case h.now().Sub(h.answer) > reachFor:
		return errors.Join(fmt.Errorf("Kafka has not answered for %s", h.now().Sub(h.answer).Round(time.Second)), h.trouble)
	case !h.taken:
		return errors.New("the first assignment was not taken over yet")
	}
	return nil
}

// Live returns nil if the worker's loops turn, or which one does not. A task that
// hangs in its connector does not count: it shows in the task's metrics, and a
// restart of the process would only stop the other tasks.
func (w *Worker) Live() error { return w.health.live() }

// Ready returns nil if Kafka is reachable and the first assignment was taken
// over, or what is missing.
func (w *Worker) Ready() error { return w.health.ready() }

// Handler serves /livez, /readyz, and /metrics with the given handler. A probe
// that fails answers 503 and says why.
func Handler(w *Worker, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /livez", probe(w.Live))
	mux.HandleFunc("GET /readyz", probe(w.Ready))
	return mux
}

func probe(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := check(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprintln(w, err) // the client is gone
			return
		}
		_, _ = fmt.Fprintln(w, "ok") // the client is gone
	}
}
