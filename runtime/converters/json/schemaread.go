// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"bytes"
	"slices"

	"penstock.dev/runtime/connect"
)

// parseSchema reads a schema from its JSON, which must be one well-formed value.
func (r rules) parseSchema(raw []byte) (*node, error) {
	p := &parser{data: bytes.Clone(raw), a: new(connect.Arena), rules: r, left: minFields + fieldsPerByte*len(raw)}
	if err := p.skip(0); err != nil {
		return nil, err
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	s, err := p.schema(span{0, p.pos})
	if err != nil {
		return nil, err
	}
	return compile(s)
}

// attributes are the places of the members of a schema or of one of its fields;
// null and what is not there are the same for most of them.
type attributes map[string]span

func (p *parser) attributes(s span) attributes {
	p.pos = s.start
	if p.next() != '{' {
		return nil
	}
	m := attributes{}
	if p.members(func(name string, s span) { m[name] = s }) != nil {
		return nil
	}
	return m
}

// text returns a member that is a string.
func (p *parser) text(m attributes, name string) (string, bool) {
	s, ok := m[name]
	if !ok || p.data[s.start] != '"' {
		return "", false
	}
	p.pos = s.start
	b, err := p.str()
	return string(b), err == nil
}

func (p *parser) schema(at span) (*connect.Schema, error) {
	m := p.attributes(at)
	name, ok := p.text(m, "type")
	if !ok {
		return nil, javaError("Schema must contain 'type' field")
	}
	t, ok := typeNamed(name)
	if !ok {
		return nil, javaError("Unknown schema type: %s", name)
	}
	s := &connect.Schema{Type: t}
	if err := p.schemaMembers(s, m); err != nil {
		return nil, err
	}
	if o, ok := m["optional"]; ok {
		s.Optional = p.data[o.start] == 't'
	}
	s.Name, _ = p.text(m, "name")
	s.Doc, _ = p.text(m, "doc")
	s.Version = p.version(m)
	if err := p.parameters(s, m); err != nil {
		return nil, err
	}
	return s, p.defaultValue(s, m)
}

func typeNamed(name string) (connect.Type, bool) {
	for t := connect.Int8; t <= connect.Struct; t++ {
		if t.String() == name {
			return t, true
		}
	}
	return 0, false
}

func (p *parser) schemaMembers(s *connect.Schema, m attributes) error {
	var err error
	switch s.Type {
	case connect.Array:
		items, ok := m["items"]
		if !ok || p.isNull(items) {
			return javaError("Array schema did not specify the element type")
		}
		s.Elem, err = p.schema(items)
		return err
	case connect.Map:
		keys, ok := m["keys"]
		if !ok || p.isNull(keys) {
			return javaError("Map schema did not specify the key type")
		}
		values, ok := m["values"]
		if !ok || p.isNull(values) {
			return javaError("Map schema did not specify the value type")
		}
		if s.Key, err = p.schema(keys); err != nil {
			return err
		}
		s.Elem, err = p.schema(values)
		return err
	case connect.Struct:
		return p.schemaFields(s, m)
	default:
		return nil
	}
}

func (p *parser) isNull(s span) bool { return p.data[s.start] == 'n' }

func (p *parser) schemaFields(s *connect.Schema, m attributes) error {
	fields, ok := m["fields"]
	if !ok || p.data[fields.start] != '[' {
		return javaError("Struct schema's \"fields\" argument is not an array.")
	}
	p.pos = fields.start
	spans, err := p.elements()
	if err != nil {
		return err
	}
	for _, f := range spans {
		name, ok := p.text(p.attributes(f), "field")
		if !ok {
			return javaError("Struct schema's field name not specified properly")
		}
		fs, err := p.schema(f)
		if err != nil {
			return at(err, name)
		}
		s.Fields = append(s.Fields, connect.Field{Name: name, Schema: fs})
	}
	return nil
}

// version returns 0 unless the version is an integer.
func (p *parser) version(m attributes) int {
	s, ok := m["version"]
	if !ok || jsonKind(p.data[s.start]) != "NUMBER" {
		return 0
	}
	p.pos = s.start
	num, err := p.number()
	if err != nil || !num.integral {
		return 0
	}
	return int(int32(num.n))
}

func (p *parser) parameters(s *connect.Schema, m attributes) error {
	o, ok := m["parameters"]
	if !ok || p.data[o.start] != '{' {
		return nil
	}
	var names []string
	p.pos = o.start
	if err := p.members(func(name string, _ span) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}); err != nil {
		return err
	}
	params := p.attributes(o)
	for _, name := range names {
		text, ok := p.text(params, name)
		if !ok {
			return javaError("Schema parameters must have string values.")
		}
		s.Parameters = append(s.Parameters, connect.Parameter{Name: name, Value: text})
	}
	return nil
}

// defaultValue reads the default by the schema itself. Null is no default.
func (p *parser) defaultValue(s *connect.Schema, m attributes) error {
	d, ok := m["default"]
	if !ok {
		return nil
	}
	n, err := compile(s)
	if err != nil {
		return err
	}
	p.pos = d.start
	v, err := p.typed(n, 0)
	if err != nil {
		return at(err, "default")
	}
	if !v.IsNull() {
		s.Default = &v
	}
	return nil
}
