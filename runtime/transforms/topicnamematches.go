// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javaregex"
)

// TopicNameMatchesConfig are the keys of TopicNameMatches.
type TopicNameMatchesConfig struct {
	// The Java regular expression that the whole topic must match. Look-around,
	// back-references and possessive quantifiers cannot be used.
	Pattern string `config:"pattern"`
}

// TopicNameMatches returns the predicate that looks at the topic.
func TopicNameMatches() connect.PredicatePlugin {
	return connect.PredicateClass[TopicNameMatchesConfig]{
		Name:    "topic-name-matches",
		Aliases: []string{packageName + "predicates.TopicNameMatches"},
		Doc:     "Is true for records whose topic matches a regular expression.",
		Example: `transforms: route
transforms.route.type: regex-router
transforms.route.regex: (.*)
transforms.route.replacement: $1-audit
transforms.route.predicate: audited
predicates: audited
predicates.audited.type: topic-name-matches
predicates.audited.pattern: (orders|payments)\..*
`,
		Check: func(c TopicNameMatchesConfig) []configdef.Problem {
			if _, err := javaregex.Compile(c.Pattern); err != nil {
				return []configdef.Problem{{Key: "pattern", Message: err.Error()}}
			}
			return nil
		},
		New: func(c TopicNameMatchesConfig) (connect.Predicate, error) {
			p, err := javaregex.Compile(c.Pattern)
			if err != nil {
				return nil, configdef.Problem{Key: "pattern", Message: err.Error()}
			}
			return &topicNameMatches{pattern: p, topics: newTopicMemo[bool]()}, nil
		},
	}.Plugin()
}

type topicNameMatches struct {
	pattern *javaregex.Pattern
	topics  topicMemo[bool]
}

// Test implements connect.Predicate.
func (p *topicNameMatches) Test(r *connect.Record) (bool, error) {
	return p.topics.of(r.Topic, p.pattern.Matches), nil
}
