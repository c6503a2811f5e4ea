// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import (
	"strings"
	"unicode"
)

// Nearest returns the known name that name is most likely a misspelling of, or
// "" if none is near. Case and separators count less than letters: batchSize is
// next to batch.size.
func Nearest(name string, known []string) string {
	const longest = 200 // longer names are no misspellings, and cost much to compare
	if len(name) > longest {
		return ""
	}
	letters := lettersOf(name)
	best, nearest := max(2, len(letters)/3)*2+1, ""
	for _, k := range known {
		// Letters weigh double, what is between them breaks ties.
		d := 2 * distance(letters, lettersOf(k), best/2)
		if d < best && name != k {
			best, nearest = d, k
		}
	}
	return nearest
}

// lettersOf returns the letters and digits of a name, in lower case.
func lettersOf(name string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name))
}

// distance returns how many insertions, deletions, substitutions and swaps of
// neighbours lead from a to b (optimal string alignment), or more than limit as
// soon as it is more.
func distance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
