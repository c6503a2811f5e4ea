// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"errors"
	"fmt"
	"slices"

	"penstock.dev/runtime/connect"
)

// projection makes values of one schema values of another one, by Avro's rules of
// schema resolution. One that refers to itself is a cycle of pointers.
type projection struct {
	op   projectOp
	to   *connect.Schema
	elem *projection
	key  *projection
	// fields are those of the target record.
	fields []projectField
	// branches are what the fields of a union become; nil cannot be read.
	branches []*projection
	place    int             // in the target union
	symbols  map[string]bool // of the target enum
	fallback string
}

type projectOp uint8

const (
	projectSame projectOp = iota
	projectNumber
	projectText
	projectBinary
	projectEnum
	projectRecord
	projectArray
	projectMap
	projectBranches // a union becomes what its branch becomes
	projectWrap     // a value becomes a branch of a union
)

// projectField is a field of the target: one of the source, or a constant.
type projectField struct {
	from     int
	value    *projection
	constant connect.Value
}

// side is an Avro schema and the Connect schema that was made of it.
type side struct {
	s *schema
	c *connect.Schema
}

type projectKey struct{ from, to side }

type projector struct {
	rules
	attempts[projectKey, projection]
}

func (r rules) project(s *schema, c *connect.Schema, to *schema, toC *connect.Schema) (*projection, error) {
	p := projector{rules: r}
	return p.project(side{s, c}, side{to, toC})
}

// inner steps into unions that the Connect schema does not show.
func (p *projector) inner(x side) side {
	for x.s.kind == kUnion && !isUnion(x.c) {
		if _, other, ok := x.s.nullable(); ok {
			x.s = x.s.branches[other]
		} else {
			x.s = x.s.branches[0]
		}
	}
	return x
}

func (p *projector) project(from, to side) (*projection, error) {
	from, to = p.inner(from), p.inner(to)
	n := &projection{to: to.c}
	return p.plan(projectKey{from, to}, n, func() error { return p.fill(n, from, to) })
}

func (p *projector) fill(n *projection, from, to side) error {
	switch {
	case from.s.kind == kUnion:
		return p.branches(n, from, to)
	case to.s.kind == kUnion:
		return p.wrap(n, from, to)
	case from.s.kind == kRecord && to.s.kind == kRecord:
		return p.record(n, from, to)
	case from.s.kind == kArray && to.s.kind == kArray && from.c.Type == to.c.Type:
		if from.c.Type == connect.Map {
			return p.entries(n, from, to)
		}
		n.op = projectArray
		var err error
		n.elem, err = p.project(side{from.s.elem, from.c.Elem}, side{to.s.elem, to.c.Elem})
		return at(err, "[]")
	case from.s.kind == kMap && to.s.kind == kMap:
		n.op = projectMap
		var err error
		n.elem, err = p.project(side{from.s.elem, from.c.Elem}, side{to.s.elem, to.c.Elem})
		return at(err, "{}")
	default:
		return n.scalar(from, to)
	}
}

func (p *projector) entries(n *projection, from, to side) (err error) {
	n.op = projectMap
	part := func(name string, c, toC *connect.Schema) (*projection, error) {
		f, t := from.s.elem.field(name), to.s.elem.field(name)
		made, err := p.project(side{from.s.elem.fields[f].schema, c}, side{to.s.elem.fields[t].schema, toC})
		return made, at(err, "{}")
	}
	if n.key, err = part(keyField, from.c.Key, to.c.Key); err != nil {
		return err
	}
	n.elem, err = part(valueField, from.c.Elem, to.c.Elem)
	return err
}

// branches projects each branch; one that cannot be read is an error when it comes.
func (p *projector) branches(n *projection, from, to side) error {
	n.op = projectBranches
	n.branches = make([]*projection, len(from.c.Fields))
	place, some := 0, false
	for _, b := range from.s.branches {
		if b.kind == kNull {
			continue
		}
		made, err := p.project(side{b, from.c.Fields[place].Schema}, to)
		if err == nil {
			n.branches[place], some = made, true
		}
		place++
	}
	if !some {
		return fmt.Errorf("no branch of the union can be read as %s", to.s.typeName())
	}
	return nil
}

// wrap finds the branch of a union that can read a type: one of the same name, or else
// the first.
func (p *projector) wrap(n *projection, from, to side) error {
	n.op = projectWrap
	for _, strict := range []bool{true, false} {
		place := -1
		for _, b := range to.s.branches {
			if b.kind == kNull {
				continue
			}
			place++
			if strict && b.typeName() != from.s.typeName() {
				continue
			}
			if made, err := p.project(from, side{b, to.c.Fields[place].Schema}); err == nil {
				n.elem, n.place = made, place
				return nil
			}
		}
	}
	return fmt.Errorf("no branch of the union can read %s", from.s.typeName())
}

func (p *projector) record(n *projection, from, to side) error {
	n.op = projectRecord
	if !sameName(from.s, to.s) {
		return unreadable(from, to)
	}
	n.fields = make([]projectField, len(to.s.fields))
	for i, f := range to.s.fields {
		out := projectField{from: from.s.field(f.name)}
		for _, alias := range f.aliases {
			if out.from < 0 {
				out.from = from.s.field(alias)
			}
		}
		var err error
		toC := to.c.Fields[i].Schema
		switch {
		case out.from >= 0:
			out.value, err = p.project(side{from.s.fields[out.from].schema, from.c.Fields[out.from].Schema}, side{f.schema, toC})
		case f.def.kind == jsonNone:
			err = errors.New("the record has no such field, and there is no default for it")
		default:
			out.constant, err = p.readDefault(toC, f.schema, f.def)
		}
		if err != nil {
			return at(err, f.name)
		}
		n.fields[i] = out
	}
	return nil
}

// sameName compares without the namespace, as Java does.
func sameName(from, to *schema) bool {
	_, a := splitName(from.name)
	_, b := splitName(to.name)
	return a == b || slices.Contains(to.aliases, from.name)
}

func unreadable(from, to side) error {
	return fmt.Errorf("%s cannot be read as %s", from.s.typeName(), to.s.typeName())
}

func (n *projection) scalar(from, to side) error {
	f, t := from.s.kind, to.s.kind
	switch {
	case f == t && from.s.named():
		return n.named(from, to)
	case f == t && f < kRecord:
		if from.c.Type != to.c.Type {
			n.op = projectNumber
		}
	case promotes(f, t):
		n.op = projectNumber
	case f == kBytes && t == kString:
		n.op = projectText
	case f == kString && t == kBytes:
		n.op = projectBinary
	default:
		return unreadable(from, to)
	}
	return nil
}

// named is for an enum and a fixed.
func (n *projection) named(from, to side) error {
	if !sameName(from.s, to.s) || from.s.size != to.s.size {
		return unreadable(from, to)
	}
	if from.s.kind == kEnum {
		n.op, n.fallback, n.symbols = projectEnum, to.s.fallback, map[string]bool{}
		for _, symbol := range to.s.symbols {
			n.symbols[symbol] = true
		}
	}
	return nil
}

// promotes reports whether a number of one type is read as one of another.
func promotes(f, t kind) bool {
	return f >= kInt && t <= kDouble && f < t
}

// apply returns the value in the other schema, in memory of a.
func (n *projection) apply(a *connect.Arena, v connect.Value) (connect.Value, error) {
	if v.IsNull() {
		if n.to.Optional {
			return v, nil
		}
		if n.to.Default != nil {
			return *n.to.Default, nil
		}
		return v, errors.New("a null cannot be read, because the latest schema does not allow it")
	}
	switch n.op {
	case projectRecord:
		return n.record(a, v)
	case projectArray:
		out := a.Values(v.Len())
		for i, item := range v.Items() {
			var err error
			if out[i], err = n.elem.apply(a, item); err != nil {
				return v, at(err, "[]")
			}
		}
		return connect.ArrayValue(out), nil
	case projectMap:
		return n.entries(a, v)
	case projectBranches:
		for i, item := range v.Items() {
			if item.IsNull() {
				continue
			}
			if n.branches[i] == nil {
				return v, errors.New("this branch of the union cannot be read with the latest schema")
			}
			return n.branches[i].apply(a, item)
		}
		return v, errNull
	case projectWrap:
		out := a.Values(len(n.to.Fields))
		var err error
		out[n.place], err = n.elem.apply(a, v)
		return connect.StructValue(out), err
	default:
		return n.single(v)
	}
}

func (n *projection) single(v connect.Value) (connect.Value, error) {
	switch n.op {
	case projectNumber:
		return n.number(v)
	case projectText:
		return connect.StringOf(v.Bytes()), nil
	case projectBinary:
		return connect.BytesValue(v.Bytes()), nil
	case projectEnum:
		switch {
		case n.symbols[v.Str()]:
			return v, nil
		case n.fallback != "":
			return connect.StringValue(n.fallback), nil
		default:
			return v, fmt.Errorf("the latest schema has no symbol %q", v.Str())
		}
	default:
		return v, nil
	}
}

func (n *projection) number(v connect.Value) (connect.Value, error) {
	switch t := n.to.Type; t {
	case connect.Float32:
		return connect.Float32Value(float32(numeric(v))), nil
	case connect.Float64:
		return connect.Float64Value(numeric(v)), nil
	default:
		if width := 8 << (t - connect.Int8); v.Int()>>(width-1) != v.Int()>>63 {
			return v, fmt.Errorf("the number %d does not fit in %d bits", v.Int(), width)
		}
		return connect.IntValue(t, v.Int()), nil
	}
}

func (n *projection) record(a *connect.Arena, v connect.Value) (connect.Value, error) {
	out := a.Values(len(n.fields))
	items := v.Items()
	for i, f := range n.fields {
		if f.value == nil {
			out[i] = f.constant
			continue
		}
		var err error
		if out[i], err = f.value.apply(a, items[f.from]); err != nil {
			return v, at(err, n.to.Fields[i].Name)
		}
	}
	return connect.StructValue(out), nil
}

func (n *projection) entries(a *connect.Arena, v connect.Value) (connect.Value, error) {
	out := a.Entries(v.Len())
	for i, e := range v.Entries() {
		var err error
		out[i].Key = e.Key
		if n.key != nil {
			if out[i].Key, err = n.key.apply(a, e.Key); err != nil {
				return v, at(err, "{}")
			}
		}
		if out[i].Value, err = n.elem.apply(a, e.Value); err != nil {
			return v, at(err, "{}")
		}
	}
	return connect.MapValue(out), nil
}
