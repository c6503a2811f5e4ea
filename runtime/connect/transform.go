// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"fmt"

	"penstock.dev/runtime/configdef"
)

// Transform changes records on their way, as
// org.apache.kafka.connect.transforms.Transformation does. Each task has its
// own, which is called from one goroutine and need not be safe for concurrent
// use.
type Transform interface {
	// Apply changes the records that s.Next returns, in place. What it makes must
	// live in the memory of s.Arena, be constant, or be the transform's own and
	// never change. It must not change what a value refers to, which others may
	// refer to as well. A panic counts as a failure of the current record.
	Apply(s *Selection)
}

// Predicate decides for which records a transform applies, as
// org.apache.kafka.connect.transforms.predicates.Predicate does. Each task has
// its own.
type Predicate interface {
	// Test reports whether the record satisfies the predicate. It does not change
	// the record, except that it may decode it (Datum.Get).
	Test(r *Record) (bool, error)
}

// Selection is what a transform is to change: records of a batch, one after the
// other.
//
//	for r := s.Next(); r != nil; r = s.Next() {
//		…
//	}
type Selection struct {
	arena    *Arena
	records  []*Record
	at       int
	failures []Failure
}

// Start gives the selection records and their batch's memory. It is for the loop
// that calls the transform, and for tests.
func (s *Selection) Start(a *Arena, records []*Record) {
	s.arena, s.records, s.at = a, records, -1
	clear(s.failures)
	s.failures = s.failures[:0]
}

// Next returns the next record, or nil after the last one.
func (s *Selection) Next() *Record {
	if s.at++; s.at < len(s.records) {
		return s.records[s.at]
	}
	return nil
}

// Arena is the memory of the records' batch.
func (s *Selection) Arena() *Arena { return s.arena }

// Drop takes the current record out of the stream. Its offset counts as done.
func (s *Selection) Drop() { s.records[s.at].dropped = true }

// Fail says that the current record cannot be transformed and goes to the error
// policy. It is to be as it was before.
func (s *Selection) Fail(err error) {
	s.failures = append(s.failures, Failure{Index: s.at, Err: err})
}

// Current returns the place of the current record among those given to Start.
func (s *Selection) Current() int { return s.at }

// Failures returns what Fail was told, by places among the records given to
// Start, in order.
func (s *Selection) Failures() []Failure { return s.failures }

// TransformClass is a kind of transform whose config is C, a struct with config
// tags (see configdef).
type TransformClass[C any] struct {
	// Name is the class that users may write: "regex-router".
	Name string
	// Aliases are Kafka Connect's full class names for it.
	Aliases []string
	// Doc says in a sentence what it does. Example are the lines `key: value` of a
	// connector's config in which it is of use.
	Doc, Example string
	// Check finds what the tags cannot say, once all values are known. It is pure;
	// nil means nothing.
	Check func(c C, kind Kind) []configdef.Problem
	// New makes the transform of a task of a connector of that kind.
	New func(c C, kind Kind) (Transform, error)
}

// PredicateClass is a kind of predicate whose config is C. Its fields are those
// of TransformClass.
type PredicateClass[C any] struct {
	Name         string
	Aliases      []string
	Doc, Example string
	Check        func(c C) []configdef.Problem
	New          func(c C) (Predicate, error)
}

// TransformPlugin is a kind of transform with its config type erased.
type TransformPlugin struct {
	Name         string
	Aliases      []string
	Doc, Example string
	// Keys are its config keys, without their prefix.
	Keys []configdef.Key
	// Check returns what is wrong with the config at plan time (see
	// configdef.Plan), for a connector of that kind; keys come without prefix.
	Check func(props map[string]string, kind Kind) []configdef.Problem
	// New makes a transform from its resolved config; keys come without prefix.
	New func(props map[string]string, kind Kind) (Transform, error)
}

// PredicatePlugin is a kind of predicate with its config type erased. Its fields
// are those of TransformPlugin.
type PredicatePlugin struct {
	Name         string
	Aliases      []string
	Doc, Example string
	Keys         []configdef.Key
	Check        func(props map[string]string) []configdef.Problem
	New          func(props map[string]string) (Predicate, error)
}

// Plugin erases the config type.
func (t TransformClass[C]) Plugin() TransformPlugin {
	return TransformPlugin{
		Name: t.Name, Aliases: t.Aliases, Doc: t.Doc, Example: t.Example, Keys: configdef.Of[C](),
		Check: func(props map[string]string, kind Kind) []configdef.Problem {
			c, problems := configdef.Plan[C](props)
			if t.Check != nil && len(problems) == 0 && !anyUnresolved(props) {
				problems = t.Check(c, kind)
			}
			return problems
		},
		New: func(props map[string]string, kind Kind) (Transform, error) {
			c, err := decode[C](props)
			if err != nil {
				return nil, err
			}
			return t.New(c, kind)
		},
	}
}

// Plugin erases the config type.
func (p PredicateClass[C]) Plugin() PredicatePlugin {
	return PredicatePlugin{
		Name: p.Name, Aliases: p.Aliases, Doc: p.Doc, Example: p.Example, Keys: configdef.Of[C](),
		Check: func(props map[string]string) []configdef.Problem {
			c, problems := configdef.Plan[C](props)
			if p.Check != nil && len(problems) == 0 && !anyUnresolved(props) {
				problems = p.Check(c)
			}
			return problems
		},
		New: func(props map[string]string) (Predicate, error) {
			c, err := decode[C](props)
			if err != nil {
				return nil, err
			}
			return p.New(c)
		},
	}
}

// ChainLink is one transform of a connector's chain, made for a task.
type ChainLink struct {
	// Alias is the name that the config gives it.
	Alias string
	// Class is Kafka Connect's class for it, or its own name.
	Class     string
	Transform Transform
	// Predicate, if there is one, decides which records it applies to: those that
	// satisfy it, or if Negate is set those that do not.
	Predicate Predicate
	// PredicateAlias is the name that the config gives the predicate.
	PredicateAlias string
	Negate         bool
}

// Chain makes the transforms of a task, in order. The config must have passed
// Validate; nothing is made if there are none.
func (c ChainConfig) Chain(kind Kind) ([]ChainLink, error) {
	var links []ChainLink
	for _, t := range c.Transforms {
		link := ChainLink{Alias: t.Alias, Class: classOf(t.Plugin.Name, t.Plugin.Aliases), PredicateAlias: t.Predicate, Negate: t.Negate}
		var err error
		if link.Transform, err = t.Plugin.New(t.Props, kind); err != nil {
			return nil, fmt.Errorf("making the transform %s: %w", t.Alias, err)
		}
		if p, ok := c.Predicates[t.Predicate]; ok {
			if link.Predicate, err = p.Plugin.New(p.Props); err != nil {
				return nil, fmt.Errorf("making the predicate %s: %w", t.Predicate, err)
			}
		}
		links = append(links, link)
	}
	return links, nil
}
