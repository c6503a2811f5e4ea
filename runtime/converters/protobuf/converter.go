// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters/registry"
)

// Converter converts between values and messages of Protocol Buffers. It is safe
// for concurrent use.
type Converter struct {
	client   schemaRegistry
	rules    Mapping
	written  *registry.Cache[writeKey, *written]
	read     *registry.Cache[readKey, *readEntry]
	decoders sync.Pool
}

// schemaRegistry is what the converter asks of a registry.Client.
type schemaRegistry interface {
	Subject(topic, record string) (string, error)
	Writer(subject string, s sr.Schema) (registry.Registered, error)
	Schema(id int) (registry.Resolved, error)
	Version(subject string, id int, s sr.Schema) (int, error)
	ReadsLatest() bool
	Latest(subject string) (registry.Registered, error)
	Close()
}

func newConverter(client schemaRegistry, m Mapping) *Converter {
	return &Converter{
		client: client, rules: m,
		written:  registry.NewCache[writeKey, *written](m.SchemasCacheSize),
		read:     registry.NewCache[readKey, *readEntry](m.SchemasCacheSize),
		decoders: sync.Pool{New: func() any { return new(decoder) }},
	}
}

// Close implements connect.Closer.
func (c *Converter) Close() { c.client.Close() }

type writeKey struct {
	topic  string
	schema *connect.Schema
}

// written is how values of a schema are written to a topic; err says that they
// cannot be.
type written struct {
	subject string
	id      int
	head    []byte // what stands before the message
	how     writing
	err     error
}

// FromConnect implements connect.Converter. A null value is a null record; a value
// needs a schema.
func (c *Converter) FromConnect(dst []byte, topic string, s *connect.Schema, v connect.Value) ([]byte, error) {
	if v.IsNull() {
		return nil, nil
	}
	if s == nil {
		return nil, errors.New("a value without a schema cannot be written as protobuf; use a connector or transform that gives it one, or the json converter")
	}
	w, err := c.writtenFor(topic, s)
	if err != nil {
		return nil, err
	}
	e := encoder{ignoreDefaults: c.rules.IgnoreDefaultForNullables}
	dst, err = e.root(append(dst, w.head...), &w.how, v)
	if err != nil {
		return nil, fmt.Errorf("writing protobuf for subject %s with schema id %d: %w", w.subject, w.id, err)
	}
	return dst, nil
}

func (c *Converter) writtenFor(topic string, s *connect.Schema) (*written, error) {
	key := writeKey{topic, s}
	if w, ok := c.written.Get(key); ok {
		return w, w.err
	}
	own, err := c.ownSchema(s)
	if err != nil {
		w := &written{err: fmt.Errorf("making a protobuf schema for topic %s: %w", topic, err)}
		c.written.Put(key, w)
		return nil, w.err
	}
	subject, err := c.client.Subject(topic, own.name)
	if err != nil {
		return nil, err
	}
	registered, err := c.client.Writer(subject, sr.Schema{Schema: own.text})
	if err != nil {
		return nil, err // it may be another one the next time
	}
	w := &written{subject: subject, id: registered.ID}
	w.head, w.how, err = c.writer(s, own, registered)
	if err != nil {
		w.err = fmt.Errorf("writing protobuf for subject %s with schema id %d: %w", subject, registered.ID, err)
	}
	c.written.Put(key, w)
	return w, w.err
}

// ownSchema is the protobuf schema of a Connect schema.
type ownSchema struct{ text, name string }

func (c *Converter) ownSchema(s *connect.Schema) (ownSchema, error) {
	switch typ, _ := logicalMessage(s); {
	case typ != "":
		return ownSchema{}, fmt.Errorf("a value of type %s cannot be a record of its own in protobuf; make it the field of a struct, as the transform HoistField does", s.Name)
	case s.Type == connect.Struct && isUnion(s), s.Type == connect.Array, s.Type == connect.Map:
		return ownSchema{}, fmt.Errorf("unsupported root schema of type %s; make it the field of a struct, as the transform HoistField does", s.Type)
	case s.Type == connect.Struct:
		file, name, err := newText(c.rules, s)
		if err != nil {
			return ownSchema{}, err
		}
		return ownSchema{file.String(), name}, nil
	}
	plain := *s
	plain.Parameters = nil
	kind, err := kindOf(&plain)
	return ownSchema{wrappersText, string(wrapperOf(kind))}, err
}

// writer returns how values of a schema are written with the schema of an id. It is
// the own one, or one that the config asks for: then the fields are found by their
// names, and the numbers are that schema's.
func (c *Converter) writer(s *connect.Schema, own ownSchema, r registry.Registered) ([]byte, writing, error) {
	text, imports := own.text, map[string]string(nil)
	if r.Other {
		text, imports = r.Schema.Schema.Schema, importsOf(r.Schema)
	}
	file, err := compile(text, imports)
	if err != nil {
		return nil, writing{}, err
	}
	md, err := messageNamed(file, own.name)
	if err != nil {
		return nil, writing{}, err
	}
	how, err := newWriter(c.rules, s, md)
	return appendPath(registry.AppendHeader(nil, r.ID), pathOf(md)), how, err
}

// messageNamed returns the message of a full name, or else the first of the file.
func messageNamed(file protoreflect.FileDescriptor, name string) (protoreflect.MessageDescriptor, error) {
	messages := ofFile(file).Messages()
	if messages.Len() == 0 {
		return nil, errors.New("the schema has no message")
	}
	if m := find(messages, protoreflect.FullName(name)); m != nil {
		return m, nil
	}
	return messages.Get(0), nil
}

func find(messages protoreflect.MessageDescriptors, name protoreflect.FullName) protoreflect.MessageDescriptor {
	for i := range messages.Len() {
		m := messages.Get(i)
		if m.FullName() == name {
			return m
		}
		if strings.HasPrefix(string(name), string(m.FullName())+".") {
			return find(m.Messages(), name)
		}
	}
	return nil
}

func importsOf(r registry.Resolved) map[string]string {
	imports := make(map[string]string, len(r.Needs))
	for _, n := range r.Needs {
		imports[n.Name] = n.Schema.Schema
	}
	return imports
}

type readKey struct {
	topic string
	id    int
	path  string // as it stands in the record
}

// readEntry is how the messages of a schema are read; err says that they cannot
// be.
type readEntry struct {
	reader *reader
	err    error
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
	size, err := pathSize(rest)
	if err != nil {
		return nil, connect.Value{}, fmt.Errorf("reading protobuf with schema id %d: %w", id, err)
	}
	r, err := c.readerFor(topic, id, rest[:size])
	if err != nil {
		return nil, connect.Value{}, err
	}
	d := c.decoders.Get().(*decoder)
	defer c.decoders.Put(d)
	v, err := d.read(a, &r.value, rest[size:])
	if err != nil {
		return nil, connect.Value{}, fmt.Errorf("reading protobuf of topic %s with schema id %d: %w", topic, id, err)
	}
	return r.schema, v, nil
}

func (c *Converter) readerFor(topic string, id int, path []byte) (*reader, error) {
	if e, ok := c.read.Get(readKey{topic, id, string(path)}); ok {
		return e.reader, e.err
	}
	steps := readPath(path)
	key := readKey{strings.Clone(topic), id, string(path)}
	if canonical := appendPath(nil, steps); string(canonical) != key.path {
		r, err := c.readerFor(topic, id, canonical) // equal messages have equal schemas
		return r, err
	}
	schema, err := c.client.Schema(id)
	if err != nil {
		return nil, err
	}
	file, err := compile(schema.Schema.Schema, importsOf(schema))
	var md protoreflect.MessageDescriptor
	if err == nil {
		md, err = messageAt(file, steps)
	}
	if err != nil {
		return c.refuse(key, err)
	}
	subject, err := c.client.Subject(topic, string(md.FullName()))
	if err != nil {
		return nil, err
	}
	version, md, err := c.readAs(subject, id, schema, md)
	switch {
	case errors.Is(err, errLatest):
		return c.refuse(key, err)
	case err != nil:
		return nil, err
	}
	r, err := newReader(c.rules, md, version)
	if err != nil {
		return c.refuse(key, err)
	}
	c.read.Put(key, &readEntry{reader: r})
	return r, nil
}

// refuse remembers that a schema cannot be used, which will not change.
func (c *Converter) refuse(key readKey, err error) (*reader, error) {
	err = fmt.Errorf("reading protobuf of topic %s with schema id %d: %w", key.topic, key.id, err)
	c.read.Put(key, &readEntry{err: err})
	return nil, err
}

var errLatest = errors.New("the latest schema cannot be used")

// readAs returns the version of a schema under the subject and its message, or
// those of the latest schema if use.latest.version asks for it.
func (c *Converter) readAs(subject string, id int, s registry.Resolved, md protoreflect.MessageDescriptor) (int, protoreflect.MessageDescriptor, error) {
	if c.client.ReadsLatest() {
		latest, err := c.client.Latest(subject)
		if err != nil {
			return 0, nil, err
		}
		file, err := compile(latest.Schema.Schema.Schema, importsOf(latest.Schema))
		if err != nil {
			return 0, nil, fmt.Errorf("%w: id %d of subject %s: %w", errLatest, latest.ID, subject, err)
		}
		name := md.FullName()
		if md = find(ofFile(file).Messages(), name); md == nil {
			return 0, nil, fmt.Errorf("%w: id %d of subject %s has no message %s", errLatest, latest.ID, subject, name)
		}
		id, s = latest.ID, latest.Schema
	}
	version, err := c.client.Version(subject, id, s.Schema)
	return version, md, err
}
