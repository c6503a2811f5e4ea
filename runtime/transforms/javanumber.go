// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseInt reads an integer of that many bits as Java's parseByte, parseShort,
// parseInt and parseLong do: an optional sign and decimal digits of any script,
// nothing else.
func parseInt(text string, bits int) (int64, bool) {
	n, err := strconv.ParseInt(asciiDigits(text), 10, bits)
	return n, err == nil
}

// parseFloat reads a number of 32 or 64 bits as Java's parseFloat and parseDouble
// do: blanks around it, a type suffix (1.5f), hexadecimal numbers with an exponent
// (0x1p3), NaN and Infinity are accepted, and what is too large is infinite.
func parseFloat(text string, bits int) (float64, bool) {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	sign, digits := 1.0, text
	switch {
	case strings.HasPrefix(text, "-"):
		sign, digits = -1, text[1:]
	case strings.HasPrefix(text, "+"):
		digits = text[1:]
	}
	switch digits {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(int(sign)), true
	case "":
		return 0, false
	}
	if strings.IndexByte("fFdD", digits[len(digits)-1]) >= 0 {
		digits = digits[:len(digits)-1]
	}
	if digits == "" || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') || strings.Contains(digits, "_") {
		return 0, false
	}
	n, err := strconv.ParseFloat(digits, bits)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return math.Copysign(n, sign), true
}

// asciiDigits returns the text with the digits of other scripts as those of ASCII.
func asciiDigits(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return strings.Map(asciiDigit, text)
		}
	}
	return text
}

// asciiDigit returns the ASCII digit of the same value, or r itself. Java looks at
// one UTF-16 unit at a time, so digits beyond the first plane are none. The digits
// of each script stand in order, and ranges of the table hold whole scripts.
func asciiDigit(r rune) rune {
	if r < utf8.RuneSelf {
		return r
	}
	for _, d := range unicode.Nd.R16 {
		if rune(d.Lo) <= r && r <= rune(d.Hi) {
			return '0' + (r-rune(d.Lo))%10
		}
	}
	return r
}

// decimalNumber is what java.math.BigDecimal holds.
type decimalNumber struct {
	unscaled *big.Int
	scale    int64
	text     string // as strconv reads it
}

// parseDecimal reads a number as the constructor of BigDecimal does: a sign,
// digits of any script with or without a point, an exponent.
func parseDecimal(text string) (decimalNumber, bool) {
	text = asciiDigits(text)
	mantissa, exponent := text, int64(0)
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		var err error
		mantissa = text[:i]
		if exponent, err = strconv.ParseInt(text[i+1:], 10, 32); err != nil {
			return decimalNumber{}, false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimPrefix(strings.TrimPrefix(whole, "+"), "-") + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" || strings.HasPrefix(whole, "+-") {
		return decimalNumber{}, false
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if strings.HasPrefix(whole, "-") {
		n.Neg(n)
	}
	d := decimalNumber{unscaled: n, scale: int64(len(fraction)) - exponent, text: text}
	return d, ok && d.scale == int64(int32(d.scale))
}

// int64 returns the lowest 64 bits of the whole part, as BigDecimal.longValue
// does.
func (d decimalNumber) int64() int64 {
	switch {
	case d.scale <= -64: // ten to the power of 64 has them all zero
		return 0
	case d.scale > int64(d.unscaled.BitLen()): // less than one
		return 0
	}
	n := new(big.Int)
	if d.scale <= 0 {
		n.Mul(d.unscaled, tenTo(-d.scale))
	} else {
		n.Quo(d.unscaled, tenTo(d.scale))
	}
	return lowest(n)
}

// float returns the nearest number of 64 bits, which may be infinite.
func (d decimalNumber) float() float64 {
	if d.unscaled.Sign() == 0 { // there is no -0
		return 0
	}
	f, err := strconv.ParseFloat(d.text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return math.NaN() // not what parseDecimal has read
	}
	return f
}

// maxShift bounds the zeros that are added to reach a scale.
const maxShift = 10_000

// atScale returns the unscaled value at another scale, if nothing is lost.
func (d decimalNumber) atScale(scale int) (*big.Int, bool) {
	shift := int64(scale) - d.scale
	switch {
	case d.unscaled.Sign() == 0:
		return d.unscaled, true
	case shift > maxShift, shift < -int64(d.unscaled.BitLen()):
		return nil, false
	case shift >= 0:
		return new(big.Int).Mul(d.unscaled, tenTo(shift)), true
	}
	n, rest := new(big.Int).QuoRem(d.unscaled, tenTo(-shift), new(big.Int))
	return n, rest.Sign() == 0
}

func tenTo(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// lowest returns the lowest 64 bits of the two's complement of n.
func lowest(n *big.Int) int64 {
	low := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64))
	return int64(low.Uint64())
}

// unscaledOf reads the big-endian two's complement that a Decimal is kept in.
func unscaledOf(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// twosComplement returns the shortest big-endian form of n, as
// BigInteger.toByteArray does.
func twosComplement(n *big.Int) []byte {
	if n.Sign() < 0 {
		b := twosComplement(new(big.Int).Not(n))
		for i := range b {
			b[i] = ^b[i]
		}
		return b
	}
	return n.FillBytes(make([]byte, n.BitLen()/8+1))
}
