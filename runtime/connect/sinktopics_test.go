// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"regexp"
	"testing"
)

func TestSinkTopics(t *testing.T) {
	type props = map[string]string
	const both = "topics and topics.regex are mutually exclusive options, but both are set."
	for name, tc := range map[string]struct {
		props    props
		problems []string
	}{
		"a pattern":         {props: props{"topics.regex": `orders-\d+`}},
		"both":              {props: props{"topics": "a", "topics.regex": "b"}, problems: []string{"topics: " + both, "topics.regex: " + both}},
		"a bad pattern":     {props: props{"topics.regex": "("}, problems: []string{"topics.regex: is not a regular expression"}},
		"look-ahead":        {props: props{"topics.regex": "(?!a)b"}, problems: []string{"topics.regex: "}},
		"from a secret":     {props: props{"topics.regex": "${env:R}"}},
		"empty and pattern": {props: props{"topics": "", "topics.regex": "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.props["file"] = "/x"
			begins(t, "problems", tc.problems, fakeRegistry().Validate("file-sink", tc.props, nil).Problems)
		})
	}
}

func TestTopicsPattern(t *testing.T) {
	if got := TopicsPattern(map[string]string{"topics": "a"}); got != "" {
		t.Errorf("named topics have the pattern %s", got)
	}
	re := regexp.MustCompile(TopicsPattern(map[string]string{"topics.regex": "a|ab"}))
	for topic, want := range map[string]bool{"a": true, "ab": true, "abc": false, "ba": false} {
		if re.MatchString(topic) != want {
			t.Errorf("a|ab matches %s: %v", topic, !want)
		}
	}
	for name, tc := range map[string]struct {
		props map[string]string
		want  bool
	}{
		"named":      {map[string]string{"topics": "x, y"}, true},
		"not named":  {map[string]string{"topics": "x"}, false},
		"matched":    {map[string]string{"topics.regex": "[y-z]"}, true},
		"no match":   {map[string]string{"topics.regex": "yy"}, false},
		"unknown":    {map[string]string{"topics.regex": "${env:X}"}, true},
		"none known": {nil, true},
	} {
		if got := ReadsTopic(tc.props)("y"); got != tc.want {
			t.Errorf("%s: reads y: %v", name, got)
		}
	}
}
