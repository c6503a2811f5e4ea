// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/runtime/connect"
)

// pluginInfo is a plugin as `penstock plugins -o json` shows it.
type pluginInfo struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Version string   `json:"version,omitempty"`
	Aliases []string `json:"aliases,omitempty"`
	Doc     string   `json:"doc,omitempty"`
}

func pluginsCommand(r connect.Registry) *cobra.Command {
	var output cli.Output
	var f serverFlags
	cmd := &cobra.Command{
		Use:   "plugins",
		Short: "List connectors, converters, transforms and predicates, of this build or of a server",
		Long: `List the connectors, converters, transforms and predicates of this build, or,
with --server, those of a Connect server.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.Check(); err != nil {
				return err
			}
			infos := pluginInfos(r)
			if cmd.Flags().Changed("server") {
				var err error
				if infos, err = serverPlugins(cmd.Context(), &f); err != nil {
					return err
				}
			}
			return output.Print(cmd.OutOrStdout(), infos, func(w io.Writer) error { return printPluginTable(w, infos) })
		},
	}
	cli.AddOutput(cmd, &output)
	f.add(cmd)
	return cmd
}

func serverPlugins(ctx context.Context, f *serverFlags) ([]pluginInfo, error) {
	c, err := f.client()
	if err != nil {
		return nil, err
	}
	list, err := c.Plugins(ctx)
	if err != nil {
		return nil, err
	}
	infos := make([]pluginInfo, len(list))
	for i, p := range list {
		infos[i] = pluginInfo{Name: p.Class, Type: p.Type, Version: p.Version}
	}
	return infos, nil
}

func pluginInfos(r connect.Registry) []pluginInfo {
	var infos []pluginInfo
	for _, p := range r.Plugins {
		infos = append(infos, pluginInfo{p.Name, string(p.Kind), p.Version, p.Aliases, p.Doc})
	}
	for _, c := range r.Converters {
		if c.Converts(connect.KeySide) || c.Converts(connect.ValueSide) {
			infos = append(infos, pluginInfo{c.Name, "converter", version, c.Aliases, c.Doc})
		}
	}
	for _, c := range r.Converters {
		if c.Converts(connect.HeaderSide) {
			infos = append(infos, pluginInfo{c.Name, "header_converter", version, c.Aliases, c.Doc})
		}
	}
	for _, t := range r.Transforms {
		infos = append(infos, pluginInfo{t.Name, "transformation", version, t.Aliases, t.Doc})
	}
	for _, p := range r.Predicates {
		infos = append(infos, pluginInfo{p.Name, "predicate", version, p.Aliases, p.Doc})
	}
	return infos
}

func printPluginTable(w io.Writer, infos []pluginInfo) error {
	rows := make([][]string, len(infos))
	for i, p := range infos {
		rows[i] = []string{p.Name, p.Type, p.Version, strings.Join(p.Aliases, ", ")}
	}
	return cli.WriteTable(w, []string{"NAME", "TYPE", "VERSION", "ALSO KNOWN AS"}, rows)
}

func addOutput(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", "", `"json" for scripts`)
}

func outputError(output string) error {
	return fmt.Errorf("--output %q is unknown, use json or leave it out", output)
}
