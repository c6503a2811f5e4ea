// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/javaregex"
)

// TopicsRegexKey is the config key of the expression that a sink's topics match.
const TopicsRegexKey = "topics.regex"

// onTopicKeys says the same of both keys of a sink's topics, as Kafka Connect does.
func onTopicKeys(message string) []configdef.Problem {
	return []configdef.Problem{{Key: TopicsKey, Message: message}, {Key: TopicsRegexKey, Message: message}}
}

func patternProblems(pattern string) []configdef.Problem {
	if strings.Contains(pattern, "${") {
		return nil
	}
	if _, err := javaregex.Compile(pattern); err != nil {
		return []configdef.Problem{{Key: TopicsRegexKey, Message: err.Error()}}
	}
	return nil
}

// matchesPattern reports whether a sink's config names its topics by an expression
// that a topic matches. What cannot be told yet does not match.
func matchesPattern(props map[string]string, topic string) bool {
	pattern := props[TopicsRegexKey]
	if pattern == "" || unresolved(pattern) {
		return false
	}
	re, err := javaregex.Compile(pattern)
	return err == nil && re.Matches(topic)
}

// TopicsPattern returns the expression of Go's that a sink's topics match; "" if
// its config names the topics. The config must be valid and resolved.
func TopicsPattern(props map[string]string) string {
	if props[TopicsRegexKey] == "" {
		return ""
	}
	p, err := javaregex.Compile(props[TopicsRegexKey])
	if err != nil {
		return `\A\z.` // nothing
	}
	return p.FullText()
}

// ReadsTopic returns what tells the topics of a sink from others. Where only the
// worker knows them, because of a reference, all count.
func ReadsTopic(props map[string]string) func(topic string) bool {
	all := func(string) bool { return true }
	if strings.Contains(props[TopicsKey], "${") || strings.Contains(props[TopicsRegexKey], "${") {
		return all
	}
	if pattern := props[TopicsRegexKey]; pattern != "" {
		p, err := javaregex.Compile(pattern)
		if err != nil {
			return all
		}
		return p.Matches
	}
	topics := Topics(props)
	if len(topics) == 0 {
		return all
	}
	return func(topic string) bool { return slices.Contains(topics, topic) }
}
