// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"
	"strconv"
	"strings"
)

// parser reads Avro schemas. It keeps the named types, so that a later schema may
// refer to those of an earlier one. It is as lenient as Confluent's client is with
// schemas that the registry has: names and defaults are not checked.
type parser struct{ types map[string]*schema }

func newParser() *parser { return &parser{types: map[string]*schema{}} }

// parse reads a schema from JSON, or a bare name of a type as old clients have
// registered it.
func (p *parser) parse(data string) (*schema, error) {
	if s, ok := p.lookup(strings.TrimSpace(data), ""); ok {
		return s, nil
	}
	t, err := parseTree(data)
	if err != nil {
		return nil, fmt.Errorf("the Avro schema is no JSON: %w", err)
	}
	return p.schema(t, "", 0)
}

func (p *parser) schema(t tree, space string, depth int) (*schema, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("the Avro schema: %w", errNesting)
	}
	switch t.kind {
	case jsonString:
		if s, ok := p.lookup(t.text, space); ok {
			return s, nil
		}
		return nil, fmt.Errorf("the Avro schema refers to the type %q, which is not defined", t.text)
	case jsonArray:
		return p.union(t, space, depth)
	case jsonObject:
		return p.object(t, space, depth)
	default:
		return nil, fmt.Errorf("the Avro schema holds %s where a type should be", treeKinds[t.kind])
	}
}

// lookup finds a type by its name: one without dots is looked for in the enclosing
// namespace first.
func (p *parser) lookup(name, space string) (*schema, bool) {
	for k := kNull; k <= kString; k++ {
		if k.String() == name {
			return primitive(k), true
		}
	}
	if !strings.Contains(name, ".") && space != "" {
		if s, ok := p.types[joinName(space, name)]; ok {
			return s, true
		}
	}
	s, ok := p.types[strings.TrimPrefix(name, ".")]
	return s, ok
}

func (p *parser) union(t tree, space string, depth int) (*schema, error) {
	s := &schema{kind: kUnion}
	seen := map[string]bool{}
	for _, item := range t.items {
		b, err := p.schema(item, space, depth+1)
		if err != nil {
			return nil, err
		}
		switch {
		case b.kind == kUnion:
			return nil, fmt.Errorf("the Avro schema has a union in a union")
		case seen[b.typeName()]:
			return nil, fmt.Errorf("the Avro schema has a union with two branches of type %s", b.typeName())
		}
		seen[b.typeName()] = true
		s.branches = append(s.branches, b)
	}
	return s, nil
}

// own are the attributes that are no properties, for each kind.
var own = map[kind]string{
	kRecord: " type name namespace doc fields aliases ",
	kEnum:   " type name namespace doc symbols default aliases ",
	kFixed:  " type name namespace doc size aliases ",
	kArray:  " type items ",
	kMap:    " type values ",
}

func (p *parser) object(t tree, space string, depth int) (*schema, error) {
	typ := t.get("type")
	if !typ.isString() {
		if typ.kind == jsonNone {
			return nil, fmt.Errorf("the Avro schema has an object without a type")
		}
		return p.schema(typ, space, depth+1)
	}
	s, err := p.begin(t, typ.text, space)
	if err != nil || isReference(s, typ.text) {
		return s, err
	}
	switch s.kind {
	case kRecord:
		err = p.fields(s, t, depth)
	case kEnum:
		err = s.enum(t)
	case kFixed:
		err = s.fixed(t)
	case kArray:
		s.elem, err = p.required(t, "items", space, depth)
	case kMap:
		s.elem, err = p.required(t, "values", space, depth)
	}
	return s, err
}

// isReference reports whether an object only repeats the name of a type.
func isReference(s *schema, typ string) bool {
	switch typ {
	case "record", "error", "enum", "fixed", "array", "map":
		return false
	default:
		return s.named()
	}
}

// begin makes the schema of an object and defines it.
func (p *parser) begin(t tree, typ, space string) (*schema, error) {
	s := &schema{}
	switch typ {
	case "record", "error":
		s.kind = kRecord
	case "enum":
		s.kind = kEnum
	case "fixed":
		s.kind = kFixed
	case "array":
		s.kind = kArray
	case "map":
		s.kind = kMap
	default:
		found, ok := p.lookup(typ, space)
		if !ok {
			return nil, fmt.Errorf("the Avro schema refers to the type %q, which is not defined", typ)
		}
		if found.named() {
			return found, nil
		}
		s = found
	}
	attributes := own[s.kind]
	if attributes == "" {
		attributes = " type "
	}
	for _, m := range t.members {
		if !strings.Contains(attributes, " "+m.name+" ") {
			s.props = append(s.props, m)
		}
	}
	if !s.named() {
		return s, nil
	}
	return s, p.define(s, t, space)
}

func (p *parser) define(s *schema, t tree, space string) error {
	name := t.get("name")
	if !name.isString() || name.text == "" {
		return fmt.Errorf("the Avro schema has a %s without a name", s.kind)
	}
	if strings.Contains(name.text, ".") {
		s.name = strings.TrimPrefix(name.text, ".")
	} else {
		if ns := t.get("namespace"); ns.isString() {
			space = ns.text
		}
		s.name = joinName(space, name.text)
	}
	s.doc, s.hasDoc = t.textOf("doc")
	own, _ := splitName(s.name)
	s.aliases = aliases(t, own)
	if _, ok := p.types[s.name]; ok {
		return fmt.Errorf("the Avro schema defines %s twice", s.name)
	}
	p.types[s.name] = s
	return nil
}

func aliases(t tree, space string) (names []string) {
	for _, a := range t.get("aliases").items {
		switch {
		case !a.isString():
		case strings.Contains(a.text, "."):
			names = append(names, a.text)
		default:
			names = append(names, joinName(space, a.text))
		}
	}
	return names
}

func (p *parser) required(t tree, name, space string, depth int) (*schema, error) {
	if t.get(name).kind == jsonNone {
		return nil, fmt.Errorf("the Avro schema has an object without %s", name)
	}
	return p.schema(t.get(name), space, depth+1)
}

func (s *schema) enum(t tree) error {
	seen := map[string]bool{}
	for _, item := range t.get("symbols").items {
		if !item.isString() || seen[item.text] {
			return fmt.Errorf("the Avro enum %s has a symbol that is no text, or one twice", s.name)
		}
		seen[item.text] = true
		s.symbols = append(s.symbols, item.text)
	}
	s.fallback, _ = t.textOf("default")
	return nil
}

func (s *schema) fixed(t tree) error {
	n, err := strconv.ParseInt(t.get("size").text, 10, 31)
	if err != nil || n < 0 || t.get("size").kind != jsonNumber {
		return fmt.Errorf("the Avro type fixed %s has no valid size", s.name)
	}
	s.size = int(n)
	return nil
}

const fieldAttributes = " type name doc default order aliases "

func (p *parser) fields(s *schema, t tree, depth int) error {
	if t.get("fields").kind != jsonArray {
		return fmt.Errorf("the Avro record %s has no fields", s.name)
	}
	space, _ := splitName(s.name)
	seen := map[string]bool{}
	for _, item := range t.get("fields").items {
		name := item.get("name")
		if !name.isString() || seen[name.text] {
			return fmt.Errorf("the Avro record %s has a field without a name, or two of one name", s.name)
		}
		seen[name.text] = true
		typ, err := p.required(item, "type", space, depth)
		if err != nil {
			return err
		}
		f := &field{name: name.text, schema: typ, def: item.get("default"), aliases: aliases(item, "")}
		f.order, _ = item.textOf("order")
		f.doc, f.hasDoc = item.textOf("doc")
		for _, m := range item.members {
			if !strings.Contains(fieldAttributes, " "+m.name+" ") {
				f.props = append(f.props, m)
			}
		}
		s.fields = append(s.fields, f)
	}
	return nil
}
