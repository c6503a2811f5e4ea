// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// point is a metric with its value. Those of a task share their labels, which
// prometheus.MustNewConstMetric would make for each of them again: with a thousand
// tasks that is most of what an idle worker leaves to the garbage collector.
type point struct {
	desc   *prometheus.Desc
	typ    prometheus.ValueType
	labels []*dto.LabelPair // in the order of their names; never changed
	value  float64
	// count makes it a summary of count values, the sum of which is value.
	count   uint64
	summary bool
}

// Desc implements prometheus.Metric.
func (p *point) Desc() *prometheus.Desc { return p.desc }

// Write implements prometheus.Metric.
func (p *point) Write(to *dto.Metric) error {
	to.Label = p.labels
	switch {
	case p.summary:
		to.Summary = &dto.Summary{SampleCount: &p.count, SampleSum: &p.value}
	case p.typ == prometheus.CounterValue:
		to.Counter = &dto.Counter{Value: &p.value}
	default:
		to.Gauge = &dto.Gauge{Value: &p.value}
	}
	return nil
}

// label makes a label, in one piece.
func label(name, value string) *dto.LabelPair {
	l := &struct {
		pair        dto.LabelPair
		name, value string
	}{name: name, value: value}
	l.pair.Name, l.pair.Value = &l.name, &l.value
	return &l.pair
}

// points are metrics that are made in one go.
type points []point

// add adds one. They are read after the channel has them, so that what was made
// must not move: beyond the capacity they go on in another piece.
func (ps *points) add(p point) *point {
	if len(*ps) == cap(*ps) {
		*ps = make(points, 0, max(cap(*ps), 16))
	}
	*ps = append(*ps, p)
	return &(*ps)[len(*ps)-1]
}
