// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"penstock.dev/test/bench/report"
)

// findings is what people have found out about the figures; it goes into the
// page as it is.
//
//go:embed findings.md
var findings string

// publish shows the report and, in quick mode, judges the allocations.
func (b *bench) publish(o options) error {
	b.book.Settings = b.settings()
	if err := b.book.Table(os.Stdout); err != nil {
		return err
	}
	if o.out != "" {
		if err := b.book.Write(o.out, findings); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if o.quick {
		return tooMany(b.book.allocations)
	}
	return nil
}

// limits are the allocations for each record that a short run must not exceed:
// about twice what was measured.
func limits() map[string]float64 {
	return map[string]float64{"P1": 0.5, "P2": 0.5, "P3/source": 0.2, "P3/sink": 0.2, "P4": 0.2, "P5/source": 0.2, "P5/sink": 0.2}
}

// tooMany returns an error for each work with more allocations than its limit.
func tooMany(allocations map[string]float64) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(allocations)) {
		if limit, ok := limits()[id]; ok && allocations[id] > limit {
			errs = append(errs, fmt.Errorf("%s: Penstock allocates %.2f times for each record, the limit is %.2f", id, allocations[id], limit))
		}
	}
	return errors.Join(errs...)
}

// settings are what the page says about how the systems were set up.
func (b *bench) settings() []report.Setting {
	var tuned strings.Builder
	for _, k := range slices.Sorted(maps.Keys(tuning())) {
		fmt.Fprintf(&tuned, "%s=%s\n", k, tuning()[k])
	}
	return []report.Setting{
		{Of: "JVM flags of Kafka Connect", Text: strings.Join(jvm(), " ")},
		{Of: "Worker settings of kafka-connect-tuned, beside the defaults", Text: tuned.String()},
		{Of: "The base case", Text: "records of 1,024 bytes, 8 partitions, 1 task, no compression\n" +
			fmt.Sprintf("records of a transfer: P1 %d, P2 %d, P3 %d, P4 %d, P5 %d",
				b.records(p1Records), b.records(p2Records), b.records(p3Records), b.records(p4Records), b.records(p5Records))},
	}
}
