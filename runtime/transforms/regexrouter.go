// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javaregex"
)

// RegexRouterConfig are the keys of RegexRouter.
type RegexRouterConfig struct {
	// The Java regular expression that the whole topic must match. Look-around,
	// back-references and possessive quantifiers cannot be used.
	Regex string `config:"regex" importance:"high"`
	// What the match is replaced by; $1 or ${name} is a group of the expression.
	Replacement *string `config:"replacement" optional:"true" importance:"high"`
}

// RegexRouter returns the transform that renames topics.
func RegexRouter() connect.TransformPlugin {
	return connect.TransformClass[RegexRouterConfig]{
		Name:    "regex-router",
		Aliases: []string{packageName + "RegexRouter"},
		Doc:     "Changes the record's topic by a regular expression.",
		Example: `transforms: route
transforms.route.type: regex-router
transforms.route.regex: prod\.(.*)
transforms.route.replacement: $1
`,
		Check: func(c RegexRouterConfig, _ connect.Kind) []configdef.Problem {
			_, problems := newRegexRouter(c)
			return problems
		},
		New: func(c RegexRouterConfig, _ connect.Kind) (connect.Transform, error) {
			t, problems := newRegexRouter(c)
			if len(problems) > 0 {
				return nil, problems[0]
			}
			return t, nil
		},
	}.Plugin()
}

func newRegexRouter(c RegexRouterConfig) (*regexRouter, []configdef.Problem) {
	p, err := javaregex.Compile(c.Regex)
	if err != nil {
		return nil, []configdef.Problem{{Key: "regex", Message: err.Error()}}
	}
	if c.Replacement == nil {
		return nil, []configdef.Problem{{Key: "replacement", Message: "is required and has no default; set it to the new topic"}}
	}
	r, err := p.Replacement(*c.Replacement)
	if err != nil {
		return nil, []configdef.Problem{{Key: "replacement", Message: err.Error()}}
	}
	return &regexRouter{pattern: p, replacement: r, topics: newTopicMemo[string]()}, nil
}

type regexRouter struct {
	pattern     *javaregex.Pattern
	replacement *javaregex.Replacement
	topics      topicMemo[string]
}

// Apply implements connect.Transform. It does not look at keys and values.
func (t *regexRouter) Apply(s *connect.Selection) {
	for r := s.Next(); r != nil; r = s.Next() {
		r.Topic = t.topics.of(r.Topic, t.route)
	}
}

func (t *regexRouter) route(topic string) string {
	if !t.pattern.Matches(topic) {
		return topic
	}
	return t.replacement.First(topic)
}
