// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javavalues

import (
	"fmt"
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// Append appends the text that Values.convertToString gives for the value: a
// String as it is, and what is in an Array, Map or Struct without white space,
// with Strings in quotes, `["a",1]` and `{"a":null}`; bytes as base64; a Date, Time
// or Timestamp in ISO form, as in a JVM whose time zone is UTC, by its value and not
// by its type: before 1970-01-02 it is the time of day, at midnight the date. Null is
// "null". Schema nil is none.
func Append(dst []byte, s *connect.Schema, v connect.Value) []byte {
	return appender{}.append(dst, s, v, false)
}

// AppendWhole is Append, but writes the date of a Date or Timestamp that lies before
// 1970, of which Append leaves the time of day.
func AppendWhole(dst []byte, s *connect.Schema, v connect.Value) []byte {
	return appender{whole: true}.append(dst, s, v, false)
}

type appender struct{ whole bool }

func (w appender) append(dst []byte, s *connect.Schema, v connect.Value, embedded bool) []byte {
	switch v.Type() {
	case connect.Int32, connect.Int64:
		if v.IsInstant() {
			return w.moment(dst, v.Int(), true)
		}
		if s != nil && s.Name != "" {
			return w.number(dst, s, v)
		}
	case connect.String:
		if embedded {
			return quote(dst, v.Str())
		}
	case connect.Bytes:
		if embedded && (s == nil || s.Name != connect.DecimalName) {
			return append(javatext.AppendText(append(dst, '"'), nil, v), '"')
		}
	case connect.Array:
		return w.array(dst, s, v)
	case connect.Map:
		return w.object(dst, s, v)
	case connect.Struct:
		return w.structure(dst, s, v)
	}
	return javatext.AppendText(dst, s, v)
}

// quote puts a text in quotes, with backslashes before its quotes and backslashes.
func quote(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

func (w appender) array(dst []byte, s *connect.Schema, v connect.Value) []byte {
	if s == nil {
		s = noSchema
	}
	dst = append(dst, '[')
	for i, item := range v.Items() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = w.append(dst, s.Elem, item, true)
	}
	return append(dst, ']')
}

func (w appender) object(dst []byte, s *connect.Schema, v connect.Value) []byte {
	if s == nil {
		s = noSchema
	}
	dst = append(dst, '{')
	for i, e := range v.Entries() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(w.append(dst, s.Key, e.Key, true), ':')
		dst = w.append(dst, s.Elem, e.Value, true)
	}
	return append(dst, '}')
}

// structure writes all fields, with the default of a field that is null and has
// one.
func (w appender) structure(dst []byte, s *connect.Schema, v connect.Value) []byte {
	dst = append(dst, '{')
	for i, item := range v.Items() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if s == nil || i >= len(s.Fields) {
			dst = w.append(append(quote(dst, fmt.Sprint(i)), ':'), nil, item, true)
			continue
		}
		f := &s.Fields[i]
		if item.IsNull() && f.Schema.Default != nil {
			item = *f.Schema.Default
		}
		dst = w.append(append(quote(dst, f.Name), ':'), f.Schema, item, true)
	}
	return append(dst, '}')
}

func (w appender) number(dst []byte, s *connect.Schema, v connect.Value) []byte {
	switch {
	case s.Name == connect.DateName && v.Type() == connect.Int32:
		return w.moment(dst, v.Int()*millisPerDay, true)
	case s.Name == connect.TimeName && v.Type() == connect.Int32:
		return w.moment(dst, v.Int(), false)
	case s.Name == connect.TimestampName && v.Type() == connect.Int64:
		return w.moment(dst, v.Int(), true)
	default:
		return javatext.AppendText(dst, nil, v)
	}
}

func (w appender) moment(dst []byte, millis int64, dated bool) []byte {
	if w.whole && dated && millis < 0 {
		return appendPast(dst, millis)
	}
	return AppendMoment(dst, millis)
}

// Layouts of Values' SimpleDateFormats.
const (
	dateLayout      = "2006-01-02"
	timeLayout      = "15:04:05.000Z"
	timestampLayout = dateLayout + "T" + timeLayout
)

// AppendMoment appends a moment, in milliseconds since 1970-01-01T00:00:00Z, in the
// format that Values.dateFormatFor chooses for it: that of a time before 1970-01-02,
// that of a date at midnight, and that of a timestamp otherwise.
func AppendMoment(dst []byte, millis int64) []byte {
	layout := timestampLayout
	switch {
	case millis < millisPerDay:
		layout = timeLayout
	case millis%millisPerDay == 0:
		layout = dateLayout
	}
	return time.UnixMilli(millis).UTC().AppendFormat(dst, layout)
}

// appendPast appends a date or timestamp before 1970 as parseTemporal reads it.
func appendPast(dst []byte, millis int64) []byte {
	day := floorDiv(millis, millisPerDay)
	at := time.UnixMilli(millis).UTC()
	year, month, dayOfMonth := javatext.DateOf(day)
	dst = fmt.Appendf(dst, "%04d-%02d-%02d", year, month, dayOfMonth)
	if millis == day*millisPerDay {
		return dst
	}
	return at.AppendFormat(append(dst, 'T'), timeLayout)
}
