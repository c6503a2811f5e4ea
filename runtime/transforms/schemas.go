// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import "penstock.dev/runtime/connect"

// maxSchemas bounds what a transform remembers of schemas. It is as many as a
// converter remembers, which would make new ones beyond.
const maxSchemas = 1000

// derived remembers what was made of each schema, by its pointer. Records of one
// schema mostly come together, so the last one is looked at first.
type derived[T any] struct {
	schema *connect.Schema
	last   *T
	all    map[*connect.Schema]*T
}

// of returns what make makes of s, the same each time.
func (d *derived[T]) of(s *connect.Schema, build func(*connect.Schema) *T) *T {
	if s == d.schema {
		return d.last
	}
	t, ok := d.all[s]
	if !ok {
		if d.all == nil || len(d.all) >= maxSchemas {
			d.all = make(map[*connect.Schema]*T)
		}
		t = build(s)
		d.all[s] = t
	}
	d.schema, d.last = s, t
	return t
}

// structLike returns a Struct schema with the name, version, documentation and
// parameters of s. As in Kafka Connect it is required and has no default, whatever
// s is.
func structLike(s *connect.Schema, fields []connect.Field) (*connect.Schema, error) {
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		if seen[f.Name] {
			return nil, javaError("Cannot create field because of field name duplication %s", f.Name)
		}
		seen[f.Name] = true
	}
	return &connect.Schema{
		Type: connect.Struct, Name: s.Name, Version: s.Version, Doc: s.Doc, Parameters: s.Parameters, Fields: fields,
	}, nil
}

// strict are the fields of a Struct for which null is not just null: those that
// are required, and those that have a default.
func strict(fields []connect.Field) []int {
	var out []int
	for i, f := range fields {
		if !f.Schema.Optional || f.Schema.Default != nil {
			out = append(out, i)
		}
	}
	return out
}

// settle gives the strict ones of a Struct's values their defaults, if
// replaceNull says so, and refuses a null that may not be.
func settle(values []connect.Value, strict []int, fields []connect.Field, replaceNull bool) error {
	for _, i := range strict {
		if !values[i].IsNull() {
			continue
		}
		f := &fields[i]
		if replaceNull && f.Schema.Default != nil {
			values[i] = *f.Schema.Default
		}
		if values[i].IsNull() && !f.Schema.Optional {
			return nullForRequired(f.Name, f.Schema.Type)
		}
	}
	return nil
}

// nullForRequired is the error of a null in a required field.
func nullForRequired(name string, t connect.Type) error {
	return javaError("Invalid value: null used for required field: \"%s\", schema type: %s", name, javaType(t))
}

// javaType returns the name of the type in Kafka Connect's messages.
func javaType(t connect.Type) string {
	return [...]string{
		"null", "INT8", "INT16", "INT32", "INT64", "FLOAT32", "FLOAT64", "BOOLEAN", "STRING", "BYTES", "ARRAY", "MAP", "STRUCT",
	}[t]
}
