// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSchedule(t *testing.T) {
	for name, tc := range map[string]struct {
		units            []unit
		workers, holding []string
		want             map[string]string
	}{
		"nobody to work":            {units: []unit{{"a-0", "a", ""}}, want: map[string]string{}},
		"the first task":            {units: []unit{{"a-0", "a", ""}}, workers: []string{"w0", "w1"}, want: map[string]string{"a-0": "w0"}},
		"a connector spreads":       {units: []unit{{"a-0", "a", ""}, {"a-1", "a", ""}}, workers: []string{"w0", "w1"}, want: map[string]string{"a-0": "w0", "a-1": "w1"}},
		"what runs stays":           {units: []unit{{"a-0", "a", "w1"}}, workers: []string{"w0", "w1"}, want: map[string]string{"a-0": "w1"}},
		"a worker is gone":          {units: []unit{{"a-0", "a", "w1"}, {"a-1", "a", "w0"}}, workers: []string{"w0"}, want: map[string]string{"a-0": "w0", "a-1": "w0"}},
		"a worker in holding keeps": {units: []unit{{"a-0", "a", "w1"}, {"b-0", "b", ""}}, workers: []string{"w0"}, holding: []string{"w1"}, want: map[string]string{"a-0": "w1", "b-0": "w0"}},
		"all in holding":            {units: []unit{{"a-0", "a", "w1"}, {"b-0", "b", ""}}, holding: []string{"w1"}, want: map[string]string{"a-0": "w1"}},
		"of three on two, nothing moves": {
			units:   []unit{{"a-0", "a", "w1"}, {"b-0", "b", "w1"}, {"c-0", "c", "w0"}},
			workers: []string{"w0", "w1"},
			want:    map[string]string{"a-0": "w1", "b-0": "w1", "c-0": "w0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := schedule(tc.units, tc.workers, tc.holding)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("schedule (-want +got):\n%s", diff)
			}
		})
	}
}

func TestANewWorkerGetsItsShare(t *testing.T) {
	units := []unit{{"a-0", "a", "w0"}, {"a-1", "a", "w0"}, {"b-0", "b", "w0"}, {"c-0", "c", "w0"}}
	got := schedule(units, []string{"w0", "w1"}, nil)
	checkBalanced(t, units, []string{"w0", "w1"}, got)
	if got["a-0"] == got["a-1"] {
		t.Errorf("schedule is %v, want the tasks of a apart", got)
	}
}

// What must hold of any schedule, tried on random ones.
func TestScheduleProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		units, workers, holding := randomCase(r)
		got := schedule(units, workers, holding)
		checkPlaced(t, units, workers, holding, got)
		checkBalanced(t, units, workers, got)
		checkMoves(t, units, workers, holding, got)
		if again := schedule(placed(units, got), workers, holding); !maps.Equal(again, got) {
			t.Fatalf("a schedule that is carried out changes: %v, then %v", got, again)
		}
		r.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
		if other := schedule(units, workers, holding); !maps.Equal(other, got) {
			t.Fatalf("the order of the tasks matters: %v, then %v", got, other)
		}
	}
}

func randomCase(r *rand.Rand) (units []unit, workers, holding []string) {
	names := []string{""}
	for i := range r.IntN(6) {
		w := fmt.Sprintf("w%d", i)
		names = append(names, w)
		switch r.IntN(5) {
		case 0:
			holding = append(holding, w)
		case 1: // gone
		default:
			workers = append(workers, w)
		}
	}
	for c := range r.IntN(8) {
		for i := range 1 + r.IntN(5) {
			units = append(units, unit{fmt.Sprintf("c%d-%d", c, i), fmt.Sprintf("c%d", c), names[r.IntN(len(names))]})
		}
	}
	return units, workers, holding
}

func placed(units []unit, where map[string]string) []unit {
	out := slices.Clone(units)
	for i := range out {
		out[i].worker = where[out[i].name]
	}
	return out
}

// checkPlaced: each task is on one worker that may have it.
func checkPlaced(t *testing.T, units []unit, workers, holding []string, got map[string]string) {
	t.Helper()
	for _, u := range units {
		w, ok := got[u.name]
		switch {
		case slices.Contains(holding, u.worker):
			if w != u.worker {
				t.Fatalf("%s left %s, which may come back, for %q", u.name, u.worker, w)
			}
		case len(workers) == 0:
			if ok {
				t.Fatalf("%s is on %s, and there is no worker", u.name, w)
			}
		case !slices.Contains(workers, w):
			t.Fatalf("%s is on %q, want one of %v", u.name, w, workers)
		}
	}
}

// checkBalanced: no worker has two tasks more than another.
func checkBalanced(t *testing.T, units []unit, workers []string, got map[string]string) {
	t.Helper()
	if len(workers) == 0 {
		return
	}
	n := make([]int, len(workers))
	for _, u := range units {
		if i := slices.Index(workers, got[u.name]); i >= 0 {
			n[i]++
		}
	}
	if slices.Max(n)-slices.Min(n) > 1 {
		t.Fatalf("the workers have %v tasks", n)
	}
}

// checkMoves: no more tasks leave a worker that is there than balance needs.
func checkMoves(t *testing.T, units []unit, workers, holding []string, got map[string]string) {
	t.Helper()
	if len(workers) == 0 {
		return
	}
	load := map[string]int{}
	total, moves := 0, 0
	for _, u := range units {
		if slices.Contains(holding, u.worker) {
			continue
		}
		total++
		if slices.Contains(workers, u.worker) {
			load[u.worker]++
			if got[u.name] != u.worker {
				moves++
			}
		}
	}
	sizes := make([]int, len(workers))
	for i, w := range workers {
		sizes[i] = load[w]
	}
	slices.SortFunc(sizes, func(a, b int) int { return b - a })
	need := 0
	for i, n := range sizes {
		quota := total / len(workers)
		if i < total%len(workers) {
			quota++
		}
		need += max(0, n-quota)
	}
	if moves > need {
		t.Fatalf("%d tasks move where %d would do", moves, need)
	}
}

// A connector whose tasks are placed together is spread evenly.
func TestTasksThatArePlacedTogetherSpread(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		units, workers, _ := randomCase(r)
		if len(workers) == 0 {
			continue
		}
		for i := range units {
			units[i].worker = ""
		}
		got := schedule(units, workers, nil)
		siblings := map[spot]int{}
		for _, u := range units {
			siblings[spot{got[u.name], u.connector}]++
		}
		for _, u := range units {
			n := make([]int, len(workers))
			for i, w := range workers {
				n[i] = siblings[spot{w, u.connector}]
			}
			if slices.Max(n)-slices.Min(n) > 1 {
				t.Fatalf("the workers have %v tasks of %s: %v", n, u.connector, got)
			}
		}
	}
}

func BenchmarkSchedule(b *testing.B) {
	var units []unit
	for c := range 1000 {
		for i := range 10 {
			units = append(units, unit{name: fmt.Sprintf("c%d-%d", c, i), connector: fmt.Sprintf("c%d", c)})
		}
	}
	var workers []string
	for i := range 100 {
		workers = append(workers, fmt.Sprintf("w%d", i))
	}
	half := placed(units, schedule(units, workers[:50], nil))
	for name, us := range map[string][]unit{"nothing placed": units, "half the workers new": half} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				schedule(us, workers, nil)
			}
		})
	}
}
