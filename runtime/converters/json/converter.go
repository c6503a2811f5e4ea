// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"errors"
	"fmt"
	"sync"

	"penstock.dev/runtime/connect"
)

// Converter converts between values and JSON. It is safe for concurrent use.
type Converter struct {
	rules    rules
	envelope bool
	content  *node // of schema.content; nil is none
	written  cache[*connect.Schema, *written]
	read     readCache
	parsers  sync.Pool
}

// rules are the settings that conversion of a single value depends on.
type rules struct {
	numeric     bool // decimals are written as numbers
	replaceNull bool
	schemas     bool // of a Codec
}

// written is what is derived from a schema once for writing.
type written struct {
	node   *node
	prefix []byte // the envelope up to the payload
}

const contentKey = "schema.content"

// New returns a converter. The only error is that of an invalid schema.content.
func New(c Config) (*Converter, error) {
	v := &Converter{
		rules:    rules{numeric: c.DecimalFormat == "NUMERIC", replaceNull: c.ReplaceNullWithDefault},
		envelope: c.SchemasEnable,
	}
	v.written.size = c.SchemasCacheSize
	v.read.cache.size = c.SchemasCacheSize
	v.parsers.New = func() any { return new(parser) }
	if c.SchemaContent == "" {
		return v, nil
	}
	n, err := v.rules.parseSchema([]byte(c.SchemaContent))
	if err != nil {
		return nil, fmt.Errorf("%s: is not a JSON schema: %w", contentKey, err)
	}
	v.content = n
	return v, nil
}

// TopicFree implements connect.TopicFree.
func (c *Converter) TopicFree() {}

// FromConnect implements connect.Converter. A null value without schema is a
// null record; a null value with a schema is written.
func (c *Converter) FromConnect(dst []byte, _ string, s *connect.Schema, v connect.Value) ([]byte, error) {
	if s == nil {
		return c.fromSchemaless(dst, v)
	}
	w, err := c.writtenFor(s)
	if err != nil {
		return nil, err
	}
	if !c.envelope {
		return c.rules.append(dst, w.node, v)
	}
	dst, err = c.rules.append(append(dst, w.prefix...), w.node, v)
	if err != nil {
		return nil, err
	}
	return append(dst, '}'), nil
}

func (c *Converter) fromSchemaless(dst []byte, v connect.Value) ([]byte, error) {
	if v.IsNull() {
		return nil, nil
	}
	if !c.envelope {
		return appendAny(dst, v, 0)
	}
	dst, err := appendAny(append(dst, prefixNoSchema...), v, 1)
	if err != nil {
		return nil, err
	}
	return append(dst, '}'), nil
}

const (
	prefixSchema   = `{"schema":`
	prefixPayload  = `,"payload":`
	prefixNoSchema = prefixSchema + "null" + prefixPayload
)

func (c *Converter) writtenFor(s *connect.Schema) (*written, error) {
	if w, ok := c.written.get(s); ok {
		return w, nil
	}
	n, err := compile(s)
	if err != nil {
		return nil, err
	}
	w := &written{node: n}
	if c.envelope {
		m := measure{parts: map[*node]int{}}
		if _, err := m.of(n); err != nil {
			return nil, err
		}
		w.prefix, err = c.rules.appendSchema([]byte(prefixSchema), n, nil)
		if err != nil {
			return nil, err
		}
		w.prefix = append(w.prefix, prefixPayload...)
	}
	c.written.put(s, w)
	return w, nil
}

// ErrEnvelope is the error of a message that is not an object of a schema and a
// payload while schemas.enable is true.
var ErrEnvelope = errors.New(`JsonConverter with schemas.enable requires "schema" and "payload" fields` +
	` and may not contain additional fields. If you are trying to deserialize plain JSON data,` +
	` set schemas.enable=false in your converter configuration.`)

// ToConnect implements connect.Converter. Text without escapes refers to data.
func (c *Converter) ToConnect(a *connect.Arena, _ string, data []byte) (*connect.Schema, connect.Value, error) {
	if data == nil {
		return nil, connect.Value{}, nil
	}
	p := c.parsers.Get().(*parser)
	defer c.parsers.Put(p)
	p.reset(a, data, c.rules)
	defer p.release()
	switch {
	case !c.envelope:
		v, err := p.document(nil)
		return nil, v, err
	case c.content != nil:
		v, err := p.document(c.content)
		return c.content.schema, v, err
	default:
		return c.openEnvelope(p)
	}
}

// openEnvelope reads the schema and the payload. A message that has them in the
// order in which they are written is read in one pass.
func (c *Converter) openEnvelope(p *parser) (*connect.Schema, connect.Value, error) {
	if n, ok := c.readPrefix(p); ok {
		s, v, err := c.payload(p, n)
		if err != nil {
			return nil, connect.Value{}, err
		}
		if p.next() == '}' {
			p.pos++
			if err := p.end(); err != nil {
				return nil, connect.Value{}, err
			}
			return s, v, nil
		}
	}
	return c.openAny(p)
}

// readPrefix reads the text before a payload, if it is exactly as it is written
// and its schema is known.
func (c *Converter) readPrefix(p *parser) (*node, bool) {
	if !p.literal(prefixSchema) {
		return nil, false
	}
	if p.literal("null" + prefixPayload) {
		return nil, true
	}
	if n, size := c.read.prefix(p.data[p.pos:]); size > 0 {
		p.pos += size
		return n, p.literal(prefixPayload)
	}
	start := p.pos
	if p.skip(0) != nil {
		return nil, false
	}
	n, ok := c.read.get(p.data[start:p.pos])
	return n, ok && p.literal(prefixPayload)
}

func (c *Converter) payload(p *parser, n *node) (*connect.Schema, connect.Value, error) {
	v, err := p.value(n, 0)
	if err != nil || n == nil {
		return nil, v, err
	}
	return n.schema, v, nil
}

// openAny reads any message that Java would take for an envelope.
func (c *Converter) openAny(p *parser) (*connect.Schema, connect.Value, error) {
	p.pos = 0
	p.skipBOM()
	schema, payload, err := p.envelope()
	if err != nil {
		return nil, connect.Value{}, err
	}
	n, err := c.schemaOf(p.data[schema.start:schema.end])
	if err != nil {
		return nil, connect.Value{}, err
	}
	p.data, p.pos = p.data[:payload.end], payload.start
	return c.payload(p, n)
}

// schemaOf returns the schema with that text, nil for null.
func (c *Converter) schemaOf(raw []byte) (*node, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	if n, ok := c.read.get(raw); ok {
		return n, nil
	}
	n, err := c.rules.parseSchema(raw)
	if err != nil {
		return nil, err
	}
	c.read.put(raw, n)
	return n, nil
}
