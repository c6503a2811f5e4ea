// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package datagen

// random makes numbers from one number, which is all of its state, so that a
// source offset can hold it: SplitMix64 (Steele, Lea, Flood: Fast Splittable
// Pseudorandom Number Generators, 2014).
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// between returns a number from low to high. It is very nearly uniform: the
// ranges are small beside 2^64.
func (r *random) between(low, high int64) int64 {
	return low + int64(r.next()%uint64(high-low+1))
}
