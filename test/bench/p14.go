// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock.dev/test/bench/report"
)

// kind is a kind of connector whose cost P14 finds out.
type kind struct {
	name                 string
	sources, sinks       int
	maxKB, maxConnection float64
}

// A source has no connection of its own; the hundredth of one is for what the
// worker may open beside.
func kinds() []kind {
	return []kind{
		{name: "source", sources: 1, maxKB: 50, maxConnection: 0.01},
		{name: "sink", sinks: 1, maxKB: 300, maxConnection: 3},
	}
}

// maxIdleCPU is what each connector may use of a core, in percent.
const maxIdleCPU = 0.05

// p14Rounds is how often P14 is done if only the base case is: each figure is an
// average over up to a thousand connectors already.
const p14Rounds = 1

// p14 finds out what each added connector costs.
func p14(ctx context.Context, b *bench) error {
	// Clients close connections that were idle for 10 s.
	counts, settle, window := []int{1, 10, 100, 1000}, 12*time.Second, 10*time.Second
	if b.quick {
		counts, settle, window = []int{1, 10, 50}, time.Second, time.Second
	}
	rounds := b.rounds
	if !b.full {
		rounds = min(rounds, p14Rounds)
	}
	for _, k := range kinds() {
		var of []map[int]idle // by round
		for range rounds {
			costs := map[int]idle{}
			for _, n := range counts {
				i, err := b.costOf(ctx, n*k.sources, n*k.sinks, settle, window)
				if err != nil {
					return fmt.Errorf("P14, %d of kind %s: %w", n, k.name, err)
				}
				b.say("P14/%-8s %5d: %7.1f MB, heap %7.1f MB, %5.0f connections, %6.0f goroutines, %.2f %% of a core",
					k.name, n, i.rss/1e6, i.heap/1e6, i.connections, i.goroutines, i.cpu)
				costs[n] = i
			}
			of = append(of, costs)
		}
		b.bookGrowth(k, counts, of)
	}
	return nil
}

// costOf runs so many connectors in a worker of their own group, so that what
// earlier ones left in Kafka does not count.
func (b *bench) costOf(ctx context.Context, sources, sinks int, settle, window time.Duration) (idle, error) {
	group := b.group
	b.group = fmt.Sprintf("bench-%d", b.serial+1)
	defer func() { b.group = group }()
	r, f, err := b.startMany(ctx, ours, sources, sinks)
	if err != nil {
		return idle{}, err
	}
	i, err := b.measureIdle(ctx, r, settle, window)
	return i, errors.Join(err, r.Stop(), f.check(ctx), b.broker.deleteTopic(ctx, b.group+"-offsets"), b.broker.deleteTopic(ctx, b.group+"-status"))
}

// bookGrowth books the cost of each connector beyond the first, and the same for
// the last stretch: if cost is constant, they are equal.
func (b *bench) bookGrowth(k kind, counts []int, of []map[int]idle) {
	last := counts[len(counts)-1]
	before := counts[len(counts)-2]
	maxCPU := maxIdleCPU
	for _, m := range []struct {
		name, unit string
		of         func(idle) float64
		goal       *float64
	}{
		{"rss_kb_per_connector", "KB", func(i idle) float64 { return i.rss / 1000 }, &k.maxKB},
		{"heap_kb_per_connector", "KB", func(i idle) float64 { return i.heap / 1000 }, nil},
		{"connections_per_connector", "", func(i idle) float64 { return i.connections }, &k.maxConnection},
		{"goroutines_per_connector", "", func(i idle) float64 { return i.goroutines }, nil},
		{"idle_cpu_percent_per_connector", "% of a core", func(i idle) float64 { return i.cpu }, &maxCPU},
	} {
		id := "P14/" + k.name
		for _, stretch := range []struct {
			suffix   string
			from, to int
			goal     *float64
		}{{"", 1, last, m.goal}, {fmt.Sprintf("_from_%d", before), before, last, nil}} {
			slopes := collect(of, func(costs map[int]idle) float64 {
				return (m.of(costs[stretch.to]) - m.of(costs[stretch.from])) / float64(stretch.to-stretch.from)
			})
			b.book.alone(id, m.name+stretch.suffix, m.unit, lower, slopes, stretch.goal)
		}
		b.book.Series = append(b.book.Series, series(id, m.name, m.unit, counts, of, m.of))
	}
}

// series is the whole worker's figure by number of connectors.
func series(id, name, unit string, counts []int, of []map[int]idle, figure func(idle) float64) report.Series {
	s := report.Series{ID: id, Name: name, Unit: unit, Of: "connectors"}
	for _, n := range counts {
		y := middleOf(collect(of, func(costs map[int]idle) float64 { return figure(costs[n]) }))
		s.Points = append(s.Points, report.Point{X: float64(n), Y: y})
	}
	return s
}
