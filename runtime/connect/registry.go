// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"slices"
	"strings"
)

// Registry is what a binary can run: its connectors, converters, transforms and
// predicates.
type Registry struct {
	Plugins    []Plugin
	Converters []ConverterPlugin
	Transforms []TransformPlugin
	Predicates []PredicatePlugin
}

// Lookup finds a connector by its name or by a Kafka Connect class name: in
// full, without the package, or without the package and "Connector".
func (r Registry) Lookup(class string) (Plugin, bool) {
	for _, p := range r.Plugins {
		if matches(class, p.Name, p.Aliases, "Connector") {
			return p, true
		}
	}
	return Plugin{}, false
}

// Converter finds a converter by its name or by a Kafka Connect class name: in
// full, without the package, or without the package and "Converter".
func (r Registry) Converter(class string) (ConverterPlugin, bool) {
	for _, c := range r.Converters {
		if matches(class, c.Name, c.Aliases, "Converter") {
			return c, true
		}
	}
	return ConverterPlugin{}, false
}

// Transform finds a transform by its name or by a Kafka Connect class name, in
// full or without the package.
func (r Registry) Transform(class string) (TransformPlugin, bool) {
	for _, t := range r.Transforms {
		if matches(class, t.Name, t.Aliases, "") {
			return t, true
		}
	}
	return TransformPlugin{}, false
}

// Predicate finds a predicate by its name or by a Kafka Connect class name, in
// full or without the package.
func (r Registry) Predicate(class string) (PredicatePlugin, bool) {
	for _, p := range r.Predicates {
		if matches(class, p.Name, p.Aliases, "") {
			return p, true
		}
	}
	return PredicatePlugin{}, false
}

// Names returns the names of the connectors, in order.
func (r Registry) Names() []string {
	names := make([]string, len(r.Plugins))
	for i, p := range r.Plugins {
		names[i] = p.Name
	}
	slices.Sort(names)
	return names
}

// ConverterNames returns the names of the converters of a side, in order.
func (r Registry) ConverterNames(side string) []string {
	var names []string
	for _, c := range r.Converters {
		if c.Converts(side) {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}

// TransformNames returns the names of the transforms, in order.
func (r Registry) TransformNames() []string {
	names := make([]string, len(r.Transforms))
	for i, t := range r.Transforms {
		names[i] = t.Name
	}
	slices.Sort(names)
	return names
}

// PredicateNames returns the names of the predicates, in order.
func (r Registry) PredicateNames() []string {
	names := make([]string, len(r.Predicates))
	for i, p := range r.Predicates {
		names[i] = p.Name
	}
	slices.Sort(names)
	return names
}

func matches(class, name string, aliases []string, suffix string) bool {
	if class == name {
		return true
	}
	for _, full := range aliases {
		simple := simpleName(full)
		if class == full || class == simple || class == strings.TrimSuffix(simple, suffix) {
			return true
		}
	}
	return false
}

// classOf returns the class of Kafka Connect that a plugin stands for, or else its
// name.
func classOf(name string, aliases []string) string {
	if len(aliases) > 0 {
		return aliases[0]
	}
	return name
}

func simpleName(class string) string { return class[strings.LastIndexByte(class, '.')+1:] }
