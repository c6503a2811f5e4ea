// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"errors"
	"fmt"
	"strings"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javajson"
	"penstock.dev/runtime/javatext"
)

// node is a schema made ready for conversion.
type node struct {
	schema    *connect.Schema
	logical   logical
	scale     int // of a decimal
	scaled    bool
	fields    []field
	index     map[string]int
	key, elem *node
}

type field struct {
	name   string
	quoted []byte // `"name":`
	node   *node
}

type logical uint8

const (
	plain logical = iota
	decimal
	date
	timeOfDay
	timestamp
	union  // of a Codec: a struct of which one field is written
	symbol // of a Codec: one of an enum's values
)

// maxDepth is how deep JSON may nest, the limit of Jackson's reader and writer.
const maxDepth = 1000

var errDepth = errors.New("JSON nests deeper than 1000 levels")

// compile makes a schema ready that may hold itself.
func compile(s *connect.Schema) (*node, error) {
	c := compiler{nodes: map[*connect.Schema]*node{}}
	return c.compile(s, 0)
}

// compiler makes one node of each schema that is part of another.
type compiler struct{ nodes map[*connect.Schema]*node }

func (c *compiler) compile(s *connect.Schema, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	if n, ok := c.nodes[s]; ok {
		return n, nil
	}
	n := &node{schema: s, logical: logicalOf(s)}
	c.nodes[s] = n
	if n.logical == decimal {
		n.scale, n.scaled = javatext.Scale(s)
	}
	var err error
	switch s.Type {
	case connect.Struct:
		return n, c.fields(n, depth)
	case connect.Map:
		if n.key, err = c.member(s.Key, depth); err != nil {
			return nil, err
		}
	case connect.Array:
	case connect.Null:
		return nil, fmt.Errorf("couldn't translate unsupported schema type %s", s.Type)
	default:
		return n, nil
	}
	n.elem, err = c.member(s.Elem, depth)
	return n, err
}

// member compiles the schema of a container's members. It may be nil, if they have
// nothing in common (see package javavalues); so is its node then.
func (c *compiler) member(s *connect.Schema, depth int) (*node, error) {
	if s == nil {
		return nil, nil
	}
	return c.compile(s, depth+1)
}

func (c *compiler) fields(n *node, depth int) error {
	n.fields = make([]field, len(n.schema.Fields))
	n.index = make(map[string]int, len(n.fields))
	for i, f := range n.schema.Fields {
		if _, ok := n.index[f.Name]; ok {
			return javaError("Cannot create field because of field name duplication %s", f.Name)
		}
		if f.Schema == nil {
			return fmt.Errorf("field %s has no schema", f.Name)
		}
		m, err := c.compile(f.Schema, depth+1)
		if err != nil {
			return at(err, f.Name)
		}
		n.fields[i] = field{f.Name, append(javajson.AppendString(nil, f.Name), ':'), m}
		n.index[f.Name] = i
	}
	return nil
}

func logicalOf(s *connect.Schema) logical {
	switch {
	case s.Name == "":
		return plain
	case s.Name == connect.DecimalName && s.Type == connect.Bytes:
		return decimal
	case s.Name == connect.DateName && s.Type == connect.Int32:
		return date
	case s.Name == connect.TimeName && s.Type == connect.Int32:
		return timeOfDay
	case s.Name == connect.TimestampName && s.Type == connect.Int64:
		return timestamp
	default:
		return plain
	}
}

// find returns the position of a field, or -1. Fields mostly come in order, so
// guess is looked at first.
func (n *node) find(name []byte, guess int) int {
	if guess < len(n.fields) && n.fields[guess].name == string(name) {
		return guess
	}
	if i, ok := n.index[string(name)]; ok {
		return i
	}
	return -1
}

func (n *node) decimalScale() (int, error) {
	if n.scaled {
		return n.scale, nil
	}
	if text, ok := n.schema.Parameter(connect.ScaleParameter); ok {
		return 0, javaError("Invalid scale parameter found in Decimal schema: %q", text)
	}
	return 0, javaError("Invalid Decimal schema: scale parameter not found.")
}

var javaTypes = [...]string{
	"null", "INT8", "INT16", "INT32", "INT64", "FLOAT32", "FLOAT64", "BOOLEAN", "STRING", "BYTES", "ARRAY", "MAP", "STRUCT",
}

// javaType returns the name of the type in Kafka Connect's messages.
func javaType(t connect.Type) string { return javaTypes[t] }

// javaError returns an error with Kafka Connect's own text, by which users find
// it: hence its capital.
func javaError(format string, args ...any) error { return fmt.Errorf(format, args...) }

// fieldError is an error with the path of the field where it happened.
type fieldError struct {
	path string
	err  error
}

func (e *fieldError) Error() string { return "field " + e.path + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// at adds a step to the path of an error.
func at(err error, step string) error {
	if _, ok := err.(*syntaxError); ok { //nolint:errorlint // it says its place itself
		return err
	}
	if e, ok := err.(*fieldError); ok { //nolint:errorlint // only the outermost is a path to extend
		sep := "."
		if strings.HasPrefix(e.path, "[") {
			sep = ""
		}
		return &fieldError{step + sep + e.path, e.err}
	}
	return &fieldError{step, err}
}
