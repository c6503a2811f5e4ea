// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package datagen

import "testing"

// The numbers are those of the generator's reference implementation.
func TestRandomIsSplitMix64(t *testing.T) {
	r := random{1234567}
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := r.next(); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
	}
}

func TestBetween(t *testing.T) {
	r := random{1}
	seen := map[int64]int{}
	for range 9000 {
		seen[r.between(-1, 1)]++
	}
	for _, n := range []int64{-1, 0, 1} {
		if c := seen[n]; c < 2800 || c > 3200 {
			t.Errorf("%d comes %d times of 9000", n, c)
		}
	}
	if len(seen) != 3 {
		t.Errorf("saw %v", seen)
	}
}
