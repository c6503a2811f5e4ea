// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javatext

import (
	"strconv"
	"time"
)

const (
	secondsPerDay = 24 * 60 * 60
	millisPerDay  = 1000 * secondsPerDay

	// GregorianDay is 1582-10-15, the first day of the Gregorian calendar in Java,
	// counted from 1970-01-01.
	GregorianDay = -141_427

	// julianEpoch are the days from the first of March of the year 0 in the Julian
	// calendar to 1970-01-01.
	julianEpoch = 719_470
)

// DateOf returns the date of a day, counted from 1970-01-01, as
// java.util.GregorianCalendar has it: in the Julian calendar before 1582-10-15. The
// year before the year 1 is 0.
func DateOf(day int64) (year, month, dayOfMonth int64) {
	if day >= GregorianDay {
		y, m, d := time.Unix(day*secondsPerDay, 0).UTC().Date()
		return int64(y), int64(m), int64(d)
	}
	// A year that begins in March has its leap day at the end.
	day += julianEpoch
	year = floorDiv(4*day+3, 1461)
	day -= floorDiv(1461*year, 4)
	month = (5*day + 2) / 153
	dayOfMonth = day - (153*month+2)/5 + 1
	if month += 3; month > 12 {
		return year + 1, month - 12, dayOfMonth
	}
	return year, month, dayOfMonth
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// appendDate appends what java.util.Date.toString gives for milliseconds since
// 1970-01-01T00:00:00Z where the time zone is UTC. Years before Christ look like those
// after.
func appendDate(dst []byte, millis int64) []byte {
	t := time.UnixMilli(millis).UTC()
	day := floorDiv(millis, millisPerDay)
	if day >= GregorianDay {
		return t.AppendFormat(dst, "Mon Jan 02 15:04:05 UTC 2006")
	}
	year, month, dayOfMonth := DateOf(day)
	if year < 1 {
		year = 1 - year
	}
	dst = t.AppendFormat(dst, "Mon ")
	dst = append(dst, time.Month(month).String()[:3]...)
	dst = append(dst, ' ', byte('0'+dayOfMonth/10), byte('0'+dayOfMonth%10))
	dst = t.AppendFormat(dst, " 15:04:05 UTC ")
	return strconv.AppendInt(dst, year, 10)
}
