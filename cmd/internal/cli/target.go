// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func targetCommand(src Source, t Target, a act, short string) *cobra.Command {
	var w Waiting
	cmd := &cobra.Command{Use: a.verb + " CONNECTOR...", Short: short}
	open := src.Open(cmd, Several)
	cmd.ValidArgsFunction = completeNames(open, true)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if err := w.Check(); err != nil {
			return err
		}
		b, err := open()
		if err != nil {
			return err
		}
		if names, err = src.chosen(cmd.Context(), b, names); err != nil {
			return err
		}
		return each(names, func(name string) error {
			if err := b.SetTarget(cmd.Context(), name, t); err != nil {
				return src.about(name, err)
			}
			return w.Finish(cmd, src, b, name, t, src.did(name, a))
		})
	}
	w.AddFlags(cmd)
	return cmd
}

type restartFlags struct {
	task       int
	tasks      bool
	onlyFailed bool
	wait       Waiting
}

func restartCommand(src Source) *cobra.Command {
	f := restartFlags{task: -1}
	cmd := &cobra.Command{
		Use:   "restart CONNECTOR...",
		Short: "Restart connectors, their tasks, or what of both has failed",
	}
	open := src.Open(cmd, Several)
	cmd.ValidArgsFunction = completeNames(open, true)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		r, err := f.restart(cmd, names)
		if err != nil {
			return err
		}
		b, err := open()
		if err != nil {
			return err
		}
		if names, err = src.chosen(cmd.Context(), b, names); err != nil {
			return err
		}
		return each(names, func(name string) error {
			asked, err := b.Restart(cmd.Context(), name, r)
			switch {
			case err != nil:
				return src.about(name, err)
			case !asked:
				_, err := fmt.Fprintln(cmd.OutOrStdout(), src.Subject+name+": nothing has failed, so nothing is restarted")
				return err
			}
			return f.wait.Finish(cmd, src, b, name, Intended, src.did(name, act{"restart", "restarted"}))
		})
	}
	cmd.Flags().IntVar(&f.task, "task", -1, "restart only the task of this `number`")
	if src.TaskAlone {
		cmd.Flags().BoolVar(&f.tasks, "tasks", false, "restart the tasks, too")
	} else {
		cmd.Short = "Restart the tasks of connectors, or those that have failed"
	}
	cmd.Flags().BoolVar(&f.onlyFailed, "only-failed", false, "leave alone what has not failed")
	f.wait.AddFlags(cmd)
	return cmd
}

func (f restartFlags) restart(cmd *cobra.Command, names []string) (Restart, error) {
	r := Restart{Tasks: f.tasks, OnlyFailed: f.onlyFailed}
	if err := f.wait.Check(); err != nil || !cmd.Flags().Changed("task") {
		return r, err
	}
	switch {
	case f.task < 0:
		return r, fmt.Errorf("--task must be 0 or more, not %d", f.task)
	case len(names) != 1:
		return r, errors.New("--task is of one connector; name only one")
	case f.tasks || f.onlyFailed:
		return r, errors.New("--task restarts one task; leave out the flags that choose others")
	}
	r.Task = &f.task
	return r, nil
}
