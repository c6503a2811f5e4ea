// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"penstock.dev/runtime/clientkeys"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

func (a *API) validate(r *http.Request) (answer, error) {
	raw, err := readBody(r)
	if err != nil {
		return answer{}, err
	}
	config, err := flatConfig(raw)
	if err != nil {
		return answer{}, err
	}
	plugin := r.PathValue("plugin")
	if class := config[classKey]; class != nil && !strings.HasSuffix(withoutConnector(*class), withoutConnector(plugin)) && !a.same(*class, plugin) {
		return answer{}, BadRequest("Included connector type %s does not match request type %s", *class, plugin)
	}
	infos, err := a.infos(config)
	return answer{code: http.StatusOK, body: infos}, err
}

func withoutConnector(class string) string {
	if short := strings.TrimSuffix(class, "Connector"); short != "" {
		return short
	}
	return class
}

// same reports whether two names are those of one connector.
func (a *API) same(x, y string) bool {
	p, ok := a.o.Registry.Lookup(x)
	q, also := a.o.Registry.Lookup(y)
	return ok && also && p.Name == q.Name
}

// infos validates a config. Nothing outside is asked, so it does not block.
func (a *API) infos(config map[string]*string) (ConfigInfos, error) {
	class := config[classKey]
	if class == nil {
		return ConfigInfos{}, BadRequest("Connector config {%s} contains no connector type",
			strings.Join(slices.Sorted(maps.Keys(config)), ", "))
	}
	p, found := a.o.Registry.Lookup(*class)
	if !found {
		return ConfigInfos{}, a.unknownClass(*class)
	}
	v := validation{r: a.o.Registry, plugin: p, config: config, props: given(config), defaults: a.o.Defaults}
	v.problems = a.o.Registry.Validate(p.Name, ownKeys(v.props), a.o.Defaults).Problems
	return v.run(*class), nil
}

func (a *API) unknownClass(class string) *Error {
	problems := a.o.Registry.Validate(class, nil, nil).Problems
	why := ""
	if len(problems) > 0 {
		why = "; " + problems[0].Message
	}
	return BadRequest("Failed to find any class that implements Connector and which name matches %s%s", class, why)
}

// validation is the validation of one config.
type validation struct {
	r      connect.Registry
	plugin connect.Plugin
	config map[string]*string
	props  map[string]string
	// defaults are the worker's config.
	defaults map[string]string
	// problems are what the registry has to say.
	problems []configdef.Problem

	infos  []ConfigInfo
	groups []string
	errors map[string][]string
}

func (v *validation) run(class string) ConfigInfos {
	v.infos, v.groups, v.errors = []ConfigInfo{}, []string{}, map[string][]string{}
	definitions := v.definitions()
	v.topics()
	v.nulls()
	values := make([]ConfigInfo, len(definitions))
	for i, d := range definitions {
		values[i] = v.entry(d)
	}
	// What concerns a key that is not defined stands first.
	for _, key := range v.undefined(definitions) {
		shown := v.config[key]
		if shown != nil && clientkeys.IsSecretOverride(key) && !strings.Contains(*shown, "${") {
			shown = new(hidden)
		}
		v.infos = append(v.infos, ConfigInfo{Value: ConfigValueInfo{
			Name: key, Value: shown, RecommendedValues: []string{}, Errors: v.take(key, nil), Visible: true}})
	}
	v.infos = append(v.infos, values...)
	count := 0
	for _, i := range v.infos {
		count += len(i.Value.Errors)
	}
	return ConfigInfos{Name: class, ErrorCount: count, Groups: v.groups, Configs: v.infos}
}

// definitions are all keys that this config may have, in Kafka Connect's order:
// the common ones, those of transforms and predicates, the connector's own and
// those of converters that it names.
func (v *validation) definitions() []definition {
	out := commonDefinitions(v.plugin.Kind)
	for i := range out {
		v.plugged(&out[i])
	}
	out = append(out, v.chain()...)
	for _, k := range v.plugin.Keys {
		if i := slices.IndexFunc(out, func(d definition) bool { return d.Name == k.Name }); i >= 0 {
			out[i] = plainly(k)
			continue
		}
		out = append(out, plainly(k))
	}
	return append(out, v.converters()...)
}

// entry describes a key and its value.
func (v *validation) entry(d definition) ConfigInfo {
	shown, errors := d.value(v.config[d.Name])
	if d.Type == "CLASS" && shown != nil && !strings.Contains(*shown, "${") {
		full, found := v.className(d.Name, *shown)
		if found {
			shown = &full
		} else {
			shown, errors = nil, append(errors, invalid(full, d.Name, "Class "+full+" could not be found."))
		}
	}
	if g := d.layout.group; g != "" && !slices.Contains(v.groups, g) {
		v.groups = append(v.groups, g)
	}
	recommended := d.recommended
	if recommended == nil {
		recommended = []string{}
	}
	return ConfigInfo{Definition: d.info(), Value: ConfigValueInfo{
		Name: d.Name, Value: shown, RecommendedValues: recommended, Errors: v.take(d.Name, errors), Visible: true}}
}

// take returns what is wrong with a key: what Kafka Connect would say, and, if
// that is nothing, what the registry says.
func (v *validation) take(key string, errors []string) []string {
	errors = listed(slices.Concat(errors, v.errors[key]))
	if len(errors) > 0 {
		return errors
	}
	for _, p := range v.problems {
		if p.Key != key {
			continue
		}
		_, set := v.props[key]
		switch {
		case isWhole(p.Message):
			errors = append(errors, p.Message)
		case set:
			// The value is in the message if it may be shown.
			errors = append(errors, fmt.Sprintf("Invalid value for configuration %s: %s", key, p.Message))
		default:
			errors = append(errors, p.Error())
		}
	}
	return errors
}

// isWhole reports whether a problem is told as Kafka Connect does, which puts nothing
// before such words.
func isWhole(message string) bool {
	return slices.ContainsFunc([]string{"Invalid value ", "Missing required configuration ", "The DLQ topic ", "The '", "This worker ", "The connector does not support "},
		func(begin string) bool { return strings.HasPrefix(message, begin) })
}

// undefined returns the keys that have errors and no definition, in order.
func (v *validation) undefined(definitions []definition) []string {
	defined := map[string]bool{}
	for _, d := range definitions {
		defined[d.Name] = true
	}
	missing := map[string]bool{}
	for key := range v.errors {
		missing[key] = !defined[key]
	}
	for _, p := range v.problems {
		missing[p.Key] = !defined[p.Key]
	}
	maps.DeleteFunc(missing, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(missing))
}

// topics: a sink reads either a list of topics or those that an expression
// matches.
func (v *validation) topics() {
	if v.plugin.Kind != connect.SinkKind {
		return
	}
	const regex = connect.TopicsRegexKey
	list := strings.TrimSpace(v.props[connect.TopicsKey]) != ""
	pattern := strings.TrimSpace(v.props[regex]) != ""
	var message string
	switch {
	case list && pattern:
		message = "topics and topics.regex are mutually exclusive options, but both are set."
	case !list && !pattern:
		message = "Must configure one of topics or topics.regex"
	default:
		return
	}
	v.problems = slices.DeleteFunc(v.problems, func(p configdef.Problem) bool { return p.Key == connect.TopicsKey || p.Key == regex })
	v.errors[connect.TopicsKey] = append(v.errors[connect.TopicsKey], message)
	v.errors[regex] = append(v.errors[regex], message)
}

func (v *validation) nulls() {
	for key, value := range v.config {
		if value == nil {
			v.errors[key] = append(v.errors[key], "Null value can not be supplied as the configuration value.")
		}
	}
}
