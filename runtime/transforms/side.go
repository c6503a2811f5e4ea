// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"

	"penstock.dev/runtime/connect"
)

// Side is the part of a record that a transform works on.
type Side uint8

// The sides.
const (
	KeySide Side = iota
	ValueSide
)

// of returns the side's part of a record.
func (s Side) of(r *connect.Record) *connect.Datum {
	if s == KeySide {
		return &r.Key
	}
	return &r.Value
}

// String returns "key" or "value".
func (s Side) String() string {
	if s == KeySide {
		return connect.KeySide
	}
	return connect.ValueSide
}

// class returns the name of the nested class in Kafka Connect.
func (s Side) class(name string) string {
	if s == KeySide {
		return packageName + name + "$Key"
	}
	return packageName + name + "$Value"
}

// editor makes new fields of old ones. Memory comes from the arena; what it is
// given is not changed.
type editor interface {
	// record makes a Struct and its schema of a Struct.
	record(a *connect.Arena, r *connect.Record, s *connect.Schema, fields []connect.Value) (*connect.Schema, connect.Value, error)
	// object makes a Map of one without schema.
	object(a *connect.Arena, r *connect.Record, entries []connect.Entry) (connect.Value, error)
	// purpose is how Kafka Connect's errors call the transform.
	purpose() string
}

// edit lets an editor work on one side of all records. Null passes as it is.
func edit(s *connect.Selection, side Side, e editor) {
	a := s.Arena()
	for r := s.Next(); r != nil; r = s.Next() {
		d := side.of(r)
		schema, v, err := d.Get()
		switch {
		case err != nil:
			err = fmt.Errorf("reading the %s: %w", side, err)
		case v.IsNull():
			continue
		default:
			if err = requireFields(e.purpose(), schema, v); err != nil {
				break
			}
			if schema == nil {
				v, err = e.object(a, r, v.Entries())
			} else {
				schema, v, err = e.record(a, r, schema, v.Items())
			}
		}
		if err != nil {
			s.Fail(err)
			continue
		}
		d.Set(schema, v)
	}
}

// remaker makes a key or value of another, whatever that is. Memory comes from
// the arena; what it is given is not changed.
type remaker interface {
	remake(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error)
}

// remake lets a remaker work on one side of all records.
func remake(s *connect.Selection, side Side, m remaker) {
	a := s.Arena()
	for r := s.Next(); r != nil; r = s.Next() {
		d := side.of(r)
		schema, v, err := d.Get()
		if err != nil {
			err = fmt.Errorf("reading the %s: %w", side, err)
		} else {
			schema, v, err = m.remake(a, schema, v)
		}
		if err != nil {
			s.Fail(err)
			continue
		}
		d.Set(schema, v)
	}
}

// requireFields refuses what has no fields: what is no Map and has no schema, and
// what has one and is no Struct.
func requireFields(purpose string, s *connect.Schema, v connect.Value) error {
	switch {
	case s == nil && v.Type() != connect.Map:
		return javaError("Only Map objects supported in absence of schema for [%s], found: %s", purpose, javaClass(s, v.Type()))
	case s != nil && v.Type() != connect.Struct:
		return javaError("Only Struct objects supported for [%s], found: %s", purpose, javaClass(s, v.Type()))
	default:
		return nil
	}
}

// javaError returns an error with Kafka Connect's own text, by which users find
// it.
func javaError(format string, args ...any) error { return fmt.Errorf(format, args...) }

// noConnectType is the error of a transform that takes no java.util.Date without
// schema.
func noConnectType(transform string) error {
	return javaError("%s transformation was passed a value of type class java.util.Date which is not supported by Connect's data API", transform)
}

// javaClass names the class that Java has for a value of that schema and type.
func javaClass(s *connect.Schema, t connect.Type) string {
	if s != nil && t != connect.Null {
		switch s.Name {
		case connect.DecimalName:
			return "java.math.BigDecimal"
		case connect.DateName, connect.TimeName, connect.TimestampName:
			return "java.util.Date"
		}
	}
	return [...]string{
		"null", "java.lang.Byte", "java.lang.Short", "java.lang.Integer", "java.lang.Long", "java.lang.Float", "java.lang.Double",
		"java.lang.Boolean", "java.lang.String", "[B", "java.util.ArrayList", "java.util.HashMap", "org.apache.kafka.connect.data.Struct",
	}[t]
}
