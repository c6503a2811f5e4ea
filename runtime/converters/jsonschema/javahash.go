// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"penstock.dev/runtime/javajson"
)

// The text of a schema that Confluent registers has the order of Java's hash maps
// in many places. To find the same id it is followed here.

// hashOf returns String.hashCode, spread as HashMap does.
func hashOf(s string) uint32 {
	var h uint32
	for _, u := range utf16.Encode([]rune(s)) {
		h = 31*h + uint32(u)
	}
	return h ^ h>>16
}

// javaOrder returns the order in which a HashMap of so many buckets at first has
// what was put into it: by bucket, and in a bucket as it was put. It doubles when it
// is three quarters full.
func javaOrder(names []string, buckets int) []string {
	for len(names) > buckets*3/4 {
		buckets *= 2
	}
	out := slices.Clone(names)
	slices.SortStableFunc(out, func(a, b string) int {
		return int(hashOf(a)&uint32(buckets-1)) - int(hashOf(b)&uint32(buckets-1))
	})
	return out
}

// defaultBuckets is how many a HashMap begins with.
const defaultBuckets = 16

// sizedBuckets is how many a HashMap begins with that is made for n entries.
func sizedBuckets(n int) int {
	b := 1
	for b < n {
		b *= 2
	}
	return b
}

// copiedBuckets is how many a HashMap has that is made as a copy of n entries.
func copiedBuckets(n int) int { return sizedBuckets((4*n + 3) / 3) }

// quote returns a text as Jackson writes it into a string, where it leaves what is
// beyond the first plane as it is.
func quote(s string) string {
	wide := func(r rune) bool { return r >= 0x10000 }
	out := []byte{'"'}
	for s != "" {
		n := strings.IndexFunc(s, wide)
		if n == 0 {
			_, n = utf8.DecodeRuneInString(s)
			out = append(out, s[:n]...)
		} else {
			if n < 0 {
				n = len(s)
			}
			quoted := javajson.AppendString(nil, s[:n])
			out = append(out, quoted[1:len(quoted)-1]...)
		}
		s = s[n:]
	}
	return string(append(out, '"'))
}
