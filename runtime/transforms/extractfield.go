// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// ExtractFieldConfig are the keys of ExtractField.
type ExtractFieldConfig struct {
	// The field to take out.
	Field string `config:"field"`
	// How field is read. V1: as the name of a field of the key or value. V2: as a
	// path, whose steps are separated by dots (a.b is the field b of the field a);
	// a name with dots in it is set between backticks, and a backtick that ends such
	// a name but should not is escaped by a backslash.
	FieldSyntaxVersion string `config:"field.syntax.version" default:"V1" enum:"V1,V2" importance:"high"`
	// Whether a null field that has a default is replaced by the default.
	ReplaceNull bool `config:"replace.null.with.default" default:"true"`
}

// ExtractField returns the transform that replaces a key or value by one of its
// fields.
func ExtractField(side Side) connect.TransformPlugin {
	return connect.TransformClass[ExtractFieldConfig]{
		Name:    "extract-field-" + side.String(),
		Aliases: []string{side.class("ExtractField")},
		Doc:     "Replaces the record's " + side.String() + " by one of its fields; null stays null.",
		Example: `transforms: only
transforms.only.type: extract-field-` + side.String() + `
transforms.only.field: after.id
transforms.only.field.syntax.version: V2
`,
		Check: func(c ExtractFieldConfig, _ connect.Kind) []configdef.Problem {
			if _, err := fieldPath(c.Field, c.FieldSyntaxVersion); err != nil {
				return []configdef.Problem{{Key: "field", Message: err.Error()}}
			}
			return nil
		},
		New: func(c ExtractFieldConfig, _ connect.Kind) (connect.Transform, error) {
			return newExtractField(c, side)
		},
	}.Plugin()
}

type extractField struct {
	side        Side
	path        string
	steps       []string
	replaceNull bool
	schemas     derived[extraction]
	// at is where in a map each step was last found.
	at []int
}

// extraction is what is known of an input schema.
type extraction struct {
	// fields are those on the way to the one that is wanted, which is the last.
	fields []extracted
	err    error
}

// extracted is a field of a Struct.
type extracted struct {
	index  int
	schema *connect.Schema
}

func newExtractField(c ExtractFieldConfig, side Side) (*extractField, error) {
	steps, err := fieldPath(c.Field, c.FieldSyntaxVersion)
	if err != nil {
		return nil, fmt.Errorf("field: %w", err)
	}
	return &extractField{side: side, path: c.Field, steps: steps, replaceNull: c.ReplaceNull, at: make([]int, len(steps))}, nil
}

// Apply implements connect.Transform.
func (t *extractField) Apply(s *connect.Selection) { remake(s, t.side, t) }

func (t *extractField) remake(_ *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	if !v.IsNull() {
		if err := requireFields("field extraction", s, v); err != nil {
			return nil, connect.Value{}, err
		}
	}
	if s == nil {
		v, err := t.member(v)
		return nil, v, err
	}
	e := t.schemas.of(s, t.plan)
	if e.err != nil {
		return nil, connect.Value{}, e.err
	}
	return e.fields[len(e.fields)-1].schema, t.field(e, v), nil
}

func (t *extractField) plan(s *connect.Schema) *extraction {
	e := new(extraction)
	for _, name := range t.steps {
		if s.Type != connect.Struct {
			e.err = javaError("Cannot look up fields on non-struct type")
			return e
		}
		i := s.FieldIndex(name)
		if i < 0 {
			e.err = javaError("Unknown field: %s", t.path)
			return e
		}
		s = s.Fields[i].Schema
		e.fields = append(e.fields, extracted{index: i, schema: s})
	}
	return e
}

// field returns what is at the end of the path in a Struct.
func (t *extractField) field(e *extraction, v connect.Value) connect.Value {
	for _, f := range e.fields {
		if v.IsNull() {
			return v
		}
		v = v.Items()[f.index]
		if v.IsNull() && t.replaceNull && f.schema.Default != nil {
			v = *f.schema.Default
		}
	}
	return v
}

// member returns what is at the end of the path in a map.
func (t *extractField) member(v connect.Value) (connect.Value, error) {
	for i, name := range t.steps {
		switch {
		case v.IsNull():
			return v, nil
		case i > 0:
			if err := requireFields("nested field access", nil, v); err != nil {
				return connect.Value{}, err
			}
		}
		entries := v.Entries()
		t.at[i] = findNear(entries, name, t.at[i])
		if t.at[i] == len(entries) {
			return connect.Value{}, nil
		}
		v = entries[t.at[i]].Value
	}
	return v, nil
}
