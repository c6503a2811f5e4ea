// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package stats sums up the figures of several rounds.
package stats

import (
	"math"
	"slices"
)

// Summary is what several rounds have in common, and how far they are apart.
type Summary struct{ Median, Min, Max float64 }

// Of sums figures up. Without figures all of it is not a number.
func Of(figures []float64) Summary {
	if len(figures) == 0 {
		return Summary{math.NaN(), math.NaN(), math.NaN()}
	}
	s := slices.Sorted(slices.Values(figures))
	return Summary{Median: middle(s), Min: s[0], Max: s[len(s)-1]}
}

func middle(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// Quantile returns the smallest of the sorted figures that is not below a part p
// of them.
func Quantile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	i := int(math.Ceil(p*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// Ratios divides figures of the same round by each other. A round that one side
// has not is left out.
func Ratios(ours, peer []float64) []float64 {
	var out []float64
	for i := range min(len(ours), len(peer)) {
		if peer[i] != 0 {
			out = append(out, ours[i]/peer[i])
		}
	}
	return out
}
