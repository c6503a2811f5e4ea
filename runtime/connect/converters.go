// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"maps"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
)

// defaultConverter is used for keys and values when neither the connector nor the
// worker names one: plain JSON. Headers are converted as in Kafka Connect then.
var (
	defaultConverter       = map[string]string{"": "json", ".schemas.enable": "false"}
	defaultHeaderConverter = map[string]string{"": "simple"}
)

// ConverterConfig is the converter of one side of a connector's records.
type ConverterConfig struct {
	Plugin ConverterPlugin
	// Props are the converter's own keys, without prefix.
	Props              map[string]string
	Problems, Warnings []configdef.Problem
}

// ConverterFor finds the converter of a side: the connector's, or else the
// worker's, or else JSON without schemas for keys and values, and that of Kafka
// Connect for headers. A connector that names a converter
// inherits none of the worker's keys for it, as in Kafka Connect.
func (r Registry) ConverterFor(side string, props, defaults map[string]string) ConverterConfig {
	key := side + ".converter"
	var c ConverterConfig
	from := props
	if props[key] == "" {
		c.Warnings = orphans(key, props)
		from = defaults
	}
	if from[key] == "" {
		from = builtin(side)
	}
	class := from[key]
	c.Props = sub(from, key+".")
	plugin, ok := r.Converter(class)
	if !ok || !plugin.Converts(side) {
		c.Problems = append(c.Problems, configdef.Problem{Key: key, Message: r.converterProblem(side, class, plugin.Name)})
		return c
	}
	c.Plugin = plugin
	for _, p := range plugin.Check(c.Props) {
		c.Problems = append(c.Problems, configdef.Problem{Key: key + "." + p.Key, Message: p.Message})
	}
	c.Warnings = append(c.Warnings, unknownConverterKeys(key, plugin, c.Props)...)
	return c
}

// converterProblem says why the class cannot be had for the side; found is the
// name of the converter that it is, if it is one.
func (r Registry) converterProblem(side, class, found string) string {
	names := r.ConverterNames(side)
	use := "; use one of " + strings.Join(names, ", ")
	switch {
	case found != "":
		return class + " does not convert " + side + "s" + use
	case isKnown(class, knownConverters, "Converter"):
		return class + " is not built into this version" + use
	}
	msg := "unknown converter " + class
	if n := configdef.Nearest(class, names); n != "" {
		msg += ", did you mean " + n + "?"
	}
	return msg + use
}

func builtin(side string) map[string]string {
	from := defaultConverter
	if side == HeaderSide {
		from = defaultHeaderConverter
	}
	m := make(map[string]string, len(from))
	for suffix, v := range from {
		m[side+".converter"+suffix] = v
	}
	return m
}

// orphans are a connector's converter keys without a converter: Kafka Connect
// ignores them, we say so.
func orphans(key string, props map[string]string) []configdef.Problem {
	var out []configdef.Problem
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if strings.HasPrefix(k, key+".") {
			out = append(out, configdef.Problem{Key: k, Message: "has no effect without " + key})
		}
	}
	return out
}

// inherited are keys that Kafka Connect's converters get but do not define.
var inherited = []string{"converter.type", versionSuffix}

func unknownConverterKeys(key string, p ConverterPlugin, props map[string]string) []configdef.Problem {
	known := configdef.Names(p.KeysIn(props))
	var out []configdef.Problem
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if slices.Contains(known, k) || slices.Contains(inherited, k) {
			continue
		}
		msg := "is not a key of the " + p.Name + " converter and has no effect"
		if n := configdef.Nearest(k, known); n != "" {
			msg += ", did you mean " + key + "." + n + "?"
		}
		out = append(out, configdef.Problem{Key: key + "." + k, Message: msg})
	}
	return out
}

func isConverterKey(k string) bool {
	return slices.ContainsFunc(EverySide(), func(side string) bool {
		return k == side+".converter" || strings.HasPrefix(k, side+".converter.")
	})
}

func sub(props map[string]string, prefix string) map[string]string {
	out := map[string]string{}
	for k, v := range props {
		if name, ok := strings.CutPrefix(k, prefix); ok {
			out[name] = v
		}
	}
	return out
}
