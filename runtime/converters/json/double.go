// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"math"
	"strconv"

	"penstock.dev/runtime/javajson"
)

// appendDouble writes numbers of at most three decimals, which are common, without
// a search for the shortest digits. Of at most 15 digits there is one that gives the
// number; if it is n/1000, rounded once as the reader of the text would, it is that
// one, and none is shorter.
func appendDouble(dst []byte, f float64) []byte {
	const decimals = 1000
	n := int64(f * decimals)
	if !(f > -1e7 && f < 1e7) || n == 0 {
		return appendAnyDouble(dst, f)
	}
	if float64(n)/decimals != f {
		if f < 0 {
			n--
		} else {
			n++ // f*decimals was rounded down
		}
		if float64(n)/decimals != f {
			return appendAnyDouble(dst, f)
		}
	}
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	dst = append(strconv.AppendInt(dst, n/decimals, 10), '.')
	switch rest := n % decimals; {
	case rest%100 == 0:
		return append(dst, byte('0'+rest/100))
	case rest%10 == 0:
		return append(dst, byte('0'+rest/100), byte('0'+rest/10%10))
	default:
		return append(dst, byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	}
}

func appendAnyDouble(dst []byte, f float64) []byte {
	if f == 0 && !math.Signbit(f) {
		return append(dst, "0.0"...)
	}
	return javajson.AppendDouble(dst, f)
}
