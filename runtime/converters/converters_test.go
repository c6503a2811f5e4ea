// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package converters_test

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters"
)

func TestAllAreFoundByEveryName(t *testing.T) {
	r := connect.Registry{Converters: converters.All()}
	for _, p := range converters.All() {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			if got, ok := r.Converter(name); !ok || got.Name != p.Name {
				t.Errorf("%s is found as %q", name, got.Name)
			}
		}
	}
}

// TestExamples checks what users see of each: a sentence, and an example that
// works.
func TestExamples(t *testing.T) {
	r := connect.Registry{Converters: converters.All()}
	for _, p := range converters.All() {
		props := map[string]string{}
		for line := range strings.Lines(p.Example) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			props[key] = value
		}
		used := false
		for _, side := range connect.EverySide() {
			c := r.ConverterFor(side, props, nil)
			if len(c.Problems)+len(c.Warnings) > 0 {
				t.Errorf("%s: the example has problems %v, warnings %v", p.Name, c.Problems, c.Warnings)
			}
			used = used || c.Plugin.Name == p.Name && props[side+".converter"] != ""
		}
		if !used || !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("%s: doc %q, example\n%s", p.Name, p.Doc, p.Example)
		}
	}
}

// required is the config that a converter cannot do without.
func required(p connect.ConverterPlugin) map[string]string {
	props := map[string]string{}
	for _, k := range p.Keys {
		if k.Required && k.Name == "schema.registry.url" {
			props[k.Name] = "http://localhost:8081"
		}
	}
	return props
}

func TestAllWorkWithoutConfig(t *testing.T) {
	for _, p := range converters.All() {
		props := required(p)
		if problems := p.Check(props); len(problems) != 0 {
			t.Errorf("%s: %v", p.Name, problems)
		}
		c, err := p.New(props, true)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		out, err := c.FromConnect([]byte{}, "t", nil, connect.Value{})
		if out != nil || err != nil {
			t.Errorf("%s: a null key is written as %q, %v", p.Name, out, err)
		}
		_, v, err := c.ToConnect(new(connect.Arena), "t", nil)
		if !v.IsNull() || err != nil {
			t.Errorf("%s: a null record is read as %v, %v", p.Name, v, err)
		}
		for _, k := range p.Keys {
			if k.Name == "" || k.Required && props[k.Name] == "" {
				t.Errorf("%s: key %+v has neither name nor default", p.Name, k)
			}
			if strings.HasPrefix(k.Name, "key.converter.") || strings.HasPrefix(k.Name, "value.converter.") {
				t.Errorf("%s: key %s has a prefix", p.Name, k.Name)
			}
		}
	}
}
