// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javavalues

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

// decimal is a number as java.math.BigDecimal holds it: digits, of which the first
// is not 0, divided by ten to the power of scale. Without digits it is 0.
type decimal struct {
	digits   string
	negative bool
	scale    int64
}

// maxDigits bounds the digits of a Decimal, because the time that they take grows
// with their square.
const maxDigits = 10_000

// parseNumber reads a number that is all of the token.
func parseNumber(token string) (datum, bool) {
	if n, ok := parseSmall(token); ok {
		return wholeNumber(n), true
	}
	d, ok := parseDecimal(token)
	if !ok {
		return datum{}, false
	}
	if n, ok := d.whole(); ok {
		return wholeNumber(n), true
	}
	if d.scale != 0 {
		if f := d.float(32); !math.IsInf(f, 0) {
			return datum{connect.Float32Schema, connect.Float32Value(float32(f))}, true
		}
		if f := d.float(64); !math.IsInf(f, 0) {
			return datum{connect.Float64Schema, connect.Float64Value(f)}, true
		}
	}
	if len(d.digits) > maxDigits {
		return datum{}, false
	}
	return datum{decimalSchema(int(d.scale)), connect.BytesValue(twosComplement(d.unscaled()))}, true
}

// parseSmall reads a whole number of few digits, which most numbers are.
func parseSmall(token string) (n int64, ok bool) {
	digits, negative := cutSign(token)
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for i := range len(digits) {
		c := digits[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// wholeNumber returns the number in the smallest type that holds it.
func wholeNumber(n int64) datum {
	switch {
	case n == int64(int8(n)):
		return datum{connect.Int8Schema, connect.Int8Value(int8(n))}
	case n == int64(int16(n)):
		return datum{connect.Int16Schema, connect.Int16Value(int16(n))}
	case n == int64(int32(n)):
		return datum{connect.Int32Schema, connect.Int32Value(int32(n))}
	default:
		return datum{connect.Int64Schema, connect.Int64Value(n)}
	}
}

// parseDecimal reads what the constructor of BigDecimal reads: a sign, digits of
// any script with a point among them, and an exponent.
func parseDecimal(token string) (d decimal, ok bool) {
	rest, negative := cutSign(token)
	d.negative = negative
	digits := make([]byte, 0, 64)
	point := false
	for rest != "" && rest[0] != 'e' && rest[0] != 'E' {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case isDigit(r):
			digits = append(digits, '0'+digitValue(r))
			if point {
				d.scale++
			}
		case r == '.' && !point:
			point = true
		default:
			return d, false
		}
		rest = rest[size:]
	}
	if len(digits) == 0 {
		return d, false
	}
	if rest != "" {
		exponent, ok := parseExponent(rest[1:])
		if d.scale -= exponent; !ok || d.scale < math.MinInt32 || d.scale > math.MaxInt32 {
			return d, false
		}
	}
	d.digits = strings.TrimLeft(string(digits), "0")
	return d, true
}

func cutSign(s string) (rest string, negative bool) {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return rest, true
	}
	return strings.TrimPrefix(s, "+"), false
}

// maxExponentDigits is BigDecimal's limit.
const maxExponentDigits = 10

func parseExponent(s string) (n int64, ok bool) {
	s, negative := cutSign(s)
	count := 0
	for _, r := range s {
		if !isDigit(r) {
			return 0, false
		}
		if n = 10*n + int64(digitValue(r)); n > 0 {
			count++
		}
		if count > maxExponentDigits {
			return 0, false
		}
	}
	if negative {
		n = -n
	}
	return n, s != ""
}

// digitValue returns the value of a decimal digit of any script.
func digitValue(r rune) byte {
	if r <= '9' {
		return byte(r - '0')
	}
	for _, table := range unicode.Nd.R16 {
		if rune(table.Lo) <= r && r <= rune(table.Hi) {
			return byte((r - rune(table.Lo)) % 10)
		}
	}
	return 0
}

// maxIntDigits is one more than the greatest int64 has.
const maxIntDigits = 20

// whole returns the number if it is a whole one that an int64 holds.
func (d decimal) whole() (int64, bool) {
	if d.digits == "" {
		return 0, true
	}
	before := int64(len(d.digits)) - d.scale // digits before the point
	if before <= 0 || before > maxIntDigits {
		return 0, false
	}
	text := d.digits
	if d.scale > 0 {
		text = d.digits[:before]
		if strings.Trim(d.digits[before:], "0") != "" {
			return 0, false
		}
	} else {
		text += strings.Repeat("0", int(-d.scale))
	}
	if d.negative {
		text = "-" + text
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// farExponent is beyond all exponents of a float64.
const farExponent = 400

// float returns the number rounded to a float of 32 or 64 bits, which may be
// infinite.
func (d decimal) float(bits int) float64 {
	exponent := int64(len(d.digits)) - d.scale // of 0.digits
	exponent = min(max(exponent, -farExponent), farExponent)
	sign := ""
	if d.negative {
		sign = "-"
	}
	f, _ := strconv.ParseFloat(sign+"0."+d.digits+"e"+strconv.FormatInt(exponent, 10), bits) // out of range is infinite
	return f
}

func (d decimal) unscaled() *big.Int {
	n, _ := new(big.Int).SetString(d.digits, 10) // there are digits, for 0 is whole
	if d.negative {
		n.Neg(n)
	}
	return n
}
