// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package report shows what was measured: on a terminal, as JSON, and as a page
// with plots.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// Report is all that one run has measured.
type Report struct {
	Machine  Machine   `json:"machine"`
	Results  []Result  `json:"results"`
	Skipped  []Skipped `json:"skipped,omitempty"`
	Notes    []string  `json:"notes,omitempty"`
	Settings []Setting `json:"settings,omitempty"`
	Series   []Series  `json:"series,omitempty"`
}

// Machine is where and with what it was measured.
type Machine struct {
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	MemoryMB int64             `json:"memoryMB"`
	OS       string            `json:"os"`
	Kernel   string            `json:"kernel"`
	Versions map[string]string `json:"versions"`
	Date     string            `json:"date"`
	Command  string            `json:"command"`
	Minutes  float64           `json:"minutes"`
	Load     string            `json:"loadBefore"`
}

// Setting is one group of settings, as text.
type Setting struct {
	Of   string `json:"of"`
	Text string `json:"text"`
}

// Skipped is what was not measured, and why.
type Skipped struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Result is one measure of Penstock beside the same of a peer.
type Result struct {
	ID      string `json:"id"`
	Measure string `json:"measure"`
	Unit    string `json:"unit,omitempty"`
	// Peer's name; "" if Penstock stands alone.
	Against string `json:"against,omitempty"`
	// Medians of the rounds, and their quotient.
	Ours  float64  `json:"ours"`
	Peer  *float64 `json:"peer,omitempty"`
	Ratio *float64 `json:"ratio,omitempty"`
	// Goal is for the ratio, or without a peer for our own figure.
	Goal   *float64 `json:"goal,omitempty"`
	Met    *bool    `json:"met,omitempty"`
	Rounds int      `json:"rounds"`
	// Lowest and highest of the rounds: of the ratio, or without a peer of ours.
	Spread     [2]float64  `json:"spread"`
	OursSpread *[2]float64 `json:"oursSpread,omitempty"`
	PeerSpread *[2]float64 `json:"peerSpread,omitempty"`
	// Better is "higher" or "lower".
	Better string `json:"better"`
}

// Series is a line of a plot.
type Series struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Of     string  `json:"of"` // what x is
	Points []Point `json:"points"`
}

// Point is a point of a Series.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Judge returns the result with Met set from Goal.
func (r Result) Judge() Result {
	if r.Goal == nil {
		return r
	}
	value := r.Ours
	if r.Ratio != nil {
		value = *r.Ratio
	}
	met := value >= *r.Goal
	if r.Better == "lower" {
		met = value <= *r.Goal
	}
	r.Met = &met
	return r
}

// Verdict says in words how far the goal is.
func (r Result) Verdict() string {
	if r.Goal == nil || r.Met == nil {
		return ""
	}
	value := r.Ours
	if r.Ratio != nil {
		value = *r.Ratio
	}
	sign := "≥"
	if r.Better == "lower" {
		sign = "≤"
	}
	goal := sign + " " + Number(*r.Goal)
	if *r.Met {
		return goal + ": met"
	}
	return fmt.Sprintf("%s: missed by %.0f %%", goal, math.Abs(value-*r.Goal)/math.Abs(orOne(*r.Goal))*100)
}

func orOne(v float64) float64 {
	if v == 0 {
		return 1
	}
	return v
}

// Number prints a figure with three digits that count.
func Number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "-"
	case a < 0.00005:
		return "0"
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 1:
		return fmt.Sprintf("%.2f", v)
	default:
		return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", v), "0"), ".")
	}
}

// ratio returns the ratio and its spread for a table.
func (r Result) ratio() string {
	if r.Ratio == nil {
		return ""
	}
	return fmt.Sprintf("%s (%s–%s)", Number(*r.Ratio), Number(r.Spread[0]), Number(r.Spread[1]))
}

func (r Result) peer() string {
	if r.Peer == nil {
		return ""
	}
	return Number(*r.Peer)
}

// JSON writes the report for programs.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Table writes the report for a terminal.
func (r Report) Table(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "WORK\tMEASURE\tPENSTOCK\tPEER\tAGAINST\tRATIO (SPREAD)\tGOAL")
	for _, x := range r.Results {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, x.Measure, Number(x.Ours), x.peer(), x.Against, x.ratio(), x.Verdict())
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(w, "not measured: %s: %s\n", s.ID, s.Reason)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	return nil
}
