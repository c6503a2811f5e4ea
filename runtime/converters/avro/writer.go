// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"errors"
	"fmt"

	"penstock.dev/runtime/connect"
)

// writer is a Connect schema made ready to write its values in an Avro schema: the
// one that was made of it, or another one, whose fields are found by their names. One
// that refers to itself is a cycle of pointers.
type writer struct {
	op     op
	schema *connect.Schema
	size   int // of a fixed
	// decimal says that bytes are a number.
	decimal bool
	// null and branch are the places of null and of the value in a union; null -1 is
	// none.
	null, branch int
	elem, key    *writer
	swapped      bool
	fields       []writerField // of a record, in Avro's order
	branches     []writerBranch
	symbols      map[string]int
}

// writerField is a field of a record.
type writerField struct {
	name   string
	writer *writer
	// place is that among the fields of the Struct; -1 if it has none, and constant is
	// written.
	place    int
	constant []byte
}

// writerBranch is what one field of a Connect union is written as.
type writerBranch struct {
	branch int
	writer *writer
}

type writerKey struct {
	from *connect.Schema
	to   *schema
}

type writers struct {
	rules
	attempts[writerKey, writer]
}

// writer returns the writer of values of c in the Avro schema s.
func (r rules) writer(c *connect.Schema, s *schema) (*writer, error) {
	k := writers{rules: r}
	return k.writer(c, s)
}

func (k *writers) writer(c *connect.Schema, s *schema) (*writer, error) {
	n := &writer{schema: c, null: -1}
	return k.plan(writerKey{c, s}, n, func() error { return k.fill(n, c, s) })
}

func (k *writers) fill(n *writer, c *connect.Schema, s *schema) error {
	if s.kind == kUnion {
		return k.union(n, c, s)
	}
	switch c.Type {
	case connect.Struct:
		if isUnion(c) || s.kind != kRecord {
			return mismatch(c, s)
		}
		return k.record(n, c, s)
	case connect.Array:
		if s.kind != kArray {
			return mismatch(c, s)
		}
		n.op = opArray
		var err error
		n.elem, err = k.writer(c.Elem, s.elem)
		return at(err, "[]")
	case connect.Map:
		return at(k.entries(n, c, s), "{}")
	default:
		return n.simple(c, s)
	}
}

func mismatch(c *connect.Schema, s *schema) error {
	return fmt.Errorf("a value of type %s cannot be written as %s", c.Type, s.typeName())
}

func (k *writers) entries(n *writer, c *connect.Schema, s *schema) (err error) {
	switch {
	case s.kind == kMap && c.Key.Type == connect.String:
		n.op = opMap
		n.elem, err = k.writer(c.Elem, s.elem)
		return err
	case s.kind == kArray && isEntry(s.elem) && len(s.elem.fields) == 2 && s.elem.field(keyField) >= 0 && s.elem.field(valueField) >= 0:
		n.op, n.swapped = opEntries, s.elem.field(valueField) == 0
		if n.key, err = k.writer(c.Key, s.elem.fields[s.elem.field(keyField)].schema); err != nil {
			return err
		}
		n.elem, err = k.writer(c.Elem, s.elem.fields[s.elem.field(valueField)].schema)
		return err
	default:
		return mismatch(c, s)
	}
}

func (k *writers) record(n *writer, c *connect.Schema, s *schema) error {
	n.op = opRecord
	places := make(map[string]int, len(c.Fields))
	for i, f := range c.Fields {
		places[k.scrub(f.Name)] = i
	}
	n.fields = make([]writerField, len(s.fields))
	for i, f := range s.fields {
		out := writerField{name: f.name, place: -1}
		var err error
		if place, ok := places[f.name]; ok {
			out.place = place
			out.name = c.Fields[place].Name
			out.writer, err = k.writer(c.Fields[place].Schema, f.schema)
		} else if f.def.kind == jsonNone {
			err = errors.New("the record has no such field, and the schema with which it is written has no default for it")
		} else {
			out.constant, err = appendDefault(nil, f.schema, f.def)
		}
		if err != nil {
			return at(err, f.name)
		}
		n.fields[i] = out
	}
	return nil
}

func (k *writers) union(n *writer, c *connect.Schema, s *schema) error {
	for i, b := range s.branches {
		if b.kind == kNull {
			n.null = i
		}
	}
	if isUnion(c) {
		return k.branches(n, c, s)
	}
	n.op = opOptional
	err := mismatch(c, s)
	for _, strict := range []bool{true, false} {
		for i, b := range s.branches {
			if b.kind == kNull || strict && k.widens(c, b) {
				continue
			}
			elem, wrong := k.writer(c, b)
			if wrong == nil {
				n.elem, n.branch = elem, i
				return nil
			}
			if len(s.branches) <= 2 {
				err = wrong
			}
		}
	}
	return err
}

// widens reports whether a branch is a wider number or a record of another name: one
// that is taken only if no other can be.
func (k *writers) widens(c *connect.Schema, b *schema) bool {
	if b.kind == kRecord {
		return b.name != k.scrubFull(c.Name)
	}
	own, ok := numberKinds[c.Type]
	return ok && own != b.kind
}

// branches finds the branch for each field of a Connect union: that of its name, or
// else the first that can take it.
func (k *writers) branches(n *writer, c *connect.Schema, s *schema) error {
	n.op = opUnion
	n.branches = make([]writerBranch, len(c.Fields))
	for i, f := range c.Fields {
		found := -1
		for j, b := range s.branches {
			if b.kind != kNull && (k.branchField(b, j) == f.Name || k.branchField(b, j) == k.scrubFull(f.Name)) {
				found = j
			}
		}
		for j, b := range s.branches {
			if found >= 0 || b.kind == kNull {
				continue
			}
			if _, err := k.writer(f.Schema, b); err == nil {
				found = j
			}
		}
		if found < 0 {
			return at(mismatch(f.Schema, s), f.Name)
		}
		w, err := k.writer(f.Schema, s.branches[found])
		if err != nil {
			return at(err, f.Name)
		}
		n.branches[i] = writerBranch{found, w}
	}
	return nil
}

func (n *writer) simple(c *connect.Schema, s *schema) error {
	n.op = opNull
	switch c.Type {
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64, connect.Float32, connect.Float64:
		if own := numberKinds[c.Type]; own == s.kind || promotes(own, s.kind) {
			n.op = numberOps[s.kind]
		}
		if n.op == opInt && c.Name == connect.TimeName {
			n.op = opTime
		}
	case connect.Boolean:
		if s.kind == kBoolean {
			n.op = opBoolean
		}
	case connect.String:
		n.text(s)
	case connect.Bytes:
		n.binary(c, s)
	}
	if n.op == opNull {
		return mismatch(c, s)
	}
	return nil
}

var numberKinds = map[connect.Type]kind{
	connect.Int8: kInt, connect.Int16: kInt, connect.Int32: kInt, connect.Int64: kLong, connect.Float32: kFloat, connect.Float64: kDouble,
}

var numberOps = map[kind]op{kInt: opInt, kLong: opLong, kFloat: opFloat, kDouble: opDouble}

func (n *writer) text(s *schema) {
	switch s.kind {
	case kString:
		n.op = opString
	case kEnum:
		n.op = opEnum
		n.symbols = make(map[string]int, len(s.symbols))
		for i, symbol := range s.symbols {
			n.symbols[symbol] = i
		}
	}
}

func (n *writer) binary(c *connect.Schema, s *schema) {
	n.decimal = c.Name == connect.DecimalName
	switch s.kind {
	case kBytes:
		n.op = opBytes
	case kFixed:
		n.op, n.size = opFixed, s.size
	}
}
