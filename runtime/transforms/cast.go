// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// CastConfig are the keys of Cast.
type CastConfig struct {
	// What becomes which type: pairs of a field and a type, a:int32,b:string, or one
	// type for the whole key or value. The types are int8, int16, int32, int64,
	// float32, float64, boolean and string. Bytes can become a string only, which is
	// their base64.
	Spec []string `config:"spec" importance:"high"`
	// Whether a null field that has a default is replaced by the default.
	ReplaceNull bool `config:"replace.null.with.default" default:"true"`
}

// Cast returns the transform that changes the types of fields, or of the whole
// key or value.
func Cast(side Side) connect.TransformPlugin {
	return connect.TransformClass[CastConfig]{
		Name:    "cast-" + side.String(),
		Aliases: []string{side.class("Cast")},
		Doc:     "Changes the types of fields of the record's " + side.String() + ", or of the whole of it.",
		Example: `transforms: types
transforms.types.type: cast-` + side.String() + `
transforms.types.spec: id:int64,price:float64,paid:boolean
`,
		Check: func(c CastConfig, _ connect.Kind) []configdef.Problem {
			if _, _, err := parseCasts(c.Spec); err != nil {
				return []configdef.Problem{{Key: "spec", Message: err.Error()}}
			}
			return nil
		},
		New: func(c CastConfig, _ connect.Kind) (connect.Transform, error) {
			return newCast(c, side)
		},
	}.Plugin()
}

// castSpec is a field and the type that it gets.
type castSpec struct {
	field string
	to    connect.Type
}

// wholeCast reads the one type that a spec may be instead of pairs.
func wholeCast(spec string) (connect.Type, bool, error) {
	name := strings.TrimRight(spec, ":")
	if strings.Contains(name, ":") {
		return 0, false, nil
	}
	to, err := castType(name)
	return to, true, err
}

// parseCasts reads the pairs, or the type of the whole key or value; that is Null
// if there are pairs. Of two types for a field the later one counts.
func parseCasts(list []string) (pairs []castSpec, whole connect.Type, err error) {
	for _, item := range list {
		to, isWhole, err := wholeCast(item)
		switch {
		case err != nil:
			return nil, 0, err
		case isWhole && len(list) > 1:
			return nil, 0, errors.New("Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec; write field:type for each")
		case isWhole:
			return nil, to, nil
		}
		parts := strings.Split(strings.TrimRight(item, ":"), ":")
		if len(parts) != 2 {
			return nil, 0, fmt.Errorf("Invalid cast mapping: %s; write pairs of a field and a type, field:type", item)
		}
		field := strings.TrimSpace(parts[0])
		if to, err = castType(parts[1]); err != nil {
			return nil, 0, err
		}
		pairs = slices.DeleteFunc(pairs, func(p castSpec) bool { return p.field == field })
		pairs = append(pairs, castSpec{field: field, to: to})
	}
	return pairs, connect.Null, nil
}

func castType(name string) (connect.Type, error) {
	name = strings.TrimSpace(name)
	for t := connect.Int8; t <= connect.Struct; t++ {
		switch {
		case !strings.EqualFold(name, javaType(t)):
		case t > connect.String:
			return 0, fmt.Errorf("Cast transformation does not support casting to %s; supported types are %s", javaType(t), castTargets)
		default:
			return t, nil
		}
	}
	return 0, fmt.Errorf("Invalid type found in casting spec: %s; supported types are %s", name, castTargets)
}

const castTargets = "[INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]"

type cast struct {
	side        Side
	pairs       []castSpec
	names       []connect.Value
	whole       connect.Type // Null if fields are cast
	replaceNull bool
	schemas     derived[castPlan]
	// at is where in a map each field was last found.
	at []int
}

// castPlan is what is known of an input schema.
type castPlan struct {
	schema *connect.Schema
	casts  []fieldCast
	strict []int // of schema
	err    error
}

// fieldCast is a field of a Struct that gets another type.
type fieldCast struct {
	index int
	from  *connect.Schema
	to    connect.Type
}

func newCast(c CastConfig, side Side) (*cast, error) {
	pairs, whole, err := parseCasts(c.Spec)
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	t := &cast{side: side, pairs: pairs, whole: whole, replaceNull: c.ReplaceNull, at: make([]int, len(pairs))}
	for _, p := range pairs {
		t.names = append(t.names, connect.StringValue(p.field))
	}
	return t, nil
}

// Apply implements connect.Transform.
func (t *cast) Apply(s *connect.Selection) { remake(s, t.side, t) }

func (t *cast) remake(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	if v.IsNull() {
		return s, v, nil
	}
	var p *castPlan
	if s != nil {
		if p = t.schemas.of(s, t.plan); p.err != nil {
			return nil, connect.Value{}, p.err
		}
	}
	if t.whole == connect.Null {
		if err := requireFields("cast types", s, v); err != nil {
			return nil, connect.Value{}, err
		}
	}
	var err error
	switch {
	case t.whole != connect.Null:
		v, err = castValue(a, s, v, t.whole)
	case s == nil:
		v, err = t.object(a, v.Entries())
	default:
		v, err = t.record(a, p, v.Items())
	}
	if p == nil {
		return nil, v, err
	}
	return p.schema, v, err
}

func (t *cast) record(a *connect.Arena, p *castPlan, fields []connect.Value) (connect.Value, error) {
	out := a.Values(len(fields))
	copy(out, fields)
	for i := range p.casts {
		c := &p.casts[i]
		var err error
		if out[c.index], err = castValue(a, c.from, out[c.index], c.to); err != nil {
			return connect.Value{}, err
		}
	}
	// A default was cast with its schema, so it can take the place of a null now.
	if err := settle(out, p.strict, p.schema.Fields, t.replaceNull); err != nil {
		return connect.Value{}, err
	}
	return connect.StructValue(out), nil
}

// object gives a field that is not there null, as Kafka Connect does.
func (t *cast) object(a *connect.Arena, entries []connect.Entry) (connect.Value, error) {
	n := len(entries)
	out := a.Entries(n + len(t.pairs))
	copy(out, entries)
	for i := range t.pairs {
		p := &t.pairs[i]
		t.at[i] = findNear(entries, p.field, t.at[i])
		if t.at[i] == len(entries) {
			out[n].Key = t.names[i]
			n++
			continue
		}
		v := &out[t.at[i]].Value
		var err error
		if *v, err = castValue(a, nil, *v, p.to); err != nil {
			return connect.Value{}, err
		}
	}
	return connect.MapValue(out[:n]), nil
}

func (t *cast) plan(s *connect.Schema) *castPlan {
	p := new(castPlan)
	if t.whole != connect.Null {
		p.schema, p.err = castSchema(s, t.whole)
		return p
	}
	if s.Type != connect.Struct {
		p.err = javaError("Cannot list fields on non-struct type")
		return p
	}
	out := &connect.Schema{
		Type: connect.Struct, Optional: s.Optional, Name: s.Name, Version: s.Version, Doc: s.Doc, Parameters: s.Parameters,
		Fields: slices.Clone(s.Fields),
	}
	for i := range out.Fields {
		f := &out.Fields[i]
		at := slices.IndexFunc(t.pairs, func(c castSpec) bool { return c.field == f.Name })
		if at < 0 {
			continue
		}
		c := fieldCast{index: i, from: f.Schema, to: t.pairs[at].to}
		p.casts = append(p.casts, c)
		if f.Schema, p.err = castFieldSchema(c.from, c.to); p.err != nil {
			return p
		}
	}
	if s.Default != nil { // which would have to be cast as a whole
		_, p.err = castValue(nil, s, *s.Default, connect.Struct)
	}
	p.schema, p.strict = out, strict(out.Fields)
	return p
}

// castFieldSchema returns the schema of a field that gets another type. As in
// Kafka Connect it is optional and has a default if the old one is and has, and
// nothing else of it.
func castFieldSchema(s *connect.Schema, to connect.Type) (*connect.Schema, error) {
	out := &connect.Schema{Type: to, Optional: s.Optional}
	if s.Default == nil {
		return out, nil
	}
	v, err := castValue(new(connect.Arena), s, *s.Default, to)
	out.Default = &v
	return out, err
}

// castSchema returns the schema of a key or value that gets another type. It
// keeps its name, version, documentation and parameters, unless they say that it
// is of a logical type, which it is no longer.
func castSchema(s *connect.Schema, to connect.Type) (*connect.Schema, error) {
	out, err := castFieldSchema(s, to)
	if !isDecimal(s) && !isTime(s) {
		out.Name, out.Version, out.Parameters = s.Name, s.Version, s.Parameters
	}
	out.Doc = s.Doc
	return out, err
}
