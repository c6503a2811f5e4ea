// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"errors"

	"penstock.dev/runtime/connect"
)

// errNoFields says that a value is to be read as a whole.
var errNoFields = errors.New("the value has no fields")

// ReadFields implements connect.FieldReader. The others must be JSON, and are not
// compared with the schema. A field that is there twice is what the last one is, so all of
// the message is looked at.
func (c *Converter) ReadFields(a *connect.Arena, _ string, data []byte, f *connect.Fields) (*connect.Schema, connect.Value, bool) {
	p := c.parsers.Get().(*parser)
	defer c.parsers.Put(p)
	p.reset(a, data, c.rules)
	defer p.release()
	if !c.envelope {
		return p.fieldsOf(nil, f)
	}
	if c.content != nil {
		return p.fieldsOf(c.content, f)
	}
	n, ok := c.readPrefix(p)
	if !ok {
		return nil, connect.Value{}, false
	}
	v, err := p.fields(n, f)
	if err != nil || p.next() != '}' {
		return nil, connect.Value{}, false
	}
	p.pos++
	return schemaOf(n), v, p.end() == nil
}

// ReadFields reads those fields of one JSON value, as connect.FieldReader does.
func (c *Codec) ReadFields(a *connect.Arena, data []byte, f *connect.Fields) (connect.Value, bool) {
	p := c.parsers.Get().(*parser)
	defer c.parsers.Put(p)
	p.reset(a, data, c.read)
	defer p.release()
	_, v, ok := p.fieldsOf(c.node, f)
	return v, ok
}

func schemaOf(n *node) *connect.Schema {
	if n == nil {
		return nil
	}
	return n.schema
}

// fieldsOf reads fields of the whole data as one value.
func (p *parser) fieldsOf(n *node, f *connect.Fields) (*connect.Schema, connect.Value, bool) {
	v, err := p.fields(n, f)
	return schemaOf(n), v, err == nil && p.end() == nil
}

// fields reads those fields of the object that begins where the parser is, and
// steps over the others.
func (p *parser) fields(n *node, f *connect.Fields) (connect.Value, error) {
	if p.next() != '{' || n != nil && (n.schema.Type != connect.Struct || n.logical != plain) {
		return connect.Value{}, errNoFields
	}
	p.pos++
	if n == nil {
		return p.someEntries(f)
	}
	into, wanted := f.Struct(n.schema)
	if err := p.typedFields(n, into, wanted, 0); err != nil {
		return connect.Value{}, err
	}
	for i, want := range wanted {
		if want {
			if err := p.settle(&n.fields[i], &into[i]); err != nil {
				return connect.Value{}, err
			}
		}
	}
	return connect.StructValue(into), nil
}

func (p *parser) someEntries(f *connect.Fields) (connect.Value, error) {
	f.Forget()
	if p.next() == '}' {
		p.pos++
		return f.Map(), nil
	}
	for {
		key, err := p.member()
		if err != nil {
			return connect.Value{}, err
		}
		if !f.Wants(key.Bytes()) {
			err = p.skip(1)
		} else {
			var v connect.Value
			v, err = p.any(1)
			f.Put(key, v)
		}
		if err != nil {
			return connect.Value{}, err
		}
		more, err := p.more('}')
		if err != nil {
			return connect.Value{}, err
		}
		if !more {
			return f.Map(), nil
		}
	}
}
