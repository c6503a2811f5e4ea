// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// The table of a README stands between these lines; the first names the connector.
const (
	beginTable = "<!-- begin config "
	endTable   = "<!-- end config -->"
)

const generatedNote = "<!-- Generated from the source by hack/configdoc. Do not edit. -->\n\n"

// page is the reference page of a connector.
func page(p connect.Plugin) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\n%s\n\n", generatedNote, p.Name, p.Doc)
	fmt.Fprintf(&b, "- Class: `%s`", p.Name)
	for _, a := range p.Aliases {
		simple := a[strings.LastIndexByte(a, '.')+1:]
		fmt.Fprintf(&b, ", or Kafka Connect's `%s`, `%s`, `%s`", a, simple, strings.TrimSuffix(simple, "Connector"))
	}
	fmt.Fprintf(&b, "\n- Type: %s\n- Version: %s\n\n## Configuration\n\n", p.Kind, p.Version)
	if p.Kind == connect.SinkKind {
		b.WriteString("Beside `topics`, which every sink has:\n\n")
	}
	b.WriteString(configdef.Markdown(p.Keys))
	return b.String()
}

// index is the page that lists the connectors.
func index(plugins []connect.Plugin) string {
	sorted := slices.SortedFunc(slices.Values(plugins), func(p, q connect.Plugin) int { return strings.Compare(p.Name, q.Name) })
	var b strings.Builder
	b.WriteString(generatedNote + "# Connectors\n\n| Class | Type | What it does |\n|---|---|---|\n")
	for _, p := range sorted {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", p.Name, p.Name, p.Kind, p.Doc)
	}
	return b.String()
}

// fill renews the tables of a README.
func fill(text string, plugins []connect.Plugin) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, beginTable)
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, rest, _ := strings.Cut(rest, " -->")
		_, after, found := strings.Cut(rest, endTable)
		if !found {
			return "", fmt.Errorf("the table of %s does not end with %s", name, endTable)
		}
		i := slices.IndexFunc(plugins, func(p connect.Plugin) bool { return p.Name == name })
		if i < 0 {
			return "", fmt.Errorf("there is no connector %q", name)
		}
		fmt.Fprintf(&b, "%s%s -->\n%s%s", beginTable, name, configdef.Markdown(plugins[i].Keys), endTable)
		text = after
	}
}
