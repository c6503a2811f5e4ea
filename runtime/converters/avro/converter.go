// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/twmb/avro"
	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters/registry"
)

// Converter converts between values and Avro with a schema registry. It is safe for
// concurrent use.
type Converter struct {
	rules        rules
	failTrailing bool
	registry     *registry.Client
	written      *registry.Cache[writtenKey, *written]
	read         *registry.Cache[readKey, *read]
	schemas      *registry.Cache[schemaKey, *read]
	decoders     sync.Pool
}

type (
	writtenKey struct {
		schema *connect.Schema
		topic  string
	}
	readKey struct {
		id    int
		topic string
	}
	// schemaKey is what a Connect schema depends on, beside the converter.
	schemaKey struct{ id, version, latest int }
)

// written is what records of a schema are written with.
type written struct {
	header []byte
	writer *writer // nil for values without schema
	bare   bool    // bytes are written without their length
}

// read is what records with an id are read with.
type read struct {
	schema *connect.Schema // nil for values without schema
	reader *reader
	bare   bool
	change *projection // to the latest schema; nil is none
}

func newConverter(c Config, client *registry.Client) *Converter {
	v := &Converter{
		rules: c.rules(), failTrailing: c.FailOnTrailing, registry: client,
		written: registry.NewCache[writtenKey, *written](c.CacheSize),
		read:    registry.NewCache[readKey, *read](c.CacheSize),
		schemas: registry.NewCache[schemaKey, *read](c.CacheSize),
	}
	v.decoders.New = func() any { return new(decoder) }
	return v
}

// Close implements connect.Closer.
func (c *Converter) Close() { c.registry.Close() }

// FromConnect implements connect.Converter. A null value is a null record.
func (c *Converter) FromConnect(dst []byte, topic string, s *connect.Schema, v connect.Value) ([]byte, error) {
	if v.IsNull() {
		if s == nil || s.Optional {
			return nil, nil
		}
		return nil, errNull
	}
	w, err := c.writtenFor(topic, s)
	if err != nil {
		return nil, err
	}
	dst = append(dst, w.header...)
	e := encoder{useDefaults: c.rules.useDefaults}
	switch {
	case w.writer == nil:
		return e.anything(dst, v, 0)
	case w.bare && v.Type() == connect.Bytes && w.writer.decimal:
		return append(dst, minimal(v.Bytes())...), nil
	case w.bare && v.Type() == connect.Bytes:
		return append(dst, v.Bytes()...), nil
	default:
		return e.value(dst, w.writer, v, 0)
	}
}

func (c *Converter) writtenFor(topic string, s *connect.Schema) (*written, error) {
	if w, ok := c.written.Get(writtenKey{s, topic}); ok {
		return w, nil
	}
	w, err := c.prepare(topic, s)
	if err != nil {
		return nil, err
	}
	c.written.Put(writtenKey{s, strings.Clone(topic)}, w)
	return w, nil
}

// prepare makes what records of a schema are written with.
func (c *Converter) prepare(topic string, s *connect.Schema) (*written, error) {
	own, err := c.rules.fromSchema(s)
	if err != nil {
		return nil, fmt.Errorf("making an Avro schema: %w", err)
	}
	text, err := own.print()
	if err != nil {
		return nil, fmt.Errorf("making an Avro schema: %w", err)
	}
	subject, err := c.registry.Subject(topic, own.recordName())
	if err != nil {
		return nil, err
	}
	found, err := c.registry.Writer(subject, sr.Schema{Schema: text})
	if err != nil {
		return nil, err
	}
	to := own
	if found.Other {
		if to, err = parseResolved(found.Schema); err != nil {
			return nil, fmt.Errorf("reading the schema with id %d: %w", found.ID, err)
		}
		if err := compatible(text, found, subject); err != nil {
			return nil, err
		}
	}
	out := &written{header: registry.AppendHeader(nil, found.ID), bare: to.kind == kBytes}
	if s == nil {
		if !isAnything(to) {
			return nil, fmt.Errorf("a value without a schema cannot be written with the schema of id %d", found.ID)
		}
		return out, nil
	}
	if out.writer, err = c.rules.writer(s, to); err != nil {
		return nil, fmt.Errorf("writing with the schema of id %d: %w", found.ID, err)
	}
	return out, nil
}

// recordName is the name by which subjects may be called.
func (s *schema) recordName() string {
	if s.kind == kRecord {
		return s.name
	}
	return ""
}

// compatible refuses a schema that cannot read what the record's own writes.
func compatible(own string, found registry.Registered, subject string) error {
	if found.Strict == "" {
		return nil
	}
	writer, err := avro.Parse(own)
	if err != nil {
		return fmt.Errorf("reading the record's own schema: %w", err)
	}
	var types avro.SchemaCache
	for _, n := range found.Schema.Needs {
		if _, err := types.Parse(n.Schema.Schema); err != nil {
			return fmt.Errorf("reading %s, to which the schema with id %d refers: %w", n.Name, found.ID, err)
		}
	}
	reader, err := types.Parse(found.Schema.Schema.Schema)
	if err != nil {
		return fmt.Errorf("reading the schema with id %d: %w", found.ID, err)
	}
	if err := avro.CheckCompatibility(writer, reader); err != nil {
		return fmt.Errorf("the schema with id %d of subject %s cannot read what the record's own schema writes: %w; set %s=false to write all the same",
			found.ID, subject, err, found.Strict)
	}
	return nil
}

// parseResolved reads a schema with those to which it refers.
func parseResolved(r registry.Resolved) (*schema, error) {
	p := newParser()
	for _, n := range r.Needs {
		if _, err := p.parse(n.Schema.Schema); err != nil {
			return nil, fmt.Errorf("%s, to which it refers: %w", n.Name, err)
		}
	}
	return p.parse(r.Schema.Schema)
}

// ToConnect implements connect.Converter. Texts and bytes refer to data.
func (c *Converter) ToConnect(a *connect.Arena, topic string, data []byte) (*connect.Schema, connect.Value, error) {
	if data == nil {
		return nil, connect.Value{}, nil
	}
	id, rest, err := registry.ParseHeader(data)
	if err != nil {
		return nil, connect.Value{}, err
	}
	r, err := c.readerOf(id, topic)
	if err != nil {
		return nil, connect.Value{}, err
	}
	v, err := c.decode(a, r, rest)
	if err != nil {
		return nil, connect.Value{}, fmt.Errorf("reading Avro of the schema with id %d: %w", id, err)
	}
	return r.schema, v, nil
}

func (c *Converter) readerOf(id int, topic string) (*read, error) {
	r, ok := c.read.Get(readKey{id, topic})
	if ok {
		return r, nil
	}
	r, err := c.readFor(id, topic)
	if err != nil {
		return nil, err
	}
	c.read.Put(readKey{id, strings.Clone(topic)}, r)
	return r, nil
}

// take returns a decoder of data, for give.
func (c *Converter) take(a *connect.Arena, data []byte) *decoder {
	d := c.decoders.Get().(*decoder)
	d.a, d.data, d.pos, d.empty, d.useDefaults = a, data, 0, maxEmpty, c.rules.useDefaults
	return d
}

func (c *Converter) give(d *decoder) {
	d.a, d.data = nil, nil
	c.decoders.Put(d)
}

var errTrailing = errors.New("bytes follow the value")

func (c *Converter) decode(a *connect.Arena, r *read, data []byte) (v connect.Value, err error) {
	if r.bare {
		v = connect.BytesValue(data)
		if r.change == nil {
			return v, nil
		}
		return r.change.apply(a, v)
	}
	d := c.take(a, data)
	if r.reader == nil {
		v, err = d.anything(0)
	} else {
		v, err = d.value(r.reader, 0)
	}
	if err == nil && c.failTrailing && d.pos < len(data) {
		err = errTrailing
	}
	c.give(d)
	if err != nil || r.change == nil {
		return v, err
	}
	return r.change.apply(a, v)
}

// readFor makes what records with an id are read with.
func (c *Converter) readFor(id int, topic string) (*read, error) {
	found, err := c.registry.Schema(id)
	if err != nil {
		return nil, err
	}
	s, err := parseResolved(found)
	if err != nil {
		return nil, fmt.Errorf("the schema with id %d: %w", id, err)
	}
	key := schemaKey{id: id}
	var latest registry.Registered
	// A subject that needs a record and has none tells no version.
	if subject, err := c.registry.Subject(topic, s.recordName()); err == nil {
		if c.registry.ReadsLatest() {
			if latest, err = c.registry.Latest(subject); err != nil {
				return nil, err
			}
			key.latest, found, id = latest.ID, latest.Schema, latest.ID
		}
		if key.version, err = c.registry.Version(subject, id, found.Schema); err != nil {
			return nil, err
		}
	}
	if known, ok := c.schemas.Get(key); ok {
		return known, nil
	}
	out, err := c.readSchema(s, key, latest)
	if err != nil {
		return nil, fmt.Errorf("the Avro schema with id %d: %w", key.id, err)
	}
	c.schemas.Put(key, out)
	return out, nil
}

func (c *Converter) readSchema(s *schema, key schemaKey, latest registry.Registered) (*read, error) {
	out := &read{bare: s.kind == kBytes}
	if isAnything(s) {
		return out, nil
	}
	var err error
	if out.schema, err = c.rules.toSchema(s, key.version); err != nil {
		return nil, err
	}
	if out.reader, err = c.rules.reader(s, out.schema); err != nil || !latest.Other || key.latest == key.id {
		return out, err
	}
	to, err := parseResolved(latest.Schema)
	if err != nil {
		return nil, fmt.Errorf("the latest schema of its subject, with id %d: %w", latest.ID, err)
	}
	schema, err := c.rules.toSchema(to, key.version)
	if err != nil {
		return nil, fmt.Errorf("the latest schema of its subject, with id %d: %w", latest.ID, err)
	}
	if out.change, err = c.rules.project(s, out.schema, to, schema); err != nil {
		return nil, fmt.Errorf("reading as the latest schema of its subject, with id %d: %w", latest.ID, err)
	}
	out.schema = schema
	return out, nil
}
