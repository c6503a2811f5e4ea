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

// look is how often a command that waits looks.
const look = 500 * time.Millisecond

// Waiting says whether a command waits for what it asked for.
type Waiting struct {
	on      bool
	timeout time.Duration
}

// AddFlags adds --wait and --timeout to a command.
func (w *Waiting) AddFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.on, "wait", false, "wait until it is done and say how it goes")
	cmd.Flags().DurationVar(&w.timeout, "timeout", time.Minute, "how long --wait waits")
}

// On reports whether the command is to wait.
func (w *Waiting) On() bool { return w.on }

// Check refuses a timeout that is none.
func (w *Waiting) Check() error {
	if w.timeout <= 0 {
		return fmt.Errorf("--timeout must be longer than 0s, not %s", w.timeout)
	}
	return nil
}

// Finish waits, if the user wants it, until a connector does what it should, and
// says so; else it says what was asked for.
func (w *Waiting) Finish(cmd *cobra.Command, src Source, b Backend, name string, t Target, asked string) error {
	if !w.on {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), asked)
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), w.timeout)
	defer cancel()
	c, err := await(ctx, b, name, t, func(now string) { fmt.Fprintf(cmd.ErrOrStderr(), "%s%s: %s\n", src.Subject, name, now) })
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && cmd.Context().Err() == nil {
			return src.about(name, fmt.Errorf("after %s it is still %s", w.timeout, orUnknown(sketch(c))))
		}
		return src.about(name, err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s%s: %s\n", src.Subject, name, sketch(c))
	return err
}

// await looks at a connector until it does what it should, and tells of every
// change on the way.
func await(ctx context.Context, b Backend, name string, t Target, tell func(string)) (Connector, error) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	var last Connector
	told := ""
	for {
		c, err := b.Connector(ctx, name)
		if err != nil {
			return last, err
		}
		last = c
		t := c.intended(t)
		switch {
		case c.Behind:
		case t == Running && c.Stalled != "": // tasks may go on running as they were told before
			return c, errors.New(firstLine(c.Stalled))
		case reached(c, t):
			return c, nil
		case c.Stalled != "":
			return c, errors.New(firstLine(c.Stalled))
		}
		if text := sketch(c); text != told {
			told = text
			tell(text)
		}
		select {
		case <-ctx.Done():
			return last, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// intended replaces Intended by what the connector should do.
func (c Connector) intended(t Target) Target {
	switch {
	case t != Intended:
		return t
	case c.Target != "":
		return c.Target
	}
	return Running
}

// reached reports whether a connector does what it should.
func reached(c Connector, t Target) bool {
	if !is(c.State, t) {
		return false
	}
	if t == Stopped {
		return len(c.Tasks) == 0
	}
	for _, task := range c.Tasks {
		if !is(task.State, t) {
			return false
		}
	}
	// A connector that runs has tasks; one that has none yet is still starting.
	return t == Paused || len(c.Tasks) > 0
}

// sketch is a connector's state in a few words.
func sketch(c Connector) string {
	if c.State == "" && len(c.Tasks) == 0 {
		return ""
	}
	return fmt.Sprintf("%s, tasks %s", orUnknown(c.State), Counted(c))
}

func orUnknown(s string) string {
	if s == "" {
		return "in no known state"
	}
	return s
}
