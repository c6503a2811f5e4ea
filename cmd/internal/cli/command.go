// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Commands is the list of shared commands.
func Commands(src Source) []*cobra.Command {
	return []*cobra.Command{
		getCommand(src),
		describeCommand(src),
		targetCommand(src, Paused, act{"pause", "paused"}, "Pause connectors: their tasks stay and move nothing"),
		targetCommand(src, Running, act{"resume", "resumed"}, "Let paused or stopped connectors run"),
		targetCommand(src, Stopped, act{"stop", "stopped"}, "Stop connectors: their tasks end, config and offsets stay"),
		restartCommand(src),
		deleteCommand(src),
		offsetsCommand(src),
	}
}

// completeNames completes names of connectors from where they are.
func completeNames(open func() (Backend, error), many bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
		if !many && len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		b, err := open()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		names, err := b.Names(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var out []string
		for _, n := range names {
			if strings.HasPrefix(n, start) && !slices.Contains(args, n) {
				out = append(out, n)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// each does something for every name and goes on after an error.
func each(names []string, do func(name string) error) error {
	var errs []error
	for _, n := range names {
		if err := do(n); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
