// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javadate

// Days are counted from 1970-01-01, years as astronomers do: 0 is 1 BC.

const (
	dayMillis = 24 * 60 * 60 * 1000
	// cutover is the first day of the Gregorian calendar, 1582-10-15.
	cutover     = -141427
	cutoverYear = 1582
)

// calendar says which years are leap years, and where they are.
type calendar struct {
	// era is the days of the years after which the calendar repeats.
	years, era int64
	// start is the first of March of year 0.
	start     int64
	gregorian bool
}

var (
	gregorian = calendar{years: 400, era: 146097, start: -719468, gregorian: true}
	julian    = calendar{years: 4, era: 1461, start: -719470}
)

// day returns the number of a day whose month, from 1 to 12, is within the year.
func (c *calendar) day(year int64, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, c.years)
	y := year - era*c.years
	inEra := y*365 + y/4 + int64((153*(month-3)+2)/5) + int64(day) - 1
	if c.gregorian {
		inEra -= y / 100
	}
	return c.start + era*c.era + inEra
}

// date is the inverse of day.
func (c *calendar) date(number int64) (year int64, month, day int) {
	number -= c.start
	era := floorDiv(number, c.era)
	inEra := number - era*c.era
	y := (inEra - inEra/1460) / 365
	if c.gregorian {
		y = (inEra - inEra/1460 + inEra/36524 - inEra/146096) / 365
	}
	inYear := inEra - y*365 - y/4
	if c.gregorian {
		inYear += y / 100
	}
	m := (5*inYear + 2) / 153
	day = int(inYear-(153*m+2)/5) + 1
	year, month = y+era*c.years, int(m)+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}

// moment is a point in time in the calendar of Java: Julian before the cutover.
type moment struct {
	number            int64 // the day
	milli             int64 // within the day
	year              int64
	month, dayOfMonth int
}

func momentAt(millis int64) moment {
	m := moment{number: floorDiv(millis, dayMillis)}
	m.milli = millis - m.number*dayMillis
	c := &gregorian
	if m.number < cutover {
		c = &julian
	}
	m.year, m.month, m.dayOfMonth = c.date(m.number)
	return m
}

// firstDay returns the first day of a month.
func firstDay(year int64, month int) int64 {
	if d := gregorian.day(year, month, 1); d >= cutover {
		return d
	}
	return julian.day(year, month, 1)
}

// dayOf returns the number of a day that was.
func dayOf(year, month, day int) int64 {
	if d := gregorian.day(int64(year), month, day); d >= cutover {
		return d
	}
	return julian.day(int64(year), month, day)
}

// monthLength returns how many days a month has, the ten that were left out in
// 1582 included.
func monthLength(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year <= cutoverYear || year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	default:
		return 31
	}
}

// weekday returns 1 for Sunday to 7 for Saturday.
func weekday(day int64) int { return int(floorMod(day+4, 7)) + 1 }

// onOrBefore returns the last day with that weekday, which may be any number, that
// is not after a day.
func onOrBefore(day int64, weekday int32) int64 {
	return day - floorMod(day+4-int64(weekday-1), 7)
}

// dayOfYear returns 1 for the first of January.
func (m *moment) dayOfYear() int { return int(m.number-firstDay(m.year, 1)) + 1 }

// dayInMonth is the day of the month but for October 1582, which is counted
// without gap.
func (m *moment) dayInMonth() int { return int(m.number-firstDay(m.year, m.month)) + 1 }

// week returns which week a day is in, of those that begin with the one of first.
func week(first, day int64) int {
	return int((day-onOrBefore(first, 1))/7) + 1
}

// weekOfYear returns the week; the last days of December may be in the first one
// of the next year.
func (m *moment) weekOfYear() int {
	if next := firstDay(m.year+1, 1); m.number >= onOrBefore(next, 1) {
		return 1
	}
	return week(firstDay(m.year, 1), m.number)
}

// weekYear returns the year that the week belongs to.
func (m *moment) weekYear() int64 {
	next := m.year + 1
	if m.year <= 0 {
		next = -m.year // as Java has it, which takes the year before Christ for one after
	}
	if firstDay(m.year+1, 1)-m.number < int64(weekday(firstDay(next, 1))) {
		return m.year + 1
	}
	return m.year
}

// era returns 0 before Christ and 1 after.
func (m *moment) era() int32 {
	if m.year <= 0 {
		return 0
	}
	return 1
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
