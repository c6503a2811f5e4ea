// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package standalone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/task"
	"penstock.dev/runtime/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is a worker in which a test decides what becomes of the tasks.
type engine struct {
	mu       sync.Mutex
	epochs   map[string]int64
	specs    []worker.TaskSpec
	states   map[string]worker.TaskState // by connector-index
	retired  []string
	put      []string
	epochErr error
	// hanging are connectors whose tasks do not end.
	hanging map[string]bool
	forgot  []string
	changed chan struct{}
	end     chan error
	// on decides the state of a task that is assigned under a new epoch.
	on func(s worker.TaskSpec) worker.TaskState
}

func newEngine() *engine {
	e := &engine{epochs: map[string]int64{}, states: map[string]worker.TaskState{}, changed: make(chan struct{}, 1), end: make(chan error, 1)}
	e.on = func(s worker.TaskSpec) worker.TaskState {
		st := worker.TaskState{State: task.Running, StartedAt: time.Now()}
		st.Progress.Assignment = []string{"t-0"}
		if s.Paused {
			st.State = task.Paused
		}
		return st
	}
	return e
}

func (e *engine) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-e.end:
		return err
	}
}

func (e *engine) Assign(specs []worker.TaskSpec) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.specs = specs
	wanted := map[string]bool{}
	for _, s := range specs {
		key := fmt.Sprintf("%s-%d", s.Connector, s.Index)
		wanted[key] = true
		if old, ok := e.states[key]; ok && old.Epoch == s.Epoch {
			continue
		}
		st := e.on(s)
		st.Connector, st.Index, st.Epoch = s.Connector, s.Index, s.Epoch
		e.states[key] = st
	}
	for key, s := range e.states {
		if !wanted[key] && !e.hanging[s.Connector] {
			delete(e.states, key)
		}
	}
}

func (e *engine) Tasks() []worker.TaskState {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []worker.TaskState
	for _, s := range e.states {
		out = append(out, s)
	}
	return out
}

func (e *engine) set(key string, f func(*worker.TaskState)) {
	e.mu.Lock()
	s := e.states[key]
	f(&s)
	e.states[key] = s
	e.mu.Unlock()
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *engine) Changed() <-chan struct{} { return e.changed }

func (e *engine) NextEpoch(_ context.Context, connector string, index int) (int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.epochErr != nil {
		return 0, e.epochErr
	}
	key := fmt.Sprintf("%s-%d", connector, index)
	e.epochs[key]++
	return e.epochs[key], nil
}

func (e *engine) HighestEpoch(_ context.Context, connector string, index int) (int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.epochs[fmt.Sprintf("%s-%d", connector, index)], e.epochErr
}

func (e *engine) setEpochErr(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.epochErr = err
}

func (e *engine) Retire(_ context.Context, connector string, _ connect.Kind, from int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.retired = append(e.retired, fmt.Sprintf("%s from %d", connector, from))
	return nil
}

func (e *engine) PutConnectorState(_ context.Context, connector, state, trace string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put = append(e.put, strings.TrimSpace(connector+" "+state+" "+trace))
	return nil
}

func (e *engine) Forget(_ context.Context, connector string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forgot = append(e.forgot, connector)
	return nil
}

func (e *engine) Ready() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.epochErr
}

func (e *engine) epoch(key string) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.epochs[key]
}

func registry() connect.Registry {
	none := func(map[string]string) []configdef.Problem { return nil }
	count := func(p map[string]string, limit int) int {
		if p["tasks"] == "all" {
			return limit
		}
		return 1
	}
	return connect.Registry{
		Plugins: []connect.Plugin{
			{Name: "in", Kind: connect.SourceKind, Check: none, Tasks: count, Keys: []configdef.Key{{Name: "tasks"}}},
			{Name: "out", Kind: connect.SinkKind, Check: none, Tasks: count},
		},
		Converters: []connect.ConverterPlugin{
			{Name: "json", Check: none, Keys: []configdef.Key{{Name: "schemas.enable"}}},
			{Name: "simple", Sides: []string{connect.HeaderSide}, Check: none},
		},
	}
}

// run is a Standalone that runs in a bubble.
type run struct {
	*engine
	o      Options
	cancel context.CancelFunc
	done   chan struct{}
	err    error

	standalone *Standalone

	mu   sync.Mutex
	seen []Status
}

func start(t *testing.T, e *engine, o Options) *run {
	t.Helper()
	r := &run{engine: e, o: o, done: make(chan struct{})}
	r.o.Engine, r.o.Registry, r.o.Logger = e, registry(), slog.New(slog.DiscardHandler)
	r.o.Observe = func(s []Status) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen = s
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	r.standalone = New(r.o)
	go func() {
		defer close(r.done)
		r.err = r.standalone.Run(ctx)
	}()
	synctest.Wait()
	return r
}

func (r *run) stop() error {
	r.cancel()
	<-r.done
	return r.err
}

func (r *run) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

func (r *run) status(t *testing.T, i int) Status {
	t.Helper()
	time.Sleep(look)
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[i]
}

func source(name string) Connector { return Connector{Name: name, Class: "in"} }
func sink(name string) Connector {
	return Connector{Name: name, Class: "out", Config: map[string]string{"topics": "t"}}
}

func TestBindsTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.epochs["many-1"] = 41
		many := source("many")
		many.TasksMax, many.Config = 3, map[string]string{"tasks": "all"}
		paused, stopped := sink("paused"), source("stopped")
		paused.State, stopped.State = Paused, Stopped
		r := start(t, e, Options{Desired: NewFixed([]Connector{many, paused, stopped})})

		want := []worker.TaskSpec{
			{Connector: "many", Index: 0, Count: 3, Class: "in", Config: many.Config, Epoch: 1},
			{Connector: "many", Index: 1, Count: 3, Class: "in", Config: many.Config, Epoch: 42},
			{Connector: "many", Index: 2, Count: 3, Class: "in", Config: many.Config, Epoch: 1},
			{Connector: "paused", Index: 0, Count: 1, Class: "out", Config: paused.Config, Epoch: 1, Paused: true},
		}
		if diff := cmp.Diff(want, e.specs); diff != "" {
			t.Errorf("assignment (-want +got):\n%s", diff)
		}
		slices.Sort(e.retired) // they are bound side by side
		if diff := cmp.Diff([]string{"many from 3", "paused from 1", "stopped from 0"}, e.retired); diff != "" {
			t.Errorf("retired (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"stopped STOPPED"}, e.put); diff != "" {
			t.Errorf("connector states (-want +got):\n%s", diff)
		}
		for i, want := range []State{StateRunning, StatePaused, StateStopped} {
			if got := r.status(t, i).State; got != want {
				t.Errorf("connector %d is %s, want %s", i, got, want)
			}
		}
		if err := r.stop(); err != nil {
			t.Errorf("error %v after a stop, want none", err)
		}
	})
}

func TestBindWaitsForKafka(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.epochErr = errors.New("no broker")
		r := start(t, e, Options{Desired: NewFixed([]Connector{source("a")})})
		time.Sleep(time.Hour)
		if r.ended() || len(e.specs) > 0 {
			t.Fatal("it did not wait")
		}
		e.setEpochErr(nil)
		time.Sleep(again)
		if s := r.status(t, 0); s.State != StateRunning {
			t.Errorf("status %+v, want it to run", s)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestBindGivesUpOnABatchJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.epochErr = errors.New("no broker")
		begin := time.Now()
		r := start(t, e, Options{Desired: NewFixed([]Connector{source("a")}), UntilIdle: time.Second})
		<-r.done
		want := "the connectors were not started within 1m0s: no broker"
		if took := time.Since(begin); r.err == nil || r.err.Error() != want || took < reachTimeout {
			t.Errorf("error %v after %s, want %q", r.err, took, want)
		}
	})
}

func TestStopWhileBinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.epochErr = errors.New("no broker")
		r := start(t, e, Options{Desired: NewFixed([]Connector{source("a")}), UntilIdle: time.Second})
		if err := r.stop(); err != nil {
			t.Errorf("error %v after a stop, want none", err)
		}
	})
}

func TestUntilIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		r := start(t, e, Options{Desired: NewFixed([]Connector{source("in"), sink("out")}), UntilIdle: 5 * time.Second})
		begin := time.Now()
		busy := func(d time.Duration, key string, f func(*worker.TaskState)) {
			t.Helper()
			e.set(key, f)
			time.Sleep(d)
			if r.ended() {
				t.Fatalf("it ended after %s although there was something to do", time.Since(begin))
			}
		}
		busy(4*time.Second, "in-0", func(s *worker.TaskState) { s.Progress.Records = 10 })
		busy(4*time.Second, "in-0", func(s *worker.TaskState) { s.Progress.Records = 20 })
		busy(20*time.Second, "in-0", func(s *worker.TaskState) { s.Progress.Pending = 3 })
		busy(20*time.Second, "out-0", func(s *worker.TaskState) { s.Progress.Lag = 20 })
		busy(20*time.Second, "out-0", func(s *worker.TaskState) { s.Progress.Lag = -1 })
		busy(20*time.Second, "out-0", func(s *worker.TaskState) { s.State = task.Unassigned })
		e.set("out-0", func(s *worker.TaskState) { s.State, s.Progress.Lag = task.Running, 0 })
		time.Sleep(20 * time.Second)
		if r.ended() {
			t.Fatal("it ended although records of the source are not committed")
		}
		e.set("in-0", func(s *worker.TaskState) { s.Progress.Pending = 0 })
		idle := time.Now()
		<-r.done
		if took := time.Since(idle); r.err != nil || took < 5*time.Second || took > 6*time.Second {
			t.Errorf("ended after %s with %v, want 5s and no error", took, r.err)
		}
	})
}

func TestUntilIdleWaitsForTheGroup(t *testing.T) {
	tests := map[string]struct {
		assigned bool // one of the two tasks gets a partition after 4 s
		want     time.Duration
	}{
		"one gets a partition": {true, 4*time.Second + time.Second},
		"there is none":        {false, joinGrace + time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEngine()
				e.on = func(worker.TaskSpec) worker.TaskState {
					return worker.TaskState{State: task.Running, StartedAt: time.Now()}
				}
				c := sink("out")
				c.TasksMax, c.Config["tasks"] = 2, "all"
				begin := time.Now()
				r := start(t, e, Options{Desired: NewFixed([]Connector{c}), UntilIdle: time.Second})
				if tc.assigned {
					time.Sleep(4 * time.Second)
					e.set("out-1", func(s *worker.TaskState) { s.Progress.Assignment = []string{"t-0"} })
				}
				<-r.done
				if took := time.Since(begin); took < tc.want || took > tc.want+2*look {
					t.Errorf("ended after %s, want %s", took, tc.want)
				}
			})
		})
	}
}

func TestUntilIdleFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		e.on = func(s worker.TaskSpec) worker.TaskState {
			if s.Connector == "bad" {
				return worker.TaskState{State: task.Failed, Error: "no such host"}
			}
			return worker.TaskState{State: task.Running}
		}
		bad := source("bad")
		bad.Restart = &RestartPolicy{MaxRestarts: 2, Window: time.Hour, Initial: time.Second, Max: time.Minute}
		r := start(t, e, Options{Desired: NewFixed([]Connector{bad, source("good")}), UntilIdle: time.Second})
		<-r.done
		failed := new(FailedError)
		if !errors.As(r.err, &failed) {
			t.Fatalf("error %v, want a FailedError", r.err)
		}
		if diff := cmp.Diff([]Failure{{"bad", 0, "no such host"}}, failed.Failures); diff != "" {
			t.Errorf("failures (-want +got):\n%s", diff)
		}
		if got := r.err.Error(); got != "task 0 of connector bad failed: no such host" {
			t.Errorf("error %q", got)
		}
		if e.epochs["bad-0"] != 3 || e.epochs["good-0"] != 1 {
			t.Errorf("epochs %v, want two restarts of bad and none of good", e.epochs)
		}
	})
}

func TestRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		r := start(t, e, Options{Desired: NewFixed([]Connector{source("a")})})
		fail := func() {
			e.set("a-0", func(s *worker.TaskState) { s.State, s.Error = task.Failed, "boom" })
		}
		e.set("a-0", func(s *worker.TaskState) { s.Progress.Records = 7 })
		r.status(t, 0)
		fail()
		if s := r.status(t, 0); s.State != StateRestarting || s.NextTry == nil || s.Error != "boom" || s.Idle {
			t.Errorf("status %+v, want restarting with the reason", s)
		}
		time.Sleep(time.Second)
		s := r.status(t, 0)
		if s.State != StateRunning || s.Restarts != 1 || s.Records != 7 || e.epoch("a-0") != 2 {
			t.Errorf("status %+v under epoch %d, want it to run again under 2 and its records kept", s, e.epoch("a-0"))
		}
		// The pauses double: 2, 4, 8 … seconds.
		for i, pause := range []time.Duration{2, 4, 8, 16, 32} {
			fail()
			time.Sleep(pause*time.Second - look)
			if got := e.epoch("a-0"); got != int64(i+2) {
				t.Fatalf("epoch %d before the pause of %d s was over", got, pause)
			}
			time.Sleep(2 * look)
			if got := e.epoch("a-0"); got != int64(i+3) {
				t.Fatalf("epoch %d after the pause of %d s, want a restart", got, pause)
			}
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestFailedForGoodLeavesTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		bad := source("bad")
		bad.Restart = &RestartPolicy{Never: true}
		r := start(t, e, Options{Desired: NewFixed([]Connector{bad, source("good")})})
		e.set("bad-0", func(s *worker.TaskState) { s.State, s.Error = task.Failed, "boom" })
		time.Sleep(time.Hour)
		if s := r.status(t, 0); s.State != StateFailed || s.NextTry != nil {
			t.Errorf("status %+v, want failed", s)
		}
		if s := r.status(t, 1); s.State != StateRunning {
			t.Errorf("status %+v, want the other one running", s)
		}
		if r.ended() {
			t.Error("it ended")
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestRestartWaitsForKafka(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		r := start(t, e, Options{Desired: NewFixed([]Connector{source("a")})})
		e.set("a-0", func(s *worker.TaskState) { s.State = task.Failed })
		e.setEpochErr(errors.New("no broker"))
		time.Sleep(10 * time.Second)
		e.setEpochErr(nil)
		time.Sleep(2 * time.Second)
		if s := r.status(t, 0); s.State != StateRunning || s.Restarts != 1 {
			t.Errorf("status %+v, want one restart", s)
		}
		_ = r.stop()
	})
}

func TestTakenOver(t *testing.T) {
	superseded := func(s *worker.TaskState) { s.State, s.Superseded = task.Unassigned, true }
	for name, tc := range map[string]struct {
		after time.Duration
		lost  string
		quiet string // lost too, but the task has not noticed
		want  string // "" goes on
	}{
		"the first task":                   {0, "a-0", "", "task 0 of connector a"},
		"the first task, later":            {settleTime, "a-0", "", "task 0 of connector a"},
		"another task, at the start":       {0, "b-0", "", ""},
		"another task, later":              {settleTime, "b-0", "", "task 0 of connector b"},
		"another task, and the first, too": {0, "b-0", "a-0", "task 0 of connector a"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEngine()
				stopped := source("0")
				stopped.State = Stopped
				r := start(t, e, Options{Desired: NewFixed([]Connector{source("b"), stopped, source("a")})})
				time.Sleep(tc.after)
				e.mu.Lock()
				e.epochs[tc.lost]++ // the other process's
				if tc.quiet != "" {
					e.epochs[tc.quiet]++
				}
				e.mu.Unlock()
				e.set(tc.lost, superseded)
				if tc.want != "" {
					<-r.done
					if !errors.Is(r.err, ErrTakenOver) || !strings.Contains(r.err.Error(), tc.want) {
						t.Errorf("error %v, want that another process has taken %s over", r.err, tc.want)
					}
					return
				}
				time.Sleep(2 * look) // one turn takes it back, the next one sees it run
				if s := r.status(t, 0); r.ended() || s.State != StateRunning || e.epoch(tc.lost) != 3 || s.Restarts != 0 {
					t.Errorf("ended %v, status %+v, epoch %d; want the task back under epoch 3", r.ended(), s, e.epoch(tc.lost))
				}
				if err := r.stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A task that cannot be taken back now is taken back later.
func TestTakesBackWhenKafkaAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		r := start(t, e, Options{Desired: NewFixed([]Connector{source("a"), source("b")})})
		e.setEpochErr(errors.New("no broker"))
		e.set("b-0", func(s *worker.TaskState) { s.State, s.Superseded = task.Unassigned, true })
		time.Sleep(2 * look)
		e.setEpochErr(nil)
		time.Sleep(2 * look) // one turn takes it back, the next one sees it run
		if s := r.status(t, 1); s.State != StateRunning || r.ended() {
			t.Errorf("status %+v, ended %v; want it to run again", s, r.ended())
		}
		_ = r.stop()
	})
}

func TestWorkerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		r := start(t, e, Options{Desired: NewFixed([]Connector{source("a")})})
		e.end <- errors.New("topic x is not compacted")
		<-r.done
		if r.err == nil || !strings.Contains(r.err.Error(), "topic x is not compacted") {
			t.Errorf("error %v, want the worker's", r.err)
		}
	})
}

func TestRestartPolicyNext(t *testing.T) {
	now := time.Unix(100_000, 0)
	ago := func(minutes ...int) []time.Time {
		var out []time.Time
		for _, m := range minutes {
			out = append(out, now.Add(-time.Duration(m)*time.Minute))
		}
		return out
	}
	p := DefaultRestartPolicy()
	tests := map[string]struct {
		policy RestartPolicy
		before []time.Time
		want   time.Duration
		ok     bool
	}{
		"first":             {p, nil, time.Second, true},
		"third":             {p, ago(2, 1), 4 * time.Second, true},
		"old ones are over": {p, ago(90, 60, 1), 2 * time.Second, true},
		"bounded":           {p, ago(9, 8, 7, 6, 5, 4, 3, 2, 1), 5 * time.Minute, true},
		"at the limit":      {RestartPolicy{MaxRestarts: 100, Window: time.Hour, Initial: time.Second, Max: 3 * time.Second}, ago(5, 4, 3), 3 * time.Second, true},
		"budget spent":      {p, ago(10, 9, 8, 7, 6, 5, 4, 3, 2, 1), 0, false},
		"budget again":      {p, ago(61, 9, 8, 7, 6, 5, 4, 3, 2, 1), 5 * time.Minute, true},
		"never":             {RestartPolicy{Never: true, MaxRestarts: 10, Window: time.Hour}, nil, 0, false},
		"none":              {RestartPolicy{Window: time.Hour}, nil, 0, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := tc.policy.next(tc.before, now)
			if got != tc.want || ok != tc.ok {
				t.Errorf("%s, %v; want %s, %v", got, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	unknown := source("c")
	unknown.Class, unknown.Origin = "inn", "x.yaml, document 3"
	typo := source("d")
	typo.Config, typo.Origin = map[string]string{"taks": "all"}, "x.yaml, document 4"
	refused := source("e")
	refused.Config = map[string]string{"errors.tolerance": "some", "name": "n"}
	first, second := source("a"), sink("a")
	first.Origin, second.Origin = "x.yaml, document 1", "y.yaml, document 1"
	noTopics := Connector{Name: "f", Class: "out"}

	problems, warnings := Validate(registry(), []Connector{first, second, unknown, typo, refused, noTopics}, nil)
	var got []string
	for _, p := range problems {
		got = append(got, p.Error())
	}
	want := []string{
		"y.yaml, document 1: connector a: spec.connectorName: the name a in Kafka is already taken by x.yaml, document 1; offsets and consumer group would be shared, choose another one",
		"x.yaml, document 3: connector c: connector.class: unknown class inn, did you mean in?; this build has in, out",
		"connector e: name: is not a config key here, set spec.connectorName instead",
		`connector e: errors.tolerance: "some" is not one of none, all; did you mean "none"?`,
		"connector f: topics: Must configure one of topics or topics.regex",
		"connector f: topics.regex: Must configure one of topics or topics.regex",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if len(warnings) != 1 || warnings[0].Error() != "x.yaml, document 4: connector d: taks: is not a key of in and has no effect, did you mean tasks?" {
		t.Errorf("warnings %v", warnings)
	}
}
