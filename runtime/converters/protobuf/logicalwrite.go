// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"math/big"

	"google.golang.org/protobuf/encoding/protowire"

	"penstock.dev/runtime/javatext"
)

// appendNumber appends a varint field unless it is zero.
func appendNumber(dst []byte, number protowire.Number, n int64) []byte {
	if n == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), uint64(n))
}

// appendTimestamp writes milliseconds since 1970-01-01T00:00:00Z as a
// google.protobuf.Timestamp.
func appendTimestamp(dst []byte, millis int64) ([]byte, error) {
	seconds, rest := millis/1000, millis%1000
	if rest < 0 {
		seconds, rest = seconds-1, rest+1000
	}
	if seconds < firstSecond || seconds > lastSecond {
		return nil, fmt.Errorf("timestamp of %d ms is not between the years 1 and 9999, where a google.protobuf.Timestamp lies", millis)
	}
	return appendNumber(appendNumber(dst, 1, seconds), 2, rest*1e6), nil
}

// appendDate writes days since 1970-01-01 as a google.type.Date.
func appendDate(dst []byte, days int64) ([]byte, error) {
	year, month, day := javatext.DateOf(days)
	if year < 1 {
		return nil, fmt.Errorf("date of day %d lies before the year 1, where a google.type.Date begins", days)
	}
	return appendNumber(appendNumber(appendNumber(dst, 1, year), 2, month), 3, day), nil
}

const millisPerDay = 24 * 60 * 60 * 1000

// appendTime writes milliseconds since midnight as a google.type.TimeOfDay.
func appendTime(dst []byte, millis int64) ([]byte, error) {
	if millis < 0 || millis >= millisPerDay {
		return nil, fmt.Errorf("Time values must use number of millis greater than 0 and less than 86400000, but is %d", millis)
	}
	seconds := millis / 1000
	dst = appendNumber(appendNumber(dst, 1, seconds/3600), 2, seconds/60%60)
	return appendNumber(appendNumber(dst, 3, seconds%60), 4, millis%1000*1e6), nil
}

// appendDecimal writes an unscaled value as a confluent.type.Decimal.
func appendDecimal(dst, unscaled []byte, scale int32) ([]byte, error) {
	if len(unscaled) == 0 {
		return nil, fmt.Errorf("decimal has no bytes, not even one for zero")
	}
	b := minimal(unscaled)
	dst = protowire.AppendBytes(protowire.AppendTag(dst, 1, protowire.BytesType), b)
	return appendNumber(appendNumber(dst, 2, int64(digits(b))), 3, int64(scale)), nil
}

// digits returns the number of decimal digits of a two's complement.
func digits(b []byte) int {
	if len(b) > 8 {
		n := fromTwosComplement(b)
		return len(new(big.Int).Abs(n).String())
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	count := 1
	for n /= 10; n != 0; n /= 10 {
		count++
	}
	return count
}
