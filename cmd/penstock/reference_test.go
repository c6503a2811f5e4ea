// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write docs/reference/cli.md")

// TestReference keeps docs/reference/cli.md as the commands describe themselves.
func TestReference(t *testing.T) {
	const page = "../../docs/reference/cli.md"
	var b strings.Builder
	b.WriteString("<!-- Generated from the commands by make generate. -->\n\n# Commands\n")
	reference(&b, root())
	if *update {
		write(t, page, b.String())
	}
	if diff := cmp.Diff(b.String(), read(t, page)); diff != "" {
		t.Errorf("docs/reference/cli.md is not what make generate writes (-want +have):\n%s", diff)
	}
}

func reference(b *strings.Builder, cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		if c.Hidden {
			continue
		}
		text := c.Long
		if text == "" {
			text = c.Short + "."
		}
		fmt.Fprintf(b, "\n## %s\n\n%s\n", c.CommandPath(), text)
		if c.Runnable() {
			fmt.Fprintf(b, "\n```\n%s\n\n%s```\n", c.UseLine(), c.LocalFlags().FlagUsages())
		}
		reference(b, c)
	}
}
