// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javatext

import (
	"math/big"
	"slices"
	"strconv"

	"penstock.dev/runtime/connect"
)

// Scale returns the scale of a Decimal schema and whether it has a valid one.
func Scale(s *connect.Schema) (int, bool) {
	text, ok := s.Parameter(connect.ScaleParameter)
	if !ok {
		return 0, false
	}
	scale, err := strconv.ParseInt(text, 10, 32)
	return int(scale), err == nil
}

// AppendDecimal appends the text of java.math.BigDecimal.toString for the
// unscaled value, big-endian two's complement of at least one byte, divided by
// ten to the power of scale.
func AppendDecimal(dst, unscaled []byte, scale int) []byte {
	start := len(dst)
	dst = appendUnscaled(dst, unscaled)
	if scale == 0 {
		return dst
	}
	if dst[start] == '-' {
		start++
	}
	digits := len(dst) - start
	adjusted := digits - 1 - scale
	if scale > 0 && adjusted >= -6 {
		return insertPoint(dst, start, digits, scale)
	}
	if digits > 1 {
		dst = slices.Insert(dst, start+1, '.')
	}
	if adjusted != 0 {
		dst = append(dst, 'E')
		if adjusted > 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendInt(dst, int64(adjusted), 10)
	}
	return dst
}

// insertPoint puts the decimal point before the last scale digits, and zeros
// before them where there are fewer.
func insertPoint(dst []byte, start, digits, scale int) []byte {
	for digits <= scale {
		dst = slices.Insert(dst, start, '0')
		digits++
	}
	return slices.Insert(dst, start+digits-scale, '.')
}

func appendUnscaled(dst, b []byte) []byte {
	if len(b) <= 8 {
		n := int64(int8(b[0]))
		for _, c := range b[1:] {
			n = n<<8 | int64(c)
		}
		return strconv.AppendInt(dst, n, 10)
	}
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n.Append(dst, 10)
}
