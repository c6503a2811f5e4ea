// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
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
	open := src.Open(cmd, List)
	cmd.ValidArgsFunction = completeNames(open, true)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		l := listing{src: src, columns: src.Columns, output: f.output}
		if err := f.check(&l); err != nil {
			return err
		}
		var err error
		if l.b, err = open(); err != nil {
			return err
		}
		if sel, ok := l.b.(Selecting); ok && sel.Selected() && len(names) > 0 {
			return errors.New("name cannot be provided when a selector is specified")
		}
		if f.watch {
			return l.watch(cmd.Context(), names, f.interval, cmd.OutOrStdout())
		}
		return l.once(cmd, names)
	}
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "go on, and print a connector again each time it changes")
	f.interval = look
	if !src.Watches {
		cmd.Flags().DurationVar(&f.interval, "interval", 2*time.Second, "how often --watch looks")
	}
	if len(src.Wide) > 0 {
		addOutput(cmd, &f.output, "wide for more columns, json or yaml for scripts", []string{"wide", "json", "yaml"})
	} else {
		AddOutput(cmd, &f.output)
	}
	return cmd
}

// check checks the flags, and takes -o wide apart.
func (f getFlags) check(l *listing) error {
	if f.interval < minInterval {
		return fmt.Errorf("--interval %s is too short, the least is %s", f.interval, minInterval)
	}
	if f.output == Wide && len(l.src.Wide) > 0 {
		l.output, l.columns = Table, append(slices.Clone(l.src.Columns), l.src.Wide...)
	}
	l.columns = slices.DeleteFunc(slices.Clone(l.columns), func(c Column) bool { return c.Hidden != nil && c.Hidden() })
	return l.output.Check()
}

// listing is what get prints, and how.
type listing struct {
	src     Source
	b       Backend
	columns []Column
	output  Output
	// leave is set once the named connectors were there: one that has gone meanwhile
	// is no error.
	leave bool
}

// once prints the connectors as they are. Those that are there are printed beside
// an error about others.
func (l listing) once(cmd *cobra.Command, names []string) error {
	list, err := l.list(cmd.Context(), names)
	switch {
	case err != nil && len(list) == 0:
		return err
	case len(list) == 0 && l.output == Table && l.src.None != nil:
		_, err := fmt.Fprintln(cmd.ErrOrStderr(), l.src.None())
		return err
	}
	table := func(w io.Writer) error { return WriteTable(w, l.titles(), l.rows(list)) }
	return errors.Join(l.output.Print(cmd.OutOrStdout(), list, table), err)
}

// list returns the named connectors, or all.
func (l listing) list(ctx context.Context, names []string) ([]Connector, error) {
	if len(names) == 0 {
		all, err := l.b.Connectors(ctx)
		if all == nil {
			all = []Connector{}
		}
		return all, err
	}
	out := make([]Connector, 0, len(names))
	err := each(names, func(name string) error {
		c, err := l.b.Connector(ctx, name)
		if l.leave && errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return l.src.about(name, err)
		}
		c.Config = nil
		out = append(out, c)
		return nil
	})
	return out, err
}

func (l listing) titles() []string {
	out := make([]string, len(l.columns))
	for i, c := range l.columns {
		out[i] = c.Title
	}
	return out
}

func (l listing) rows(list []Connector) [][]string {
	now := l.src.Now()
	out := make([][]string, len(list))
	for i, c := range list {
		for _, column := range l.columns {
			out[i] = append(out[i], column.Cell(c, now))
		}
	}
	return out
}

// Counted says how many tasks do what the connector does, of how many, and how
// many have failed.
func Counted(c Connector) string {
	fine, failed := 0, 0
	for _, t := range c.Tasks {
		switch {
		case is(t.State, Target("FAILED")):
			failed++
		case strings.EqualFold(t.State, c.State) || is(t.State, Running):
			fine++
		}
	}
	text := fmt.Sprintf("%d/%d", fine, max(len(c.Tasks), c.Desired))
	if failed > 0 {
		text += fmt.Sprintf(" (%d failed)", failed)
	}
	return text
}

func is(state string, t Target) bool { return strings.EqualFold(state, string(t)) }

// watch prints the connectors, and each again that changes, until ctx ends.
func (l listing) watch(ctx context.Context, names []string, every time.Duration, w io.Writer) error {
	p, err := newPulse(ctx, l.b, every)
	if err != nil {
		return err
	}
	defer p.tick.Stop()
	seen := map[string]Connector{}
	for first := true; ; first = false {
		now, err := l.list(ctx, names)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		if err := l.printChanges(w, changes(seen, now), first); err != nil {
			return err
		}
		l.leave = true
		if !p.next(ctx) {
			return nil
		}
	}
}

// pulse says when to look again: every so often, but if the Backend tells of
// changes, only after one.
type pulse struct {
	tick *time.Ticker
	wake <-chan struct{}
}

func newPulse(ctx context.Context, b Backend, every time.Duration) (pulse, error) {
	var p pulse
	if w, ok := b.(Watcher); ok {
		var err error
		if p.wake, err = w.Watch(ctx); err != nil {
			return p, err
		}
	}
	p.tick = time.NewTicker(every)
	return p, nil
}

func (p pulse) next(ctx context.Context) bool {
	if p.wake != nil {
		select {
		case <-ctx.Done():
			return false
		case <-p.wake:
		}
	}
	select {
	case <-ctx.Done():
		return false
	case <-p.tick.C:
		return true
	}
}

// changes returns what is new or different, and what has gone, and remembers it.
func changes(seen map[string]Connector, now []Connector) []Connector {
	var out []Connector
	there := map[string]bool{}
	for _, c := range now {
		key := c.Namespace + "/" + c.Name
		there[key] = true
		c.Target, c.Behind, c.Stalled = "", false, "" // they are not shown
		if before, ok := seen[key]; !ok || !reflect.DeepEqual(before, c) {
			out = append(out, c)
		}
		seen[key] = c
	}
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		if c := seen[key]; !there[key] {
			delete(seen, key)
			out = append(out, Connector{
				Name: c.Name, Namespace: c.Namespace, Cluster: c.Cluster, Type: c.Type, Class: c.Class, Created: c.Created,
				State: "DELETED", Tasks: []Task{},
			})
		}
	}
	return out
}

// printChanges writes rows whose columns are wide enough to stay below each other
// in most cases; scripts get one document for each connector.
func (l listing) printChanges(w io.Writer, list []Connector, first bool) error {
	if l.output != Table {
		for _, c := range list {
			if l.output == YAML {
				fmt.Fprintln(w, "---")
			}
			if err := l.output.Print(w, c, nil); err != nil {
				return err
			}
		}
		return nil
	}
	const width = 16
	tw := tabwriter.NewWriter(w, width, 0, 3, ' ', 0)
	if first {
		fmt.Fprintln(tw, strings.Join(l.titles(), "\t"))
	}
	for _, r := range l.rows(list) {
		for i := range r {
			r[i] = orDash(printable(r[i]))
		}
		fmt.Fprintln(tw, strings.Join(r, "\t"))
	}
	return tw.Flush()
}
