// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"cmp"
	"net/http"
	"slices"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// plugins lists connectors, and with connectorsOnly=false everything else that a
// config may name.
func (a *API) plugins(r *http.Request) (answer, error) {
	out := listed(slices.Concat(a.connectorsOf(connect.SinkKind), a.connectorsOf(connect.SourceKind)))
	if only := r.URL.Query().Get("connectorsOnly"); only == "" || isTrue(only) {
		return ok(out)
	}
	var transforms, predicates, converters, headers []PluginInfo
	for _, t := range a.o.Registry.Transforms {
		transforms = append(transforms, PluginInfo{fullName(t.Name, t.Aliases), "transformation", connect.KafkaVersion})
	}
	for _, p := range a.o.Registry.Predicates {
		predicates = append(predicates, PluginInfo{fullName(p.Name, p.Aliases), "predicate", connect.KafkaVersion})
	}
	for _, c := range a.o.Registry.Converters {
		if c.Converts(connect.KeySide) || c.Converts(connect.ValueSide) {
			converters = append(converters, PluginInfo{c.Class(), "converter", connect.KafkaVersion})
		}
		if c.Converts(connect.HeaderSide) {
			headers = append(headers, PluginInfo{c.Class(), "header_converter", connect.KafkaVersion})
		}
	}
	return ok(slices.Concat(out, byClass(transforms), byClass(predicates), byClass(converters), byClass(headers)))
}

func (a *API) connectorsOf(kind connect.Kind) []PluginInfo {
	out := []PluginInfo{}
	for _, p := range a.o.Registry.Plugins {
		if p.Kind == kind {
			out = append(out, PluginInfo{fullName(p.Name, p.Aliases), string(kind), p.Version})
		}
	}
	return byClass(out)
}

func byClass(list []PluginInfo) []PluginInfo {
	slices.SortFunc(list, func(a, b PluginInfo) int { return cmp.Compare(a.Class, b.Class) })
	return list
}

// pluginConfig describes the keys of a plugin: its own, and after them those that
// all connectors of its kind have.
func (a *API) pluginConfig(r *http.Request) (answer, error) {
	name := r.PathValue("plugin")
	definitions, found := a.definitionsOf(name)
	if !found {
		return answer{}, NotFound("Unknown plugin %s.", name)
	}
	out := make([]*ConfigKeyInfo, len(definitions))
	for i, d := range definitions {
		out[i] = d.info()
	}
	return ok(out)
}

func (a *API) definitionsOf(name string) ([]definition, bool) {
	registry := a.o.Registry
	if p, ok := registry.Lookup(name); ok {
		out := plainlyAll(p.Keys)
		for _, d := range commonDefinitions(p.Kind) {
			if d.Name == "connector."+versionKey {
				d.has(p.Versions()...)
			}
			if !slices.ContainsFunc(out, func(own definition) bool { return own.Name == d.Name }) {
				out = append(out, d)
			}
		}
		return out, true
	}
	if c, ok := registry.Converter(name); ok {
		return converterDefinitions(c.Keys), true
	}
	if t, ok := registry.Transform(name); ok {
		return plainlyAll(t.Keys), true
	}
	if p, ok := registry.Predicate(name); ok {
		return plainlyAll(p.Keys), true
	}
	return nil, false
}

func plainlyAll(keys []configdef.Key) []definition {
	out := make([]definition, len(keys))
	for i, k := range keys {
		out[i] = plainly(k)
	}
	return out
}
