// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"
	"slices"

	"penstock.dev/runtime/connect"
)

// ValueToKeyConfig are the keys of ValueToKey.
type ValueToKeyConfig struct {
	// The fields of the value that make the key, in this order.
	Fields []string `config:"fields" importance:"high"`
	// Whether a null field that has a default is replaced by the default.
	ReplaceNull bool `config:"replace.null.with.default" default:"true"`
}

// ValueToKey returns the transform that makes a key of fields of the value.
func ValueToKey() connect.TransformPlugin {
	return connect.TransformClass[ValueToKeyConfig]{
		Name:    "value-to-key",
		Aliases: []string{packageName + "ValueToKey"},
		Doc:     "Replaces the record's key by a Struct, or without schema a Map, of fields of its value.",
		Example: `transforms: key
transforms.key.type: value-to-key
transforms.key.fields: tenant,id
`,
		New: func(c ValueToKeyConfig, _ connect.Kind) (connect.Transform, error) {
			return newValueToKey(c), nil
		},
	}.Plugin()
}

type valueToKey struct {
	fields      []string
	names       []connect.Value
	replaceNull bool
	schemas     derived[keyPlan]
	// at is where in a map each field was last found.
	at []int
}

// keyPlan is what is known of an input schema.
type keyPlan struct {
	schema *connect.Schema
	// from says for each field of schema which one of the value it is.
	from   []int
	strict []int
	err    error
}

func newValueToKey(c ValueToKeyConfig) *valueToKey {
	t := &valueToKey{replaceNull: c.ReplaceNull}
	for _, f := range c.Fields {
		if !slices.Contains(t.fields, f) {
			t.fields = append(t.fields, f)
			t.names = append(t.names, connect.StringValue(f))
		}
	}
	t.at = make([]int, len(t.fields))
	return t
}

// Apply implements connect.Transform.
func (t *valueToKey) Apply(s *connect.Selection) {
	a := s.Arena()
	for r := s.Next(); r != nil; r = s.Next() {
		schema, v, err := r.Value.Get()
		if err != nil {
			err = fmt.Errorf("reading the value: %w", err)
		} else {
			schema, v, err = t.key(a, schema, v)
		}
		if err != nil {
			s.Fail(err)
			continue
		}
		r.Key.Set(schema, v)
	}
}

// key makes the key of a value.
func (t *valueToKey) key(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	if err := requireFields("copying fields from value to key", s, v); err != nil {
		return nil, connect.Value{}, err
	}
	if s == nil {
		return nil, t.object(a, v.Entries()), nil
	}
	p := t.schemas.of(s, t.plan)
	if p.err != nil {
		return nil, connect.Value{}, p.err
	}
	fields, out := v.Items(), a.Values(len(p.from))
	for i, from := range p.from {
		out[i] = fields[from]
	}
	if err := settle(out, p.strict, p.schema.Fields, t.replaceNull); err != nil {
		return nil, connect.Value{}, err
	}
	return p.schema, connect.StructValue(out), nil
}

func (t *valueToKey) object(a *connect.Arena, entries []connect.Entry) connect.Value {
	out := a.Entries(len(t.fields))
	for i, name := range t.fields {
		out[i].Key = t.names[i]
		if t.at[i] = findNear(entries, name, t.at[i]); t.at[i] < len(entries) {
			out[i].Value = entries[t.at[i]].Value
		}
	}
	return connect.MapValue(out)
}

func (t *valueToKey) plan(s *connect.Schema) *keyPlan {
	p := &keyPlan{schema: &connect.Schema{Type: connect.Struct}}
	for _, name := range t.fields {
		i := s.FieldIndex(name)
		if i < 0 {
			p.err = javaError("Field does not exist: %s", name)
			return p
		}
		p.from = append(p.from, i)
		p.schema.Fields = append(p.schema.Fields, s.Fields[i])
	}
	p.strict = strict(p.schema.Fields)
	return p
}
