// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javajson"
	"penstock.dev/runtime/javatext"
)

// The names by which Confluent's JsonSchemaData knows a struct that stands for one
// of several types, and a text that stands for one of an enum's values.
const (
	UnionName     = "io.confluent.connect.json.OneOf"
	EnumParam     = "io.confluent.connect.json.Enum"
	AnyUnionParam = "org.apache.kafka.connect.data.Union"
	AnyEnumParam  = "org.apache.kafka.connect.data.Enum"
)

// Dialect are the settings of a Codec.
type Dialect struct {
	// NumericDecimals writes decimals as numbers and not as base64.
	NumericDecimals bool
	// IgnoreDefaults keeps a null field that has a default null when it is written.
	IgnoreDefaults bool
}

// Codec reads and writes the values of one schema as JSON text, for a converter
// that keeps the schema elsewhere. It differs from JsonConverter as Confluent's
// JsonSchemaData does: an entry of a map whose keys are no plain texts is an object
// of a key and a value, a struct that stands for a union is the one field that is
// set, a required field may be missing, and a null one is left out. A schema may hold
// itself. It is safe for concurrent use.
type Codec struct {
	node        *node
	read, write rules
	parsers     sync.Pool
}

// NewCodec returns a codec of the schema.
func NewCodec(s *connect.Schema, d Dialect) (*Codec, error) {
	g := graph{nodes: map[*connect.Schema]*node{}}
	n, err := g.compile(s)
	if err != nil {
		return nil, err
	}
	c := &Codec{
		node:  n,
		read:  rules{replaceNull: true, schemas: true},
		write: rules{replaceNull: !d.IgnoreDefaults, numeric: d.NumericDecimals, schemas: true},
	}
	c.parsers.New = func() any { return new(parser) }
	return c, nil
}

// Append appends the JSON of a value.
func (c *Codec) Append(dst []byte, v connect.Value) ([]byte, error) {
	return c.write.append(dst, c.node, v)
}

// Read reads one JSON value. Text without escapes refers to data.
func (c *Codec) Read(a *connect.Arena, data []byte) (connect.Value, error) {
	p := c.parsers.Get().(*parser)
	defer c.parsers.Put(p)
	p.reset(a, data, c.read)
	defer p.release()
	return p.document(c.node)
}

// graph compiles schemas that may hold themselves.
type graph struct{ nodes map[*connect.Schema]*node }

func (g *graph) compile(s *connect.Schema) (*node, error) {
	if s == nil {
		return nil, errors.New("a list, map or struct has a member without schema")
	}
	if n, ok := g.nodes[s]; ok {
		return n, nil
	}
	n := &node{schema: s, logical: alternative(s)}
	g.nodes[s] = n
	if n.logical == plain {
		n.logical = logicalOf(s)
	}
	if n.logical == decimal {
		n.scale, n.scaled = javatext.Scale(s)
	}
	var err error
	switch s.Type {
	case connect.Null:
		return nil, fmt.Errorf("couldn't translate unsupported schema type %s", s.Type)
	case connect.Struct:
		return n, g.fields(n)
	case connect.Map:
		if n.key, err = g.compile(s.Key); err != nil {
			return nil, err
		}
		n.elem, err = g.compile(s.Elem)
	case connect.Array:
		n.elem, err = g.compile(s.Elem)
	}
	return n, err
}

func (g *graph) fields(n *node) error {
	n.fields = make([]field, len(n.schema.Fields))
	n.index = make(map[string]int, len(n.fields))
	for i, f := range n.schema.Fields {
		if _, ok := n.index[f.Name]; ok {
			return javaError("Cannot create field because of field name duplication %s", f.Name)
		}
		c, err := g.compile(f.Schema)
		if err != nil {
			return at(err, f.Name)
		}
		n.fields[i] = field{f.Name, append(javajson.AppendString(nil, f.Name), ':'), c}
		n.index[f.Name] = i
	}
	return nil
}

// IsUnion reports whether a struct stands for one of several types.
func IsUnion(s *connect.Schema) bool {
	if s.Type != connect.Struct {
		return false
	}
	_, ok := s.Parameter(AnyUnionParam)
	return ok || s.Name == UnionName
}

// EnumParameter returns the parameter by which a text stands for one of an enum's
// values.
func EnumParameter(s *connect.Schema, general bool) (string, bool) {
	params := [2]string{EnumParam, AnyEnumParam}
	if general {
		params = [2]string{AnyEnumParam, EnumParam}
	}
	for _, p := range params {
		if _, ok := s.Parameter(p); ok && s.Type == connect.String {
			return p, true
		}
	}
	return "", false
}

func alternative(s *connect.Schema) logical {
	if IsUnion(s) {
		return union
	}
	if _, ok := EnumParameter(s, false); ok {
		return symbol
	}
	return plain
}

// named reports whether the entries of a map are the members of an object.
func (r rules) named(n *node) bool {
	return n.key.schema.Type == connect.String && !(r.schemas && n.key.schema.Optional)
}

// symbol reads one of an enum's values: what is no text is its JSON.
func (p *parser) symbol(c byte) (connect.Value, error) {
	if c == '"' {
		return p.stringValue()
	}
	start := p.pos
	if err := p.skip(0); err != nil {
		return connect.Value{}, err
	}
	return connect.StringOf(p.data[start:p.pos:p.pos]), nil
}

var errNoMember = javaError("Did not find matching oneof field for data")

// union reads a value as the member of the union that it fits: the first of its
// type, or the struct with the most fields in common.
func (p *parser) union(n *node, c byte, depth int) (connect.Value, error) {
	if depth >= maxDepth {
		return connect.Value{}, p.fail(errDepth.Error())
	}
	i, err := p.memberOf(n, c, depth)
	if err != nil {
		return connect.Value{}, err
	}
	v, err := p.typed(n.fields[i].node, depth)
	if err != nil {
		return connect.Value{}, at(err, n.fields[i].name)
	}
	if err := p.spend(len(n.fields)); err != nil {
		return connect.Value{}, err
	}
	fields := p.a.Values(len(n.fields))
	fields[i] = v
	return connect.StructValue(fields), nil
}

func (p *parser) memberOf(n *node, c byte, depth int) (int, error) {
	text := -1
	for i := range n.fields {
		m := n.fields[i].node
		ok, err := p.fits(m, c)
		if err != nil || ok {
			return i, err
		}
		if m.schema.Type == connect.Bytes && c == '"' && text < 0 {
			text = i
		}
	}
	best, most, err := p.closest(n, c, depth)
	switch {
	case err != nil:
		return 0, err
	case best >= 0 && (most > 0 || p.emptyObject()):
		return best, nil
	case text >= 0:
		return text, nil
	case jsonKind(c) == "":
		return 0, p.unexpected("a JSON value")
	default:
		return 0, errNoMember
	}
}

// closest returns the struct with the most fields in common with the object where
// the parser is, and how many; -1 if there is none.
func (p *parser) closest(n *node, c byte, depth int) (best, most int, err error) {
	best = -1
	if c != '{' {
		return best, 0, nil
	}
	for i := range n.fields {
		m := n.fields[i].node
		if m.schema.Type != connect.Struct || m.logical != plain {
			continue
		}
		start := p.pos
		count, err := p.common(m, depth)
		if err != nil {
			return 0, 0, err
		}
		if p.pos = start; count > most || best < 0 {
			best, most = i, count
		}
	}
	return best, most, nil
}

func (p *parser) emptyObject() bool {
	start := p.pos
	defer func() { p.pos = start }()
	p.pos++
	return p.next() == '}'
}

// fits reports whether the value where the parser is has the type of a member that
// is no struct.
func (p *parser) fits(m *node, c byte) (bool, error) {
	kind := jsonKind(c)
	switch m.schema.Type {
	case connect.Boolean:
		return kind == "BOOLEAN", nil
	case connect.String:
		return kind == "STRING", nil
	case connect.Array:
		return kind == "ARRAY", nil
	case connect.Map:
		return kind == "ARRAY" || kind == "OBJECT", nil
	case connect.Struct:
		return false, nil
	case connect.Bytes:
		return m.logical == decimal && kind == "NUMBER", nil
	case connect.Float32, connect.Float64:
		return kind == "NUMBER", nil
	}
	if kind != "NUMBER" {
		return false, nil
	}
	start := p.pos
	num, err := p.number()
	p.pos = start
	return num.integral, err
}

// common counts the fields that an object has in common with a struct, also within
// its fields, and steps over the object.
func (p *parser) common(n *node, depth int) (int, error) {
	if depth >= maxDepth {
		return 0, p.fail(errDepth.Error())
	}
	p.pos++
	if p.next() == '}' {
		p.pos++
		return 0, nil
	}
	count := 0
	for guess := 0; ; {
		key, err := p.name()
		if err != nil {
			return 0, err
		}
		i := n.find(key, guess)
		if i >= 0 {
			guess = i + 1
			count++
		}
		if i >= 0 && p.next() == '{' && n.fields[i].node.schema.Type == connect.Struct && n.fields[i].node.logical == plain {
			inner, err := p.common(n.fields[i].node, depth+1)
			if err != nil {
				return 0, err
			}
			count += inner
		} else if err := p.skip(depth + 1); err != nil {
			return 0, err
		}
		more, err := p.more('}')
		if !more || err != nil {
			return count, err
		}
	}
}

// entry reads an entry of a map that is an object of a key and a value.
func (p *parser) entry(n *node, depth int) (connect.Entry, error) {
	var e connect.Entry
	c := p.next()
	switch {
	case jsonKind(c) == "":
		return e, p.unexpected("a JSON value")
	case c != '{':
		return e, javaError("Found invalid map entry instead of object: %s", jsonKind(c))
	}
	p.pos++
	size, hasKey, hasValue := 0, false, false
	for more := p.next() != '}'; more; size++ {
		name, err := p.name()
		if err != nil {
			return e, err
		}
		switch string(name) {
		case "key":
			e.Key, err = p.typed(n.key, depth+2)
			hasKey = true
		case "value":
			e.Value, err = p.typed(n.elem, depth+2)
			hasValue = true
		default:
			err = p.skip(depth + 2)
		}
		if err != nil {
			return e, err
		}
		if more, err = p.more('}'); err != nil {
			return e, err
		}
	}
	if size == 0 {
		p.pos++
	}
	if size != 2 {
		return e, javaError("Found invalid map entry, expected length 2 but found :%d", size)
	}
	if !hasKey || !hasValue {
		return e, errors.New(`a map's entry is no object of a "key" and a "value"`)
	}
	return e, nil
}

// appendUnion writes the member that is set.
func (r rules) appendUnion(dst []byte, n *node, v connect.Value) ([]byte, error) {
	items := v.Items()
	if len(items) != len(n.fields) {
		return nil, javaError("Mismatching schema. The struct has %d fields, its schema %d", len(items), len(n.fields))
	}
	for i := range items {
		if !items[i].IsNull() {
			dst, err := r.append(dst, n.fields[i].node, items[i])
			if err != nil {
				return nil, at(err, n.fields[i].name)
			}
			return dst, nil
		}
	}
	names := make([]string, len(n.fields))
	for i := range n.fields {
		names[i] = n.fields[i].name
	}
	return nil, fmt.Errorf("no member of the union is set: %s", strings.Join(names, ", "))
}
