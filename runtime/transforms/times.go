// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"
	"math"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javadate"
)

// timeType is a way in which a point in time is written.
type timeType uint8

const (
	stringTime timeType = iota
	unixTime
	dateTime
	timeOfDay
	timestampTime
)

var timeTypes = map[string]timeType{
	"string": stringTime, "unix": unixTime, "Date": dateTime, "Time": timeOfDay, "Timestamp": timestampTime,
}

// timeSchemas are the schemas of the types.
var timeSchemas = [...]*connect.Schema{connect.StringSchema, connect.Int64Schema, connect.DateSchema, connect.TimeSchema, connect.TimestampSchema}

// timeTypeOf returns how a value of that schema is a point in time.
func timeTypeOf(s *connect.Schema) (timeType, error) {
	switch {
	case s.Name == connect.TimestampName:
		return timestampTime, nil
	case s.Name == connect.DateName:
		return dateTime, nil
	case s.Name == connect.TimeName:
		return timeOfDay, nil
	case s.Type == connect.String:
		return stringTime, nil
	case s.Type == connect.Int64:
		return unixTime, nil
	case s.Name != "":
		return 0, javaError("Schema Schema{%s:%s} does not correspond to a known timestamp type format", s.Name, javaType(s.Type))
	default:
		return 0, javaError("Schema Schema{%s} does not correspond to a known timestamp type format", javaType(s.Type))
	}
}

// timeUnit says what a number of Unix time counts: so many milliseconds, or parts
// of one.
type timeUnit struct{ millis, parts int64 }

var timeUnits = map[string]timeUnit{
	"seconds": {1000, 1}, "milliseconds": {1, 1}, "microseconds": {1, 1000}, "nanoseconds": {1, 1_000_000},
}

// scale returns n times factor over divisor, one of which is 1, as java.util.concurrent.TimeUnit
// converts: what is too large is the largest there is, and a rest is cut off.
func scale(n, factor, divisor int64) int64 {
	switch most := math.MaxInt64 / factor; {
	case factor == 1:
		return n / divisor
	case n > most:
		return math.MaxInt64
	case n < -most:
		return math.MinInt64
	default:
		return n * factor
	}
}

const dayMillis = 24 * 60 * 60 * 1000

// times reads and writes points in time, as milliseconds since 1970.
type times struct {
	format *javadate.Format // nil if there is none
	unit   timeUnit
}

func (t *times) read(from timeType, v connect.Value) (int64, error) {
	switch from {
	case stringTime:
		if t.format == nil {
			return 0, fmt.Errorf("Could not parse timestamp: value (%s), because format is not set; set it to the pattern of the text", v.Str())
		}
		millis, err := t.format.Parse(v.Str())
		if err != nil {
			return 0, fmt.Errorf("Could not parse timestamp: value (%s) does not match pattern (%s): %w", v.Str(), t.format.Pattern(), err)
		}
		return millis, nil
	case unixTime:
		return scale(v.Int(), t.unit.millis, t.unit.parts), nil
	case dateTime:
		return v.Int() * dayMillis, nil
	default:
		return v.Int(), nil
	}
}

// value writes a time that has a schema. Memory comes from the arena.
func (t *times) value(a *connect.Arena, to timeType, millis int64) connect.Value {
	day := millis / dayMillis
	if millis%dayMillis < 0 {
		day--
	}
	switch to {
	case stringTime:
		return connect.StringOf(a.Take(t.format.Append(a.Tail(len(t.format.Pattern())+8), millis)))
	case unixTime:
		return connect.Int64Value(scale(millis, t.unit.parts, t.unit.millis))
	case dateTime:
		return connect.Int32Value(int32(day))
	case timeOfDay:
		return connect.Int32Value(int32(millis - day*dayMillis))
	default:
		return connect.Int64Value(millis)
	}
}

// instant is value for a time without schema.
func (t *times) instant(a *connect.Arena, to timeType, millis int64) connect.Value {
	switch to {
	case dateTime:
		return connect.InstantValue(t.value(a, to, millis).Int() * dayMillis)
	case timeOfDay, timestampTime:
		return connect.InstantValue(t.value(a, to, millis).Int())
	default:
		return t.value(a, to, millis)
	}
}

// objectClass is javaClass for a value without schema, which may be an instant.
func objectClass(v connect.Value) string {
	if v.IsInstant() {
		return "java.util.Date"
	}
	return javaClass(nil, v.Type())
}
