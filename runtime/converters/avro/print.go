// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"
	"slices"
	"strconv"

	"penstock.dev/runtime/javajson"
)

// printer writes a schema as org.apache.avro.Schema.toString does. A type that was
// written is referred to by its name.
type printer struct {
	out   []byte
	space string
	types map[string]*schema
	err   error
}

// print returns the JSON of the schema. The error is that of two different types of
// one name.
func (s *schema) print() (string, error) {
	p := printer{types: map[string]*schema{}}
	p.schema(s)
	return string(p.out), p.err
}

func (p *printer) raw(s string)    { p.out = append(p.out, s...) }
func (p *printer) string(s string) { p.out = javajson.AppendString(p.out, s) }

func (p *printer) member(name, value string) {
	p.raw(`,"` + name + `":`)
	p.string(value)
}

func (p *printer) schema(s *schema) {
	switch s.kind {
	case kUnion:
		p.list(len(s.branches), func(i int) { p.schema(s.branches[i]) })
	case kRecord, kEnum, kFixed:
		p.named(s)
	case kArray, kMap:
		name := "items"
		if s.kind == kMap {
			name = "values"
		}
		p.raw(`{"type":"` + s.kind.String() + `","` + name + `":`)
		p.schema(s.elem)
		p.end(s)
	default:
		if len(s.props) == 0 {
			p.string(s.kind.String())
			return
		}
		p.raw(`{"type":"` + s.kind.String() + `"`)
		p.end(s)
	}
}

func (p *printer) list(n int, item func(i int)) {
	p.raw("[")
	for i := range n {
		if i > 0 {
			p.raw(",")
		}
		item(i)
	}
	p.raw("]")
}

func (p *printer) end(s *schema) { p.out = appendMembers(p.out, s.props, true) }

func (p *printer) named(s *schema) {
	space, name := splitName(s.name)
	if known, ok := p.types[s.name]; ok {
		if p.err == nil && !known.alike(s) {
			p.err = fmt.Errorf("the schema has two different types of the name %s; give them different names", s.name)
		}
		if space == p.space {
			p.string(name)
		} else {
			p.string(s.name)
		}
		return
	}
	p.types[s.name] = s
	p.raw(`{"type":"` + s.kind.String() + `"`)
	p.member("name", name)
	if space != p.space {
		p.member("namespace", space)
	}
	if s.hasDoc {
		p.member("doc", s.doc)
	}
	outer := p.space
	p.space = space
	p.content(s)
	p.space = outer
	p.out = appendMembers(p.out, s.props, true)
	if len(s.aliases) > 0 {
		p.out = p.out[:len(p.out)-1]
		p.aliases(s.aliases, space)
		p.raw("}")
	}
}

func (p *printer) content(s *schema) {
	switch s.kind {
	case kRecord:
		p.raw(`,"fields":`)
		p.list(len(s.fields), func(i int) { p.field(s.fields[i]) })
	case kEnum:
		p.raw(`,"symbols":`)
		p.list(len(s.symbols), func(i int) { p.string(s.symbols[i]) })
		if s.fallback != "" {
			p.member("default", s.fallback)
		}
	case kFixed:
		p.raw(`,"size":` + strconv.Itoa(s.size))
	}
}

func (p *printer) field(f *field) {
	p.raw(`{"name":`)
	p.string(f.name)
	p.raw(`,"type":`)
	p.schema(f.schema)
	if f.hasDoc {
		p.member("doc", f.doc)
	}
	if f.def.kind != jsonNone {
		p.raw(`,"default":`)
		p.out = f.def.append(p.out)
	}
	if f.order != "" && f.order != "ascending" {
		p.member("order", f.order)
	}
	if len(f.aliases) > 0 {
		p.aliases(f.aliases, "")
	}
	p.out = appendMembers(p.out, f.props, true)
}

func (p *printer) aliases(names []string, space string) {
	p.raw(`,"aliases":`)
	p.list(len(names), func(i int) {
		if own, name := splitName(names[i]); own == space {
			p.string(name)
		} else {
			p.string(names[i])
		}
	})
}

// pair is two schemas that are being compared.
type pair struct{ a, b *schema }

// comparison compares schemas: all of them, or only what their data depends on.
type comparison struct {
	all  bool
	seen map[pair]bool
}

// equal reports whether both schemas are written with the same JSON.
func (s *schema) equal(o *schema) bool {
	return comparison{true, map[pair]bool{}}.schemas(s, o)
}

// alike reports whether data of one schema is data of the other one.
func (s *schema) alike(o *schema) bool {
	return comparison{false, map[pair]bool{}}.schemas(s, o)
}

func (c comparison) schemas(a, b *schema) bool {
	if a == b || c.seen[pair{a, b}] {
		return true
	}
	if a == nil || b == nil || !c.own(a, b) {
		return false
	}
	c.seen[pair{a, b}] = true
	for i := range a.branches {
		if !c.schemas(a.branches[i], b.branches[i]) {
			return false
		}
	}
	for i := range a.fields {
		if !c.fields(a.fields[i], b.fields[i]) {
			return false
		}
	}
	return c.schemas(a.elem, b.elem)
}

// own compares all but the parts.
func (c comparison) own(a, b *schema) bool {
	if a.kind != b.kind || a.name != b.name || a.size != b.size || len(a.fields) != len(b.fields) ||
		len(a.branches) != len(b.branches) || !slices.Equal(a.symbols, b.symbols) {
		return false
	}
	return !c.all || a.doc == b.doc && a.fallback == b.fallback && sameMembers(a.props, b.props)
}

func (c comparison) fields(a, b *field) bool {
	return a.name == b.name && c.schemas(a.schema, b.schema) &&
		(!c.all || a.doc == b.doc && a.order == b.order && a.def.equal(b.def) && sameMembers(a.props, b.props))
}

func sameMembers(a, b []member) bool { return tree{members: a}.equal(tree{members: b}) }
