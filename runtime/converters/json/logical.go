// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"penstock.dev/runtime/connect"
)

func (p *parser) typedLogical(n *node, c byte, depth int) (connect.Value, error) {
	switch n.logical {
	case decimal:
		return p.typedDecimal(n, c)
	case union:
		return p.union(n, c, depth)
	case symbol:
		return p.symbol(c)
	}
	name, want := "Timestamp", "integral"
	switch n.logical {
	case date:
		name, want = "Date", "integer"
	case timeOfDay:
		name, want = "Time", "integer"
	}
	kind := jsonKind(c)
	if kind == "" {
		return connect.Value{}, p.unexpected("a JSON value")
	}
	if kind == "NUMBER" {
		num, err := p.number()
		if err != nil {
			return connect.Value{}, err
		}
		if num.integral && num.fits && (n.logical == timestamp || num.n == int64(int32(num.n))) {
			return intOfLogical(n, num.n)
		}
	}
	return connect.Value{}, javaError("Invalid type for %s, underlying representation should be %s but was %s", name, want, kind)
}

func intOfLogical(n *node, i int64) (connect.Value, error) {
	if n.logical == timeOfDay && (i < 0 || i > millisPerDay) {
		return connect.Value{}, javaError("Time values must use number of milliseconds greater than 0 and less than 86400000")
	}
	return connect.IntValue(n.schema.Type, i), nil
}

// typedDecimal reads either format, whichever is configured, as Java does.
func (p *parser) typedDecimal(n *node, c byte) (connect.Value, error) {
	scale, err := n.decimalScale()
	if err != nil {
		return connect.Value{}, err
	}
	switch jsonKind(c) {
	case "":
		return connect.Value{}, p.unexpected("a JSON value")
	case "STRING":
		b, err := p.base64()
		if err == nil && len(b) == 0 {
			err = errBytes
		}
		if errors.Is(err, errBytes) {
			err = javaError("Invalid bytes for Decimal field")
		}
		return connect.BytesValue(b), err
	case "NUMBER":
		num, err := p.number()
		if err != nil {
			return connect.Value{}, err
		}
		b, err := p.unscaled(num.text, scale)
		return connect.BytesValue(b), err
	default:
		return connect.Value{}, javaError("Invalid type for Decimal, underlying representation should be numeric or bytes but was %s", jsonKind(c))
	}
}

// maxShift bounds the zeros that a number's exponent may stand for.
const maxShift = 10_000

// unscaled returns the unscaled value of a JSON number at that scale, without
// loss.
func (p *parser) unscaled(text []byte, scale int) ([]byte, error) {
	mantissa, exponent := text, 0
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(string(text[i+1:])); err != nil || exponent > maxShift || exponent < -maxShift {
			return nil, fmt.Errorf("number %s has an exponent beyond %d", text, maxShift)
		}
		mantissa = text[:i]
	}
	digits := mantissa
	if i := bytes.IndexByte(mantissa, '.'); i >= 0 {
		digits = append(append(make([]byte, 0, len(mantissa)), mantissa[:i]...), mantissa[i+1:]...)
		exponent -= len(mantissa) - i - 1
	}
	shift := exponent + scale
	for shift < 0 && len(digits) > 1 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
		shift++
	}
	switch zero := bytes.Trim(digits, "-0"); {
	case len(zero) == 0:
		return p.twosComplement(0), nil
	case shift < 0:
		return nil, fmt.Errorf("number %s has more decimals than the Decimal schema's scale %d", text, scale)
	case shift > maxShift:
		return nil, fmt.Errorf("number %s at scale %d has more than %d digits", text, scale, maxShift)
	}
	if n, ok := smallUnscaled(digits, shift); ok {
		return p.twosComplement(n), nil
	}
	n, _ := new(big.Int).SetString(string(digits), 10)
	n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil))
	return bigTwosComplement(n), nil
}

func smallUnscaled(digits []byte, shift int) (int64, bool) {
	if len(digits)+shift > 18 {
		return 0, false
	}
	n, err := strconv.ParseInt(str(digits), 10, 64)
	for range shift {
		n *= 10
	}
	return n, err == nil
}

// twosComplement returns the shortest big-endian form of n, in the arena.
func (p *parser) twosComplement(n int64) []byte {
	size := 1
	for size < 8 && n>>(8*size-1) != n>>63 {
		size++
	}
	b := p.a.Bytes(size)
	for i := size - 1; i >= 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
	return b
}

func bigTwosComplement(n *big.Int) []byte {
	if n.Sign() >= 0 {
		return append([]byte{0}, n.Bytes()...)[signByte(n):]
	}
	n = new(big.Int).Not(n)
	b := append([]byte{0}, n.Bytes()...)[signByte(n):]
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}

// signByte returns 0 if the bytes of n, not negative, need a zero byte before
// them to not look negative, or else 1.
func signByte(n *big.Int) int {
	if n.BitLen()%8 == 0 {
		return 0
	}
	return 1
}

// minimal cuts the leading bytes that only repeat the sign.
func minimal(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xFF && b[1] >= 0x80) {
		b = b[1:]
	}
	return b
}
