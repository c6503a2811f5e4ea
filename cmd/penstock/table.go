// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"penstock.dev/runtime/standalone"
)

// redraw is how often a table is drawn again at most.
const redraw = 200 * time.Millisecond

// ANSI control sequences, ECMA-48.
const (
	ansiUp    = "\x1b[%dA"
	ansiClear = "\x1b[J"
)

// tableView redraws a table in place. Log lines scroll by above it.
type tableView struct {
	w     io.Writer
	width func() int

	mu    sync.Mutex
	last  []standalone.Status
	lines int // of the table on the screen
	drawn time.Time
}

func newTableView(w io.Writer, width func() int) *tableView { return &tableView{w: w, width: width} }

func (v *tableView) update(statuses []standalone.Status) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = statuses
	if now := time.Now(); now.Sub(v.drawn) >= redraw {
		v.drawn = now
		v.draw(nil)
	}
}

// draw replaces the table on the screen by above, if there is any, and the table
// of now.
func (v *tableView) draw(above []byte) {
	var b bytes.Buffer
	if v.lines > 0 {
		fmt.Fprintf(&b, ansiUp, v.lines)
	}
	b.WriteString("\r" + ansiClear)
	b.Write(above)
	lines := table(v.last, time.Now())
	width := v.width()
	for _, line := range lines {
		b.WriteString(cut(line, width) + "\n")
	}
	v.lines = len(lines)
	_, _ = v.w.Write(b.Bytes()) // a terminal that has gone does not stop the connectors
}

func (v *tableView) end(o ended) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.draw(nil)
	fmt.Fprintf(v.w, "%s after %.1f s\n", o.Result, o.Seconds)
	return o.err
}

func (v *tableView) logWriter(io.Writer) io.Writer { return tableLog{v} }

// tableLog writes log lines above the table.
type tableLog struct{ v *tableView }

func (l tableLog) Write(p []byte) (int, error) {
	l.v.mu.Lock()
	defer l.v.mu.Unlock()
	l.v.draw(p)
	return len(p), nil
}

// columns are the table's titles; numbers stand to the right.
var columns = []struct {
	title string
	right bool
}{
	{"CONNECTOR", false}, {"TYPE", false}, {"STATE", false}, {"TASKS", false},
	{"RECORDS", true}, {"RATE", true}, {"LAG", true},
}

// table returns the lines of the table, with an error below its connector.
func table(statuses []standalone.Status, now time.Time) []string {
	rows := make([][]string, 0, len(statuses)+1)
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = c.title
	}
	rows = append(rows, head)
	for _, s := range statuses {
		rows = append(rows, row(s))
	}
	widths := make([]int, len(columns))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, 0, len(rows))
	for i, r := range rows {
		lines = append(lines, align(r, widths))
		if i == 0 {
			continue
		}
		if text := trouble(statuses[i-1], now); text != "" {
			lines = append(lines, "  └ "+text)
		}
	}
	return lines
}

func row(s standalone.Status) []string {
	lag := "-"
	if s.Lag != nil {
		lag = grouped(*s.Lag)
	}
	return []string{
		s.Connector, string(s.Type), string(s.State), fmt.Sprintf("%d/%d", s.Tasks.Running, s.Tasks.Desired),
		grouped(s.Records), grouped(int64(s.RecordsPerSecond)) + "/s", lag,
	}
}

func align(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if columns[i].right {
			b.WriteString(pad + cell)
		} else {
			b.WriteString(cell + pad)
		}
		if i < len(cells)-1 {
			b.WriteString("   ")
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// cut keeps a line within the terminal, because one that wraps takes two lines.
func cut(line string, width int) string {
	runes := []rune(line)
	if width < 2 || len(runes) < width {
		return line
	}
	return string(runes[:width-2]) + "…"
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// size writes a number of bytes.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n)/unit, 0
	for f >= unit && i < 3 {
		f, i = f/unit, i+1
	}
	return fmt.Sprintf("%.1f %ciB", f, "KMGT"[i])
}
