// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"penstock.dev/runtime/task"
)

func spec(connector string, index int, epoch int64) TaskSpec {
	return TaskSpec{UID: "u", Connector: connector, Index: index, Count: 2, Class: "fake", Epoch: epoch}
}

func TestFleetStartsAndReleases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		y.reconcile(t.Context(), want(spec("a", 0, 1), spec("a", 1, 1)))
		synctest.Wait()
		states := y.snapshot()
		if len(states) != 2 || states[0].State != task.Running || states[1].Index != 1 {
			t.Fatalf("tasks %+v, want two that run, in order", states)
		}

		y.reconcile(t.Context(), want(spec("a", 0, 1)))
		synctest.Wait()
		if got := y.last(t); got.Index != 1 || !got.Released || got.State != task.Unassigned || got.Epoch != 1 {
			t.Errorf("reported %+v, want the release of task 1", got)
		}
		y.reconcile(t.Context(), want(spec("a", 0, 1))) // forgets the stopped one
		if n := len(y.snapshot()); n != 1 {
			t.Errorf("%d tasks left, want 1", n)
		}
		if n := y.opened(); n != 2 {
			t.Errorf("%d tasks were opened, want 2: the first goes on", n)
		}
		y.stopAll(time.Second)
	})
}

func TestFleetReplaces(t *testing.T) {
	config := spec("a", 0, 1)
	config.Config = map[string]string{"file": "b"}
	count := spec("a", 0, 1)
	count.Count = 3
	class := spec("a", 0, 1)
	class.Class = "other"
	for name, next := range map[string]TaskSpec{"epoch": spec("a", 0, 2), "config": config, "count": count, "class": class} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newYard()
				release := make(chan struct{})
				y.stop = func(context.Context) error { <-release; return nil }
				y.reconcile(t.Context(), want(spec("a", 0, 1)))
				synctest.Wait()
				y.stop = nil
				y.reconcile(t.Context(), want(next))
				synctest.Wait()
				y.reconcile(t.Context(), want(next))
				synctest.Wait()
				if n := y.opened(); n != 1 {
					t.Fatalf("%d incarnations, want the new one to wait for the old one", n)
				}
				close(release)
				synctest.Wait()
				y.reconcile(t.Context(), want(next))
				synctest.Wait()
				if s := y.snapshot(); y.opened() != 2 || s[0].Epoch != next.Epoch || s[0].State != task.Running {
					t.Errorf("tasks %+v, want the new incarnation to run", s)
				}
				if n := y.restarts(next.id()); n != 1 {
					t.Errorf("%d restarts counted, want 1", n)
				}
				y.stopAll(time.Second)
			})
		})
	}
}

func TestFleetPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		s := spec("a", 0, 1)
		y.reconcile(t.Context(), want(s))
		synctest.Wait()
		for _, paused := range []bool{true, false} {
			s.Paused = paused
			y.reconcile(t.Context(), want(s))
			y.reconcile(t.Context(), want(s))
			if y.tasks[0].paused != paused {
				t.Errorf("paused %v was not handed on", paused)
			}
		}
		if y.opened() != 1 {
			t.Error("a pause started the task again")
		}
		y.stopAll(time.Second)
	})
}

func TestFleetKeepsAFailedTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		y.reconcile(t.Context(), want(spec("a", 0, 1), spec("b", 0, 1)))
		synctest.Wait()
		y.tasks[0].end <- errBoom
		synctest.Wait()
		for range 3 {
			y.reconcile(t.Context(), want(spec("a", 0, 1), spec("b", 0, 1)))
			synctest.Wait()
		}
		var failed, running int
		for _, s := range y.snapshot() {
			switch s.State {
			case task.Failed:
				failed++
				if s.Error != "boom with ****" || s.Released {
					t.Errorf("state %+v, want its reason without the secret", s)
				}
			case task.Running:
				running++
			}
		}
		if failed != 1 || running != 1 || y.opened() != 2 {
			t.Fatalf("%d failed, %d run, %d opened; want 1, 1, 2", failed, running, y.opened())
		}

		y.reconcile(t.Context(), want(spec("a", 0, 2), spec("b", 0, 2)))
		synctest.Wait()
		y.reconcile(t.Context(), want(spec("a", 0, 2), spec("b", 0, 2)))
		synctest.Wait()
		for _, s := range y.snapshot() {
			if s.State != task.Running || s.Epoch != 2 {
				t.Errorf("state %+v, want a higher epoch to run", s)
			}
		}
		y.stopAll(time.Second)
	})
}

func TestFleetReleasesAFailedTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		y.openErr["fake"] = errBoom
		y.reconcile(t.Context(), want(spec("a", 0, 1)))
		synctest.Wait()
		if got := y.last(t); got.State != task.Failed || got.Released {
			t.Fatalf("reported %+v, want failed", got)
		}
		y.reconcile(t.Context(), nil)
		if got := y.last(t); got.State != task.Failed || !got.Released {
			t.Errorf("reported %+v, want failed and released", got)
		}
	})
}

func TestFleetIsolatesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		bad := spec("bad", 0, 1)
		bad.Class = "panics"
		y.reconcile(t.Context(), want(bad, spec("good", 0, 1)))
		synctest.Wait()
		s := y.snapshot()
		if s[0].State != task.Failed || s[0].Error != "panic: the plugin knows ****" || s[1].State != task.Running {
			t.Errorf("states %+v, want one failed by its panic, the other running", s)
		}
		y.stopAll(time.Second)
	})
}

func TestFleetSuperseded(t *testing.T) {
	tests := map[string]func(y *yard){
		"the task says so":            func(y *yard) { y.tasks[0].end <- fmt.Errorf("fenced: %w", task.ErrSuperseded) },
		"the status topic says so":    func(y *yard) { y.supersede(func(task.ID) int64 { return 8 }) },
		"while it fails on the way":   func(y *yard) { y.supersede(func(task.ID) int64 { return 9 }) },
		"and it is not started again": func(y *yard) { y.supersede(func(task.ID) int64 { return 8 }) },
	}
	for name, act := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newYard()
				if name == "while it fails on the way" {
					y.stop = func(context.Context) error { return errBoom }
				}
				y.reconcile(t.Context(), want(spec("a", 0, 7)))
				synctest.Wait()
				y.supersede(func(task.ID) int64 { return 7 }) // its own: no reason
				synctest.Wait()
				before := len(y.reported)
				act(y)
				synctest.Wait()
				y.reconcile(t.Context(), want(spec("a", 0, 7)))
				synctest.Wait()
				s := y.snapshot()
				if !s[0].Superseded || s[0].State != task.Unassigned || s[0].Released || s[0].Error != "" {
					t.Errorf("state %+v, want superseded", s[0])
				}
				y.reconcile(t.Context(), nil)
				if n := len(y.reported) - before; n != 0 {
					t.Errorf("%d reports, want silence: %+v", n, y.reported[before:])
				}
				if y.opened() != 1 {
					t.Error("it was started again")
				}
			})
		})
	}
}

func TestFleetStopAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		y.stop = func(context.Context) error { time.Sleep(3 * time.Second); return nil }
		y.reconcile(t.Context(), want(spec("a", 0, 1), spec("a", 1, 1), spec("b", 0, 1)))
		synctest.Wait()
		start := time.Now()
		y.stopAll(10 * time.Second)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("stopping took %s, want the 3s of one: they stop together", took)
		}
		for _, s := range y.snapshot() {
			if !s.Released || s.State != task.Unassigned {
				t.Errorf("state %+v, want released", s)
			}
		}
	})
}

func TestFleetLeavesATaskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		release := make(chan struct{})
		y.stop = func(context.Context) error { <-release; return fmt.Errorf("close: %w", task.ErrAbandoned) }
		y.reconcile(t.Context(), want(spec("a", 0, 1)))
		synctest.Wait()
		start := time.Now()
		y.stopAll(10 * time.Second)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("waited %s, want 10s", took)
		}
		close(release)
		synctest.Wait()
		if s := y.snapshot()[0]; s.Released || s.Error == "" || s.State != task.Unassigned {
			t.Errorf("state %+v, want not released, because its connector is still there", s)
		}
	})
}

func TestRunnerBoundsErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		y.openErr["fake"] = fmt.Errorf("%s%w", strings.Repeat("long ", 1000), errBoom)
		y.reconcile(t.Context(), want(spec("a", 0, 1)))
		synctest.Wait()
		if n := len(y.last(t).Error); n > maxError || n < maxError-10 {
			t.Errorf("the error has %d bytes, want up to %d", n, maxError)
		}
	})
}

func TestStalled(t *testing.T) {
	now := time.Unix(1000, 0)
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	tests := map[string]struct {
		state TaskState
		want  time.Duration
	}{
		"nothing to do":             {TaskState{State: task.Running, StartedAt: ago(90)}, 0},
		"records wait":              {TaskState{State: task.Running, StartedAt: ago(90), Progress: task.Progress{Pending: 1, LastRecord: ago(30)}}, 30 * time.Second},
		"committed since":           {TaskState{State: task.Running, StartedAt: ago(90), Progress: task.Progress{Pending: 1, LastRecord: ago(30), LastCommit: ago(10)}}, 10 * time.Second},
		"lag and never a record":    {TaskState{State: task.Running, StartedAt: ago(90), Progress: task.Progress{Lag: 5}}, 90 * time.Second},
		"lag unknown":               {TaskState{State: task.Running, StartedAt: ago(90), Progress: task.Progress{Lag: -1}}, 0},
		"paused with lag":           {TaskState{State: task.Paused, StartedAt: ago(90), Progress: task.Progress{Lag: 5}}, 0},
		"a record from the future":  {TaskState{State: task.Running, StartedAt: ago(90), Progress: task.Progress{Lag: 5, LastRecord: ago(-1)}}, 0},
		"failed with records there": {TaskState{State: task.Failed, StartedAt: ago(90), Progress: task.Progress{Pending: 5}}, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.state.Stalled(now); got != tc.want {
				t.Errorf("stalled for %s, want %s", got, tc.want)
			}
		})
	}
}

func TestMeter(t *testing.T) {
	var m meter
	start := time.Unix(1000, 0)
	if got := m.at(start, 100); got != 0 {
		t.Errorf("rate %v at first, want 0", got)
	}
	for i := 1; i <= 20; i++ {
		at := start.Add(time.Duration(i) * time.Second)
		if got := m.at(at, int64(100+50*i)); got != 50 {
			t.Fatalf("rate %v after %d s, want 50", got, i)
		}
		if got := m.at(at.Add(500*time.Millisecond), int64(100+50*i+25)); got != 50 {
			t.Fatalf("rate %v between samples, want 50", got)
		}
	}
	at := start.Add(30 * time.Second)
	for i := range 10 {
		m.at(at.Add(time.Duration(i)*time.Second), 1100)
	}
	if got := m.at(at.Add(10*time.Second), 1100); got != 0 {
		t.Errorf("rate %v when nothing moves, want 0", got)
	}
	if got := m.at(at.Add(11*time.Second), 3); got != 0 {
		t.Errorf("rate %v after a count went back, want 0", got)
	}
}
