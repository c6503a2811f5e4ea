// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/task"
)

// series returns the names of all series with their labels, but for the states.
func series(t *testing.T, c prometheus.Collector) []string {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				if l.GetName() != "status" {
					name += "," + l.GetName() + "=" + l.GetValue()
				}
			}
			all = append(all, name)
		}
	}
	return all
}

// fleetCollector collects of a fleet of sources.
func fleetCollector(f *fleet) *collector {
	return newCollector(sources{
		states: f.snapshot, restarts: f.restarts,
		plugin: func(string) (connect.Plugin, bool) { return connect.Plugin{Kind: connect.SourceKind}, true },
		view: func() workerView {
			return workerView{taskStarts: f.outcomes.tasks.counts(), firstStarts: f.outcomes.first.counts(), moving: f.moving.Load()}
		},
	})
}

// The number of series is bounded for each task, the same in each incarnation, and
// the same of one that has failed.
func TestSeriesDoNotGrow(t *testing.T) {
	const mostOfTask = 48
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		c := fleetCollector(y.fleet)
		run := func(epoch int64) []string {
			for range 2 { // the second one starts what the first has stopped
				y.reconcile(t.Context(), want(spec("a", 0, epoch), spec("a", 1, epoch)))
				synctest.Wait()
			}
			for _, f := range y.tasks {
				f.mu.Lock()
				f.progress = task.Progress{LastTurn: time.Now()}
				f.mu.Unlock()
			}
			return series(t, c)
		}
		first := run(1)
		for epoch := range int64(5) {
			if diff := cmp.Diff(first, run(epoch+2)); diff != "" {
				t.Fatalf("series after restarts (-want +got):\n%s", diff)
			}
		}
		n := 0
		for _, s := range first {
			if strings.Contains(s, ",connector=a,task=1") || strings.HasSuffix(s, ",task=1") {
				n++
			}
		}
		if n == 0 || n > mostOfTask {
			t.Errorf("a source task has %d series, want at most %d", n, mostOfTask)
		}
		y.stopAll(time.Second)
	})
}

func TestFailedTaskKeepsItsMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		y.openErr["broken"] = errBoom
		broken := spec("a", 0, 1)
		broken.Class = "broken"
		y.reconcile(t.Context(), want(broken, spec("b", 0, 1)))
		synctest.Wait()
		names := map[string]map[string]bool{"a": {}, "b": {}}
		for _, s := range series(t, fleetCollector(y.fleet)) {
			name, rest, _ := strings.Cut(s, ",connector=")
			for connector, of := range names {
				if strings.HasPrefix(rest, connector) {
					of[name] = true
				}
			}
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(names["b"])), slices.Sorted(maps.Keys(names["a"]))); diff != "" {
			t.Errorf("metrics of a task that could not start (-running +failed):\n%s", diff)
		}
		y.stopAll(time.Second)
	})
}

func TestStartsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		y.openErr["broken"] = errBoom
		broken := spec("broken", 0, 1)
		broken.Class = "broken"
		specs := want(broken, spec("a", 0, 1), spec("a", 1, 1))
		y.reconcile(t.Context(), specs)
		synctest.Wait()
		y.tasks[0].end <- errBoom // a failure after the start is none of the start
		synctest.Wait()
		y.reconcile(t.Context(), specs)
		synctest.Wait()
		if got, want := y.outcomes.tasks.counts(), (counts{good: 2, bad: 1}); got != want {
			t.Errorf("starts of tasks %+v, want %+v", got, want)
		}
		if got, want := y.outcomes.first.counts(), (counts{good: 1, bad: 1}); got != want {
			t.Errorf("starts of first tasks %+v, want %+v", got, want)
		}
		y.stopAll(time.Second)
	})
}

func TestMovingWhileTasksStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard()
		release := make(chan struct{})
		y.stop = func(context.Context) error { <-release; return nil }
		step := func(specs ...TaskSpec) bool {
			y.reconcile(t.Context(), want(specs...))
			synctest.Wait()
			return y.moving.Load()
		}
		got := []bool{step(spec("a", 0, 1)), step(), step()}
		close(release)
		synctest.Wait()
		got = append(got, step())
		if diff := cmp.Diff([]bool{false, true, true, false}, got); diff != "" {
			t.Errorf("moving (-want +got):\n%s", diff)
		}
	})
}

func TestStateClock(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	c := stateClock{state: task.Unassigned, since: start}
	c.enter(task.Running, at(10))
	c.enter(task.Paused, at(50))
	c.enter(task.Running, at(60))
	if r, p := c.ratios(start, at(100)); r != 0.8 || p != 0.1 {
		t.Errorf("running %v, paused %v; want 0.8 and 0.1", r, p)
	}
	c.enter(task.Failed, at(100))
	if r, p := c.ratios(start, at(200)); r != 0.4 || p != 0.05 {
		t.Errorf("running %v, paused %v after a failure; want 0.4 and 0.05", r, p)
	}
	if r, p := c.ratios(start, start); r != 0 || p != 0 {
		t.Errorf("running %v, paused %v of no time; want 0", r, p)
	}
}

// What a scrape leaves behind is most of an idle worker's garbage. Most of that is
// the registry's own.
func TestScrapeAllocations(t *testing.T) {
	const tasks, most = 200, 220
	c := everyMetric()
	two := c.states()
	var many []TaskState
	for i := range tasks {
		s := two[i%2]
		s.Connector = fmt.Sprintf("c%03d", i)
		many = append(many, s)
	}
	c.states = func() []TaskState { return many }
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	all := testing.AllocsPerRun(3, func() {
		if _, err := r.Gather(); err != nil {
			t.Error(err)
		}
	})
	if per := all / tasks; per > most && !raceEnabled {
		t.Errorf("%v allocations for a task and its connector, want at most %d", per, most)
	}
	ch := make(chan prometheus.Metric, 200*tasks)
	own := testing.AllocsPerRun(3, func() {
		c.Collect(ch)
		for len(ch) > 0 {
			<-ch
		}
	})
	if per := own / tasks; per > 32 && !raceEnabled {
		t.Errorf("%v allocations of the collector itself for a task and its connector, want at most 32", per)
	}
	t.Logf("%v and %v allocations", all/tasks, own/tasks)
}
