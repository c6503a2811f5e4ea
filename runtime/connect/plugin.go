// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"context"
	"errors"
	"fmt"

	"penstock.dev/runtime/configdef"
)

// Kind says which way a connector moves data.
type Kind string

// The kinds, as Kafka Connect's REST API names them.
const (
	SourceKind Kind = "source"
	SinkKind   Kind = "sink"
)

// Source is a source connector whose config is C, a struct with config tags (see
// configdef).
type Source[C any] struct {
	// Name is the class that users write: "file-source". Version is its own.
	Name, Version string
	// Aliases are Kafka Connect's full class names for it.
	Aliases []string
	// Doc says in a sentence what it does.
	Doc string
	// Tasks says how many of max tasks the connector can use. It is pure, runs
	// without the outside system, and must not read keys that hold secrets: those
	// are empty at plan time. Nil means max.
	Tasks func(c C, max int) int
	// Check finds what the tags cannot say. It is pure; nil means nothing.
	Check func(c C) []configdef.Problem
	// CheckOffset says what is wrong with an offset that a user wants to set for a
	// source partition; numbers are int64 or float64. It is pure; nil takes all.
	CheckOffset func(c C, partition, offset map[string]any) error
	// Open starts one task.
	Open func(ctx context.Context, env Env, c C) (SourceTask, error)
}

// Sink is a sink connector whose config is C. Its fields are those of Source.
type Sink[C any] struct {
	Name, Version string
	Aliases       []string
	Doc           string
	Tasks         func(c C, max int) int
	Check         func(c C) []configdef.Problem
	Open          func(ctx context.Context, env Env, c C) (SinkTask, error)
}

// Plugin is a connector with its config type erased.
type Plugin struct {
	Name, Version string
	Kind          Kind
	Aliases       []string
	Doc           string
	// Keys are the connector's own config keys.
	Keys []configdef.Key
	// Check returns every problem of the connector's own keys at plan time, when
	// secrets are not resolved (see configdef.Plan).
	Check func(props map[string]string) []configdef.Problem
	// Tasks returns how many of max tasks the connector can use, from 1 to max.
	// The config must have passed Check.
	Tasks func(props map[string]string, max int) int
	// CheckOffset is Source's; nil takes all.
	CheckOffset func(props map[string]string, partition, offset map[string]any) error
	// OpenSource and OpenSink start one task from the resolved config; the one
	// that is not of the plugin's Kind is nil.
	OpenSource func(ctx context.Context, env Env, props map[string]string) (SourceTask, error)
	OpenSink   func(ctx context.Context, env Env, props map[string]string) (SinkTask, error)
}

// Class returns the class of Kafka Connect that the connector stands for, or else
// its name.
func (p Plugin) Class() string { return classOf(p.Name, p.Aliases) }

// Plugin erases the config type.
func (s Source[C]) Plugin() Plugin {
	p := erase(SourceKind, s.Name, s.Version, s.Aliases, s.Doc, s.Tasks, s.Check)
	if s.CheckOffset != nil {
		p.CheckOffset = func(props map[string]string, partition, offset map[string]any) error {
			c, _ := configdef.Plan[C](props)
			return s.CheckOffset(c, partition, offset)
		}
	}
	p.OpenSource = func(ctx context.Context, env Env, props map[string]string) (SourceTask, error) {
		c, err := decode[C](props)
		if err != nil {
			return nil, err
		}
		return s.Open(ctx, env, c)
	}
	return p
}

// Plugin erases the config type.
func (s Sink[C]) Plugin() Plugin {
	p := erase(SinkKind, s.Name, s.Version, s.Aliases, s.Doc, s.Tasks, s.Check)
	p.OpenSink = func(ctx context.Context, env Env, props map[string]string) (SinkTask, error) {
		c, err := decode[C](props)
		if err != nil {
			return nil, err
		}
		return s.Open(ctx, env, c)
	}
	return p
}

func erase[C any](kind Kind, name, version string, aliases []string, doc string,
	tasks func(C, int) int, check func(C) []configdef.Problem,
) Plugin {
	return Plugin{
		Name: name, Version: version, Kind: kind, Aliases: aliases, Doc: doc,
		Keys: configdef.Of[C](),
		Check: func(props map[string]string) []configdef.Problem {
			c, problems := configdef.Plan[C](props)
			if check != nil && len(problems) == 0 {
				problems = check(c)
			}
			return problems
		},
		Tasks: func(props map[string]string, limit int) int {
			if tasks == nil {
				return limit
			}
			c, _ := configdef.Plan[C](props)
			return min(max(tasks(c, limit), 1), limit)
		},
	}
}

func decode[C any](props map[string]string) (C, error) {
	c, problems := configdef.Decode[C](props)
	if len(problems) == 0 {
		return c, nil
	}
	return c, fmt.Errorf("connector config is invalid: %w", joined(problems))
}

// joined returns the problems as one error.
func joined(problems []configdef.Problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}
