// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"penstock.dev/runtime/task"
	"penstock.dev/runtime/worker"
)

// changing are connectors that a test changes while they run.
type changing struct {
	version atomic.Int64
	mu      sync.Mutex
	list    []Connector
}

func (c *changing) Version() int64 { return c.version.Load() }

func (c *changing) Connectors() []Connector {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

func (c *changing) set(list ...Connector) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = list
	c.version.Add(1)
}

// settle lets the loop look at what has changed.
func settle() {
	time.Sleep(4 * look)
	synctest.Wait()
}

func (r *run) specs() []worker.TaskSpec {
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	return slices.Clone(r.engine.specs)
}

func (r *run) names() string {
	var names []string
	for _, s := range r.specs() {
		names = append(names, s.Connector)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestConnectorsComeChangeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, d := newEngine(), &changing{}
		d.version.Store(-1)
		r := start(t, e, Options{Desired: d})
		time.Sleep(time.Hour) // until it is known which there are
		if len(r.specs()) > 0 || r.ended() {
			t.Fatal("it did not wait until the connectors were known")
		}
		d.set()
		settle()
		d.set(source("a"), source("b"))
		settle()
		if got := r.names(); got != "a b" {
			t.Errorf("tasks of %q run, want a and b", got)
		}
		changed := source("b")
		changed.Config = map[string]string{"tasks": "all"}
		changed.TasksMax = 3
		d.set(source("a"), changed)
		settle()
		if got := r.names(); got != "a b b b" || e.epoch("b-0") != 2 || e.epoch("a-0") != 1 {
			t.Errorf("tasks of %q run, epochs %d and %d; want three of b, under new epochs, and a as it was", got, e.epoch("b-0"), e.epoch("a-0"))
		}
		d.set(source("a"))
		settle()
		if got := r.names(); got != "a" || !slices.Equal(e.forgot, []string{"b"}) || !slices.Contains(e.retired, "b from 0") {
			t.Errorf("tasks of %q run, forgotten %q, retired %q; want b gone with all that it was", got, e.forgot, e.retired)
		}
		d.set(source("a"), source("b")) // it comes again
		settle()
		if got := r.names(); got != "a b" || e.epoch("b-0") != 3 {
			t.Errorf("tasks of %q run, b under epoch %d; want it under the third", got, e.epoch("b-0"))
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestStatesChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		fixed := NewFixed([]Connector{source("a")})
		r := start(t, e, Options{Desired: fixed})
		fixed.setState("a", Paused)
		settle()
		if s := r.specs(); len(s) != 1 || !s[0].Paused || s[0].Epoch != 1 {
			t.Errorf("assignment %+v, want the task paused under its epoch", s)
		}
		fixed.setState("a", Stopped)
		settle()
		if s := r.specs(); len(s) > 0 || !slices.Contains(e.put, "a STOPPED") {
			t.Errorf("assignment %+v, states %q; want no task and the connector stopped", s, e.put)
		}
		fixed.setState("a", Running)
		settle()
		if s := r.specs(); len(s) != 1 || s[0].Paused || s[0].Epoch != 2 {
			t.Errorf("assignment %+v, want the task under a new epoch", s)
		}
		_ = r.stop()
	})
}

// A connector whose tasks do not end keeps none of the others.
func TestHangingConnectorBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, d := newEngine(), &changing{}
		e.hanging = map[string]bool{"stuck": true}
		d.set(source("stuck"), source("a"))
		r := start(t, e, Options{Desired: d})
		settle()
		d.set(source("a"), source("b"))
		settle()
		if got := r.names(); got != "a b" || len(e.forgot) > 0 {
			t.Errorf("tasks of %q run, forgotten %q; want b beside a, and the other one not forgotten yet", got, e.forgot)
		}
		e.mu.Lock()
		delete(e.states, "stuck-0")
		e.mu.Unlock()
		settle()
		if !slices.Equal(e.forgot, []string{"stuck"}) {
			t.Errorf("forgotten %q, want the connector once its task has ended", e.forgot)
		}
		_ = r.stop()
	})
}

func TestConnectorThatCannotRunIsFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		bad := source("bad")
		bad.Class = "nothing"
		r := start(t, e, Options{Desired: NewFixed([]Connector{bad, source("good")})})
		if s := r.status(t, 0); s.State != StateFailed || !strings.Contains(s.Error, "unknown class nothing") {
			t.Errorf("status %+v, want the connector failed with the reason", s)
		}
		if got := r.names(); got != "good" || len(e.put) != 1 || !strings.HasPrefix(e.put[0], "bad FAILED connector.class: ") {
			t.Errorf("tasks of %q run, states %q", got, e.put)
		}
		_ = r.stop()
	})
}

func TestRestartsThatAreAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		o := Options{Desired: NewFixed([]Connector{source("a")}), Engine: e, Registry: registry()}
		never := source("a")
		never.Restart = &RestartPolicy{Never: true}
		o.Desired = NewFixed([]Connector{never})
		r := start(t, e, o)
		e.set("a-0", func(s *worker.TaskState) { s.State, s.Error = task.Failed, "boom" })
		if s := r.status(t, 0); s.State != StateFailed {
			t.Fatalf("status %+v, want it failed for good", s)
		}
		if err := r.standalone.restartTasks(t.Context(), "a", func(int) bool { return true }); err != nil {
			t.Fatal(err)
		}
		settle()
		if s := r.status(t, 0); s.State != StateRunning || e.epoch("a-0") != 2 {
			t.Errorf("status %+v under epoch %d, want it to run again", s, e.epoch("a-0"))
		}
		if err := r.standalone.restartTasks(t.Context(), "nobody", func(int) bool { return true }); err != nil {
			t.Error(err)
		}
		_ = r.stop()
		if err := r.standalone.restartTasks(t.Context(), "a", func(int) bool { return true }); !errors.Is(err, ErrShuttingDown) {
			t.Errorf("error %v after the end, want that it shuts down", err)
		}
	})
}

func TestAwaitStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.hanging = map[string]bool{"a": true}
		fixed := NewFixed([]Connector{source("a")})
		r := start(t, e, Options{Desired: fixed})
		fixed.setState("a", Stopped)
		done := make(chan error, 1)
		go func() { done <- r.standalone.awaitStopped(t.Context(), "a") }()
		time.Sleep(time.Minute)
		select {
		case err := <-done:
			t.Fatalf("it did not wait for the task: %v", err)
		default:
		}
		e.mu.Lock()
		delete(e.states, "a-0")
		e.mu.Unlock()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = r.stop()
	})
}
