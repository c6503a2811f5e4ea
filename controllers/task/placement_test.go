// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/controllers/internal/state"
)

func TestPlace(t *testing.T) {
	up := func(name string) worker {
		return worker{name: name, uid: types.UID("u-" + name), ready: true, since: start}
	}
	down := func(name string, ago time.Duration) worker {
		return worker{name: name, uid: types.UID("u-" + name), since: start.Add(-ago)}
	}
	stopping := func(w worker) worker { w.stopping = true; return w }
	on := func(name string) v1alpha1.TaskSpec {
		return v1alpha1.TaskSpec{Epoch: 3, Worker: &v1alpha1.WorkerRef{Name: name, UID: types.UID("u-" + name)}}
	}
	leaving := func(name string, ago time.Duration) v1alpha1.TaskSpec {
		return v1alpha1.TaskSpec{Epoch: 3, Releasing: &v1alpha1.Release{
			Worker: v1alpha1.WorkerRef{Name: name, UID: types.UID("u-" + name)}, Since: metav1.NewTime(start.Add(-ago)),
		}}
	}
	for name, tc := range map[string]struct {
		task    v1alpha1.TaskSpec
		deleted bool
		workers []worker
		last    state.Task
		want    string
		again   time.Duration
	}{
		"no worker":                        {want: "nothing"},
		"the first binding":                {workers: []worker{up("a")}, want: "bind to a"},
		"a deleted task":                   {deleted: true, workers: []worker{up("a")}, want: "nothing"},
		"it stays":                         {task: on("b"), workers: []worker{up("a"), up("b")}, want: "nothing"},
		"its pod is gone":                  {task: on("b"), workers: []worker{up("a")}, want: "bind to a"},
		"its pod is another":               {task: on("b"), workers: []worker{{name: "b", uid: "new", ready: true, since: start}}, want: "bind to b"},
		"its pod is gone and no other":     {task: on("b"), want: "unbind"},
		"its pod stops":                    {task: on("b"), workers: []worker{up("a"), stopping(up("b"))}, want: "release"},
		"its pod stops and no other":       {task: on("b"), workers: []worker{stopping(up("b"))}, want: "release"},
		"not ready for a moment":           {task: on("b"), workers: []worker{up("a"), down("b", 29*time.Second)}, want: "nothing", again: time.Second},
		"not ready for long":               {task: on("b"), workers: []worker{up("a"), down("b", 30*time.Second)}, want: "release"},
		"not ready for long, like all":     {task: on("b"), workers: []worker{down("a", time.Hour), down("b", time.Hour)}, want: "nothing"},
		"no new task for one not ready":    {workers: []worker{down("a", time.Second)}, want: "nothing", again: 29 * time.Second},
		"no new task for one that stops":   {workers: []worker{stopping(up("a"))}, want: "nothing"},
		"no new task for one not started":  {workers: []worker{{name: "a", uid: "u-a"}}, want: "nothing"},
		"leaving":                          {task: leaving("b", 4*time.Second), workers: []worker{up("a"), up("b")}, want: "nothing", again: 6 * time.Second},
		"leaving, said of the last epoch":  {task: leaving("b", 0), workers: []worker{up("a"), up("b")}, last: state.Task{Epoch: 2, Released: true}, want: "nothing", again: releaseTimeout},
		"leaving, still running":           {task: leaving("b", 0), workers: []worker{up("a"), up("b")}, last: state.Task{Epoch: 3, State: running}, want: "nothing", again: releaseTimeout},
		"has left":                         {task: leaving("b", 0), workers: []worker{up("a"), stopping(up("b"))}, last: state.Task{Epoch: 3, Released: true}, want: "bind to a"},
		"has left under a phantom epoch":   {task: leaving("b", 0), workers: []worker{up("a"), stopping(up("b"))}, last: state.Task{Epoch: 4, Released: true}, want: "bind to a"},
		"does not leave in time":           {task: leaving("b", releaseTimeout), workers: []worker{up("a"), stopping(up("b"))}, want: "bind to a"},
		"left with its pod":                {task: leaving("b", 0), workers: []worker{up("a")}, want: "bind to a"},
		"left, and a pod of the same name": {task: leaving("b", 0), workers: []worker{{name: "b", uid: "new", ready: true, since: start}}, want: "bind to b"},
		"has left and there is no other":   {task: leaving("b", 0), workers: []worker{stopping(up("b"))}, last: state.Task{Epoch: 3, Released: true}, want: "nothing"},
		"has left and may come back":       {task: leaving("b", 0), workers: []worker{up("b")}, last: state.Task{Epoch: 3, Released: true}, want: "bind to b"},
	} {
		t.Run(name, func(t *testing.T) {
			task := v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Name: "t-0"}, Spec: tc.task}
			if tc.deleted {
				task.DeletionTimestamp = &metav1.Time{Time: start}
			}
			actions, again := place([]v1alpha1.Task{task}, tc.workers, func(*v1alpha1.Task) state.Task { return tc.last }, start)
			got := "nothing"
			for _, a := range actions {
				got = map[verb]string{bind: "bind to " + a.to.Name, release: "release", unbind: "unbind"}[a.verb]
			}
			if got != tc.want || again != tc.again {
				t.Errorf("place says %s and to look again after %s, want %s and %s", got, again, tc.want, tc.again)
			}
		})
	}
}

// world is a cluster whose workers come and go, with what is bound in it.
type world struct {
	t       *testing.T
	r       *rand.Rand
	now     time.Time
	pods    int
	workers []worker
	tasks   []v1alpha1.Task
	highest map[string]int64
	// held is which pod still runs a task, under which epoch, whatever the API
	// server has; said is its last word.
	held map[string]map[types.UID]int64
	said map[string]state.Task
}

// Whatever happens to workers, a task is never handed to a second one while the
// first may run it, before the timeout; epochs rise; and once things are quiet
// each task is on one worker that is ready.
func TestPlaceProperties(t *testing.T) {
	for seed := range uint64(300) {
		w := newWorld(t, seed)
		for range 60 {
			w.happen()
			w.carryOut()
		}
		w.settle()
	}
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 3)), now: start, highest: map[string]int64{}, held: map[string]map[types.UID]int64{}, said: map[string]state.Task{}}
	for i := range 1 + w.r.IntN(8) {
		name := fmt.Sprintf("c%d-%d", i%3, i)
		w.tasks = append(w.tasks, v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.TaskSpec{ConnectorRef: v1alpha1.ConnectorRef{Name: fmt.Sprintf("c%d", i%3)}}})
		w.held[name] = map[types.UID]int64{}
	}
	for range w.r.IntN(4) {
		w.addPod()
	}
	return w
}

// addPod makes a pod, of a name that was used before if one is free.
func (w *world) addPod() {
	for i := range 5 {
		name := fmt.Sprintf("w%d", i)
		if !slices.ContainsFunc(w.workers, func(x worker) bool { return x.name == name }) {
			w.pods++
			w.workers = append(w.workers, worker{name: name, uid: types.UID(fmt.Sprintf("u%d", w.pods))})
			return
		}
	}
}

func (w *world) happen() {
	w.now = w.now.Add(time.Duration(w.r.IntN(8000)) * time.Millisecond)
	if w.r.IntN(4) == 0 {
		w.addPod()
	}
	if len(w.workers) > 0 {
		i := w.r.IntN(len(w.workers))
		x := &w.workers[i]
		switch w.r.IntN(6) {
		case 0: // it dies, and what runs in it too
			for _, held := range w.held {
				delete(held, x.uid)
			}
			w.workers = slices.Delete(w.workers, i, i+1)
		case 1:
			x.stopping = true
		case 2:
			if x.ready {
				x.ready, x.since = false, w.now
			}
		default:
			if !x.ready {
				x.ready, x.since = true, w.now
			}
		}
	}
	if w.r.IntN(3) > 0 {
		w.agents()
	}
}

// agents lets every worker that is there do what its Tasks say.
func (w *world) agents() {
	for i := range w.tasks {
		t := &w.tasks[i]
		for _, x := range w.workers {
			w.agent(t, x)
		}
	}
}

func (w *world) agent(t *v1alpha1.Task, x worker) {
	held := w.held[t.Name]
	epoch, runs := held[x.uid]
	mine := t.Spec.Worker != nil && *t.Spec.Worker == x.ref()
	switch {
	case runs && (!mine || x.stopping):
		delete(held, x.uid)
		if w.said[t.Name].Epoch <= epoch {
			w.said[t.Name] = state.Task{Epoch: epoch, Released: true}
		}
	case mine && !x.stopping:
		held[x.uid] = t.Spec.Epoch
		w.said[t.Name] = state.Task{Epoch: t.Spec.Epoch, State: running}
	}
}

// carryOut does what place says, as binding does, some of it or all.
func (w *world) carryOut() []action {
	actions, _ := place(w.tasks, w.workers, func(t *v1alpha1.Task) state.Task { return w.said[t.Name] }, w.now)
	for _, a := range actions {
		if w.r.IntN(5) == 0 {
			continue
		}
		s := &a.task.Spec
		switch a.verb {
		case release:
			s.Releasing, s.Worker = &v1alpha1.Release{Worker: *s.Worker, Since: metav1.NewTime(w.now)}, nil
		case unbind:
			s.Releasing, s.Worker = nil, nil
		case bind:
			w.checkBind(a)
			w.highest[a.task.Name]++
			s.Worker, s.Releasing, s.Epoch = &a.to, nil, w.highest[a.task.Name]
		}
	}
	return actions
}

func (w *world) checkBind(a action) {
	w.t.Helper()
	i := slices.IndexFunc(w.workers, func(x worker) bool { return x.ref() == a.to })
	if i < 0 || !w.workers[i].ready || w.workers[i].stopping {
		w.t.Fatalf("%s is bound to %v, which may get none", a.task.Name, a.to)
	}
	s := a.task.Spec
	if s.Worker != nil && slices.ContainsFunc(w.workers, func(x worker) bool { return x.ref() == *s.Worker }) {
		w.t.Fatalf("%s is bound to %v while it is bound to %v, which is there", a.task.Name, a.to, *s.Worker)
	}
	for uid, epoch := range w.held[a.task.Name] {
		since := time.Duration(-1)
		if s.Releasing != nil && s.Releasing.Worker.UID == uid {
			since = w.now.Sub(s.Releasing.Since.Time)
		}
		if epoch == s.Epoch && since < releaseTimeout {
			w.t.Fatalf("%s is bound to %v while %s may run it, asked to let go %s ago", a.task.Name, a.to, uid, since)
		}
	}
}

// settle lets all become quiet and checks where that ends.
func (w *world) settle() {
	w.t.Helper()
	w.addPod()
	for i := range w.workers {
		if x := &w.workers[i]; !x.stopping {
			x.ready, x.since = true, w.now
		}
	}
	quiet := 0
	for range 200 {
		w.agents()
		if len(w.carryOut()) == 0 {
			quiet++
		}
		w.now = w.now.Add(releaseTimeout)
	}
	if quiet == 0 {
		w.t.Fatal("bindings change for ever")
	}
	able := slices.ContainsFunc(w.workers, func(x worker) bool { return !x.stopping })
	for _, t := range w.tasks {
		held := w.held[t.Name]
		switch {
		case !able && t.Spec.Worker != nil:
			w.t.Fatalf("%s is bound to %v, and every worker stops", t.Name, *t.Spec.Worker)
		case able && (t.Spec.Worker == nil || len(held) != 1 || held[t.Spec.Worker.UID] != t.Spec.Epoch):
			w.t.Fatalf("%s is bound to %v under %d and runs on %v", t.Name, t.Spec.Worker, t.Spec.Epoch, held)
		}
	}
	if actions, _ := place(w.tasks, w.workers, func(t *v1alpha1.Task) state.Task { return w.said[t.Name] }, w.now); len(actions) != 0 {
		w.t.Fatalf("all is quiet, and there are still %d bindings to change", len(actions))
	}
}
