// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
)

const (
	namespace = "io.confluent.connect.json"
	// idParam is the id of a struct that other parts of the schema refer to.
	idParam = namespace + ".Id"
	// The names of unions and of their fields with generalized.sum.type.support.
	anyUnion      = "connect_union_"
	anyUnionField = anyUnion + "field_"
	// nullSymbol is the enum value null.
	nullSymbol = "<NULL>"
)

// schemas makes the Connect schema of a JSON schema.
type schemas struct {
	rules  Mapping
	made   map[*schema]*made
	ids    int
	unions int
	depth  int
	parts  int
}

// made is the struct that an object has become, or becomes further out.
type made struct {
	schema *connect.Schema
	uses   []*connect.Schema // others that share its fields
	open   bool
	id     string
}

// newSchema returns the Connect schema of a document; version is that of the
// schema in its subject, 0 for none.
func newSchema(m Mapping, d *document, version int) (*connect.Schema, error) {
	s, err := d.load()
	if err != nil {
		return nil, err
	}
	b := &schemas{rules: m, made: map[*schema]*made{}}
	return b.schema(d, s, version, false)
}

// maxLevels bounds how deep the parts of a schema may refer to each other.
const maxLevels = 1000

func (b *schemas) schema(d *document, s *schema, version int, optional bool) (*connect.Schema, error) {
	if b.depth++; b.depth > maxLevels {
		return nil, fmt.Errorf("the schema nests deeper than %d levels, or without end", maxLevels)
	}
	if b.parts++; b.parts > maxParts {
		return nil, fmt.Errorf("the schema has more than %d parts", maxParts)
	}
	defer func() { b.depth-- }()
	if s.kind == reference {
		return b.reference(d, s, version, optional)
	}
	if s.kind == combined {
		if c, done, err := b.simpleCombined(d, s, version, optional); done || err != nil {
			return c, err
		}
	}
	c, err := b.typed(d, s)
	if err != nil {
		return nil, err
	}
	return c, b.common(c, s, version, optional)
}

// common adds what every part may have.
func (b *schemas) common(c *connect.Schema, s *schema, version int, optional bool) error {
	if c.Name == "" {
		c.Name = s.title
	}
	if c.Version = version; s.version != 0 {
		c.Version = s.version
	}
	c.Doc = s.doc
	for _, p := range s.params {
		if i := slices.IndexFunc(c.Parameters, func(q connect.Parameter) bool { return q.Name == p.Name }); i >= 0 {
			c.Parameters[i] = p
		} else {
			c.Parameters = append(c.Parameters, p)
		}
	}
	c.Optional = c.Optional || optional
	if s.fallback == nil || s.fallback.kind == 'n' {
		return nil
	}
	codec, err := jsonconv.NewCodec(c, jsonconv.Dialect{})
	if err != nil {
		return err
	}
	v, err := codec.Read(new(connect.Arena), []byte(s.fallback.json()))
	if err != nil {
		return fmt.Errorf("default %s: %w", short(s.fallback.json()), err)
	}
	c.Default = &v
	return nil
}

func (b *schemas) reference(d *document, s *schema, version int, optional bool) (*connect.Schema, error) {
	target, in, err := d.follow(s)
	if err != nil {
		return nil, err
	}
	m := b.made[target]
	if m == nil {
		if m = b.openWithin(target); m != nil {
			optional = true
		}
	}
	if m == nil {
		return b.schema(in, target, version, optional)
	}
	b.ids++
	m.id = "#id" + strconv.Itoa(b.ids)
	c := &connect.Schema{Type: connect.Struct, Optional: optional || m.union() && m.schema.Optional, Fields: m.schema.Fields, Name: m.schema.Name, Version: m.schema.Version, Doc: m.schema.Doc}
	if m.open {
		m.uses = append(m.uses, c)
	} else {
		c.Parameters = withID(m.schema.Parameters, m.id)
	}
	return c, nil
}

// openWithin returns the struct that becomes of a part which is it or null, while it
// becomes one: it holds itself.
func (b *schemas) openWithin(s *schema) *made {
	if s.kind != combined || s.criterion == "allOf" || len(s.subs) != 2 {
		return nil
	}
	for i, sub := range s.subs {
		if m := b.made[s.subs[1-i]]; sub.kind == null && m != nil && m.open {
			return m
		}
	}
	return nil
}

// union reports whether the struct is a union, which may be null by itself.
func (m *made) union() bool { return jsonconv.IsUnion(m.schema) }

func withID(params []connect.Parameter, id string) []connect.Parameter {
	out := slices.DeleteFunc(slices.Clone(params), func(p connect.Parameter) bool { return p.Name == idParam })
	return append(out, connect.Parameter{Name: idParam, Value: id})
}

// simpleCombined treats what is combined and yet no union.
func (b *schemas) simpleCombined(d *document, s *schema, version int, optional bool) (*connect.Schema, bool, error) {
	if len(s.subs) == 1 && b.rules.FlattenSingletonUnions {
		c, err := b.schema(d, s.subs[0], version, optional)
		return c, true, err
	}
	if s.criterion == "allOf" {
		c, err := b.allOf(d, s, version, optional)
		return c, true, err
	}
	if len(s.subs) != 2 {
		return nil, false, nil
	}
	for i, sub := range s.subs {
		if sub.kind == null {
			c, err := b.schema(d, s.subs[1-i], version, true)
			return c, true, err
		}
	}
	return nil, false, nil
}

// typed returns the schema of a part that is no reference, without what is common.
func (b *schemas) typed(d *document, s *schema) (*connect.Schema, error) {
	switch s.kind {
	case boolean:
		return &connect.Schema{Type: connect.Boolean}, nil
	case numeric:
		t, err := numberType(s)
		return &connect.Schema{Type: t}, err
	case text:
		if s.connectType == "bytes" {
			return &connect.Schema{Type: connect.Bytes}, nil
		}
		return &connect.Schema{Type: connect.String}, nil
	case enum, constant:
		return b.enum(s), nil
	case combined:
		return b.union(d, s)
	case array:
		return b.array(d, s)
	case object:
		return b.object(d, s)
	case empty:
		return nil, errors.New("a schema that allows anything ({} or true) has no Connect type; give it a type")
	default:
		return nil, fmt.Errorf("a schema of the kind %s has no Connect type", kindNames[s.kind])
	}
}

var kindNames = [...]string{"empty", "false", "null", "boolean", "number", "string", "enum", "const", "combined", "array", "object", "$ref", "not or if"}

func numberType(s *schema) (connect.Type, error) {
	switch s.connectType {
	case "":
		if s.integer {
			return connect.Int64, nil
		}
		return connect.Float64, nil
	case "int8":
		return connect.Int8, nil
	case "int16":
		return connect.Int16, nil
	case "int32":
		return connect.Int32, nil
	case "int64":
		return connect.Int64, nil
	case "float32":
		return connect.Float32, nil
	case "float64":
		return connect.Float64, nil
	case "bytes": // a decimal that is written as a number
		return connect.Bytes, nil
	default:
		return 0, fmt.Errorf("connect.type %q is no type of a number", s.connectType)
	}
}

func (b *schemas) enum(s *schema) *connect.Schema {
	param := jsonconv.EnumParam
	if b.rules.GeneralizedSumTypes {
		param = jsonconv.AnyEnumParam
	}
	c := &connect.Schema{Type: connect.String, Parameters: []connect.Parameter{{Name: param}}}
	for i, v := range s.values {
		symbol := v.text
		switch v.kind {
		case 'n':
			symbol = nullSymbol
		case '"', '0':
		default:
			symbol = v.json()
		}
		p := connect.Parameter{Name: param + "." + symbol, Value: symbol}
		if b.rules.GeneralizedSumTypes {
			p.Value = strconv.Itoa(i)
		}
		c.Parameters = append(c.Parameters, p)
	}
	return c
}

func (b *schemas) union(d *document, s *schema) (*connect.Schema, error) {
	c := &connect.Schema{Type: connect.Struct, Name: jsonconv.UnionName}
	prefix := jsonconv.UnionName + ".field."
	if b.rules.GeneralizedSumTypes {
		c.Name = anyUnion + strconv.Itoa(b.unions)
		b.unions++
		c.Parameters = []connect.Parameter{{Name: jsonconv.AnyUnionParam, Value: c.Name}}
		prefix = anyUnionField
	}
	members := slices.DeleteFunc(slices.Clone(s.subs), func(sub *schema) bool { return sub.kind == null })
	c.Optional = len(members) < len(s.subs)
	c.Fields = make([]connect.Field, len(members))
	m := &made{schema: c, open: true}
	b.made[s] = m
	for i, sub := range members {
		name := prefix + strconv.Itoa(i)
		f, err := b.schema(d, sub, 0, true)
		if err != nil {
			return nil, at(err, name)
		}
		c.Fields[i] = connect.Field{Name: name, Schema: f}
	}
	m.close()
	return c, nil
}

func (b *schemas) array(d *document, s *schema) (*connect.Schema, error) {
	if s.items == nil {
		return nil, errors.New("array schema did not specify the items type")
	}
	if s.connectType == "map" && s.items.kind == object {
		var entry [2]*connect.Schema
		for i, name := range []string{"key", "value"} {
			j := slices.IndexFunc(s.items.props, func(p property) bool { return p.name == name })
			if j < 0 {
				return nil, fmt.Errorf("an entry of the map has no property %q", name)
			}
			var err error
			if entry[i], err = b.schema(d, s.items.props[j].schema, 0, false); err != nil {
				return nil, at(err, name)
			}
		}
		return &connect.Schema{Type: connect.Map, Key: entry[0], Elem: entry[1]}, nil
	}
	elem, err := b.schema(d, s.items, 0, false)
	if err != nil {
		return nil, at(err, "[]")
	}
	return &connect.Schema{Type: connect.Array, Elem: elem}, nil
}

func (b *schemas) object(d *document, s *schema) (*connect.Schema, error) {
	if s.connectType == "map" {
		if s.extra == nil {
			return nil, errors.New("a map's schema has no additionalProperties that say what its values are")
		}
		elem, err := b.schema(d, s.extra, 0, false)
		if err != nil {
			return nil, at(err, "{}")
		}
		return &connect.Schema{Type: connect.Map, Key: connect.StringSchema, Elem: elem}, nil
	}
	return b.structOf(s, ordered(s.props), s.required)
}

// ordered puts properties in the order of their connect.index; one without is at
// the place where it stands.
func ordered(props []property) []property {
	out := slices.Clone(props)
	place := make(map[string]int, len(props))
	for i, p := range props {
		if place[p.name] = p.index; p.index < 0 {
			place[p.name] = i
		}
	}
	slices.SortStableFunc(out, func(a, b property) int { return place[a.name] - place[b.name] })
	return out
}

func (b *schemas) structOf(s *schema, props []property, required map[string]bool) (*connect.Schema, error) {
	m := &made{schema: &connect.Schema{Type: connect.Struct, Name: s.title, Fields: make([]connect.Field, len(props))}, open: true}
	b.made[s] = m
	for i, p := range props {
		optional := b.rules.OptionalForNonRequired && !required[p.name]
		f, err := b.schema(p.in, p.schema, 0, optional)
		if err != nil {
			return nil, at(err, p.name)
		}
		m.schema.Fields[i] = connect.Field{Name: p.name, Schema: f}
	}
	m.close()
	return m.schema, nil
}

// close gives the struct and all that refer to it from within its id.
func (m *made) close() {
	m.open = false
	if len(m.uses) == 0 {
		return
	}
	for _, u := range m.uses {
		u.Parameters = withID(m.schema.Parameters, m.id)
	}
	m.schema.Parameters = withID(m.schema.Parameters, m.id)
}
