// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// Source is where connectors are, and how one speaks of them there.
type Source struct {
	// Open adds the flags that say where the connectors are to a command, and
	// returns what opens them once the flags are read.
	Open func(cmd *cobra.Command, takes Takes) func() (Backend, error)
	// Subject stands before a connector's name in what commands say: "connector ".
	Subject string
	// Declares is set where a change is a change of what is desired: commands say
	// "paused", and otherwise "asked to pause".
	Declares bool
	// Selector is the flag that selects connectors instead of names, if there is one.
	Selector string
	// Columns are those of get. Wide are more, for -o wide.
	Columns, Wide []Column
	// Watches is set if the Backend is a Watcher: get needs no interval.
	Watches bool
	// TaskAlone is set if a connector is something beside its tasks, which a restart
	// may leave alone.
	TaskAlone bool
	// Moves is set if the Backend is a Mover.
	Moves bool
	// LingersFor is how long a deletion takes at most; 0 if it is done when it is
	// answered.
	LingersFor time.Duration
	// DeleteDoc and OffsetsDoc describe delete and offsets get.
	DeleteDoc, OffsetsDoc string
	// None returns what get says to people if there is no connector; nil says
	// nothing.
	None func() string
	// Now is the time for ages.
	Now func() time.Time
}

// Takes says how many connectors a command takes.
type Takes int

const (
	// One is for a command of one connector.
	One Takes = iota
	// Several is for a command of at least one.
	Several
	// List is for one that takes all of them if none is named.
	List
)

// Column is a column of get.
type Column struct {
	Title string
	Cell  func(c Connector, now time.Time) string
	// Hidden leaves it out; nil shows it.
	Hidden func() bool
}

// about says which connector an error is about.
func (s Source) about(name string, err error) error {
	return fmt.Errorf("%s%s: %w", s.Subject, name, err)
}

// act is what a command does: pause, paused.
type act struct{ verb, done string }

// did says that it was done.
func (s Source) did(name string, a act) string {
	if s.Declares {
		return s.Subject + name + " " + a.done
	}
	return s.Subject + name + ": asked to " + a.verb
}

// chosen returns the connectors that a command is about: those that are named, or
// those that are selected.
func (s Source) chosen(ctx context.Context, b Backend, names []string) ([]string, error) {
	sel, ok := b.(Selecting)
	switch selected := ok && sel.Selected(); {
	case selected && len(names) > 0:
		return nil, errors.New("name cannot be provided when a selector is specified")
	case selected:
		return b.Names(ctx)
	case len(names) == 0 && s.Selector != "":
		return nil, fmt.Errorf("name at least one connector, or select some with %s", s.Selector)
	case len(names) == 0:
		return nil, errors.New("name at least one connector")
	}
	return names, nil
}
