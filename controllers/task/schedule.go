// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"slices"
	"strings"
)

// unit is a task as the schedule sees it.
type unit struct {
	// name is unique; connector groups the tasks that should spread.
	name, connector string
	// worker is where the task is, "" for nowhere. A worker that is not among the
	// workers of the schedule is nowhere too.
	worker string
}

// schedule says which worker each task should be on. It is pure. Tasks that are
// on a worker in holding stay there and do not count: such a worker may come
// back, but gets nothing new. Of the rest every worker gets as many as any other,
// give or take one; a task moves only if that needs it; and the tasks of a
// connector spread. Without workers nothing is said.
func schedule(units []unit, workers, holding []string) map[string]string {
	out := make(map[string]string, len(units))
	var free []unit
	load := map[string][]unit{}
	for _, u := range sortedUnits(units) {
		switch {
		case slices.Contains(holding, u.worker):
			out[u.name] = u.worker
		case slices.Contains(workers, u.worker):
			load[u.worker] = append(load[u.worker], u)
		default:
			free = append(free, u)
		}
	}
	if len(workers) == 0 {
		return out
	}
	quota := quotas(workers, load, len(units)-len(out))
	for _, w := range workers {
		for len(load[w]) > quota[w] {
			i := mostCrowded(load[w])
			free = append(free, load[w][i])
			load[w] = slices.Delete(load[w], i, i+1)
		}
	}
	siblings := siblingsOf(load)
	for _, u := range sortedUnits(free) {
		w := best(u, workers, load, siblings, quota)
		load[w] = append(load[w], u)
		siblings[spot{w, u.connector}]++
	}
	for w, us := range load {
		for _, u := range us {
			out[u.name] = w
		}
	}
	return out
}

func sortedUnits(units []unit) []unit {
	out := slices.Clone(units)
	slices.SortFunc(out, func(a, b unit) int { return strings.Compare(a.name, b.name) })
	return out
}

// quotas shares n tasks among the workers. What does not divide goes to those who
// have most already, so that least moves.
func quotas(workers []string, load map[string][]unit, n int) map[string]int {
	byLoad := slices.Clone(workers)
	slices.SortFunc(byLoad, func(a, b string) int {
		if d := len(load[b]) - len(load[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	out := make(map[string]int, len(workers))
	for i, w := range byLoad {
		out[w] = n / len(workers)
		if i < n%len(workers) {
			out[w]++
		}
	}
	return out
}

// mostCrowded is the place of a task whose connector has most tasks here.
func mostCrowded(us []unit) int {
	count := map[string]int{}
	for _, u := range us {
		count[u.connector]++
	}
	at := 0
	for i, u := range us {
		if count[u.connector] >= count[us[at].connector] {
			at = i
		}
	}
	return at
}

// spot is where tasks of a connector meet.
type spot struct{ worker, connector string }

// siblingsOf counts the tasks of each connector on each worker.
func siblingsOf(load map[string][]unit) map[spot]int {
	out := map[spot]int{}
	for w, us := range load {
		for _, u := range us {
			out[spot{w, u.connector}]++
		}
	}
	return out
}

// best is the worker with room that has fewest tasks of the same connector, then
// fewest tasks.
func best(u unit, workers []string, load map[string][]unit, siblings map[spot]int, quota map[string]int) string {
	choice, fewest := "", 0
	for _, w := range workers {
		if len(load[w]) >= quota[w] {
			continue
		}
		n := siblings[spot{w, u.connector}]
		if choice == "" || n < fewest || n == fewest && len(load[w]) < len(load[choice]) {
			choice, fewest = w, n
		}
	}
	return choice
}
