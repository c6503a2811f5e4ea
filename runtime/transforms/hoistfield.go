// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import "penstock.dev/runtime/connect"

// HoistFieldConfig are the keys of HoistField.
type HoistFieldConfig struct {
	// The name of the one field of the new key or value.
	Field string `config:"field"`
}

// HoistField returns the transform that makes a key or value the one field of a
// new one.
func HoistField(side Side) connect.TransformPlugin {
	return connect.TransformClass[HoistFieldConfig]{
		Name:    "hoist-field-" + side.String(),
		Aliases: []string{side.class("HoistField")},
		Doc:     "Makes the record's " + side.String() + ", whatever it is, the one field of a Struct, or without schema of a Map.",
		Example: `transforms: wrap
transforms.wrap.type: hoist-field-` + side.String() + `
transforms.wrap.field: line
`,
		New: func(c HoistFieldConfig, _ connect.Kind) (connect.Transform, error) {
			return &hoistField{side: side, name: c.Field, key: connect.StringValue(c.Field)}, nil
		},
	}.Plugin()
}

type hoistField struct {
	side    Side
	name    string
	key     connect.Value
	schemas derived[connect.Schema]
}

// Apply implements connect.Transform.
func (t *hoistField) Apply(s *connect.Selection) { remake(s, t.side, t) }

func (t *hoistField) remake(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	if s == nil {
		out := a.Entries(1)
		out[0] = connect.Entry{Key: t.key, Value: v}
		return nil, connect.MapValue(out), nil
	}
	if v.IsNull() && !s.Optional {
		return nil, connect.Value{}, nullForRequired(t.name, s.Type)
	}
	out := a.Values(1)
	out[0] = v
	return t.schemas.of(s, t.plan), connect.StructValue(out), nil
}

func (t *hoistField) plan(s *connect.Schema) *connect.Schema {
	return &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: t.name, Schema: s}}}
}
