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
		if p.err == nil && !known.equal(s, nil) {
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

// equal reports whether both schemas are written with the same JSON.
func (s *schema) equal(o *schema, seen map[pair]bool) bool {
	if s == o || seen[pair{s, o}] {
		return true
	}
	if s == nil || o == nil || !s.alike(o) {
		return false
	}
	if seen == nil {
		seen = map[pair]bool{}
	}
	seen[pair{s, o}] = true
	for i := range s.branches {
		if !s.branches[i].equal(o.branches[i], seen) {
			return false
		}
	}
	for i := range s.fields {
		if !s.fields[i].equal(o.fields[i], seen) {
			return false
		}
	}
	return s.elem.equal(o.elem, seen)
}

// alike compares all but the parts.
func (s *schema) alike(o *schema) bool {
	return s.kind == o.kind && s.name == o.name && s.doc == o.doc && s.fallback == o.fallback && s.size == o.size &&
		len(s.fields) == len(o.fields) && len(s.branches) == len(o.branches) && slices.Equal(s.symbols, o.symbols) &&
		tree{members: s.props}.equal(tree{members: o.props})
}

func (f *field) equal(o *field, seen map[pair]bool) bool {
	return f.name == o.name && f.doc == o.doc && f.order == o.order && f.def.equal(o.def) &&
		tree{members: f.props}.equal(tree{members: o.props}) && f.schema.equal(o.schema, seen)
}
