// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/standalone"
)

func lag(n int64) *int64 { return &n }

func statuses() []standalone.Status {
	return []standalone.Status{
		{Connector: "orders", Class: "file-source", Type: connect.SourceKind, State: standalone.StateRunning, Tasks: standalone.Counts{Desired: 2, Running: 2}, Records: 1234567, Bytes: 5 << 20, RecordsPerSecond: 1200.7},
		{Connector: "es", Class: "file-sink", Type: connect.SinkKind, State: standalone.StateRestarting, Tasks: standalone.Counts{Desired: 1, Failed: 1}, Lag: lag(4500), Restarts: 2, Error: "no such\nhost"},
	}
}

func TestLineView(t *testing.T) {
	var b bytes.Buffer
	v := &lineView{w: &b}
	s := statuses()
	v.update(s)
	moved := statuses()
	moved[0].Records = 9999999
	v.update(moved) // not worth a line
	caughtUp := statuses()
	caughtUp[0].Records, caughtUp[0].Idle = 9999999, true
	v.update(caughtUp)
	v.update(caughtUp)
	err := v.end(ended{Result: "failed", Seconds: 3.14, err: errors.New("why")})
	if err == nil || err.Error() != "why" {
		t.Errorf("error %v", err)
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		if clock := line[:min(8, len(line))]; strings.Count(clock, ":") == 2 {
			line = line[10:]
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	want := []string{
		"orders (source) RUNNING, 2/2 tasks, 1,234,567 records",
		"es (sink) RESTARTING, 0/1 tasks, 0 records, lag 4,500, 2 restarts: no such", "host",
		"orders (source) RUNNING, 2/2 tasks, 9,999,999 records, nothing to do",
		"orders: 9,999,999 records, 5.0 MiB",
		"es: 0 records, 0 B",
		"failed after 3.1 s",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestJSONView(t *testing.T) {
	var b bytes.Buffer
	v := &jsonView{w: &b}
	v.update(statuses())
	v.update(statuses())
	if err := v.end(ended{Result: "error", Reason: "why", ExitCode: 1, Seconds: 1.5, err: errors.New("why")}); !errors.Is(err, errReported) {
		t.Errorf("error %v, want that it was reported", err)
	}
	type object struct {
		Event, Connector, State, Result, Reason string
		ExitCode                                int
		Lag                                     *int64
		Connectors                              []standalone.Status
	}
	var got []object
	d := json.NewDecoder(&b)
	for d.More() {
		var o object
		if err := d.Decode(&o); err != nil {
			t.Fatal(err)
		}
		got = append(got, o)
	}
	want := []object{
		{Event: "change", Connector: "orders", State: "RUNNING"},
		{Event: "change", Connector: "es", State: "RESTARTING", Lag: lag(4500)},
		{Event: "summary", Result: "error", Reason: "why", ExitCode: 1, Connectors: statuses()},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestTable(t *testing.T) {
	now := time.Unix(1000, 0)
	next := now.Add(3 * time.Second)
	trying := statuses()
	trying[0].Error, trying[1].NextTry = "lost", &next
	want := []string{
		"CONNECTOR   TYPE     STATE        TASKS     RECORDS      RATE     LAG",
		"orders      source   RUNNING      2/2     1,234,567   1,200/s       -",
		"  └ lost",
		"es          sink     RESTARTING   0/1             0       0/s   4,500",
		"  └ next try in 3s: no such host",
	}
	if diff := cmp.Diff(want, table(trying, now)); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestTableView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		v := newTableView(&b, func() int { return 30 })
		take := func() string { defer b.Reset(); return b.String() }
		v.update(statuses())
		first := take()
		if strings.Contains(first, "\x1b[4A") || strings.Count(first, "\n") != 4 {
			t.Errorf("first drawing %q, want four lines and no way up", first)
		}
		for line := range strings.Lines(first) {
			if n := len([]rune(strings.TrimPrefix(line, "\r"+ansiClear))); n > 30 {
				t.Errorf("%q has %d columns, the terminal has 30", line, n)
			}
		}
		v.update(statuses())
		if again := take(); again != "" {
			t.Errorf("it was drawn again at once: %q", again)
		}
		time.Sleep(redraw)
		v.update(statuses()[:1])
		if again := take(); !strings.HasPrefix(again, "\x1b[4A\r\x1b[J") || strings.Count(again, "\n") != 2 {
			t.Errorf("%q, want it four lines up, cleared, two lines", again)
		}
		fmt.Fprintln(v.logWriter(nil), "a log line")
		if logged := take(); !strings.HasPrefix(logged, "\x1b[2A\r\x1b[Ja log line\nCONNECTOR") {
			t.Errorf("%q, want the log line above the table", logged)
		}
		if err := v.end(ended{Result: "idle", Seconds: 2}); err != nil || !strings.HasSuffix(take(), "idle after 2.0 s\n") {
			t.Errorf("error %v, or no last line", err)
		}
	})
}

func TestOutcome(t *testing.T) {
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	boom := errors.New("boom")
	tests := map[string]struct {
		ctx    context.Context
		err    error
		result string
		code   int
	}{
		"idle":       {t.Context(), nil, "idle", 0},
		"stopped":    {stopped, nil, "stopped", 0},
		"failed":     {t.Context(), &standalone.FailedError{Failures: []standalone.Failure{{Connector: "a", Reason: "x"}}}, "failed", 1},
		"taken over": {t.Context(), fmt.Errorf("x: %w", standalone.ErrTakenOver), "takenOver", 1},
		"error":      {t.Context(), boom, "error", 1},
		"both":       {stopped, boom, "error", 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := outcome(tc.ctx, tc.err, 1500*time.Millisecond)
			reason := ""
			if tc.err != nil {
				reason = tc.err.Error()
			}
			if got.Result != tc.result || got.ExitCode != tc.code || got.Seconds != 1.5 || got.Reason != reason {
				t.Errorf("outcome %+v, want %s, %d", got, tc.result, tc.code)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 5 << 20: "5.0 MiB", 3 << 40: "3.0 TiB", 1 << 52: "4096.0 TiB"} {
		if got := size(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
