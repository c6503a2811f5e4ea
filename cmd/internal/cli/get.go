// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// minInterval is how often --watch looks at most.
const minInterval = 100 * time.Millisecond

type getFlags struct {
	output   Output
	watch    bool
	interval time.Duration
}

func getCommand(src Source) *cobra.Command {
	var f getFlags
	cmd := &cobra.Command{
		Use:   "get [CONNECTOR...]",
		Short: "List connectors and their states",
	}
	open := src(cmd)
	cmd.ValidArgsFunction = completeNames(open, true)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if err := f.check(); err != nil {
			return err
		}
		b, err := open()
		if err != nil {
			return err
		}
		if f.watch {
			return watch(cmd.Context(), b, names, f, cmd.OutOrStdout())
		}
		list, err := list(cmd.Context(), b, names)
		if err != nil {
			return err
		}
		return f.output.Print(cmd.OutOrStdout(), list, func(w io.Writer) error { return WriteTable(w, titles(), rows(list)) })
	}
	AddOutput(cmd, &f.output)
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "go on, and print a connector again each time it changes")
	cmd.Flags().DurationVar(&f.interval, "interval", 2*time.Second, "how often --watch looks")
	return cmd
}

func (f getFlags) check() error {
	if f.interval < minInterval {
		return fmt.Errorf("--interval %s is too short, the least is %s", f.interval, minInterval)
	}
	return f.output.Check()
}

// list returns the named connectors, or all.
func list(ctx context.Context, b Backend, names []string) ([]Connector, error) {
	if len(names) == 0 {
		all, err := b.Connectors(ctx)
		if all == nil {
			all = []Connector{}
		}
		return all, err
	}
	out := make([]Connector, 0, len(names))
	err := each(names, func(name string) error {
		c, err := b.Connector(ctx, name)
		if err != nil {
			return fmt.Errorf("connector %s: %w", name, err)
		}
		c.Config = nil
		out = append(out, c)
		return nil
	})
	return out, err
}

func titles() []string {
	return []string{"NAME", "TYPE", "STATE", "TASKS", "WORKER", "CLASS"}
}

func rows(list []Connector) [][]string {
	out := make([][]string, len(list))
	for i, c := range list {
		out[i] = []string{c.Name, c.Type, c.State, counted(c), c.place(), c.Class}
	}
	return out
}

func (c Connector) place() string {
	if c.Worker != "" {
		return c.Worker
	}
	return c.Cluster
}

// counted says how many tasks do what the connector does, and how many have
// failed.
func counted(c Connector) string {
	fine, failed := 0, 0
	for _, t := range c.Tasks {
		switch {
		case is(t.State, Target("FAILED")):
			failed++
		case strings.EqualFold(t.State, c.State) || is(t.State, Running):
			fine++
		}
	}
	text := fmt.Sprintf("%d/%d", fine, len(c.Tasks))
	if failed > 0 {
		text += fmt.Sprintf(" (%d failed)", failed)
	}
	return text
}

func is(state string, t Target) bool { return strings.EqualFold(state, string(t)) }

// watch prints the connectors, and each again that changes, until ctx ends.
func watch(ctx context.Context, b Backend, names []string, f getFlags, w io.Writer) error {
	seen := map[string]Connector{}
	tick := time.NewTicker(f.interval)
	defer tick.Stop()
	for first := true; ; first = false {
		now, err := list(ctx, b, names)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		if err := printChanges(w, f.output, changes(seen, now), first); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// changes returns what is new or different, and what has gone, and remembers it.
func changes(seen map[string]Connector, now []Connector) []Connector {
	var out []Connector
	there := map[string]bool{}
	for _, c := range now {
		there[c.Name] = true
		if before, ok := seen[c.Name]; !ok || !reflect.DeepEqual(before, c) {
			out = append(out, c)
		}
		seen[c.Name] = c
	}
	for name, c := range seen {
		if !there[name] {
			delete(seen, name)
			out = append(out, Connector{Name: name, Type: c.Type, Class: c.Class, State: "DELETED", Tasks: []Task{}})
		}
	}
	return out
}

// printChanges writes rows whose columns are wide enough to stay below each other
// in most cases; scripts get one document for each connector.
func printChanges(w io.Writer, o Output, list []Connector, first bool) error {
	if o != Table {
		for _, c := range list {
			if o == YAML {
				fmt.Fprintln(w, "---")
			}
			if err := o.Print(w, c, nil); err != nil {
				return err
			}
		}
		return nil
	}
	const width = 16
	tw := tabwriter.NewWriter(w, width, 0, 3, ' ', 0)
	if first {
		fmt.Fprintln(tw, strings.Join(titles(), "\t"))
	}
	for _, r := range rows(list) {
		for i := range r {
			r[i] = orDash(printable(r[i]))
		}
		fmt.Fprintln(tw, strings.Join(r, "\t"))
	}
	return tw.Flush()
}
