// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
)

// The config keys of a chain of transforms, and what follows an alias.
const (
	transformsKey = "transforms"
	predicatesKey = "predicates"

	typeSuffix      = "type"
	predicateSuffix = "predicate"
	negateSuffix    = "negate"
	versionSuffix   = "plugin.version"
)

// ChainConfig is the chain of transforms that a connector's config asks for.
type ChainConfig struct {
	// Transforms stand in the order in which they apply.
	Transforms []TransformConfig
	// Predicates are those that Transforms refer to, by alias.
	Predicates         map[string]PredicateConfig
	Problems, Warnings []configdef.Problem
}

// TransformConfig is one transform of a chain.
type TransformConfig struct {
	Alias  string
	Plugin TransformPlugin
	// Props are the transform's own keys, without prefix.
	Props map[string]string
	// Predicate is the alias of its predicate, "" for none.
	Predicate string
	Negate    bool
}

// PredicateConfig is a predicate of a chain.
type PredicateConfig struct {
	Plugin PredicatePlugin
	Props  map[string]string
}

// ChainFor reads the chain of a connector of that kind, with all that is wrong
// with it. A value that has a reference (see configdef.HasReference) counts as
// present and is not checked.
func (r Registry) ChainFor(kind Kind, props map[string]string) ChainConfig {
	c := chainReader{r: r, kind: kind, props: props}
	c.out.Predicates = map[string]PredicateConfig{}
	transforms := c.aliases(transformsKey, "transform")
	predicates := c.aliases(predicatesKey, "predicate")
	for _, alias := range predicates {
		c.predicate(alias)
	}
	for _, alias := range transforms {
		c.transform(alias, predicates)
	}
	c.orphans(transformsKey, transforms)
	c.orphans(predicatesKey, predicates)
	return c.out
}

// chainReader gathers a chain.
type chainReader struct {
	r     Registry
	kind  Kind
	props map[string]string
	out   ChainConfig
}

func (c *chainReader) problem(key, format string, args ...any) {
	c.out.Problems = append(c.out.Problems, configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)})
}

func (c *chainReader) warn(key, format string, args ...any) {
	c.out.Warnings = append(c.out.Warnings, configdef.Problem{Key: key, Message: fmt.Sprintf(format, args...)})
}

// aliases returns the names in the list of a key.
func (c *chainReader) aliases(key, what string) []string {
	if unresolved(c.props[key]) {
		return nil
	}
	var out []string
	for alias := range strings.SplitSeq(c.props[key], ",") {
		switch alias = strings.TrimSpace(alias); {
		case alias == "":
		case slices.Contains(out, alias):
			c.problem(key, "names the %s %s twice; give each an alias of its own", what, alias)
		default:
			out = append(out, alias)
		}
	}
	return out
}

func (c *chainReader) transform(alias string, predicates []string) {
	prefix := transformsKey + "." + alias + "."
	own := sub(c.props, prefix)
	t := TransformConfig{Alias: alias, Predicate: c.predicateOf(prefix, own, predicates)}
	t.Negate = c.negate(prefix, own)
	class := strings.TrimSpace(own[typeSuffix])
	if !c.classGiven(prefix, class, "transform", c.r.TransformNames()) {
		return
	}
	var ok bool
	if t.Plugin, ok = c.r.Transform(class); !ok {
		c.problem(prefix+typeSuffix, "%s", c.r.unknownTransform(class))
		return
	}
	t.Props = c.ownKeys(prefix, "transform", t.Plugin.Name, own, t.Plugin.Keys, predicateSuffix, negateSuffix)
	c.prefixed(prefix, t.Plugin.Check(t.Props, c.kind))
	c.out.Transforms = append(c.out.Transforms, t)
}

func (c *chainReader) predicate(alias string) {
	prefix := predicatesKey + "." + alias + "."
	own := sub(c.props, prefix)
	class := strings.TrimSpace(own[typeSuffix])
	if !c.classGiven(prefix, class, "predicate", c.r.PredicateNames()) {
		return
	}
	plugin, ok := c.r.Predicate(class)
	if !ok {
		c.problem(prefix+typeSuffix, "%s", unknownClass(class, "predicate", nil, c.r.PredicateNames()))
		return
	}
	p := PredicateConfig{Plugin: plugin, Props: c.ownKeys(prefix, "predicate", plugin.Name, own, plugin.Keys)}
	c.prefixed(prefix, plugin.Check(p.Props))
	c.out.Predicates[alias] = p
}

// classGiven reports whether there is a class to look up.
func (c *chainReader) classGiven(prefix, class, what string, has []string) bool {
	if class == "" {
		c.problem(prefix+typeSuffix, "must be set to the class of the %s; this build has %s", what, strings.Join(has, ", "))
	}
	return class != "" && !unresolved(class)
}

func (c *chainReader) predicateOf(prefix string, own map[string]string, predicates []string) string {
	alias := strings.TrimSpace(own[predicateSuffix])
	if alias == "" || unresolved(alias) || unresolved(c.props[predicatesKey]) || slices.Contains(predicates, alias) {
		return alias
	}
	hint := ""
	if n := configdef.Nearest(alias, predicates); n != "" {
		hint = fmt.Sprintf(" (did you mean %s?)", n)
	}
	c.problem(prefix+predicateSuffix, "names the predicate %s, which %s does not list%s; add it there and set %s.%s.type",
		alias, predicatesKey, hint, predicatesKey, alias)
	return alias
}

func (c *chainReader) negate(prefix string, own map[string]string) bool {
	text, ok := own[negateSuffix]
	key := prefix + negateSuffix
	switch text = strings.TrimSpace(text); {
	case !ok || unresolved(text):
		return false
	case strings.TrimSpace(own[predicateSuffix]) == "":
		c.problem(key, "is set but %s is not, so there is nothing to negate; set that, or remove this", prefix+predicateSuffix)
	case strings.EqualFold(text, "true"):
		return true
	case !strings.EqualFold(text, "false"):
		c.problem(key, "%q is not true or false", text)
	}
	return false
}

// ownKeys returns what the plugin is given, and tells of the keys that it does
// not know.
func (c *chainReader) ownKeys(prefix, what, name string, own map[string]string, keys []configdef.Key, reserved ...string) map[string]string {
	known := configdef.Names(keys)
	out := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(own)) {
		switch {
		case k == typeSuffix || slices.Contains(reserved, k):
		case slices.Contains(known, k):
			out[k] = own[k]
		case k == versionSuffix:
			if p := checkVersion(prefix+k, c.props, []string{KafkaVersion}); p != nil {
				c.out.Problems = append(c.out.Problems, *p)
			}
		case c.otherAlias(prefix, k):
		default:
			hint := ""
			if n := configdef.Nearest(k, append(known, reserved...)); n != "" {
				hint = fmt.Sprintf(", did you mean %s%s?", prefix, n)
			}
			c.warn(prefix+k, "is not a key of the %s %s and has no effect%s", what, name, hint)
		}
	}
	return out
}

// otherAlias reports whether a key below the prefix is that of an alias with a
// dot in it.
func (c *chainReader) otherAlias(prefix, key string) bool {
	list, alias, _ := strings.Cut(prefix, ".")
	for other := range strings.SplitSeq(c.props[list], ",") {
		if strings.HasPrefix(alias+key, strings.TrimSpace(other)+".") && len(strings.TrimSpace(other)) >= len(alias) {
			return true
		}
	}
	return false
}

func (c *chainReader) prefixed(prefix string, problems []configdef.Problem) {
	for _, p := range problems {
		c.out.Problems = append(c.out.Problems, configdef.Problem{Key: prefix + p.Key, Message: p.Message})
	}
}

// orphans tells of keys below an alias that the list does not name: Kafka Connect
// ignores them without a word.
func (c *chainReader) orphans(list string, aliases []string) {
	if unresolved(c.props[list]) {
		return
	}
next:
	for _, k := range slices.Sorted(maps.Keys(c.props)) {
		rest, ok := strings.CutPrefix(k, list+".")
		if !ok {
			continue
		}
		for _, a := range aliases {
			if strings.HasPrefix(rest, a+".") {
				continue next
			}
		}
		alias, _, _ := strings.Cut(rest, ".")
		hint := "add it there if it is meant to apply"
		if n := configdef.Nearest(alias, aliases); n != "" {
			hint = "did you mean " + n + "?"
		}
		c.warn(k, "has no effect, because %s does not name %s; %s", list, alias, hint)
	}
}

func unresolved(value string) bool { return configdef.HasReference(value) }

func anyUnresolved(props map[string]string) bool {
	for _, v := range props {
		if unresolved(v) {
			return true
		}
	}
	return false
}

// isChainKey reports whether a key belongs to the chain of transforms.
func isChainKey(k string) bool {
	return k == transformsKey || k == predicatesKey ||
		strings.HasPrefix(k, transformsKey+".") || strings.HasPrefix(k, predicatesKey+".")
}

// unknownTransform says why a class cannot be had.
func (r Registry) unknownTransform(class string) string {
	var sides []string
	for _, side := range []string{"$Key", "$Value"} {
		if _, ok := r.Transform(class + side); ok {
			sides = append(sides, class+side)
		}
	}
	if len(sides) > 0 {
		return fmt.Sprintf("%s does not say what it works on; use %s", class, strings.Join(sides, " or "))
	}
	return unknownClass(class, "transform", knownTransforms, r.TransformNames())
}

func unknownClass(class, what string, known, has []string) string {
	list := strings.Join(has, ", ")
	if isKnown(strings.TrimSuffix(strings.TrimSuffix(class, "$Key"), "$Value"), known, "") {
		return fmt.Sprintf("%s is not built into this version; it has %s", class, list)
	}
	msg := fmt.Sprintf("unknown %s %s", what, class)
	if n := configdef.Nearest(class, has); n != "" {
		msg += ", did you mean " + n + "?"
	}
	return msg + "; this build has " + list
}
