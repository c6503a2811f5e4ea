// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package standalone runs connectors in one process, without Kubernetes: it is
// the operator of its own worker.
package standalone

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// TargetState is what a connector is wanted to do.
type TargetState string

// The target states.
const (
	Running TargetState = "Running"
	Paused  TargetState = "Paused"
	Stopped TargetState = "Stopped"
)

// Connector is a connector to run.
type Connector struct {
	// Name is the connector's name in Kafka.
	Name  string
	Class string
	// TasksMax is how many tasks it may have; 0 means 1.
	TasksMax int
	// State is what it is to do; "" means Running.
	State TargetState
	// Config holds its keys, with references unresolved.
	Config map[string]string
	// Restart says what happens when one of its tasks fails; nil means the default
	// of Options.
	Restart *RestartPolicy
	// Origin says where the connector stands, for messages: "orders.yaml, document 2".
	Origin string
}

// same reports whether two states of a connector differ at most in a pause.
func (c Connector) same(o Connector) bool {
	return c.Class == o.Class && max(c.TasksMax, 1) == max(o.TasksMax, 1) && (c.State == Stopped) == (o.State == Stopped) &&
		maps.Equal(c.Config, o.Config)
}

// RestartPolicy says when a failed task is started again.
type RestartPolicy struct {
	// Never leaves a failed task as it is.
	Never bool
	// MaxRestarts is how many restarts Window may hold.
	MaxRestarts int
	Window      time.Duration
	// Initial is the pause before the first restart. It doubles with each one that
	// Window holds, up to Max.
	Initial, Max time.Duration
}

// DefaultRestartPolicy returns what holds for a connector that says nothing.
func DefaultRestartPolicy() RestartPolicy {
	return RestartPolicy{MaxRestarts: 10, Window: time.Hour, Initial: time.Second, Max: 5 * time.Minute}
}

// next returns after which pause a task that fails now is started again, given
// when it was before; ok is false if it is not.
func (p RestartPolicy) next(before []time.Time, now time.Time) (pause time.Duration, ok bool) {
	recent := 0
	for _, t := range before {
		if now.Sub(t) < p.Window {
			recent++
		}
	}
	if p.Never || recent >= p.MaxRestarts {
		return 0, false
	}
	pause = p.Initial
	for range recent {
		if pause *= 2; pause >= p.Max {
			return p.Max, true
		}
	}
	return pause, true
}

// Problem is what is wrong with one connector.
type Problem struct {
	Connector string
	// Origin is the Connector's.
	Origin string
	configdef.Problem
}

// Error returns `origin: connector name: key: message`.
func (p Problem) Error() string {
	text := fmt.Sprintf("connector %s: %s", p.Connector, p.Problem.Error())
	if p.Origin != "" {
		text = p.Origin + ": " + text
	}
	return text
}

// Validate checks connectors as they would run together, with defaults as the
// worker's config. It is pure: nothing outside is asked.
func Validate(r connect.Registry, connectors []Connector, defaults map[string]string) (problems, warnings []Problem) {
	var names []string
	origins := map[string]string{}
	for _, c := range connectors {
		wrap := func(list []configdef.Problem) []Problem {
			out := make([]Problem, len(list))
			for i, p := range list {
				out[i] = Problem{c.Name, c.Origin, p}
			}
			return out
		}
		if slices.Contains(names, c.Name) {
			problems = append(problems, wrap([]configdef.Problem{{Key: "spec.connectorName", Message: fmt.Sprintf(
				"the name %s in Kafka is already taken by %s; offsets and consumer group would be shared, choose another one", c.Name, origins[c.Name])}})...)
		}
		names = append(names, c.Name)
		origins[c.Name] = c.Origin
		v := r.Validate(c.Class, c.Config, defaults)
		problems = append(problems, wrap(v.Problems)...)
		warnings = append(warnings, wrap(v.Warnings)...)
	}
	return problems, warnings
}
