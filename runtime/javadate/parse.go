// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javadate

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrMismatch says that a text is not as the pattern wants it.
var ErrMismatch = errors.New("the text does not match the pattern")

// ErrZoneName says that a text has the name of a time zone, which is not read.
var ErrZoneName = errors.New("the letter z or Z stands where the text has the name of a time zone, and only UTC, GMT and an offset such as +0100 or GMT+1:00 can be read")

// Parse reads the point in time that a text begins with, in milliseconds since
// 1970-01-01T00:00:00Z; what follows is ignored. It is lenient: the 32nd of January
// is the first of February. The error is ErrMismatch or ErrZoneName.
func (f *Format) Parse(text string) (int64, error) {
	p := parser{f: f, text: text}
	for i := range f.tokens {
		t := &f.tokens[i]
		switch {
		case t.letter == 0:
			if !strings.HasPrefix(text[p.at:], t.text) {
				return 0, ErrMismatch
			}
			p.at += len(t.text)
		case !p.field(t):
			if p.zoneName {
				return 0, ErrZoneName
			}
			return 0, ErrMismatch
		}
	}
	if p.at == 0 { // Java takes it for a failure
		return 0, ErrMismatch
	}
	millis := p.fields.millis()
	if p.ambiguous && millis < f.century {
		p.fields.value[year] += 100
		p.fields.value[weekYear] += 100
		millis = p.fields.millis()
	}
	return millis, nil
}

// parser reads one text.
type parser struct {
	f      *Format
	text   string
	at     int
	fields fields
	// ambiguous says that the year was that of the beginning of the hundred years.
	ambiguous bool
	zoneName  bool
}

// field reads one field and reports whether there is one.
func (p *parser) field(t *token) bool {
	start := p.at
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	if p.at == len(p.text) {
		return false
	}
	switch t.letter {
	case 'G':
		return p.named(start, era, eras[:], shortEras[:])
	case 'E':
		return p.named(start, dayOfWeek, days[:], shortDays[:])
	case 'a':
		return p.named(start, amPM, halves[:], nil)
	case 'M', 'L':
		if t.count > 2 {
			return p.named(start, month, months[:], shortMonths[:])
		}
	case 'z', 'Z':
		return p.zone(start)
	case 'X':
		return p.isoZone(t.count)
	}
	return p.number(t, start)
}

// named reads one of the names. Unlike a number it may not have spaces before it.
func (p *parser) named(start, field int, long, short []string) bool {
	i, n := name(p.text[start:], long, short)
	if n == 0 {
		return false
	}
	p.at = start + n
	p.fields.set(field, int32(i))
	if field == dayOfWeek {
		p.fields.value[dayOfWeek]++
	}
	return true
}

// number reads a field that is a number.
func (p *parser) number(t *token, start int) bool {
	end := len(p.text)
	if t.bounded {
		if end = p.after(start, t.count); end < 0 {
			return false
		}
	}
	if p.at >= end {
		return false
	}
	text := p.text[p.at:end]
	v, n, ok := integer(text)
	if !ok {
		return false
	}
	p.at += n
	if (t.letter == 'y' || t.letter == 'Y') && t.count <= 2 && twoDigits(text, n) {
		v = p.century(v)
	}
	p.set(t.letter, v)
	return true
}

// after returns where count characters, as Java counts them, end, or -1.
func (p *parser) after(start, count int) int {
	at := start
	for ; count > 0; count-- {
		if at >= len(p.text) {
			return -1
		}
		if p.text[at] < utf8.RuneSelf {
			at++
			continue
		}
		r, n := utf8.DecodeRuneInString(p.text[at:])
		if r > 0xFFFF {
			if count--; count == 0 {
				return at // half of one, which is no digit
			}
		}
		at += n
	}
	return at
}

// twoDigits reports whether the n bytes that were read as a year are two digits.
func twoDigits(text string, n int) bool {
	count := 0
	for _, r := range text[:n] {
		if !unicode.IsDigit(r) {
			return false
		}
		count++
	}
	return count == 2
}

// century puts a year of two digits into the hundred years.
func (p *parser) century(v int32) int32 {
	first := p.f.centuryYear % 100
	p.ambiguous = v == first
	if v < first {
		v += 100
	}
	return v + p.f.centuryYear/100*100
}

// set gives a field the number that was read.
func (p *parser) set(letter byte, v int32) {
	switch letter {
	case 'y':
		p.fields.set(year, v)
	case 'Y':
		p.fields.set(weekYear, v)
	case 'M', 'L':
		p.fields.set(month, v-1)
	case 'w':
		p.fields.set(weekOfYear, v)
	case 'W':
		p.fields.set(weekOfMonth, v)
	case 'D':
		p.fields.set(dayOfYear, v)
	case 'd':
		p.fields.set(dayOfMonth, v)
	case 'F':
		p.fields.set(dayOfWeekInMonth, v)
	case 'u':
		p.fields.set(dayOfWeek, fromISO(v))
	default:
		p.setTime(letter, v)
	}
}

// setTime is set for the time of day.
func (p *parser) setTime(letter byte, v int32) {
	switch letter {
	case 'H':
		p.fields.set(hourOfDay, v)
	case 'k':
		if v == 24 {
			v = 0
		}
		p.fields.set(hourOfDay, v)
	case 'K':
		p.fields.set(hour, v)
	case 'h':
		if v == 12 {
			v = 0
		}
		p.fields.set(hour, v)
	case 'm':
		p.fields.set(minute, v)
	case 's':
		p.fields.set(second, v)
	case 'S':
		p.fields.set(millisecond, v)
	}
}

// fromISO makes 1 for Monday to 7 for Sunday what Calendar has, 1 for Sunday to 7
// for Saturday. Other numbers stay.
func fromISO(v int32) int32 {
	if v < 1 || v > 7 {
		return v
	}
	return v%7 + 1
}
