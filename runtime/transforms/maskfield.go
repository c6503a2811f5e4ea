// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"slices"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// MaskFieldConfig are the keys of MaskField.
type MaskFieldConfig struct {
	// The fields to mask.
	Fields []string `config:"fields" importance:"high"`
	// What the fields get, as a text or, where they are numbers, as a number; fields
	// that are neither cannot be masked then. Left out, each gets the zero of its
	// type: 0, false, an empty text, list or map, 1970-01-01.
	Replacement *string `config:"replacement" optional:"true" importance:"low"`
	// Whether a null field that has a default is replaced by the default.
	ReplaceNull bool `config:"replace.null.with.default" default:"true"`
}

// MaskField returns the transform that hides what is in fields.
func MaskField(side Side) connect.TransformPlugin {
	return connect.TransformClass[MaskFieldConfig]{
		Name:    "mask-field-" + side.String(),
		Aliases: []string{side.class("MaskField")},
		Doc:     "Replaces what is in fields of the record's " + side.String() + " by the zero of its type, or by something given; null stays null.",
		Example: `transforms: hide
transforms.hide.type: mask-field-` + side.String() + `
transforms.hide.fields: email,phone
transforms.hide.replacement: "***"
`,
		Check: func(c MaskFieldConfig, _ connect.Kind) []configdef.Problem {
			if c.Replacement != nil && *c.Replacement == "" {
				return []configdef.Problem{{Key: "replacement", Message: "String must be non-empty; set it to what the fields should get, or remove it to give them the zeros of their types"}}
			}
			return nil
		},
		New: func(c MaskFieldConfig, _ connect.Kind) (connect.Transform, error) {
			return newMaskField(c, side), nil
		},
	}.Plugin()
}

type maskField struct {
	side        Side
	fields      []string
	names       []connect.Value
	masks       masks
	plain       [connect.Struct + 1]mask // by type, without schema
	instant     mask                     // of a java.util.Date without schema
	replaceNull bool
	schemas     derived[maskPlan]
	// at is where in a map each field was last found.
	at []int
}

// maskPlan is what is known of an input schema.
type maskPlan struct {
	strict []int
	masks  []fieldMask
}

// fieldMask is what a field gets.
type fieldMask struct {
	index int
	mask
}

func newMaskField(c MaskFieldConfig, side Side) *maskField {
	t := &maskField{side: side, masks: masks{c.Replacement}, replaceNull: c.ReplaceNull}
	for _, f := range c.Fields {
		if !slices.Contains(t.fields, f) {
			t.fields = append(t.fields, f)
			t.names = append(t.names, connect.StringValue(f))
		}
	}
	for typ := connect.Int8; typ <= connect.Struct; typ++ {
		t.plain[typ] = t.masks.of(nil, typ)
	}
	t.instant = t.masks.of(connect.TimestampSchema, connect.Int64)
	if t.instant.err == nil {
		t.instant.value = connect.InstantValue(0)
	}
	t.at = make([]int, len(t.fields))
	return t
}

// Apply implements connect.Transform.
func (t *maskField) Apply(s *connect.Selection) { remake(s, t.side, t) }

func (t *maskField) remake(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	if err := requireFields("mask fields", s, v); err != nil {
		return nil, connect.Value{}, err
	}
	if s == nil {
		v, err := t.object(a, v.Entries())
		return nil, v, err
	}
	v, err := t.record(a, s, v.Items())
	return s, v, err
}

func (t *maskField) plan(s *connect.Schema) *maskPlan {
	p := &maskPlan{strict: strict(s.Fields)}
	for i, f := range s.Fields {
		if slices.Contains(t.fields, f.Name) {
			p.masks = append(p.masks, fieldMask{i, t.masks.of(f.Schema, f.Schema.Type)})
		}
	}
	return p
}

func (t *maskField) record(a *connect.Arena, s *connect.Schema, fields []connect.Value) (connect.Value, error) {
	p := t.schemas.of(s, t.plan)
	out := a.Values(len(fields))
	copy(out, fields)
	if err := settle(out, p.strict, s.Fields, t.replaceNull); err != nil {
		return connect.Value{}, err
	}
	for i := range p.masks {
		m := &p.masks[i]
		switch {
		case out[m.index].IsNull():
		case m.err != nil:
			return connect.Value{}, m.err
		default:
			out[m.index] = m.value
		}
	}
	return connect.StructValue(out), nil
}

// object gives a field that is not there null, as Kafka Connect does.
func (t *maskField) object(a *connect.Arena, entries []connect.Entry) (connect.Value, error) {
	n := len(entries)
	out := a.Entries(n + len(t.fields))
	copy(out, entries)
	for i, name := range t.fields {
		t.at[i] = findNear(entries, name, t.at[i])
		if t.at[i] == len(entries) {
			out[n].Key = t.names[i]
			n++
			continue
		}
		v := &out[t.at[i]].Value
		if v.IsNull() {
			continue
		}
		m := &t.plain[v.Type()]
		if v.IsInstant() {
			m = &t.instant
		}
		if m.err != nil {
			return connect.Value{}, m.err
		}
		*v = m.value
	}
	return connect.MapValue(out[:n]), nil
}
