// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"math"
	"math/rand/v2"
	"testing"

	"penstock.dev/runtime/javajson"
)

// TestDoubles compares the short way with the long one, for numbers that take it
// and for their neighbours that may not.
func TestDoubles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	list := []float64{0, math.Copysign(0, -1), 0.001, -0.001, 0.0009999999999999999, 9999999.999, 9999999.9999, 1e7, -1e7, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64}
	for range 200_000 {
		list = append(list, float64(r.Int64N(2e10)-1e10)/1000, float64(r.Int64N(2e5)-1e5)/100, r.Float64()*2e7-1e7, float64(r.Int64N(1e12))/1e5)
	}
	for _, f := range list {
		for _, g := range []float64{f, math.Nextafter(f, 1e300), math.Nextafter(f, -1e300)} {
			if got, want := string(appendDouble(nil, g)), string(javajson.AppendDouble(nil, g)); got != want {
				t.Fatalf("%x is %s, want %s", math.Float64bits(g), got, want)
			}
		}
	}
}
