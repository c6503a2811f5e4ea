// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/transforms/expression"
)

// CELFilterConfig are the keys of the CEL filter.
type CELFilterConfig struct {
	// The CEL expression that gives true or false of a record: of key, value, topic,
	// partition, timestamp, headers, and for sinks offset. A record of which it gives neither,
	// as when it asks for a field that is not there, fails and goes to the error
	// policy.
	Condition string `config:"condition" importance:"high"`
	// What becomes of the records of which the condition is true: keep them and drop
	// the others, or drop them and keep the others.
	Action string `config:"action" default:"keep" enum:"keep,drop"`
}

// CELFilter returns the transform that drops records by an expression.
func CELFilter() connect.TransformPlugin {
	return connect.TransformClass[CELFilterConfig]{
		Name: "cel-filter",
		Doc:  "Keeps or drops the records of which an expression is true.",
		Example: `transforms: large
transforms.large.type: cel-filter
transforms.large.condition: value.amount > 1000 && value.?status.orValue("new") != "test"
`,
		Check: func(c CELFilterConfig, kind connect.Kind) []configdef.Problem {
			return conditionProblems(c.Condition, kind)
		},
		New: func(c CELFilterConfig, kind connect.Kind) (connect.Transform, error) {
			p, err := expression.CompileCondition(c.Condition, kind)
			if err != nil {
				return nil, configdef.Problem{Key: "condition", Message: err.Error()}
			}
			return &celFilter{condition: p, drop: c.Action == "drop"}, nil
		},
	}.Plugin()
}

func conditionProblems(text string, kind connect.Kind) []configdef.Problem {
	if _, err := expression.CompileCondition(text, kind); err != nil {
		return []configdef.Problem{{Key: "condition", Message: err.Error()}}
	}
	return nil
}

type celFilter struct {
	condition *expression.Program
	drop      bool // what the condition is true of
}

// Apply implements connect.Transform.
func (t *celFilter) Apply(s *connect.Selection) {
	for r := s.Next(); r != nil; r = s.Next() {
		hit, err := t.condition.Test(r)
		switch {
		case err != nil:
			s.Fail(err)
		case hit == t.drop:
			s.Drop()
		}
	}
}

// CELPredicateConfig are the keys of the CEL predicate.
type CELPredicateConfig struct {
	// The CEL expression that gives true or false of a record: of key, value, topic,
	// partition, timestamp, headers, and offset, which is null for a source's records. A
	// record of which it gives neither fails and goes to the error policy.
	Condition string `config:"condition" importance:"high"`
}

// CELPredicate returns the predicate that is an expression.
func CELPredicate() connect.PredicatePlugin {
	return connect.PredicateClass[CELPredicateConfig]{
		Name: "cel",
		Doc:  "Is true for records of which an expression is.",
		Example: `transforms: route
transforms.route.type: regex-router
transforms.route.regex: (.*)
transforms.route.replacement: $1-large
transforms.route.predicate: large
predicates: large
predicates.large.type: cel
predicates.large.condition: has(value.amount) && value.amount > 1000
`,
		Check: func(c CELPredicateConfig) []configdef.Problem { return conditionProblems(c.Condition, "") },
		New: func(c CELPredicateConfig) (connect.Predicate, error) {
			p, err := expression.CompileCondition(c.Condition, "")
			if err != nil {
				return nil, configdef.Problem{Key: "condition", Message: err.Error()}
			}
			return p, nil
		},
	}.Plugin()
}
