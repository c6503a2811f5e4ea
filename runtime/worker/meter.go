// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package worker

import "time"

const (
	// meterStep is how often a meter takes a sample, however often it is asked.
	meterStep = time.Second
	// meterSamples is how many it keeps: the rate is over this many steps.
	meterSamples = 5
)

// meter turns a count into a rate over the last few seconds.
type meter struct {
	samples [meterSamples]sample
	n       int // how many were taken
}

type sample struct {
	at    time.Time
	count int64
}

// at returns the rate per second now, when the count is count.
func (m *meter) at(now time.Time, count int64) float64 {
	last := m.samples[(m.n+meterSamples-1)%meterSamples]
	if m.n == 0 || now.Sub(last.at) >= meterStep {
		m.samples[m.n%meterSamples] = sample{now, count}
		m.n++
	}
	oldest := m.samples[0]
	if m.n > meterSamples {
		oldest = m.samples[m.n%meterSamples]
	}
	passed := now.Sub(oldest.at)
	if passed <= 0 || count < oldest.count {
		return 0
	}
	return float64(count-oldest.count) / passed.Seconds()
}
