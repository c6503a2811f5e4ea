// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"
	"slices"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// HeaderFromConfig are the keys of HeaderFrom.
type HeaderFromConfig struct {
	// The fields whose values become headers.
	Fields []string `config:"fields" importance:"high"`
	// The names of the headers, as many as fields and in their order. A header that
	// is there already stays; the new one comes after it.
	Headers []string `config:"headers" importance:"high"`
	// Whether the fields are taken out, move, or stay, copy.
	Operation string `config:"operation" enum:"move,copy" importance:"high"`
	// Whether a null field that has a default is replaced by the default.
	ReplaceNull bool `config:"replace.null.with.default" default:"true"`
}

// HeaderFrom returns the transform that makes headers of fields.
func HeaderFrom(side Side) connect.TransformPlugin {
	return connect.TransformClass[HeaderFromConfig]{
		Name:    "header-from-" + side.String(),
		Aliases: []string{side.class("HeaderFrom")},
		Doc:     "Moves or copies fields of the record's " + side.String() + " into headers; a null " + side.String() + " is an error.",
		Example: `transforms: trace
transforms.trace.type: header-from-` + side.String() + `
transforms.trace.fields: trace_id,tenant
transforms.trace.headers: traceid,tenant
transforms.trace.operation: move
`,
		Check: func(c HeaderFromConfig, _ connect.Kind) []configdef.Problem {
			if len(c.Fields) != len(c.Headers) {
				return []configdef.Problem{{Key: "headers", Message: fmt.Sprintf(
					"'fields' config must have the same number of elements as 'headers' config, and has %d of %d; name a header for each field", len(c.Fields), len(c.Headers))}}
			}
			return nil
		},
		New: func(c HeaderFromConfig, _ connect.Kind) (connect.Transform, error) {
			if len(c.Fields) != len(c.Headers) {
				return nil, configdef.Problem{Key: "headers", Message: "'fields' config must have the same number of elements as 'headers' config"}
			}
			return &headerFrom{
				side: side, fields: c.Fields, headers: c.Headers, move: c.Operation == "move", purpose: "header " + c.Operation, replaceNull: c.ReplaceNull,
			}, nil
		},
	}.Plugin()
}

type headerFrom struct {
	side            Side
	fields, headers []string
	purpose         string
	move            bool
	replaceNull     bool
	schemas         derived[headerFromPlan]
	// layout are the places at which the fields of maps were last found.
	layout []int
}

// headerFromPlan is what is known of an input schema.
type headerFromPlan struct {
	schema *connect.Schema
	// at are the places of the fields, keep those of the fields that stay.
	at, keep []int
	strict   []int // of those that stay
	err      error
}

// Apply implements connect.Transform.
func (t *headerFrom) Apply(s *connect.Selection) {
	a := s.Arena()
	for r := s.Next(); r != nil; r = s.Next() {
		if err := t.apply(a, r); err != nil {
			s.Fail(err)
		}
	}
}

func (t *headerFrom) apply(a *connect.Arena, r *connect.Record) error {
	d := t.side.of(r)
	s, v, err := d.Get()
	if err != nil {
		return fmt.Errorf("reading the %s: %w", t.side, err)
	}
	if err := requireFields(t.purpose, s, v); err != nil {
		return err
	}
	n := len(r.Headers)
	headers := a.Headers(n + len(t.fields))
	copy(headers, r.Headers)
	for i, name := range t.headers {
		headers[n+i].Key = name
	}
	if s == nil {
		v = t.object(a, headers[n:], v)
	} else if s, v, err = t.record(a, headers[n:], s, v); err != nil {
		return err
	}
	if t.move {
		d.Set(s, v)
	}
	r.Headers = headers
	return nil
}

// object fills headers from a map, and returns what is left of it.
func (t *headerFrom) object(a *connect.Arena, headers []connect.Header, v connect.Value) connect.Value {
	entries := v.Entries()
	if t.layout == nil {
		t.layout = make([]int, len(t.fields))
	}
	for i, name := range t.fields {
		at := findNear(entries, name, t.layout[i])
		if at < len(entries) {
			t.layout[i] = at
			headers[i].Value.Set(nil, entries[at].Value)
		} else {
			headers[i].Value.Set(nil, connect.NullValue())
		}
	}
	if !t.move {
		return v
	}
	out, n := a.Entries(len(entries)), 0
	for i := range entries {
		if e := &entries[i]; e.Key.Type() != connect.String || !slices.Contains(t.fields, e.Key.Str()) {
			out[n] = *e
			n++
		}
	}
	return connect.MapValue(out[:n])
}

// record fills headers from a Struct, and returns what is left of it.
func (t *headerFrom) record(a *connect.Arena, headers []connect.Header, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	p := t.schemas.of(s, t.plan)
	if p.err != nil {
		return nil, v, p.err
	}
	fields := v.Items()
	for i, at := range p.at {
		f := &s.Fields[at]
		value := fields[at]
		if value.IsNull() && t.replaceNull && f.Schema.Default != nil {
			value = *f.Schema.Default
		}
		headers[i].Value.Set(f.Schema, value)
	}
	if !t.move {
		return s, v, nil
	}
	out := a.Values(len(p.keep))
	for i, at := range p.keep {
		out[i] = fields[at]
	}
	if err := settle(out, p.strict, p.schema.Fields, t.replaceNull); err != nil {
		return nil, v, err
	}
	return p.schema, connect.StructValue(out), nil
}

func (t *headerFrom) plan(s *connect.Schema) *headerFromPlan {
	p := new(headerFromPlan)
	for _, name := range t.fields {
		at := s.FieldIndex(name)
		if at < 0 {
			p.err = fmt.Errorf("Unknown field: %s", name)
			return p
		}
		p.at = append(p.at, at)
	}
	var fields []connect.Field
	for i, f := range s.Fields {
		if !slices.Contains(t.fields, f.Name) {
			fields, p.keep = append(fields, f), append(p.keep, i)
		}
	}
	p.strict = strict(fields)
	p.schema, p.err = structLike(s, fields)
	return p
}
