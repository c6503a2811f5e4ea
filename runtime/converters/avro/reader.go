// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"

	"penstock.dev/runtime/connect"
)

// reader is an Avro schema made ready to read values of the Connect schema that was
// made of it. One that refers to itself is a cycle of pointers.
type reader struct {
	op     op
	schema *connect.Schema
	// least is how few bytes a value may have.
	least int
	size  int // of a fixed
	// decimal says that bytes are a number.
	decimal bool
	// null is the place of null in a union; -1 is none.
	null      int
	elem, key *reader
	swapped   bool // the value of an entry stands before its key
	// fields are those of a record, or the branches of a union by place, nil for null.
	fields  []*reader
	places  []int // of a branch among the Connect union's fields
	symbols []connect.Value
}

type op uint8

const (
	opNull op = iota
	opBoolean
	opInt
	opTime
	opLong
	opFloat
	opDouble
	opBytes
	opString
	opFixed
	opEnum
	opArray
	opMap
	opEntries
	opRecord
	opOptional
	opUnion
	opSingle
)

type readerKey struct {
	from *schema
	to   *connect.Schema
}

// readers makes readers, one for each pair of schemas.
type readers struct {
	rules
	made map[readerKey]*reader
}

// reader returns the reader of values of s, the Connect schema of which is c.
func (r rules) reader(s *schema, c *connect.Schema) (*reader, error) {
	k := readers{rules: r, made: map[readerKey]*reader{}}
	n, err := k.reader(s, c)
	if err != nil {
		return nil, err
	}
	done := map[*reader]bool{}
	for _, made := range k.made {
		if err := made.measure(done); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (k *readers) reader(s *schema, c *connect.Schema) (*reader, error) {
	key := readerKey{s, c}
	if known, ok := k.made[key]; ok {
		return known, nil
	}
	n := &reader{schema: c, null: -1}
	k.made[key] = n
	return n, k.fill(n, s, c)
}

func (k *readers) fill(n *reader, s *schema, c *connect.Schema) (err error) {
	switch s.kind {
	case kUnion:
		return k.union(n, s, c)
	case kRecord:
		n.op = opRecord
		n.fields = make([]*reader, len(s.fields))
		for i, f := range s.fields {
			if n.fields[i], err = k.reader(f.schema, c.Fields[i].Schema); err != nil {
				return err
			}
		}
	case kArray:
		if c.Type == connect.Map {
			return k.entries(n, s, c)
		}
		n.op = opArray
		n.elem, err = k.reader(s.elem, c.Elem)
	case kMap:
		n.op = opMap
		n.elem, err = k.reader(s.elem, c.Elem)
	default:
		n.simple(s, c)
	}
	return err
}

func (k *readers) entries(n *reader, s *schema, c *connect.Schema) (err error) {
	n.op, n.swapped = opEntries, s.elem.field(valueField) == 0
	if n.key, err = k.reader(s.elem.fields[s.elem.field(keyField)].schema, c.Key); err != nil {
		return err
	}
	n.elem, err = k.reader(s.elem.fields[s.elem.field(valueField)].schema, c.Elem)
	return err
}

func (k *readers) union(n *reader, s *schema, c *connect.Schema) (err error) {
	if len(s.branches) == 1 && k.flattenSingle {
		n.op = opSingle
		n.elem, err = k.reader(s.branches[0], c)
		return err
	}
	if null, other, ok := s.nullable(); ok {
		n.op, n.null = opOptional, null
		n.elem, err = k.reader(s.branches[other], c)
		return err
	}
	n.op = opUnion
	n.fields, n.places = make([]*reader, len(s.branches)), make([]int, len(s.branches))
	place := 0
	for i, b := range s.branches {
		if b.kind == kNull {
			n.null = i
			continue
		}
		if n.fields[i], err = k.reader(b, c.Fields[place].Schema); err != nil {
			return err
		}
		n.places[i] = place
		place++
	}
	return nil
}

var simpleOps = map[kind]op{
	kBoolean: opBoolean, kInt: opInt, kLong: opLong, kFloat: opFloat, kDouble: opDouble,
	kBytes: opBytes, kString: opString, kFixed: opFixed, kEnum: opEnum,
}

func (n *reader) simple(s *schema, c *connect.Schema) {
	n.op, n.size = simpleOps[s.kind], s.size
	if c.Name == connect.TimeName && s.kind == kInt {
		n.op = opTime
	}
	n.decimal = c.Name == connect.DecimalName && c.Type == connect.Bytes
	for _, symbol := range s.symbols {
		n.symbols = append(n.symbols, connect.StringValue(symbol))
	}
}

// measure computes the least size of the node; a record that is part of itself has
// no end.
func (n *reader) measure(done map[*reader]bool) error {
	switch n.op {
	case opNull:
	case opFloat:
		n.least = 4
	case opDouble:
		n.least = 8
	case opFixed:
		n.least = n.size
	case opRecord:
		return n.measureFields(done)
	default:
		n.least = 1
	}
	return nil
}

// leastItem is how few bytes an element of an array or an entry of a map may have.
func (n *reader) leastItem() int {
	switch n.op {
	case opMap:
		return 1 + n.elem.least
	case opEntries:
		return n.key.least + n.elem.least
	default:
		return n.elem.least
	}
}

// measureFields adds the sizes of the fields up; done is false for what is being
// measured.
func (n *reader) measureFields(done map[*reader]bool) error {
	if finished, ok := done[n]; ok {
		if !finished {
			return fmt.Errorf("the record %s contains itself; no data can be of this schema", n.schema.Name)
		}
		return nil
	}
	done[n] = false
	n.least = 0
	for _, f := range n.fields {
		if err := f.measure(done); err != nil {
			return err
		}
		n.least = min(n.least+f.least, 1<<30)
	}
	done[n] = true
	return nil
}
