// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/penstock/restclient"
)

type loggersFlags struct {
	cluster bool
	output  cli.Output
	server  serverFlags
}

func loggersCommand() *cobra.Command {
	var f loggersFlags
	cmd := &cobra.Command{
		Use:   "loggers [LOGGER [LEVEL]]",
		Short: "Show or set the levels of a Connect server's loggers",
		Args:  cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.output.Check(); err != nil {
				return err
			}
			c, err := f.server.client()
			if err != nil {
				return err
			}
			if len(args) == 2 {
				return f.set(cmd.Context(), c, cmd.OutOrStdout(), args[0], args[1])
			}
			return f.show(cmd.Context(), c, cmd.OutOrStdout(), args)
		},
	}
	cmd.Flags().BoolVar(&f.cluster, "cluster", false, "set the level on all workers of the cluster, not only on the one that is asked")
	cli.AddOutput(cmd, &f.output)
	f.server.add(cmd)
	return cmd
}

func (f *loggersFlags) show(ctx context.Context, c *restclient.Client, w io.Writer, args []string) error {
	levels := map[string]restclient.LoggerLevel{}
	var err error
	if len(args) == 1 {
		levels[args[0]], err = c.Logger(ctx, args[0])
	} else {
		levels, err = c.Loggers(ctx)
	}
	if err != nil {
		return err
	}
	return f.output.Print(w, levels, func(w io.Writer) error {
		rows := make([][]string, 0, len(levels))
		for _, name := range slices.Sorted(maps.Keys(levels)) {
			l := levels[name]
			changed := ""
			if l.LastModified != nil {
				changed = time.UnixMilli(*l.LastModified).UTC().Format(time.RFC3339)
			}
			rows = append(rows, []string{name, l.Level, changed})
		}
		return cli.WriteTable(w, []string{"LOGGER", "LEVEL", "CHANGED"}, rows)
	})
}

func (f *loggersFlags) set(ctx context.Context, c *restclient.Client, w io.Writer, name, level string) error {
	changed, err := c.SetLogger(ctx, name, strings.ToUpper(level), f.cluster)
	if err != nil {
		return err
	}
	if changed == nil {
		changed = []string{}
	}
	return f.output.Print(w, changed, func(w io.Writer) error {
		if f.cluster {
			_, err := fmt.Fprintf(w, "asked all workers to set %s to %s\n", name, strings.ToUpper(level))
			return err
		}
		_, err := fmt.Fprintf(w, "set to %s: %s\n", strings.ToUpper(level), strings.Join(changed, ", "))
		return err
	})
}
