// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

// InstantValue returns an Int64 of milliseconds since 1970-01-01T00:00:00Z that is
// known to be a point in time although it has no schema: a java.util.Date, where
// Kafka Connect's TimestampConverter puts one into a map.
func InstantValue(millis int64) Value { return Value{typ: Int64, plain: true, num: uint64(millis)} }

// IsInstant reports whether the value was made by InstantValue.
func (v Value) IsInstant() bool { return v.plain && v.typ == Int64 }
