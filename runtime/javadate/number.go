// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javadate

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// integer reads the number that a text begins with, as NumberFormat of integers
// without grouping does, and returns it as Number.intValue has it. It is more than
// digits: a minus, an exponent as in 2E3, the infinity sign, and NaN, which is 0.
// ok is false if there is no number.
func integer(text string) (value int32, length int, ok bool) {
	if strings.HasPrefix(text, "NaN") {
		return 0, 3, true
	}
	at, negative := 0, false
	if strings.HasPrefix(text, "-") {
		at, negative = 1, true
	}
	if strings.HasPrefix(text[at:], "∞") {
		return saturated(math.Inf(1), negative), at + len("∞"), true
	}
	m, n := mantissa(text[at:])
	if n == 0 {
		return 0, 0, false
	}
	digits := text[at : at+n]
	at += n
	exponent, n := exponent(text[at:])
	at += n
	if exponent == 0 && m >= 0 {
		if negative {
			m = -m
		}
		return int32(m), at, true
	}
	return scaled(digits, exponent, negative), at, true
}

// mantissa reads digits. The value is -1 if it has more than int64 can hold.
func mantissa(text string) (value int64, length int) {
	for length < len(text) {
		d, n := digit(text[length:])
		if d < 0 {
			break
		}
		length += n
		switch {
		case value < 0 || value > (math.MaxInt64-int64(d))/10:
			value = -1
		default:
			value = value*10 + int64(d)
		}
	}
	return value, length
}

// digit returns the digit, in any script, that a text begins with, or -1.
func digit(text string) (value, length int) {
	c := text[0]
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0'), 1
	case c < utf8.RuneSelf:
		return -1, 0
	}
	r, n := utf8.DecodeRuneInString(text)
	if r > 0xFFFF || !unicode.IsDigit(r) {
		return -1, 0
	}
	return digitValue(r), n
}

// digitValue returns the value of a digit: they come in rows of ten.
func digitValue(r rune) int {
	for _, row := range unicode.Nd.R16 {
		if r >= rune(row.Lo) && r <= rune(row.Hi) {
			return int(r-rune(row.Lo)) % 10
		}
	}
	return -1
}

// exponent reads an exponent, if there is one.
func exponent(text string) (value int32, length int) {
	if !strings.HasPrefix(text, "E") {
		return 0, 0
	}
	at, negative := 1, false
	if strings.HasPrefix(text[at:], "-") {
		at, negative = 2, true
	}
	m, n := mantissa(text[at:])
	if n == 0 || m < 0 {
		return 0, 0
	}
	if value = int32(m); negative {
		value = -value
	}
	return value, at + n
}

// scaled returns digits times a power of ten as an int: the low 32 bits of what
// a long can hold, or else the nearest one.
func scaled(digits string, exponent int32, negative bool) int32 {
	var text []byte
	for at := 0; at < len(digits); {
		d, n := digit(digits[at:])
		at += n
		if d > 0 || len(text) > 0 {
			text = append(text, byte('0'+d))
		}
	}
	if len(text) == 0 {
		return 0
	}
	point := int32(len(text)) + exponent // where the decimal point is
	text = []byte(strings.TrimRight(string(text), "0"))
	if int(point) >= len(text) && point <= 19 {
		for int(point) > len(text) {
			text = append(text, '0')
		}
		if n, _ := new(big.Int).SetString(string(text), 10); n != nil {
			if negative {
				n.Neg(n)
			}
			if n.IsInt64() {
				return int32(n.Int64())
			}
		}
	}
	f, _ := strconv.ParseFloat("0."+string(text)+"e"+strconv.Itoa(int(point)), 64)
	return saturated(f, negative)
}

// saturated is Double.intValue.
func saturated(f float64, negative bool) int32 {
	if negative {
		f = -f
	}
	switch {
	case f >= math.MaxInt32:
		return math.MaxInt32
	case f <= math.MinInt32:
		return math.MinInt32
	default:
		return int32(f)
	}
}
