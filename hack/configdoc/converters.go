// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters"
)

func writeConverters(out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, c := range converters.All() {
		if err := os.WriteFile(filepath.Join(out, c.Name+".md"), []byte(converterPage(c)), 0o644); err != nil {
			return err
		}
	}
	index := generatedNote + "# Converters\n\nA converter stands between the values of records and their bytes in Kafka: `key.converter` for keys, `value.converter`\n" +
		"for values, `header.converter` for headers. Its keys follow that prefix, in a [connector](../connector.md)'s config or a\n" +
		"[worker](../worker.md)'s.\n\n" + converterTable(converters.All(), "")
	return os.WriteFile(filepath.Join(out, "README.md"), []byte(index), 0o644)
}

func converterPage(c connect.ConverterPlugin) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\n%s\n\n- Class: `%s`", generatedNote, c.Name, c.Doc, c.Name)
	for _, a := range c.Aliases {
		fmt.Fprintf(&b, ", or Kafka Connect's `%s`, `%s`", a, a[strings.LastIndexByte(a, '.')+1:])
	}
	fmt.Fprintf(&b, "\n- Type: converter of %s\n\n## Configuration\n\n", sidesOf(c))
	if len(c.Keys) > 0 {
		fmt.Fprintf(&b, "Each key follows the side's prefix, as in `%s.converter.%s`:\n\n", firstSide(c), c.Keys[0].Name)
	}
	keys := slices.Clone(c.Keys)
	for _, k := range c.Families {
		k.Name += "NAME"
		keys = append(keys, k)
	}
	b.WriteString(configdef.Markdown(keys))
	fmt.Fprintf(&b, "\n## Example\n\nIn a connector's `config`:\n\n```yaml\n%s```\n", c.Example)
	return b.String()
}

// converterTable lists the converters; dir is where their pages are.
func converterTable(all []connect.ConverterPlugin, dir string) string {
	var b strings.Builder
	b.WriteString("| Class | Of | What it does |\n|---|---|---|\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| [%s](%s%s.md) | %s | %s |\n", c.Name, dir, c.Name, sidesOf(c), c.Doc)
	}
	return b.String()
}

func sidesOf(c connect.ConverterPlugin) string {
	var sides []string
	for _, side := range connect.EverySide() {
		if c.Converts(side) {
			sides = append(sides, side+"s")
		}
	}
	return strings.Join(sides, ", ")
}

// firstSide is the side whose prefix an example has: values, if it converts them.
func firstSide(c connect.ConverterPlugin) string {
	if c.Converts(connect.ValueSide) {
		return connect.ValueSide
	}
	return connect.HeaderSide
}
