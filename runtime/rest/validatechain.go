// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// chain are the keys of the transforms and predicates that the config names.
func (v *validation) chain() []definition {
	transforms := make([]string, len(v.r.Transforms))
	for i, t := range v.r.Transforms {
		transforms[i] = fullName(t.Name, t.Aliases)
	}
	predicates := make([]string, len(v.r.Predicates))
	for i, p := range v.r.Predicates {
		predicates[i] = fullName(p.Name, p.Aliases)
	}
	slices.Sort(transforms)
	slices.Sort(predicates)
	var out []definition
	for _, alias := range v.aliases("transforms") {
		e := enriched{list: "transforms", alias: alias, group: transformSet, what: "transformation", base: "Transformation", classes: transforms}
		p, ok := v.r.Transform(strings.TrimSpace(v.props[e.prefix()+"type"]))
		out = append(out, e.class(), e.version(ok))
		v.negated(e)
		if ok {
			out = append(out, e.own(slices.Concat(implicit(), p.Keys))...)
		}
	}
	for _, alias := range v.aliases("predicates") {
		e := enriched{list: "predicates", alias: alias, group: predicateSet, what: "predicate", base: "Predicate", classes: predicates}
		p, ok := v.r.Predicate(strings.TrimSpace(v.props[e.prefix()+"type"]))
		out = append(out, e.class(), e.version(ok))
		if ok {
			out = append(out, e.own(p.Keys)...)
		}
	}
	return out
}

// negated: without a predicate there is nothing to negate. Kafka Connect says so
// of the class.
func (v *validation) negated(e enriched) {
	negate, predicate := e.prefix()+"negate", e.prefix()+"predicate"
	if v.config[negate] == nil || v.config[predicate] != nil {
		return
	}
	v.errors[e.prefix()+"type"] = append(v.errors[e.prefix()+"type"], fmt.Sprintf(
		"Config '%s' was provided but there is no config '%s' defining a predicate to be negated.", negate, predicate))
	v.problems = slices.DeleteFunc(v.problems, func(p configdef.Problem) bool { return p.Key == negate })
}

func (v *validation) aliases(key string) []string {
	var out []string
	for _, alias := range list(strings.TrimSpace(v.props[key])) {
		if alias != "" && !slices.Contains(out, alias) && !strings.Contains(alias, "${") {
			out = append(out, alias)
		}
	}
	return out
}

// implicit are the keys that every transform has.
func implicit() []configdef.Key {
	return []configdef.Key{
		{Name: "predicate", Type: "STRING", Importance: "MEDIUM", Doc: "The alias of the predicate that says whether the transform applies."},
		{Name: "negate", Type: "BOOLEAN", Default: "false", HasDefault: true, Importance: "MEDIUM", Doc: "Whether the transform applies where the predicate does not hold."},
	}
}

// enriched are the keys below one alias.
type enriched struct {
	list, alias, group, what, base string
	classes                        []string
}

func (e enriched) prefix() string { return e.list + "." + e.alias + "." }

// class is the key that names the class.
func (e enriched) class() definition {
	name := e.prefix() + "type"
	return definition{
		name:        name,
		Key:         configdef.Key{Name: name, Type: "CLASS", Required: true, Importance: "HIGH", Doc: "Class for the '" + e.alias + "' " + e.what + "."},
		layout:      layout{key: name, group: e.group + ": " + e.alias, order: 0, width: "LONG", display: e.base + " type for " + e.alias},
		recommended: e.classes,
	}
}

// version is the key that asks for a version of the class, if there is such a class.
func (e enriched) version(found bool) definition {
	name := e.prefix() + versionKey
	d := definition{
		name:   name,
		Key:    configdef.Key{Name: name, Type: "STRING", Importance: "HIGH", Doc: "The version that the " + e.what + " '" + e.alias + "' must have: one, or a range such as [4.1,5.0)."},
		layout: layout{key: name, group: e.group + ": " + e.alias, order: 1, width: "LONG", display: e.base + " version for " + e.alias},
	}
	if found {
		d.has(connect.KafkaVersion)
	}
	return d
}

// has says which versions there are; the last is the default.
func (d *definition) has(versions ...string) {
	d.Default, d.HasDefault, d.recommended = versions[len(versions)-1], true, versions
}

// plugged sets what a key offers that names a converter, or a version: what this
// build has, and as its default what goes if the connector says nothing.
func (v *validation) plugged(d *definition) {
	if d.Name == "connector."+versionKey {
		d.has(v.plugin.Versions()...)
		return
	}
	for _, side := range connect.EverySide() {
		key := side + ".converter"
		switch d.Name {
		case key:
			if c := v.r.ConverterFor(side, nil, v.defaults); c.Plugin.Name != "" {
				d.Default, d.HasDefault = c.Plugin.Class(), true
			}
			d.recommended = converterClasses(v.r, side)
		case key + "." + versionKey:
			if c := v.r.ConverterFor(side, v.props, v.defaults); c.Plugin.Name != "" {
				d.has(connect.KafkaVersion)
			}
		}
	}
}

// converterClasses are the classes of the converters of a side, in order.
func converterClasses(r connect.Registry, side string) []string {
	var out []string
	for _, c := range r.Converters {
		if c.Converts(side) {
			out = append(out, c.Class())
		}
	}
	slices.Sort(out)
	return out
}

// own are the keys of the class. Kafka Connect puts them in another order than
// they are defined in: what is required first, then by importance and name.
func (e enriched) own(keys []configdef.Key) []definition {
	keys = slices.Clone(keys)
	importance := []string{"HIGH", "MEDIUM", "LOW"}
	slices.SortStableFunc(keys, func(a, b configdef.Key) int {
		switch {
		case a.Required != b.Required && a.Required:
			return -1
		case a.Required != b.Required:
			return 1
		}
		return cmp.Or(cmp.Compare(slices.Index(importance, a.Importance), slices.Index(importance, b.Importance)), cmp.Compare(a.Name, b.Name))
	})
	out := make([]definition, len(keys))
	for i, k := range keys {
		d := plainly(k)
		d.Name = e.prefix() + k.Name
		d.layout.group, d.layout.order = e.group+": "+e.alias, i+2 // 1 is the version of the plugin
		out[i] = d
	}
	return out
}

// converters are the keys of the converters that the config names.
func (v *validation) converters() []definition {
	var out []definition
	for _, side := range connect.EverySide() {
		key := side + ".converter"
		if v.config[key] == nil {
			continue
		}
		c, ok := v.r.Converter(strings.TrimSpace(*v.config[key]))
		if !ok || !c.Converts(side) {
			continue
		}
		for _, d := range converterDefinitions(c.Keys) {
			d.Name = key + "." + d.Name
			out = append(out, d)
		}
	}
	return out
}

// className is Kafka Connect's name of the class that a key names, in full; false
// if there is no such class.
func (v *validation) className(key, class string) (string, bool) {
	switch {
	case strings.HasPrefix(key, "transforms."):
		if p, ok := v.r.Transform(class); ok {
			return fullName(p.Name, p.Aliases), true
		}
	case strings.HasPrefix(key, "predicates."):
		if p, ok := v.r.Predicate(class); ok {
			return fullName(p.Name, p.Aliases), true
		}
	case strings.HasSuffix(key, ".converter"):
		if p, ok := v.r.Converter(class); ok {
			return fullName(p.Name, p.Aliases), true
		}
	}
	return class, false
}

// fullName is the class under which tools for Kafka Connect know a plugin.
func fullName(name string, aliases []string) string {
	if len(aliases) > 0 {
		return aliases[0]
	}
	return name
}
