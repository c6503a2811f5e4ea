// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/transforms"
)

// topic is a page: a transform, for keys and for values, or a predicate.
type topic struct {
	name, kind, doc, example string
	classes                  []class
	keys                     []configdef.Key
}

type class struct {
	name    string
	aliases []string
}

// transformTopics are the pages, in the order of the lists.
func transformTopics(ts []connect.TransformPlugin, ps []connect.PredicatePlugin) []topic {
	var out []topic
	for _, t := range ts {
		name := t.Name
		for _, a := range t.Aliases { // InsertField$Key is insert-field-key, ValueToKey is value-to-key
			if i := strings.LastIndexByte(a, '$'); i >= 0 {
				name = strings.TrimSuffix(name, "-"+strings.ToLower(a[i+1:]))
			}
		}
		next := topic{name, "transform", t.Doc, t.Example, []class{{t.Name, t.Aliases}}, t.Keys}
		if last := len(out) - 1; last >= 0 && out[last].name == name {
			next.classes = append(out[last].classes, next.classes...)
			next.doc = strings.Replace(next.doc, "record's value", "record's key or value", 1)
			out[last] = next // the one for values comes last
			continue
		}
		out = append(out, next)
	}
	for _, p := range ps {
		out = append(out, topic{p.Name, "predicate", p.Doc, p.Example, []class{{p.Name, p.Aliases}}, p.Keys})
	}
	return out
}

// pair is a record before and after the example of a page.
type pair struct{ Before, After string }

// writeTransforms writes the pages. What the examples do stands in a file that a
// test of the transforms runs.
func writeTransforms(out, examples string) error {
	data, err := os.ReadFile(examples)
	if err != nil {
		return err
	}
	var pairs map[string][]pair
	if err := yaml.UnmarshalStrict(data, &pairs); err != nil {
		return fmt.Errorf("reading %s: %w", examples, err)
	}
	topics := transformTopics(transforms.All(), transforms.Predicates())
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, t := range topics {
		if err := os.WriteFile(filepath.Join(out, t.name+".md"), []byte(t.page(pairs[t.name])), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(out, "README.md"), []byte(transformIndex(topics)), 0o644)
}

func (t topic) page(pairs []pair) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\n%s\n\n", generatedNote, t.name, t.doc)
	for _, c := range t.classes {
		fmt.Fprintf(&b, "- Class: `%s`", c.name)
		for _, a := range c.aliases {
			fmt.Fprintf(&b, ", or Kafka Connect's `%s`, `%s`", a, a[strings.LastIndexByte(a, '.')+1:])
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "- Type: %s\n\n## Configuration\n\n", t.kind)
	if len(t.keys) > 0 {
		fmt.Fprintf(&b, "Each key follows `%ss.<alias>.`:\n\n", t.kind)
	}
	b.WriteString(configdef.Markdown(t.keys))
	fmt.Fprintf(&b, "\n## Example\n\nIn a connector's `config`:\n\n```yaml\n%s```\n", t.example)
	for _, p := range pairs {
		after := "is dropped.\n"
		if p.After != "dropped" {
			after = "becomes\n\n```json\n" + p.After + "\n```\n"
		}
		fmt.Fprintf(&b, "\nThen\n\n```json\n%s\n```\n\n%s", p.Before, after)
	}
	return b.String()
}

// transformIndex is the page that lists transforms and predicates.
func transformIndex(topics []topic) string {
	var b strings.Builder
	b.WriteString(generatedNote + `# Transforms and predicates

Transforms change records between a connector and Kafka, one after the other, in the order of the list. A transform with a
predicate applies to the records that satisfy it, or with ` + "`negate`" + ` to those that do not:

` + "```yaml" + `
transforms: first,second
transforms.first.type: <class>
transforms.first.<key>: <value>
transforms.second.type: <class>
transforms.second.predicate: some
transforms.second.negate: true
predicates: some
predicates.some.type: <class>
` + "```" + `

| Class | Type | What it does |
|---|---|---|
`)
	for _, t := range topics {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", t.name, t.name, t.kind, t.doc)
	}
	return b.String()
}
