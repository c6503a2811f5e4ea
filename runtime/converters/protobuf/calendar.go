// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import "penstock.dev/runtime/javatext"

// The calendar of Java's Calendar: Julian up to 1582-10-04, Gregorian from the
// next day, 1582-10-15, on. Days are counted from 1970-01-01.

const (
	epochDay   = 2440588 // of 1970-01-01 in the count of Julian days
	firstGreg  = 2299161 // 1582-10-15
	yearOfGreg = 1582
)

// daysOf returns the day of a date and whether there is such a date.
func daysOf(year, month, day int64) (int64, bool) {
	const maxYear = 5_900_000 // what 32 bits of days can hold
	if year < 1 || year > maxYear || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	jd := julianDay(year, month, day, year >= yearOfGreg)
	if year == yearOfGreg && jd < firstGreg {
		jd = julianDay(year, month, day, false)
		if jd >= firstGreg { // one of the days that were left out
			return 0, false
		}
	}
	y, m, d := javatext.DateOf(jd - epochDay)
	return jd - epochDay, y == year && m == month && d == day
}

func julianDay(year, month, day int64, gregorian bool) int64 {
	a := (14 - month) / 12
	y, m := year+4800-a, month+12*a-3
	jd := day + (153*m+2)/5 + 365*y + y/4
	if gregorian {
		return jd - y/100 + y/400 - 32045
	}
	return jd - 32083
}
