// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/standalone"
)

// view shows what the connectors do.
type view interface {
	// update takes the statuses of now, several times a second.
	update(statuses []standalone.Status)
	// end shows the last word and returns the error of the command.
	end(o ended) error
	// logWriter returns where log lines go, so that they do not tear a table.
	logWriter(w io.Writer) io.Writer
}

// ended is how a run has ended.
type ended struct {
	// Result is idle, stopped (by a signal), failed, takenOver or error.
	Result   string  `json:"result"`
	Reason   string  `json:"reason,omitempty"`
	ExitCode int     `json:"exitCode"`
	Seconds  float64 `json:"seconds"`
	err      error
}

// outcome says in what way a run has ended that returned err.
func outcome(ctx context.Context, err error, took time.Duration) ended {
	o := ended{Result: "idle", Seconds: took.Round(time.Millisecond).Seconds(), err: err}
	failed := new(standalone.FailedError)
	switch {
	case err == nil && ctx.Err() != nil:
		o.Result = "stopped"
	case err == nil:
	case errors.As(err, &failed):
		o.Result = "failed"
	case errors.Is(err, standalone.ErrTakenOver):
		o.Result = "takenOver"
	default:
		o.Result = "error"
	}
	if err != nil {
		o.ExitCode, o.Reason = 1, err.Error()
	}
	return o
}

// newView returns the view for an output: a table on a terminal, or else a line
// or a JSON object a change.
func newView(output string, w io.Writer) view {
	if output == "json" {
		return &jsonView{w: w}
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return newTableView(w, func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 80
			}
			return width
		})
	}
	return &lineView{w: w}
}

// changes finds out which connectors have changed in a way that is worth a line.
type changes struct {
	mu    sync.Mutex
	last  []standalone.Status
	shown map[string]standalone.Status // by connector
}

// next returns the statuses that changed since they were last returned.
func (c *changes) next(statuses []standalone.Status) []standalone.Status {
	c.last = statuses
	shown := make(map[string]standalone.Status, len(statuses))
	var out []standalone.Status
	for _, s := range statuses {
		before, known := c.shown[s.Connector]
		if known && !worthALine(before, s) {
			shown[s.Connector] = before
			continue
		}
		shown[s.Connector] = s
		out = append(out, s)
	}
	c.shown = shown
	return out
}

// worthALine reports whether a reader wants to know of the change: of states,
// failures, and of a connector that has caught up.
func worthALine(before, now standalone.Status) bool {
	return before.State != now.State || before.Tasks != now.Tasks || before.Error != now.Error ||
		before.Restarts != now.Restarts || now.Idle && before.Records != now.Records
}

// lineView prints one line a change.
type lineView struct {
	changes
	w io.Writer
}

func (v *lineView) update(statuses []standalone.Status) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range v.next(statuses) {
		fmt.Fprintf(v.w, "%s  %s\n", time.Now().Format(time.TimeOnly), describe(s))
	}
}

func describe(s standalone.Status) string {
	text := fmt.Sprintf("%s (%s) %s, %d/%d tasks, %s records", s.Connector, s.Type, s.State, s.Tasks.Running, s.Tasks.Desired, grouped(s.Records))
	if s.Type == connect.SinkKind && s.Lag != nil {
		text += ", lag " + grouped(*s.Lag)
	}
	if s.Restarts > 0 {
		text += ", " + cli.Plural(s.Restarts, "restart")
	}
	if s.Idle && s.Records > 0 {
		text += ", nothing to do"
	}
	if s.Error != "" {
		text += ": " + s.Error
	}
	return text
}

// trouble is the error of a failed task and what comes next.
func trouble(s standalone.Status, now time.Time) string {
	if s.Error == "" || s.NextTry == nil {
		return oneLine(s.Error)
	}
	return fmt.Sprintf("next try in %s: %s", max(s.NextTry.Sub(now), 0).Round(time.Second), oneLine(s.Error))
}

func (v *lineView) end(o ended) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	printTotals(v.w, v.last, o)
	return o.err
}

// printTotals prints what every connector has done in this run.
func printTotals(w io.Writer, last []standalone.Status, o ended) {
	for _, s := range last {
		fmt.Fprintf(w, "%s: %s records, %s\n", s.Connector, grouped(s.Records), size(s.Bytes))
	}
	fmt.Fprintf(w, "%s after %.1f s\n", o.Result, o.Seconds)
}

func (*lineView) logWriter(w io.Writer) io.Writer { return w }

// jsonView prints one JSON object a change, and one at the end.
type jsonView struct {
	changes
	w io.Writer
}

func (v *jsonView) update(statuses []standalone.Status) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range v.next(statuses) {
		v.print(struct {
			Time  time.Time `json:"time"`
			Event string    `json:"event"`
			standalone.Status
		}{time.Now().UTC(), "change", s})
	}
}

func (v *jsonView) end(o ended) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	connectors := v.last
	if connectors == nil {
		connectors = []standalone.Status{}
	}
	v.print(struct {
		Time  time.Time `json:"time"`
		Event string    `json:"event"`
		ended
		Connectors []standalone.Status `json:"connectors"`
	}{time.Now().UTC(), "summary", o, connectors})
	if o.err != nil {
		return errReported
	}
	return nil
}

func (v *jsonView) print(value any) {
	e := json.NewEncoder(v.w)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // a reader that has gone does not stop the connectors
}

func (*jsonView) logWriter(w io.Writer) io.Writer { return w }
