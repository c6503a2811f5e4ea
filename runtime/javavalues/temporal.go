// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javavalues

import (
	"math"
	"strings"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// Lengths of a date, a time and a timestamp, in UTF-16 units as Java counts.
const (
	dateLength      = len("yyyy-MM-dd")
	timeLength      = len("HH:mm:ss.SSSZ")
	timestampLength = dateLength + len("T") + timeLength
)

// parseTemporal reads a text that is as long as a Date, a Time or a Timestamp and
// begins as one, as leniently as java.text.SimpleDateFormat does: fields may have
// any number of digits and go beyond their range, and what follows the last one is
// ignored. Unlike there, a field is no "NaN" or "∞" and has no exponent.
func parseTemporal(text string) (datum, bool) {
	if len(text) < dateLength || len(text) > longestTemporal {
		return datum{}, false
	}
	text = strings.ReplaceAll(text, `\:`, ":")
	var f [7]int64
	switch utf16Length(text) {
	case timeLength:
		if parseFields(f[:4], text, "::.Z") {
			return moment(connect.TimeSchema, millisOf(f[0], f[1], f[2], f[3]))
		}
	case timestampLength:
		if parseFields(f[:7], text, "--T::.Z") {
			return moment(connect.TimestampSchema, dayOf(f[0], f[1], f[2])*millisPerDay+millisOf(f[3], f[4], f[5], f[6]))
		}
	case dateLength:
		if parseFields(f[:3], text, "--") {
			return moment(connect.DateSchema, dayOf(f[0], f[1], f[2]))
		}
	}
	return datum{}, false
}

// moment refuses what the schema's type cannot hold.
func moment(s *connect.Schema, n int64) (datum, bool) {
	if s.Type == connect.Int32 && n != int64(int32(n)) {
		return datum{}, false
	}
	return datum{s, connect.IntValue(s.Type, n)}, true
}

func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

// parseFields reads numbers with a mark after each, for as many as there are
// marks.
func parseFields(fields []int64, text, marks string) bool {
	for i := range fields {
		var ok bool
		if fields[i], text, ok = parseField(text); !ok {
			return false
		}
		if i == len(marks) {
			break
		}
		if text == "" || text[0] != marks[i] {
			return false
		}
		text = text[1:]
	}
	return true
}

// parseField reads a number, cut as Java cuts it to an int, and returns the rest.
func parseField(text string) (n int64, rest string, ok bool) {
	text = strings.TrimLeft(text, " \t")
	text, negative := strings.CutPrefix(text, "-")
	digits := text
	for digits != "" {
		r, size := utf8.DecodeRuneInString(digits)
		if !isDigit(r) {
			break
		}
		v := int64(digitValue(r))
		if n > (math.MaxInt64-v)/10 {
			n = math.MaxInt64 // and so it stays
		} else {
			n = 10*n + v
		}
		digits = digits[size:]
	}
	if negative {
		n = -n
	}
	if n == math.MaxInt64 || n == -math.MaxInt64 { // a double in Java
		return min(max(n, math.MinInt32), math.MaxInt32), digits, true
	}
	return int64(int32(n)), digits, len(digits) < len(text)
}

func millisOf(hour, minute, second, milli int64) int64 {
	return ((hour*60+minute)*60+second)*1000 + milli
}

const gregorianYear = 1582

// dayOf returns the days since 1970-01-01 of a date in java.util.GregorianCalendar,
// which is the Julian one before 1582-10-15. Months and days may be beyond their
// range.
func dayOf(year, month, day int64) int64 {
	if d := firstOf(year, month, false) + day - 1; year >= gregorianYear && d >= javatext.GregorianDay {
		return d
	}
	return firstOf(year, month, true) + day - 1
}

// firstOf returns the day on which a month begins. Its years begin in March, so
// that a leap day is their last.
func firstOf(year, month int64, julian bool) int64 {
	month += 12*year - 3
	year, month = floorDiv(month, 12), month-12*floorDiv(month, 12)
	d := 365*year + floorDiv(year, 4) + (153*month+2)/5
	if julian {
		return d - julianEpoch
	}
	return d + floorDiv(year, 400) - floorDiv(year, 100) - gregorianEpoch
}

// The days from the first of March of the year 0 to 1970-01-01 in both calendars.
const (
	julianEpoch    = 719_470
	gregorianEpoch = 719_468
)

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
