// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func describeCommand(src Source) *cobra.Command {
	var output Output
	cmd := &cobra.Command{
		Use:   "describe CONNECTOR...",
		Short: "Show connectors in full: config, tasks, errors",
		Long: `Show connectors in full: config, tasks, errors.

Values of the config that are secrets are shown as [hidden].`,
		Args: cobra.MinimumNArgs(1),
	}
	open := src(cmd)
	cmd.ValidArgsFunction = completeNames(open, true)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if err := output.Check(); err != nil {
			return err
		}
		b, err := open()
		if err != nil {
			return err
		}
		return each(names, func(name string) error {
			c, err := b.Connector(cmd.Context(), name)
			if err != nil {
				return fmt.Errorf("connector %s: %w", name, err)
			}
			if output == YAML && len(names) > 1 {
				fmt.Fprintln(cmd.OutOrStdout(), "---")
			}
			return output.Print(cmd.OutOrStdout(), c, func(w io.Writer) error { return describe(w, c) })
		})
	}
	AddOutput(cmd, &output)
	return cmd
}

func describe(w io.Writer, c Connector) error {
	for _, line := range [][2]string{
		{"Name", c.Name}, {"Cluster", c.Cluster}, {"Type", c.Type}, {"Class", c.Class}, {"Version", c.Version},
		{"State", c.State}, {"Worker", c.Worker},
	} {
		if line[1] != "" {
			fmt.Fprintf(w, "%-9s%s\n", line[0]+":", printable(line[1]))
		}
	}
	trace(w, "", c.Error)
	for _, part := range []struct {
		title  string
		titles []string
		rows   [][]string
	}{
		{"Conditions", []string{"TYPE", "STATUS", "REASON", "MESSAGE"}, conditionRows(c.Conditions)},
		{"Config", []string{"KEY", "VALUE"}, configRows(c.Config)},
		{"Tasks", []string{"TASK", "STATE", "WORKER", "VERSION"}, taskRows(c.Tasks)},
	} {
		if len(part.rows) == 0 {
			continue
		}
		fmt.Fprintln(w, "\n"+part.title+":")
		if err := WriteTable(indented{w}, part.titles, part.rows); err != nil {
			return err
		}
	}
	for _, t := range c.Tasks {
		trace(w, fmt.Sprintf("Task %d: ", t.ID), t.Error)
	}
	return nil
}

// trace writes why something has failed.
func trace(w io.Writer, who, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(w, "\n%serror:\n", who)
	for line := range strings.Lines(strings.TrimSpace(text)) {
		fmt.Fprintln(w, "  "+printable(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "  ")))
	}
}

func conditionRows(list []Condition) [][]string {
	var out [][]string
	for _, c := range list {
		out = append(out, []string{c.Type, c.Status, c.Reason, c.Message})
	}
	return out
}

func configRows(config map[string]string) [][]string {
	var out [][]string
	for _, k := range slices.Sorted(maps.Keys(config)) {
		out = append(out, []string{k, config[k]})
	}
	return out
}

func taskRows(tasks []Task) [][]string {
	var out [][]string
	for _, t := range tasks {
		out = append(out, []string{strconv.Itoa(t.ID), t.State, t.Worker, t.Version})
	}
	return out
}

// indented sets lines in by two spaces. It is given whole lines.
type indented struct{ w io.Writer }

func (i indented) Write(p []byte) (int, error) {
	if _, err := io.WriteString(i.w, "  "); err != nil {
		return 0, err
	}
	return i.w.Write(p)
}
