// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
	"penstock.dev/runtime/converters/registry"
)

// Converter converts between values and JSON with a schema of a registry. It is
// safe for concurrent use.
type Converter struct {
	client   schemaRegistry
	rules    Mapping
	validate bool
	written  *registry.Cache[writeKey, *written]
	read     *registry.Cache[readKey, *reading]
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

func newConverter(client schemaRegistry, m Mapping, validate bool) *Converter {
	return &Converter{
		client: client, rules: m, validate: validate,
		written: registry.NewCache[writeKey, *written](m.SchemasCacheSize),
		read:    registry.NewCache[readKey, *reading](m.SchemasCacheSize),
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
	subject   string
	id        int
	codec     *jsonconv.Codec
	validator *validator // nil: nothing is validated
	err       error
}

// FromConnect implements connect.Converter. A null value of an optional schema or of
// one with a default is written as such; other nulls are null records. A value needs a
// schema.
func (c *Converter) FromConnect(dst []byte, topic string, s *connect.Schema, v connect.Value) ([]byte, error) {
	switch {
	case s == nil && v.IsNull():
		return nil, nil
	case s == nil:
		return nil, errors.New("a value without a schema cannot be written with a JSON schema; use a connector or transform that gives it one, or the json converter")
	case v.IsNull() && !s.Optional && (s.Default == nil || c.rules.IgnoreDefaultForNullables):
		return nil, nil
	}
	w, err := c.writtenFor(topic, s)
	if err != nil {
		return nil, err
	}
	dst = registry.AppendHeader(dst, w.id)
	start := len(dst)
	if dst, err = w.codec.Append(dst, v); err == nil && w.validator != nil {
		err = w.validator.check(dst[start:])
	}
	if err != nil {
		return nil, fmt.Errorf("writing JSON for subject %s with schema id %d: %w", w.subject, w.id, err)
	}
	return dst, nil
}

func (c *Converter) writtenFor(topic string, s *connect.Schema) (*written, error) {
	key := writeKey{topic, s}
	if w, ok := c.written.Get(key); ok {
		return w, w.err
	}
	w := &written{}
	refuse := func(err error) (*written, error) {
		w.err = err
		c.written.Put(key, w)
		return nil, err
	}
	text, err := newText(c.rules, s)
	if err == nil {
		w.codec, err = jsonconv.NewCodec(s, c.rules.dialect())
	}
	if err != nil {
		return refuse(fmt.Errorf("making a JSON schema for topic %s: %w", topic, err))
	}
	if w.subject, err = c.client.Subject(topic, s.Name); err != nil {
		return nil, err
	}
	r, err := c.client.Writer(w.subject, sr.Schema{Schema: text})
	if err != nil {
		return nil, err // it may be another one the next time
	}
	w.id = r.ID
	if err := c.checkOther(s, r); err != nil {
		return refuse(fmt.Errorf("writing JSON for subject %s with schema id %d: %w", w.subject, r.ID, err))
	}
	if c.validate {
		if r.Other {
			text = r.Schema.Schema.Schema
		}
		if w.validator, err = newValidator(text, needsOf(r.Schema)); err != nil {
			return refuse(fmt.Errorf("reading the JSON schema with id %d: %w", r.ID, err))
		}
	}
	c.written.Put(key, w)
	return w, nil
}

// checkOther says why what is written with a schema cannot be read with the one
// that the config asks for, if it asks for that check.
func (c *Converter) checkOther(s *connect.Schema, r registry.Registered) error {
	if !r.Other || r.Strict == "" {
		return nil
	}
	other, err := c.connectSchema(r.Schema, 0)
	if err != nil {
		return err
	}
	if err := readable(s, other); err != nil {
		return fmt.Errorf("that schema cannot read what this one writes: %w (set %s=false to write all the same)", err, r.Strict)
	}
	return nil
}

func needsOf(r registry.Resolved) map[string]string {
	needs := make(map[string]string, len(r.Needs))
	for _, n := range r.Needs {
		needs[n.Name] = n.Schema.Schema
	}
	return needs
}

func (c *Converter) connectSchema(r registry.Resolved, version int) (*connect.Schema, error) {
	d, err := open(r.Schema.Schema, needsOf(r))
	if err != nil {
		return nil, err
	}
	return newSchema(c.rules, d, version)
}

type readKey struct {
	topic string
	id    int
}

// reading is how records of a schema are read; err says that they cannot be.
type reading struct {
	schema    *connect.Schema
	codec     *jsonconv.Codec
	validator *validator
	err       error
}

// ToConnect implements connect.Converter. Text without escapes refers to data.
func (c *Converter) ToConnect(a *connect.Arena, topic string, data []byte) (*connect.Schema, connect.Value, error) {
	if data == nil {
		return nil, connect.Value{}, nil
	}
	id, rest, err := registry.ParseHeader(data)
	if err != nil {
		return nil, connect.Value{}, err
	}
	r, err := c.readingFor(topic, id)
	if err != nil {
		return nil, connect.Value{}, err
	}
	if r.validator != nil {
		err = r.validator.check(rest)
	}
	var v connect.Value
	if err == nil {
		v, err = r.codec.Read(a, rest)
	}
	if err != nil {
		return nil, connect.Value{}, fmt.Errorf("reading JSON of topic %s with schema id %d: %w", topic, id, err)
	}
	return r.schema, v, nil
}

// ReadFields implements connect.FieldReader. What is to be validated is read whole.
func (c *Converter) ReadFields(a *connect.Arena, topic string, data []byte, f *connect.Fields) (*connect.Schema, connect.Value, bool) {
	id, rest, err := registry.ParseHeader(data)
	if err != nil {
		return nil, connect.Value{}, false
	}
	r, err := c.readingFor(topic, id)
	if err != nil || r.validator != nil {
		return nil, connect.Value{}, false
	}
	v, ok := r.codec.ReadFields(a, rest, f)
	return r.schema, v, ok
}

func (c *Converter) readingFor(topic string, id int) (*reading, error) {
	if r, ok := c.read.Get(readKey{topic, id}); ok {
		return r, r.err
	}
	key := readKey{strings.Clone(topic), id}
	s, err := c.client.Schema(id)
	if err != nil {
		return nil, err
	}
	subject, err := c.client.Subject(topic, titleOf(s))
	if err != nil {
		return nil, err
	}
	used := id
	if c.client.ReadsLatest() {
		latest, err := c.client.Latest(subject)
		if err != nil {
			return nil, err
		}
		s, used = latest.Schema, latest.ID
	}
	version, err := c.client.Version(subject, used, s.Schema)
	if err != nil {
		return nil, err
	}
	r := &reading{}
	if r.schema, err = c.connectSchema(s, version); err == nil {
		r.codec, err = jsonconv.NewCodec(r.schema, c.rules.dialect())
	}
	if err == nil && c.validate {
		r.validator, err = newValidator(s.Schema.Schema, needsOf(s))
	}
	if err != nil {
		r.err = fmt.Errorf("reading JSON of topic %s with schema id %d: the JSON schema with id %d: %w", topic, id, used, err)
	}
	c.read.Put(key, r)
	return r, r.err
}

// titleOf returns the title of a schema, by which subjects of records are named.
func titleOf(r registry.Resolved) string {
	v, err := parse(r.Schema.Schema)
	if err != nil {
		return ""
	}
	return v.str("title")
}
