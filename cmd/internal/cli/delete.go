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

func deleteCommand(src Source) *cobra.Command {
	var w Waiting
	cmd := &cobra.Command{Use: "delete CONNECTOR...", Short: "Delete connectors", Long: src.DeleteDoc}
	open := src.Open(cmd, Several)
	cmd.ValidArgsFunction = completeNames(open, true)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if err := w.Check(); src.LingersFor > 0 && err != nil {
			return err
		}
		b, err := open()
		if err != nil {
			return err
		}
		if names, err = src.chosen(cmd.Context(), b, names); err != nil {
			return err
		}
		return each(names, func(name string) error { return remove(cmd, src, b, w, name) })
	}
	if src.LingersFor > 0 {
		w.on = true
		cmd.Flags().BoolVar(&w.on, "wait", true, "wait until it is gone")
		cmd.Flags().DurationVar(&w.timeout, "timeout", src.LingersFor, "how long --wait waits")
	}
	return cmd
}

func remove(cmd *cobra.Command, src Source, b Backend, w Waiting, name string) error {
	before := Connector{}
	if w.on {
		var err error
		if before, err = b.Connector(cmd.Context(), name); err != nil {
			return src.about(name, err)
		}
	}
	if err := b.Delete(cmd.Context(), name); err != nil {
		return src.about(name, err)
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), src.Subject+name+" deleted"); err != nil || !w.on {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), w.timeout)
	defer cancel()
	last, err := w.gone(ctx, cmd, src, b, before)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) && cmd.Context().Err() == nil {
		return src.about(name, fmt.Errorf("after %s it is still there: %s", w.timeout, orUnknown(sketch(last))))
	}
	if err != nil {
		return src.about(name, err)
	}
	return nil
}

// gone waits until a connector is not there any more, or another of its name is.
func (w *Waiting) gone(ctx context.Context, cmd *cobra.Command, src Source, b Backend, before Connector) (Connector, error) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	last, told := before, ""
	for {
		c, err := b.Connector(ctx, before.Name)
		switch {
		case errors.Is(err, ErrNotFound):
			return last, nil
		case err != nil:
			return last, err
		case c.Created != nil && before.Created != nil && !c.Created.Equal(*before.Created):
			return last, nil
		}
		last = c
		if text := sketch(c); text != told {
			told = text
			fmt.Fprintf(cmd.ErrOrStderr(), "%s%s: %s\n", src.Subject, before.Name, text)
		}
		select {
		case <-ctx.Done():
			return last, context.Cause(ctx)
		case <-tick.C:
		}
	}
}
