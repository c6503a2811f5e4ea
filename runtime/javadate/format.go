// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javadate

import "strconv"

// Append appends the point in time that is millis milliseconds after
// 1970-01-01T00:00:00Z. It allocates nothing but room in dst.
func (f *Format) Append(dst []byte, millis int64) []byte {
	m := momentAt(millis)
	for i := range f.tokens {
		t := &f.tokens[i]
		switch t.letter {
		case 0:
			dst = append(dst, t.text...)
		case 'G', 'E', 'a', 'z', 'Z', 'X':
			dst = append(dst, m.word(t)...)
		case 'M', 'L':
			dst = m.appendMonth(dst, t.count)
		case 'y':
			dst = appendYear(dst, m.yearOfEra(), t.count)
		case 'Y':
			dst = appendYear(dst, m.weekYear(), t.count)
		default:
			dst = appendPadded(dst, m.numeric(t.letter), t.count)
		}
	}
	return dst
}

// word returns what is not a number.
func (m *moment) word(t *token) string {
	long := t.count >= 4
	switch t.letter {
	case 'G':
		return shortEras[m.era()] // however long
	case 'E':
		d := weekday(m.number) - 1
		return choose(long, days[d], shortDays[d])
	case 'a':
		return halves[m.milli/(dayMillis/2)]
	case 'z':
		return choose(long, utcName, "UTC")
	case 'Z':
		return "+0000"
	default:
		return "Z"
	}
}

func choose(long bool, a, b string) string {
	if long {
		return a
	}
	return b
}

func (m *moment) appendMonth(dst []byte, count int) []byte {
	switch {
	case count >= 4:
		return append(dst, months[m.month-1]...)
	case count == 3:
		return append(dst, shortMonths[m.month-1]...)
	default:
		return appendPadded(dst, int64(m.month), count)
	}
}

func (m *moment) yearOfEra() int64 {
	if m.year <= 0 {
		return 1 - m.year
	}
	return m.year
}

// appendYear writes the last two digits if count is 2.
func appendYear(dst []byte, year int64, count int) []byte {
	if count != 2 {
		return appendPadded(dst, year, count)
	}
	if year < 0 {
		return appendPadded(append(dst, '-'), -year%100, 2)
	}
	return appendPadded(dst, year%100, 2)
}

// numeric returns the value of a letter that is a number.
func (m *moment) numeric(letter byte) int64 {
	switch letter {
	case 'w':
		return int64(m.weekOfYear())
	case 'W':
		return int64(week(firstDay(m.year, m.month), m.number))
	case 'D':
		return int64(m.dayOfYear())
	case 'd':
		return int64(m.dayOfMonth)
	case 'F':
		return int64(m.dayInMonth()-1)/7 + 1
	case 'u':
		return int64(weekday(m.number)+5)%7 + 1
	default:
		return m.timeOfDay(letter)
	}
}

// timeOfDay returns the value of a letter that is a part of the time of day.
func (m *moment) timeOfDay(letter byte) int64 {
	hour := m.milli / (60 * 60 * 1000)
	switch letter {
	case 'H':
		return hour
	case 'k':
		return (hour+23)%24 + 1
	case 'K':
		return hour % 12
	case 'h':
		return (hour+11)%12 + 1
	case 'm':
		return m.milli / (60 * 1000) % 60
	case 's':
		return m.milli / 1000 % 60
	default:
		return m.milli % 1000
	}
}

// maxDigits is as many as Java pads a number to.
const maxDigits = 309

// appendPadded writes a number of at least count digits.
func appendPadded(dst []byte, v int64, count int) []byte {
	if v < 0 {
		dst = append(dst, '-')
		v = -v
	}
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], v, 10)
	for n := min(count, maxDigits); n > len(text); n-- {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}
