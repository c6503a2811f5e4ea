// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"
	"slices"

	"penstock.dev/runtime/connect"
)

// FlattenConfig are the keys of Flatten.
type FlattenConfig struct {
	// What stands between the names of a field and of the one that it was in.
	Delimiter string `config:"delimiter" default:"."`
}

// Flatten returns the transform that takes the fields of fields out of them.
func Flatten(side Side) connect.TransformPlugin {
	return connect.TransformClass[FlattenConfig]{
		Name:    "flatten-" + side.String(),
		Aliases: []string{side.class("Flatten")},
		Doc:     "Makes one level of the record's " + side.String() + ": the field b of the field a becomes the field a.b. Arrays stay as they are.",
		Example: `transforms: flat
transforms.flat.type: flatten-` + side.String() + `
transforms.flat.delimiter: _
`,
		New: func(c FlattenConfig, _ connect.Kind) (connect.Transform, error) {
			return &flatten{side: side, delimiter: c.Delimiter, names: flatNames{delimiter: c.Delimiter}}, nil
		},
	}.Plugin()
}

type flatten struct {
	side      Side
	delimiter string
	schemas   derived[flatPlan]
	names     flatNames
}

// flatPlan is what is known of an input schema.
type flatPlan struct {
	schema *connect.Schema
	root   *flatStruct
	err    error
}

// flatStruct is a Struct within the input.
type flatStruct struct {
	// size is how many fields of the output it gives.
	size   int
	fields []flatField
}

// flatField is a field of a Struct within the input.
type flatField struct {
	name   string
	schema *connect.Schema
	inner  *flatStruct // nil if it is no Struct
}

// Apply implements connect.Transform.
func (t *flatten) Apply(s *connect.Selection) { remake(s, t.side, t) }

func (t *flatten) remake(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	if v.IsNull() {
		return s, v, nil
	}
	if err := requireFields("flattening", s, v); err != nil {
		return nil, connect.Value{}, err
	}
	if s == nil {
		v, err := t.names.flatten(a, v.Entries())
		return nil, v, err
	}
	p := t.schemas.of(s, t.plan)
	if p.err != nil {
		return nil, connect.Value{}, p.err
	}
	out := a.Values(p.root.size)
	if err := p.root.fill(out, v.Items()); err != nil {
		return nil, connect.Value{}, err
	}
	return p.schema, connect.StructValue(out), nil
}

// fill takes the fields out of a Struct and those within it. The fields of one
// that is null are null.
func (f *flatStruct) fill(out, values []connect.Value) error {
	for i := range f.fields {
		v, field := values[i], &f.fields[i]
		switch {
		case field.inner == nil:
			if v.IsNull() && field.schema.Default != nil {
				v = *field.schema.Default
			}
			if v.IsNull() && !field.schema.Optional {
				return nullForRequired(field.name, field.schema.Type)
			}
			out[0] = v
			out = out[1:]
		default:
			if !v.IsNull() {
				if err := field.inner.fill(out[:field.inner.size], v.Items()); err != nil {
					return err
				}
			}
			out = out[field.inner.size:]
		}
	}
	return nil
}

func (t *flatten) plan(s *connect.Schema) *flatPlan {
	p := new(flatPlan)
	f := flattener{delimiter: t.delimiter}
	if p.root, p.err = f.flat(s, "", s.Optional, s.Default); p.err == nil {
		p.schema, p.err = structLike(s, f.fields)
	}
	return p
}

// maxFlatParts bounds what a schema becomes: of a Struct that others share, each
// of them has the fields.
const maxFlatParts = 100_000

// flattener takes the fields out of one schema.
type flattener struct {
	delimiter string
	fields    []connect.Field
	parts     int // fields, and fields of fields
	// path are the Structs around the one that it is at.
	path []*connect.Schema
}

// flat adds the fields of a Struct and of those within it. As in Kafka Connect,
// one is optional if the Struct or one around it is, and if it has no default gets
// what the default of the Struct has for it.
func (t *flattener) flat(s *connect.Schema, prefix string, optional bool, structDefault *connect.Value) (*flatStruct, error) {
	if slices.Contains(t.path, s) {
		return nil, fmt.Errorf("the Struct %q holds itself in the field %s, so its fields have no end and cannot be flattened; drop the field by ReplaceField first", s.Name, prefix)
	}
	t.path = append(t.path, s)
	defer func() { t.path = t.path[:len(t.path)-1] }()
	out := new(flatStruct)
	for i, f := range s.Fields {
		if t.parts++; t.parts > maxFlatParts {
			return nil, fmt.Errorf("the Struct has more than %d fields and fields of fields; drop some by ReplaceField first", maxFlatParts)
		}
		name := flatName(prefix, t.delimiter, f.Name)
		optional := optional || f.Schema.Optional
		def := f.Schema.Default
		if def == nil && structDefault != nil && !structDefault.Items()[i].IsNull() {
			def = &structDefault.Items()[i]
		}
		field := flatField{name: name, schema: f.Schema}
		switch f.Schema.Type {
		case connect.Map:
			return nil, javaError("Flatten transformation does not support %s for record with schemas (for field %s).", javaType(f.Schema.Type), name)
		case connect.Struct:
			var err error
			if field.inner, err = t.flat(f.Schema, name, optional, def); err != nil {
				return nil, err
			}
			out.size += field.inner.size
		default:
			t.fields = append(t.fields, connect.Field{Name: name, Schema: flatSchema(f.Schema, optional, def)})
			out.size++
		}
		out.fields = append(out.fields, field)
	}
	return out, nil
}

// flatSchema returns the schema itself if it is what is wanted.
func flatSchema(s *connect.Schema, optional bool, def *connect.Value) *connect.Schema {
	if s.Optional == optional && s.Default == def {
		return s
	}
	out := *s
	out.Optional, out.Default = optional, def
	return &out
}

// flatName returns the name of a field of a field. As in Kafka Connect, a prefix
// that is empty is none, even if it is the name of a field.
func flatName(prefix, delimiter, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + delimiter + name
}
