// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"
)

func describeCommand(src Source) *cobra.Command {
	var output Output
	cmd := &cobra.Command{
		Use:   "describe CONNECTOR...",
		Short: "Show connectors in full: config, tasks, errors",
		Long: `Show connectors in full: config, tasks, errors.

Values of the config that are secrets are shown as [hidden].`,
	}
	open := src.Open(cmd, Several)
	cmd.ValidArgsFunction = completeNames(open, true)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if err := output.Check(); err != nil {
			return err
		}
		b, err := open()
		if err != nil {
			return err
		}
		if names, err = src.chosen(cmd.Context(), b, names); err != nil {
			return err
		}
		first := true
		return each(names, func(name string) error {
			c, err := whole(cmd.Context(), b, name)
			if err != nil {
				return src.about(name, err)
			}
			switch {
			case output == YAML && len(names) > 1:
				fmt.Fprintln(cmd.OutOrStdout(), "---")
			case output == Table && !first:
				fmt.Fprint(cmd.OutOrStdout(), "\n\n")
			}
			first = false
			return output.Print(cmd.OutOrStdout(), c, func(w io.Writer) error { return describe(w, c, src.Now()) })
		})
	}
	AddOutput(cmd, &output)
	return cmd
}

// whole returns a connector with what happened to it.
func whole(ctx context.Context, b Backend, name string) (Connector, error) {
	c, err := b.Connector(ctx, name)
	if e, ok := b.(Eventer); ok && err == nil {
		c.Events, err = e.Events(ctx, name)
	}
	return c, err
}

func describe(w io.Writer, c Connector, now time.Time) error {
	var lines [][2]string
	width := 0
	for _, line := range [][2]string{
		{"Name", c.Name}, {"Namespace", c.Namespace}, {"Name in Kafka", c.KafkaName}, {"Cluster", c.Cluster},
		{"Type", c.Type}, {"Class", c.Class}, {"Version", c.Version}, {"State", c.State}, {"Worker", c.Worker},
		{"Age", age(c.Created, now)}, {"Lag", number(c.Lag)}, {"Restarts", count(c.Restarts)},
	} {
		if line[1] != "" {
			lines, width = append(lines, line), max(width, len(line[0]))
		}
	}
	for _, line := range lines {
		fmt.Fprintf(w, "%-*s%s\n", width+2, line[0]+":", printable(line[1]))
	}
	trace(w, "", c.Error)
	for _, part := range []struct {
		title  string
		titles []string
		rows   [][]string
	}{
		{"Conditions", []string{"TYPE", "STATUS", "REASON", "MESSAGE"}, conditionRows(c.Conditions)},
		{"Config", []string{"KEY", "VALUE"}, configRows(c.Config)},
		{"Tasks", []string{"TASK", "STATE", "WORKER", "VERSION", "RESTARTS", "LAG"}, taskRows(c.Tasks)},
		{"Events", []string{"TYPE", "REASON", "AGE", "COUNT", "MESSAGE"}, eventRows(c.Events, now)},
	} {
		if len(part.rows) == 0 {
			continue
		}
		fmt.Fprintln(w, "\n"+part.title+":")
		titles, rows := filled(part.titles, part.rows)
		if err := WriteTable(indented{w}, titles, rows); err != nil {
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
		out = append(out, []string{strconv.Itoa(t.ID), t.State, t.Worker, t.Version, count(t.Restarts), number(t.Lag)})
	}
	return out
}

func eventRows(events []Event, now time.Time) [][]string {
	var out [][]string
	for _, e := range events {
		out = append(out, []string{e.Type, e.Reason, age(&e.Last, now), count(e.Count), e.Message})
	}
	return out
}

// filled leaves out the columns that no row has anything in.
func filled(titles []string, rows [][]string) ([]string, [][]string) {
	var keep []int
	for i := range titles {
		if slices.ContainsFunc(rows, func(r []string) bool { return r[i] != "" }) {
			keep = append(keep, i)
		}
	}
	pick := func(all []string) []string {
		out := make([]string, len(keep))
		for i, k := range keep {
			out[i] = all[k]
		}
		return out
	}
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = pick(r)
	}
	return pick(titles), out
}

// age is how long ago something was, as kubectl writes it.
func age(t *time.Time, now time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return duration.HumanDuration(now.Sub(*t))
}

func number(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// count leaves 0 out.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// indented sets lines in by two spaces. It is given whole lines.
type indented struct{ w io.Writer }

func (i indented) Write(p []byte) (int, error) {
	if _, err := io.WriteString(i.w, "  "); err != nil {
		return 0, err
	}
	return i.w.Write(p)
}
