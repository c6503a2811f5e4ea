// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"slices"
	"strings"

	"penstock.dev/test/bench/report"
	"penstock.dev/test/bench/stats"
)

// book collects what was measured.
type book struct {
	report.Report
	// rates are the loads of the latency works, by work.
	rates map[string]float64
	// allocations of ours by work.
	allocations map[string]float64
}

func newBook() *book { return &book{rates: map[string]float64{}, allocations: map[string]float64{}} }

const (
	higher = "higher"
	lower  = "lower"
)

// measure is one figure of a transfer.
type measure struct {
	name, unit, better string
	of                 func(measured) float64
}

func measures() []measure {
	return []measure{
		{"records_per_cpu_second", "records", higher, measured.perCPU},
		{"records_per_second", "records", higher, measured.perSecond},
		{"records_per_cpu_second_steady", "records", higher, measured.perCPUHalf},
		{"mb_per_second", "MB", higher, func(m measured) float64 { return float64(m.bytes) / 1e6 / m.flow.Seconds() }},
		{"cpu_seconds", "s", lower, func(m measured) float64 { return m.cpu.Seconds() }},
		{"peak_rss_mb", "MB", lower, func(m measured) float64 { return float64(m.peak) / 1e6 }},
		{"start_to_first_record_s", "s", lower, func(m measured) float64 { return m.first.Seconds() }},
	}
}

// goalOf returns what a ratio must reach; nil is no goal.
func goalOf(id, name string, against system) *float64 {
	work, _, _ := strings.Cut(id, "/")
	goals := map[string]float64{
		"P1 records_per_cpu_second kafka-connect": 5, "P1 records_per_second kafka-connect": 2,
		"P2 records_per_cpu_second kafka-connect": 5, "P2 records_per_second kafka-connect": 2,
		"P3 records_per_cpu_second franz-go":      0.8,
		"P4 records_per_cpu_second kafka-connect": 5,
		"P5 records_per_cpu_second kafka-connect": 3,
		"P8 idle_rss_mb kafka-connect":            0.1, "P8 rss_mb_100_connectors kafka-connect": 0.2,
		"P9 start_to_first_answer_s kafka-connect": 0.05,
	}
	kind := strings.TrimSuffix(string(against), "-tuned")
	if g, ok := goals[work+" "+name+" "+kind]; ok {
		return &g
	}
	return nil
}

// transfers books the rounds of a contest.
func (b *book) transfers(id string, results map[system][]measured) {
	for _, m := range measures() {
		for _, against := range []system{peer, tunedPeer, bareKgo} {
			if theirs := results[against]; len(theirs) > 0 {
				b.compare(id, m.name, m.unit, m.better, collect(results[ours], m.of), against, collect(theirs, m.of))
			}
		}
	}
	allocations := collect(results[ours], func(m measured) float64 { return m.allocations })
	b.allocations[id] = middleOf(allocations)
	b.alone(id, "allocations_per_record", "", lower, allocations, nil)
}

// compare books a measure of ours beside a peer's.
func (b *book) compare(id, name, unit, better string, mine []float64, against system, theirs []float64) {
	o, p, spread := stats.Of(mine), stats.Of(theirs), stats.Of(stats.Ratios(mine, theirs))
	if p.Median == 0 {
		b.alone(id, name, unit, better, mine, nil) // nothing to divide by
		b.note(fmt.Sprintf("%s, %s: %s has 0, so that there is no ratio.", id, name, against))
		return
	}
	ratio := o.Median / p.Median
	b.Results = append(b.Results, report.Result{
		ID: id, Measure: name, Unit: unit, Against: string(against), Ours: o.Median, Peer: &p.Median, Ratio: &ratio,
		Goal: goalOf(id, name, against), Rounds: len(mine), Spread: [2]float64{spread.Min, spread.Max},
		OursSpread: &[2]float64{o.Min, o.Max}, PeerSpread: &[2]float64{p.Min, p.Max}, Better: better,
	}.Judge())
}

// alone books a measure of ours that no peer has.
func (b *book) alone(id, name, unit, better string, mine []float64, goal *float64) {
	o := stats.Of(mine)
	b.Results = append(b.Results, report.Result{
		ID: id, Measure: name, Unit: unit, Ours: o.Median, Goal: goal, Rounds: len(mine), Spread: [2]float64{o.Min, o.Max}, Better: better,
	}.Judge())
}

// skip books that something was not measured.
func (b *book) skip(id, reason string) {
	b.Skipped = append(b.Skipped, report.Skipped{ID: id, Reason: reason})
}

// note books a sentence, once.
func (b *book) note(text string) {
	if !slices.Contains(b.Notes, text) {
		b.Notes = append(b.Notes, text)
	}
}

func collect[T any](of []T, f func(T) float64) []float64 {
	out := make([]float64, len(of))
	for i, x := range of {
		out[i] = f(x)
	}
	return out
}

func middleOf(figures []float64) float64 {
	if len(figures) == 0 {
		return 0
	}
	return stats.Of(figures).Median
}
