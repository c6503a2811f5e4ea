// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/javaregex"
)

// The keys that say how the topics of a source are created (KIP-158).
const (
	creationPrefix  = "topic.creation."
	creationGroups  = creationPrefix + "groups"
	defaultCreation = "default"

	includeSuffix     = "include"
	excludeSuffix     = "exclude"
	replicationSuffix = "replication.factor"
	partitionsSuffix  = "partitions"
)

// brokerDefault leaves a number to the broker.
const brokerDefault = -1

// TopicCreation says how the topics of a source are created: by the first of its
// groups that a topic belongs to, or as the default group says.
type TopicCreation struct {
	groups   []creationGroup
	fallback NewTopic
}

// NewTopic is how a topic is created.
type NewTopic struct {
	// Group is the group that says so.
	Group string
	// Partitions and Replication are -1 for what the broker has as its default.
	Partitions  int32
	Replication int16
	// Config are the topic's settings, by Kafka's names.
	Config map[string]string
}

type creationGroup struct {
	include, exclude []*javaregex.Pattern
	topic            NewTopic
}

func (g creationGroup) has(topic string) bool {
	match := func(p *javaregex.Pattern) bool { return p.Matches(topic) }
	return !slices.ContainsFunc(g.exclude, match) && slices.ContainsFunc(g.include, match)
}

// For returns how a topic of that name is created.
func (t *TopicCreation) For(topic string) NewTopic {
	for _, g := range t.groups {
		if g.has(topic) {
			return g.topic
		}
	}
	return t.fallback
}

// TopicCreationFor reads how the topics of a source are created. It returns nil if
// nobody says: then the brokers create them, or do not. A value that contains "${"
// counts as present and is not checked.
func TopicCreationFor(props map[string]string) (t *TopicCreation, problems, warnings []configdef.Problem) {
	if !slices.ContainsFunc(slices.Collect(maps.Keys(props)), isCreationKey) {
		return nil, nil, nil
	}
	r := creationReader{props: props}
	out := &TopicCreation{}
	out.fallback = r.topic(defaultCreation, nil)
	for _, name := range r.groups() {
		out.groups = append(out.groups, creationGroup{
			include: r.patterns(name, includeSuffix), exclude: r.patterns(name, excludeSuffix),
			topic: r.topic(name, &out.fallback),
		})
	}
	r.strangers()
	if len(r.problems) > 0 {
		out = nil
	}
	return out, r.problems, r.warnings
}

func isCreationKey(key string) bool { return strings.HasPrefix(key, creationPrefix) }

// creationReader gathers groups and what is wrong with them.
type creationReader struct {
	props              map[string]string
	names              []string // of the groups beside the default one
	problems, warnings []configdef.Problem
}

func (r *creationReader) problem(key, format string, args ...any) {
	r.problems = append(r.problems, configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)})
}

// groups returns the names of the groups beside the default one.
func (r *creationReader) groups() []string {
	for name := range strings.SplitSeq(r.props[creationGroups], ",") {
		switch name = strings.TrimSpace(name); {
		case name == "" || name == defaultCreation: // which always is
		case slices.Contains(r.names, name):
			r.problem(creationGroups, "Invalid value %s for configuration %s: Duplicate alias provided.", list(r.props[creationGroups]), creationGroups)
		default:
			r.names = append(r.names, name)
		}
	}
	return r.names
}

// list shows a list as Java does.
func list(text string) string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func (r *creationReader) patterns(group, suffix string) []*javaregex.Pattern {
	key := creationPrefix + group + "." + suffix
	var out []*javaregex.Pattern
	for text := range strings.SplitSeq(r.props[key], ",") {
		text = strings.TrimSpace(text)
		if text == "" || strings.Contains(text, "${") {
			continue
		}
		p, err := javaregex.Compile(text)
		if err != nil {
			r.problem(key, "Invalid value %s for configuration %s: Syntax error in regular expression: %s %v", list(r.props[key]), suffix, text, err)
			continue
		}
		out = append(out, p)
	}
	return out
}

// topic reads what topics of a group have. The default group must say all of it.
func (r *creationReader) topic(group string, fallback *NewTopic) NewTopic {
	prefix := creationPrefix + group + "."
	out := NewTopic{Group: group, Config: map[string]string{}}
	rf := r.number(prefix, replicationSuffix, math.MaxInt16, fallback == nil,
		"Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default")
	n := r.number(prefix, partitionsSuffix, math.MaxInt32, fallback == nil,
		"Number of partitions must be positive, or -1 to use the broker's default")
	out.Replication, out.Partitions = int16(rf), int32(n)
	if fallback != nil {
		if rf == 0 {
			out.Replication = fallback.Replication
		}
		if n == 0 {
			out.Partitions = fallback.Partitions
		}
	}
	for k, v := range sub(r.props, prefix) {
		if !slices.Contains([]string{includeSuffix, excludeSuffix, replicationSuffix, partitionsSuffix}, k) {
			out.Config[k] = v
		}
	}
	return out
}

// number reads a number; 0 is none.
func (r *creationReader) number(prefix, suffix string, most int64, required bool, rule string) int64 {
	key := prefix + suffix
	text, ok := r.props[key]
	switch {
	case !ok && required:
		r.problem(key, "Missing required configuration %q which has no default value.", key)
		return 0
	case !ok, strings.Contains(text, "${"):
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	switch {
	case err != nil, n > most, n < -most-1:
		kind := "INT"
		if most == math.MaxInt16 {
			kind = "SHORT"
		}
		r.problem(key, "Invalid value %s for configuration %s: Not a number of type %s", text, key, kind)
		return 0
	case n < 1 && n != brokerDefault:
		r.problem(key, "Invalid value %d for configuration %s: %s", n, suffix, rule)
		return 0
	}
	return n
}

// strangers warns of keys that Kafka Connect ignores.
func (r *creationReader) strangers() {
	warn := func(key, message string) {
		r.warnings = append(r.warnings, configdef.Problem{Key: key, Message: message})
	}
	for _, k := range slices.Sorted(maps.Keys(r.props)) {
		rest, ok := strings.CutPrefix(k, creationPrefix)
		switch {
		case !ok, k == creationGroups:
		case rest == defaultCreation+"."+includeSuffix, rest == defaultCreation+"."+excludeSuffix:
			warn(k, "has no effect: every topic that belongs to no other group belongs to the default group")
		case !slices.ContainsFunc(append(slices.Clone(r.names), defaultCreation), func(name string) bool {
			return strings.HasPrefix(rest, name+".")
		}):
			warn(k, "has no effect: its group is not in "+creationGroups)
		}
	}
	for _, name := range r.names {
		if key := creationPrefix + name + "." + includeSuffix; strings.TrimSpace(r.props[key]) == "" {
			warn(key, "is not set, so that no topic belongs to the group: list the topics' names as regular expressions")
		}
	}
}

// creationProblems looks at the keys of a connector's topic creation.
func creationProblems(kind Kind, props, defaults map[string]string) (problems, warnings []configdef.Problem) {
	_, problems, warnings = TopicCreationFor(props)
	c, _ := configdef.Plan[WorkerConfig](defaults)
	why := ""
	switch {
	case kind == SinkKind:
		why = "has no effect: a sink creates no topics"
		problems = nil
	case !c.TopicCreation:
		why = "has no effect: the worker has topic.creation.enable=false"
	}
	if why == "" {
		return problems, warnings
	}
	warnings = nil
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if isCreationKey(k) {
			warnings = append(warnings, configdef.Problem{Key: k, Message: why})
		}
	}
	return problems, warnings
}
