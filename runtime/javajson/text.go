// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javajson

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789ABCDEF"

// AppendString appends s in quotes, escaped as Jackson escapes by default: only
// the quote, the backslash, control characters, and as two surrogates what is
// beyond the Basic Multilingual Plane. Invalid UTF-8 becomes the replacement
// character.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[done:i]...)
			dst = appendEscape(dst, c)
			i++
			done = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, s[done:i]...)
			dst = append(dst, "\uFFFD"...)
			done = i + 1
		case r > 0xFFFF:
			dst = append(dst, s[done:i]...)
			high, low := utf16.EncodeRune(r)
			dst = appendUnicode(appendUnicode(dst, high), low)
			done = i + size
		}
		i += size
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\t':
		return append(dst, '\\', 't')
	case '\n':
		return append(dst, '\\', 'n')
	case '\f':
		return append(dst, '\\', 'f')
	case '\r':
		return append(dst, '\\', 'r')
	}
	return appendUnicode(dst, rune(c))
}

func appendUnicode(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// AppendDouble appends f as Java's Double.toString writes it since JDK 19: the
// fewest digits that tell it from its neighbours, always with a decimal point,
// and with an exponent from 1.0E7 on and below 0.001. NaN and the infinities
// stand in quotes, as Jackson writes them.
func AppendDouble(dst []byte, f float64) []byte { return appendFloat(dst, f, 64) }

// AppendFloat appends f as Java's Float.toString writes it, see AppendDouble.
func AppendFloat(dst []byte, f float32) []byte { return appendFloat(dst, float64(f), 32) }

func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	if a := math.Abs(f); a == 0 || a >= 1e-3 && a < 1e7 {
		at := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
		return withPoint(dst, at)
	}
	return appendScientific(dst, f, bits)
}

// withPoint adds ".0" to a number that has no decimal point.
func withPoint(dst []byte, at int) []byte {
	if slices.Contains(dst[at:], '.') {
		return dst
	}
	return append(dst, '.', '0')
}

func appendScientific(dst []byte, f float64, bits int) []byte {
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], f, 'e', -1, bits)
	if bytes.IndexByte(text, '.') < 0 { // instead of one digit Java writes the nearest two: 4.9E-324
		text = strconv.AppendFloat(buf[:0], f, 'e', 1, bits)
	}
	e := bytes.IndexByte(text, 'e')
	at := len(dst)
	dst = withPoint(append(dst, text[:e]...), at)
	exp, err := strconv.Atoi(string(text[e+1:]))
	if err != nil { // strconv wrote it
		return dst
	}
	return strconv.AppendInt(append(dst, 'E'), int64(exp), 10)
}
