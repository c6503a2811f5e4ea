// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javadate

// The fields of java.util.Calendar that a text sets. A month is 0 to 11, a day of
// the week 1 for Sunday to 7; but any number may be set.
const (
	era = iota
	year
	month
	weekOfYear
	weekOfMonth
	dayOfMonth
	dayOfYear
	dayOfWeek
	dayOfWeekInMonth
	amPM
	hour
	hourOfDay
	minute
	second
	millisecond
	zoneOffset
	weekYear
	fieldCount
)

// fields are what a text says of a point in time. Where it says more than is
// needed, what came last counts. Numbers overflow as Java's int does.
type fields struct {
	value [fieldCount]int32
	// order says when each was set; 0 is never.
	order [fieldCount]int
	last  int
}

func (f *fields) set(field int, v int32) {
	f.last++
	f.value[field], f.order[field] = v, f.last
}

func (f *fields) has(field int) bool { return f.order[field] > 0 }

// millis returns the point in time, in milliseconds since 1970.
func (f *fields) millis() int64 {
	if f.has(weekYear) && f.order[weekYear] > f.order[year] {
		g := *f
		g.fromWeek()
		f = &g
	}
	return f.local() - int64(f.value[zoneOffset])
}

// fromWeek sets year, month and day by the week, as Calendar.setWeekDate does.
func (f *fields) fromWeek() {
	week, day := int32(1), int32(1)
	if f.has(weekOfYear) {
		week = f.value[weekOfYear]
	}
	if f.has(dayOfWeek) {
		day = f.value[dayOfWeek]
	}
	week, day = settleWeek(week, day)
	m := momentAt(f.local())
	var first fields
	first.set(era, m.era())
	first.set(year, f.value[weekYear])
	first.set(weekOfYear, 1)
	first.set(dayOfWeek, 1)
	m = momentAt((first.day(0) + int64(day-1+7*(week-1))) * dayMillis)
	f.set(era, m.era())
	f.set(year, int32(m.yearOfEra()))
	f.set(month, int32(m.month-1))
	f.set(dayOfMonth, int32(m.dayOfMonth))
}

// settleWeek makes the day one of the week.
func settleWeek(week, day int32) (int32, int32) {
	switch {
	case day >= 8:
		day--
		return week + day/7, fromISO(day%7 + 1)
	case day <= 0:
		weeks := int32(-int64(day)/7) + 1
		return week - weeks, fromISO(day + 7*weeks)
	}
	return week, day
}

// local returns the time without regard to the zone.
func (f *fields) local() int64 {
	var t int64
	if byHalf(f) {
		t = int64(f.value[hour]) + 12*int64(f.value[amPM])
	} else {
		t = int64(f.value[hourOfDay])
	}
	t = ((t*60+int64(f.value[minute]))*60+int64(f.value[second]))*1000 + int64(f.value[millisecond])
	days := floorDiv(t, dayMillis)
	return f.day(days)*dayMillis + t - days*dayMillis
}

// byHalf reports whether the hour is one of the twelve, rather than of the 24.
func byHalf(f *fields) bool {
	both := 0
	if f.has(hour) && f.has(amPM) {
		both = max(f.order[hour], f.order[amPM])
	}
	switch {
	case both > 0 || f.has(hourOfDay):
		return both > f.order[hourOfDay]
	default:
		return f.has(hour) || f.has(amPM)
	}
}

// day returns the day, and that many more.
func (f *fields) day(more int64) int64 {
	y := int32(1970)
	if f.has(year) {
		y = f.value[year]
	}
	if f.has(era) && f.value[era] == 0 {
		y = 1 - y
	}
	how := f.choose()
	if y >= cutoverYear {
		d := f.dayIn(&gregorian, y, how) + more
		counted := y == cutoverYear && (how.what == dayOfYear || how.what == weekOfYear)
		if d >= cutover && !counted {
			return d
		}
	}
	return f.dayIn(&julian, y, how) + more
}

// choice says which fields make a day.
type choice struct {
	// what is dayOfMonth, weekOfMonth, dayOfWeekInMonth, dayOfYear or weekOfYear.
	what int
	// weekday says that dayOfWeek counts.
	weekday bool
}

// choose finds the fields that were set last and make a day together.
func (f *fields) choose() choice {
	o := &f.order
	weekday := o[dayOfWeek] > 0
	with := func(field int) int {
		if o[field] == 0 || !weekday {
			return 0
		}
		return max(o[field], o[dayOfWeek])
	}
	ofMonth, inMonth, ofYear := with(weekOfMonth), with(dayOfWeekInMonth), with(weekOfYear)
	best := max(o[dayOfMonth], ofMonth, inMonth, o[dayOfYear], ofYear)
	if best == 0 { // none is whole
		ofMonth, inMonth, ofYear = o[weekOfMonth], max(o[dayOfWeekInMonth], o[dayOfWeek]), o[weekOfYear]
		if best = max(ofMonth, inMonth, ofYear); best == 0 {
			return choice{what: dayOfMonth}
		}
	}
	switch {
	case best == o[dayOfMonth]:
		return choice{what: dayOfMonth}
	case best == ofMonth && o[weekOfMonth] >= o[weekOfYear], best == inMonth && o[dayOfWeekInMonth] >= o[weekOfYear]:
		byWeek := best == ofMonth
		if ofMonth == inMonth {
			byWeek = o[weekOfMonth] >= o[dayOfWeekInMonth]
		}
		if byWeek {
			return choice{weekOfMonth, weekday}
		}
		return choice{dayOfWeekInMonth, weekday}
	case best == o[dayOfYear]:
		return choice{what: dayOfYear}
	default:
		return choice{weekOfYear, weekday}
	}
}

// dayIn returns the day in a calendar.
func (f *fields) dayIn(c *calendar, y int32, how choice) int64 {
	if how.what == dayOfYear || how.what == weekOfYear {
		first := c.day(int64(y), 1, 1)
		if how.what == dayOfYear {
			return first + int64(f.value[dayOfYear]) - 1
		}
		return f.inWeek(firstOfWeek(first), weekOfYear, how)
	}
	m := f.value[month]
	y += int32(floorDiv(int64(m), 12))
	m = int32(floorMod(int64(m), 12))
	first := c.day(int64(y), int(m)+1, 1)
	switch how.what {
	case dayOfMonth:
		if f.has(dayOfMonth) {
			first += int64(f.value[dayOfMonth]) - 1
		}
		return first
	case weekOfMonth:
		return f.inWeek(firstOfWeek(first), weekOfMonth, how)
	default:
		return f.nth(first, monthLength(int(y), int(m)+1), how)
	}
}

// firstOfWeek returns the Sunday of the week that a day is in.
func firstOfWeek(day int64) int64 { return onOrBefore(day, 1) }

// inWeek returns the day in a week that is counted from the one of Sunday first.
func (f *fields) inWeek(first int64, field int, how choice) int64 {
	if how.weekday && f.value[dayOfWeek] != 1 {
		first = onOrBefore(first+6, f.value[dayOfWeek])
	}
	if field == weekOfMonth {
		return first + int64(7*(f.value[field]-1))
	}
	return first + 7*(int64(f.value[field])-1)
}

// nth returns the nth day of a month with that weekday, from its end if n is
// negative.
func (f *fields) nth(first int64, length int, how choice) int64 {
	day, n := int32(1), int32(1)
	if how.weekday {
		day = f.value[dayOfWeek]
	}
	if f.has(dayOfWeekInMonth) {
		n = f.value[dayOfWeekInMonth]
	}
	if n >= 0 {
		return onOrBefore(first+int64(7*n)-1, day)
	}
	return onOrBefore(first+int64(int32(length)+7*(n+1))-1, day)
}
