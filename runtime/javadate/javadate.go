// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package javadate formats and parses points in time as java.text.SimpleDateFormat
// does in the time zone UTC and the locale en: leniently, in the calendar that has
// Julian dates before 1582-10-15, with weeks that begin on Sunday, the first of
// which is the one with the first of January.
//
// It differs in this. Names of time zones other than UTC and GMT are not read:
// Java takes the first zone that has such a name, goes on to format in that zone,
// and gives a text another meaning after it has read another one. Nothing is
// remembered from one text to the next.
package javadate

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// letters are those that mean something in a pattern.
const letters = "GyYMLwWDdFEuaHkKhmsSzZX"

// Format is a compiled pattern. It is safe for concurrent use.
type Format struct {
	pattern string
	tokens  []token
	// century is the first of the hundred years, in milliseconds since 1970, in
	// which a year of two digits lies; centuryYear is its year.
	century     int64
	centuryYear int32
}

// token is a field of a pattern, or text between fields.
type token struct {
	letter byte // 0 is text
	count  int
	text   string
	// bounded says that a number that is read may not be longer than count, because
	// another number follows.
	bounded bool
}

// Compile compiles a pattern. A year of two digits lies within the hundred years
// that began 80 years before now. The error says what to change.
func Compile(pattern string, now time.Time) (*Format, error) {
	return compile(pattern, now.UnixMilli(), -80)
}

// compile is told when the hundred years begin: that many years after a time.
func compile(pattern string, millis int64, years int) (*Format, error) {
	tokens, err := split(pattern)
	if err != nil {
		return nil, err
	}
	for i := range tokens[:max(len(tokens)-1, 0)] {
		tokens[i].bounded = tokens[i+1].isNumber()
	}
	m := momentAt(millis)
	year := int(m.year) + years
	day := min(m.dayOfMonth, monthLength(year, m.month))
	return &Format{
		pattern: pattern, tokens: tokens, centuryYear: int32(year),
		century: dayOf(year, m.month, day)*dayMillis + m.milli,
	}, nil
}

// Pattern returns what was compiled.
func (f *Format) Pattern() string { return f.pattern }

// isNumber reports whether a number begins here.
func (t *token) isNumber() bool {
	if t.letter == 'M' || t.letter == 'L' {
		return t.count <= 2
	}
	return t.letter != 0 && !strings.ContainsRune("GEazZX", rune(t.letter))
}

// split cuts a pattern into its fields and the text between them.
func split(pattern string) ([]token, error) {
	var out []token
	var text []byte
	flush := func() {
		if len(text) > 0 {
			out = append(out, token{text: string(text)})
			text = nil
		}
	}
	quoted := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\'' && i+1 < len(pattern) && pattern[i+1] == '\'':
			text = append(text, c)
			i++
		case c == '\'':
			quoted = !quoted
		case quoted || !isLetter(c):
			text = append(text, c)
		default:
			flush()
			n := 1
			for i+1 < len(pattern) && pattern[i+1] == c {
				i, n = i+1, n+1
			}
			if err := check(c, n); err != nil {
				return nil, err
			}
			out = append(out, token{letter: c, count: n})
		}
	}
	if quoted {
		return nil, errors.New("has a single quote that is not closed; close it, or write '' for a quote itself")
	}
	flush()
	return out, nil
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func check(letter byte, count int) error {
	switch {
	case strings.IndexByte(letters, letter) < 0:
		return fmt.Errorf("has the letter %c, which means nothing in a date; use G y Y M L w W D d F E u a H k K h m s S z Z X, and put other text in single quotes", letter)
	case letter == 'X' && count > 3:
		return fmt.Errorf("has the letter X %d times; use X for +01, XX for +0100, or XXX for +01:00", count)
	}
	return nil
}
