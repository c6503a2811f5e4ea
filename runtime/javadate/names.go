// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javadate

import (
	"unicode"
	"unicode/utf8"
)

// The names of the locale en, in the order of their values.
var (
	months      = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	shortMonths = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	days        = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	shortDays   = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
	halves      = [...]string{"AM", "PM"}
	eras        = [...]string{"Before Christ", "Anno Domini"}
	shortEras   = [...]string{"BC", "AD"}
)

// name returns which of the names the text begins with, regardless of case, the
// long ones first; and the name's length in the text, 0 if there is none.
func name(text string, long, short []string) (index, length int) {
	for _, names := range [2][]string{long, short} {
		for i, n := range names {
			if l := prefix(text, n); l > 0 {
				return i, l
			}
		}
	}
	return 0, 0
}

// prefix returns how many bytes of text are the name, regardless of case as
// String.regionMatches has it, or 0.
func prefix(text, name string) int {
	at := 0
	for _, want := range name {
		if at >= len(text) {
			return 0
		}
		got, n := utf8.DecodeRuneInString(text[at:])
		if u, w := unicode.ToUpper(got), unicode.ToUpper(want); u != w && unicode.ToLower(u) != unicode.ToLower(w) {
			return 0
		}
		at += n
	}
	return at
}
