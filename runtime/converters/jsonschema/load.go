// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"penstock.dev/runtime/connect"
)

// kind says what a part of a schema is about. What is about several kinds at once
// becomes an allOf of them, as in the library that Confluent uses.
type kind uint8

const (
	empty kind = iota // anything
	never
	null
	boolean
	numeric
	text
	enum
	constant
	combined
	array
	object
	reference
	other // not, if
)

// schema is a part of a JSON schema.
type schema struct {
	kind       kind
	title, doc string
	fallback   *value // the default
	// What Connect keeps in properties of its own.
	connectType string
	index       int // -1 is none
	version     int
	params      []connect.Parameter

	integer   bool   // of numbers
	format    bool   // of texts: a format is given
	criterion string // oneOf, anyOf, allOf
	subs      []*schema
	items     *schema
	props     []property
	required  map[string]bool
	extra     *schema // of additional properties
	closed    bool    // no additional properties are allowed
	values    []*value
	ref       string
}

type property struct {
	name string
	*schema
	in *document
}

// document is a schema's text with those that it refers to.
type document struct {
	root   *value
	base   *url.URL
	others map[string]*document // by their URLs and names
	loaded map[*value]*schema
}

// open parses a schema and what it needs, by the names by which it refers to them.
func open(text string, needs map[string]string) (*document, error) {
	d, err := openOne(text, nil)
	if err != nil {
		return nil, err
	}
	for name, text := range needs {
		o, err := openOne(text, d.resolve(name))
		if err != nil {
			return nil, fmt.Errorf("%s, to which the schema refers: %w", name, err)
		}
		d.others[name] = o
		d.others[withoutFragment(d.resolve(name))] = o
		if id := o.root.str("$id"); id != "" {
			d.others[id] = o
		}
	}
	for _, o := range d.others {
		o.others = d.others
	}
	return d, nil
}

func openOne(text string, base *url.URL) (*document, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	d := &document{root: root, base: base, others: map[string]*document{}, loaded: map[*value]*schema{}}
	if id := root.str("$id"); id != "" {
		if u, err := url.Parse(id); err == nil {
			d.base = u
			if base != nil {
				d.base = base.ResolveReference(u)
			}
		}
	}
	return d, nil
}

func (d *document) resolve(ref string) *url.URL {
	u, err := url.Parse(ref)
	if err != nil {
		return &url.URL{Path: ref}
	}
	if d.base != nil {
		return d.base.ResolveReference(u)
	}
	return u
}

func withoutFragment(u *url.URL) string {
	c := *u
	c.Fragment, c.RawFragment = "", ""
	return c.String()
}

// load loads the whole schema.
func (d *document) load() (*schema, error) { return d.schema(d.root) }

// schema loads a part; the same part is the same schema.
func (d *document) schema(v *value) (*schema, error) {
	if s, ok := d.loaded[v]; ok {
		return s, nil
	}
	switch {
	case v.kind == 't' && v.truth:
		return &schema{kind: empty, index: -1}, nil
	case v.kind == 't':
		return &schema{kind: never, index: -1}, nil
	case v.kind != '{':
		return nil, fmt.Errorf("%s stands where a schema is expected", short(v.json()))
	}
	s := &schema{index: -1}
	d.loaded[v] = s
	if err := d.fill(s, v); err != nil {
		return nil, err
	}
	return s, s.common(v)
}

func short(text string) string {
	const show = 60
	if len(text) > show {
		return text[:show] + "..."
	}
	return text
}

// fill finds what a part is about.
func (d *document) fill(s *schema, v *value) error {
	if ref := v.get("$ref"); ref != nil {
		if ref.kind != '"' {
			return fmt.Errorf("$ref is no text")
		}
		s.kind, s.ref = reference, ref.text
		return nil
	}
	parts, err := d.extract(v)
	if err != nil {
		return err
	}
	switch len(parts) {
	case 0:
		s.kind = empty
	case 1:
		*s = *parts[0]
	default:
		s.kind, s.criterion, s.subs = combined, "allOf", parts
	}
	return nil
}

// extract returns a schema for each kind of keyword that a part has, in the order in
// which the library that Confluent uses finds them.
func (d *document) extract(v *value) ([]*schema, error) {
	var parts []*schema
	if e := v.get("enum"); e != nil && e.kind == '[' {
		parts = append(parts, &schema{kind: enum, values: e.items, index: -1})
	}
	for _, c := range []string{"allOf", "anyOf", "oneOf"} {
		if list := v.get(c); list != nil && list.kind == '[' {
			subs, err := d.all(list.items)
			if err != nil {
				return nil, err
			}
			parts = append(parts, &schema{kind: combined, criterion: c, subs: subs, index: -1})
		}
	}
	if v.get("not") != nil || v.get("if") != nil {
		parts = append(parts, &schema{kind: other, index: -1})
	}
	if c := v.get("const"); c != nil {
		parts = append(parts, &schema{kind: constant, values: []*value{c}, index: -1})
	}
	typed, err := d.typed(v)
	if err == nil && typed != nil {
		typed.index = -1
		parts = append(parts, typed)
	}
	return parts, err
}

func (d *document) all(values []*value) ([]*schema, error) {
	out := make([]*schema, len(values))
	for i, v := range values {
		var err error
		if out[i], err = d.schema(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// typed loads what the keyword type says, or else what the other keywords are
// about; nil is nothing.
func (d *document) typed(v *value) (*schema, error) {
	t := v.get("type")
	switch {
	case t == nil:
		for _, sniff := range sniffed {
			if slices.ContainsFunc(sniff.keywords, func(k string) bool { return v.get(k) != nil }) {
				return d.ofType(v, sniff.typ)
			}
		}
		return nil, nil
	case t.kind == '"':
		return d.ofType(v, t.text)
	case t.kind != '[':
		return nil, fmt.Errorf("type is neither a text nor a list")
	}
	p := &schema{kind: combined, criterion: "anyOf"}
	for _, item := range t.items {
		sub, err := d.ofType(v, item.text)
		if err != nil {
			return nil, err
		}
		sub.index = -1
		p.subs = append(p.subs, sub)
	}
	return p, nil
}

var sniffed = []struct {
	typ      string
	keywords []string
}{
	{"object", []string{"properties", "required", "minProperties", "maxProperties", "dependencies", "patternProperties", "additionalProperties", "propertyNames"}},
	{"array", []string{"items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"}},
	{"string", []string{"minLength", "maxLength", "pattern", "format"}},
	{"number", []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}},
}

func (d *document) ofType(v *value, typ string) (*schema, error) {
	s := &schema{connectType: v.str("connect.type")}
	var err error
	switch typ {
	case "null":
		s.kind = null
	case "boolean":
		s.kind = boolean
	case "integer", "number":
		s.kind, s.integer = numeric, typ == "integer"
	case "string":
		s.kind, s.format = text, v.get("format") != nil
	case "array":
		s.kind = array
		if items := v.get("items"); items != nil && items.kind != '[' {
			s.items, err = d.schema(items)
		}
	case "object":
		s.kind = object
		err = d.object(s, v)
	default:
		err = fmt.Errorf("unknown type %q", typ)
	}
	return s, err
}

func (d *document) object(s *schema, v *value) error {
	if props := v.get("properties"); props != nil {
		for _, m := range props.members {
			p, err := d.schema(m.value)
			if err != nil {
				return fmt.Errorf("property %s: %w", m.name, err)
			}
			s.props = append(s.props, property{m.name, p, d})
		}
	}
	s.required = map[string]bool{}
	if list := v.get("required"); list != nil {
		for _, item := range list.items {
			s.required[item.text] = true
		}
	}
	extra := v.get("additionalProperties")
	if extra == nil {
		return nil
	}
	if extra.kind == 't' {
		s.closed = !extra.truth
		return nil
	}
	var err error
	s.extra, err = d.schema(extra)
	return err
}

// common reads what every part may have.
func (s *schema) common(v *value) error {
	s.title, s.doc = v.str("title"), v.str("description")
	s.connectType = v.str("connect.type")
	s.fallback = v.get("default")
	s.index = -1
	var err error
	if n := v.get("connect.index"); n != nil {
		if s.index, err = strconv.Atoi(n.text); err != nil {
			return fmt.Errorf("connect.index is no integer")
		}
	}
	if n := v.get("connect.version"); n != nil {
		if s.version, err = strconv.Atoi(n.text); err != nil {
			return fmt.Errorf("connect.version is no integer")
		}
	}
	if p := v.get("connect.parameters"); p != nil {
		for _, m := range p.members {
			text := m.text
			if m.kind != '"' {
				text = m.json()
			}
			s.params = append(s.params, connect.Parameter{Name: m.name, Value: text})
		}
	}
	return nil
}
