// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"encoding/base64"
	"math"
	"strings"
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// castValue returns what Java makes of a value in another type; null stays null.
// A number that is too large for an integer loses its upper bits, or as Java has
// it for floats becomes the largest int32 or int64 first. A Date, Time or Timestamp
// is its number, or as a string an ISO 8601 text.
func castValue(a *connect.Arena, s *connect.Schema, v connect.Value, to connect.Type) (connect.Value, error) {
	switch from := v.Type(); {
	case from == connect.Null:
		return v, nil
	case v.IsInstant():
		return v, noConnectType("Cast")
	case from > connect.Bytes:
		return v, javaError("Cast transformation does not support casting from %s; supported types are [INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES]", javaType(from))
	case to == connect.String:
		return castToString(a, s, v), nil
	case from == connect.String:
		return castText(v.Str(), to)
	case from == connect.Boolean:
		n := int64(0)
		if v.Bool() {
			n = 1
		}
		return castInt(n, to), nil
	case from == connect.Float32 || from == connect.Float64:
		return castFloat(v.Float(), to), nil
	case from == connect.Bytes:
		return castBytes(s, v, to)
	default:
		return castInt(v.Int(), to), nil
	}
}

func castInt(n int64, to connect.Type) connect.Value {
	switch to {
	case connect.Float32:
		return connect.Float32Value(float32(n))
	case connect.Float64:
		return connect.Float64Value(float64(n))
	case connect.Boolean:
		return connect.BooleanValue(n != 0)
	default:
		return narrowed(to, n)
	}
}

func castFloat(f float64, to connect.Type) connect.Value {
	switch to {
	case connect.Float32:
		return connect.Float32Value(float32(f))
	case connect.Float64:
		return connect.Float64Value(f)
	case connect.Boolean:
		return connect.BooleanValue(saturated(f, math.MinInt64, math.MaxInt64) != 0)
	case connect.Int64:
		return connect.Int64Value(saturated(f, math.MinInt64, math.MaxInt64))
	default:
		return narrowed(to, saturated(f, math.MinInt32, math.MaxInt32))
	}
}

// saturated returns the whole part of f, or the nearest there is.
func saturated(f float64, least, most int64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= float64(most):
		return most
	case f <= float64(least):
		return least
	default:
		return int64(f)
	}
}

func castText(text string, to connect.Type) (connect.Value, error) {
	ok := true
	var v connect.Value
	switch to {
	case connect.Boolean:
		v = connect.BooleanValue(strings.EqualFold(text, "true"))
	case connect.Float32, connect.Float64:
		var f float64
		f, ok = parseFloat(text, 32<<(to-connect.Float32))
		v = castFloat(f, to)
	default:
		var n int64
		n, ok = parseInt(text, 8<<(to-connect.Int8))
		v = connect.IntValue(to, n)
	}
	if !ok {
		return connect.Value{}, javaError("Value (%s) was out of range for requested data type", text)
	}
	return v, nil
}

// castBytes casts a Decimal; other bytes can only become a string.
func castBytes(s *connect.Schema, v connect.Value, to connect.Type) (connect.Value, error) {
	if !isDecimal(s) {
		return connect.Value{}, javaError("Unexpected type in Cast transformation: class %s", javaClass(s, v.Type()))
	}
	scale, ok := javatext.Scale(s)
	if !ok || v.Len() == 0 {
		return connect.Value{}, javaError("Invalid Decimal schema: scale parameter not found.")
	}
	switch to {
	case connect.Float32, connect.Float64:
		var buf [64]byte
		text := javatext.AppendDecimal(buf[:0], v.Bytes(), scale)
		f, _ := parseFloat(string(text), 32<<(to-connect.Float32))
		return castFloat(f, to), nil
	}
	return castInt(wholePart(v.Bytes(), scale), to), nil
}

// wholePart returns the lowest 64 bits of the whole part of a Decimal, as
// BigDecimal.longValue does.
func wholePart(unscaled []byte, scale int) int64 {
	if len(unscaled) > 8 || scale < 0 {
		return decimalNumber{unscaled: unscaledOf(unscaled), scale: int64(scale)}.int64()
	}
	n := int64(int8(unscaled[0]))
	for _, b := range unscaled[1:] {
		n = n<<8 | int64(b)
	}
	for ; scale > 0 && n != 0; scale-- {
		n /= 10
	}
	return n
}

func castToString(a *connect.Arena, s *connect.Schema, v connect.Value) connect.Value {
	switch {
	case v.Type() == connect.String:
		return v
	case v.Type() == connect.Bytes && !isDecimal(s):
		out := a.Bytes(base64.StdEncoding.EncodedLen(v.Len()))
		base64.StdEncoding.Encode(out, v.Bytes())
		return connect.PlainString(out)
	case isTime(s):
		return connect.PlainString(a.Take(appendTime(a.Tail(32), s, v.Int())))
	default:
		return connect.PlainString(a.Take(javatext.AppendText(a.Tail(32), s, v)))
	}
}

const millisPerDay = 24 * 60 * 60 * 1000

// appendTime writes a Date, Time or Timestamp as Kafka Connect does, by its value:
// what lies before the second day of 1970 as a time of day, midnight as a date. But
// where that would lose the date of a day before 1970, it is written.
func appendTime(dst []byte, s *connect.Schema, n int64) []byte {
	if s.Name == connect.DateName {
		n *= millisPerDay
	}
	layout := "2006-01-02T15:04:05.000Z"
	switch {
	case n < millisPerDay && (n >= 0 || s.Name == connect.TimeName):
		layout = "15:04:05.000Z"
	case n%millisPerDay == 0:
		layout = time.DateOnly
	}
	return time.UnixMilli(n).UTC().AppendFormat(dst, layout)
}
