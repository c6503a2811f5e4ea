// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Reference is the page about a program's commands, as they describe themselves.
func Reference(title string, root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- Generated from the commands by make generate. -->\n\n# %s\n", title)
	section(&b, root)
	if root.HasAvailablePersistentFlags() {
		fmt.Fprintf(&b, "\n## Flags of every command\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	}
	return b.String()
}

func section(b *strings.Builder, cmd *cobra.Command) {
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
		section(b, c)
	}
}
