// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"penstock.dev/runtime/clientkeys"
	"penstock.dev/runtime/configdef"
)

// Validation is what there is to say about a connector's config before it runs.
type Validation struct {
	// Plugin is the connector; its Name is "" if the class was refused.
	Plugin Plugin
	// Problems refuse the config; Warnings do not.
	Problems, Warnings []configdef.Problem
}

// Validate checks a whole connector config at plan time: its class, the keys
// that every connector has, its converters, its transforms, its own keys, and the keys that
// nobody knows. It is pure. props are the connector's keys, without class and
// tasksMax; a value that has a reference counts as present and is not checked.
// defaults are the worker's config.
func (r Registry) Validate(class string, props, defaults map[string]string) Validation {
	var v Validation
	p, problem := r.class(class)
	if problem != nil {
		v.Problems = append(v.Problems, *problem)
		return v
	}
	v.Plugin = p
	v.Problems = append(v.Problems, refusedKeys(props)...)
	v.Problems = append(v.Problems, topicProblems(p.Kind, props)...)
	problems, warnings := checkErrors(p.Kind, props)
	v.Problems, v.Warnings = append(v.Problems, problems...), append(v.Warnings, warnings...)
	for _, side := range EverySide() {
		c := r.ConverterFor(side, props, defaults)
		v.Problems = append(v.Problems, c.Problems...)
		v.Warnings = append(v.Warnings, c.Warnings...)
	}
	chain := r.ChainFor(p.Kind, props)
	v.Problems = append(v.Problems, chain.Problems...)
	v.Warnings = append(v.Warnings, chain.Warnings...)
	problems, warnings = clientProblems(p.Kind, props, defaults)
	v.Problems, v.Warnings = append(v.Problems, problems...), append(v.Warnings, warnings...)
	problems, warnings = lifeProblems(p, props)
	v.Problems, v.Warnings = append(v.Problems, problems...), append(v.Warnings, warnings...)
	problems, warnings = sourceProblems(p.Kind, props)
	v.Problems, v.Warnings = append(v.Problems, problems...), append(v.Warnings, warnings...)
	problems, warnings = creationProblems(p.Kind, props, defaults)
	v.Problems, v.Warnings = append(v.Problems, problems...), append(v.Warnings, warnings...)
	v.Problems = append(v.Problems, p.Check(props)...)
	v.Warnings = append(v.Warnings, unknownKeys(p, props)...)
	return v
}

func (r Registry) class(class string) (Plugin, *configdef.Problem) {
	const key = "connector.class"
	if class == "" {
		return Plugin{}, &configdef.Problem{Key: key, Message: "must be set; this build has " + strings.Join(r.Names(), ", ")}
	}
	if p, ok := r.Lookup(class); ok {
		return p, nil
	}
	if isKnown(class, knownClasses, "Connector") {
		return Plugin{}, &configdef.Problem{Key: key, Message: fmt.Sprintf(
			"%s is not built into this version; it has %s", class, strings.Join(r.Names(), ", "))}
	}
	msg := fmt.Sprintf("unknown class %s", class)
	if n := configdef.Nearest(class, r.Names()); n != "" {
		msg += fmt.Sprintf(", did you mean %s?", n)
	}
	return Plugin{}, &configdef.Problem{Key: key, Message: msg + "; this build has " + strings.Join(r.Names(), ", ")}
}

func refusedKeys(props map[string]string) []configdef.Problem {
	var out []configdef.Problem
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if field, ok := reserved[k]; ok {
			out = append(out, configdef.Problem{Key: k, Message: "is not a config key here, set " + field + " instead"})
		} else if isRefused(k) {
			out = append(out, configdef.Problem{Key: k, Message: "is a Kafka Connect key that this version does not support; remove it"})
		}
	}
	return out
}

// TopicsKey is the config key of a sink's topics.
const TopicsKey = "topics"

// Topics splits the topics of a sink's config.
func Topics(props map[string]string) []string {
	var out []string
	for t := range strings.SplitSeq(props[TopicsKey], ",") {
		if t = strings.TrimSpace(t); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func topicProblems(kind Kind, props map[string]string) []configdef.Problem {
	if kind != SinkKind {
		return nil
	}
	topics := Topics(props)
	switch pattern := props[TopicsRegexKey]; {
	case len(topics) > 0 && pattern != "":
		return onTopicKeys("topics and topics.regex are mutually exclusive options, but both are set.")
	case len(topics) == 0 && pattern == "":
		return onTopicKeys("Must configure one of topics or topics.regex")
	case pattern != "":
		return patternProblems(pattern)
	case unresolved(props[TopicsKey]):
		return nil
	}
	var out []configdef.Problem
	for _, t := range topics {
		if err := CheckTopic(t); err != nil {
			out = append(out, configdef.Problem{Key: TopicsKey, Message: err.Error()})
		}
	}
	return out
}

func unknownKeys(p Plugin, props map[string]string) []configdef.Problem {
	known := knownKeys(p)
	var out []configdef.Problem
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if _, ok := reserved[k]; ok || isRefused(k) || isConverterKey(k) || isChainKey(k) || clientkeys.IsOverride(k) || isCreationKey(k) || slices.Contains(known, k) {
			continue
		}
		msg := "is not a key of " + p.Name + " and has no effect"
		if n := configdef.Nearest(k, known); n != "" {
			msg += ", did you mean " + n + "?"
		}
		out = append(out, configdef.Problem{Key: k, Message: msg})
	}
	return out
}

func knownKeys(p Plugin) []string { return append(names(CommonKeys(p.Kind)), names(p.Keys)...) }
