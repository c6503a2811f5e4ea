// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package stats

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestOf(t *testing.T) {
	nan := math.NaN()
	for name, tc := range map[string]struct {
		in   []float64
		want Summary
	}{
		"none":             {nil, Summary{nan, nan, nan}},
		"one":              {[]float64{4}, Summary{4, 4, 4}},
		"odd, any order":   {[]float64{9, 1, 5}, Summary{5, 1, 9}},
		"even":             {[]float64{4, 1, 3, 2}, Summary{2.5, 1, 4}},
		"one far off only": {[]float64{1, 1, 1000, 1, 1}, Summary{1, 1, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Of(tc.in), cmpopts.EquateNaNs()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQuantile(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for name, tc := range map[string]struct {
		in      []float64
		p, want float64
	}{
		"none":   {nil, 0.5, math.NaN()},
		"one":    {[]float64{7}, 0.99, 7},
		"median": {hundred, 0.5, 50},
		"p99":    {hundred, 0.99, 99},
		"all":    {hundred, 1, 100},
		"lowest": {hundred, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Quantile(tc.in, tc.p), cmpopts.EquateNaNs()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRatios(t *testing.T) {
	got := Ratios([]float64{10, 6, 3, 8}, []float64{2, 3, 0})
	if diff := cmp.Diff([]float64{5, 2}, got); diff != "" {
		t.Error(diff)
	}
}
