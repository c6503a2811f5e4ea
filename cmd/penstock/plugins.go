// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

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
	var output string
	cmd := &cobra.Command{
		Use:   "plugins",
		Short: "List the connectors, converters, transforms and predicates of this build",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printPlugins(cmd.OutOrStdout(), r, output)
		},
	}
	addOutput(cmd, &output)
	return cmd
}

func printPlugins(w io.Writer, r connect.Registry, output string) error {
	infos := pluginInfos(r)
	switch output {
	case "json":
		return printJSON(w, infos)
	case "":
		return printPluginTable(w, infos)
	default:
		return outputError(output)
	}
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
	tw := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(tw, "NAME\tTYPE\tVERSION\tALSO KNOWN AS")
	for _, i := range infos {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", i.Name, i.Type, orDash(i.Version), orDash(strings.Join(i.Aliases, ", ")))
	}
	return tw.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func addOutput(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", "", `"json" for scripts`)
}

func outputError(output string) error {
	return fmt.Errorf("--output %q is unknown, use json or leave it out", output)
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
