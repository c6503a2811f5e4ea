// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

// Output is how a command prints.
type Output string

// The outputs.
const (
	Table Output = ""
	JSON  Output = "json"
	YAML  Output = "yaml"
	// Wide is the table with more columns; only some commands have it.
	Wide Output = "wide"
)

// AddOutput adds --output to a command.
func AddOutput(cmd *cobra.Command, o *Output) {
	addOutput(cmd, o, "json or yaml for scripts", []string{"json", "yaml"})
}

func addOutput(cmd *cobra.Command, o *Output, usage string, values []string) {
	cmd.Flags().StringVarP((*string)(o), "output", "o", "", usage)
	// The error says that the flag does not exist, and it does.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// Check refuses unknown outputs.
func (o Output) Check() error {
	switch o {
	case Table, JSON, YAML:
		return nil
	}
	return fmt.Errorf("--output %q is unknown, use json or yaml, or leave it out", string(o))
}

// Print writes v as JSON or YAML, or else what table writes.
func (o Output) Print(w io.Writer, v any, table func(io.Writer) error) error {
	switch o {
	case JSON:
		data, err := marshal(v)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	case YAML:
		data, err := marshal(v)
		if err != nil {
			return err
		}
		if data, err = yaml.JSONToYAML(data); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	}
	return table(w)
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// WriteTable writes rows below their titles; empty cells are a dash.
func WriteTable(w io.Writer, titles []string, rows [][]string) error {
	var b bytes.Buffer
	tw := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(tw, strings.Join(titles, "\t"))
	for _, r := range rows {
		cells := make([]string, len(r))
		for i, c := range r {
			cells[i] = orDash(printable(c))
		}
		fmt.Fprintln(tw, strings.Join(cells, "\t"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// printable takes what would move a terminal's cursor out of a text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// firstLine is what of an error stands in a table or a message.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return printable(line)
}
