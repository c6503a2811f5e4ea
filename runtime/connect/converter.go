// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
)

// Converter turns values into the bytes of a Kafka record and back, as
// org.apache.kafka.connect.storage.Converter does. It is safe for concurrent
// use. One that converts headers is the same: none of Kafka Connect's looks at the
// header's key.
type Converter interface {
	// FromConnect appends the encoding of v to dst, which is not nil, and returns
	// the extended slice; nil says that the record's bytes are null. Schema nil is
	// none.
	FromConnect(dst []byte, topic string, s *Schema, v Value) ([]byte, error)
	// ToConnect decodes data, nil for null, using memory of a. The value may refer
	// to data.
	ToConnect(a *Arena, topic string, data []byte) (*Schema, Value, error)
}

// TopicFree marks a converter whose bytes do not depend on the topic: those of one
// topic may go to another as they are.
type TopicFree interface {
	Converter
	TopicFree()
}

// Closer marks a converter that may wait for something outside, as one with a
// schema registry does.
type Closer interface {
	Converter
	// Close ends each call that waits, now and later, with ErrInterrupted. What needs
	// no waiting is still converted. The task calls it when it is to end.
	Close()
}

// ErrInterrupted is in the error of a converter that was closed before it knew what
// becomes of the record. The record is neither skipped nor a failure: it is read
// again by the next task.
var ErrInterrupted = errors.New("the converter was closed while it waited")

// The sides of a record that have a converter.
const (
	KeySide    = "key"
	ValueSide  = "value"
	HeaderSide = "header"
)

// ConverterClass is a kind of converter whose config is C, a struct with config tags
// (see configdef).
type ConverterClass[C any] struct {
	// Name, Aliases, Doc, Example and Sides are those of ConverterPlugin.
	Name         string
	Aliases      []string
	Doc, Example string
	Sides        []string
	// Families are those of ConverterPlugin; what a config has of them is for New.
	Families []configdef.Key
	// Check finds what the tags cannot say about a config that was read from props. It
	// is pure; at plan time (see configdef.Plan) a field that is a reference is not set.
	// Nil means nothing.
	Check func(c C, props map[string]string) []configdef.Problem
	// New makes a converter for keys, or else for values or headers, or says what else
	// is wrong. props are what c was read from.
	New func(c C, props map[string]string, isKey bool) (Converter, []configdef.Problem)
}

// Plugin erases the config type.
func (t ConverterClass[C]) Plugin() ConverterPlugin {
	check := func(c C, found []configdef.Problem, props map[string]string) []configdef.Problem {
		if t.Check == nil {
			return found
		}
		return append(found, t.Check(c, props)...)
	}
	return ConverterPlugin{
		Name: t.Name, Aliases: t.Aliases, Doc: t.Doc, Example: t.Example, Sides: t.Sides,
		Keys: configdef.Of[C](), Families: t.Families,
		Check: func(props map[string]string) []configdef.Problem {
			c, found := configdef.Plan[C](props)
			return check(c, found, props)
		},
		New: func(props map[string]string, isKey bool) (Converter, error) {
			c, found := configdef.Decode[C](props)
			var converter Converter
			if found = check(c, found, props); len(found) == 0 {
				converter, found = t.New(c, props, isKey)
			}
			if len(found) > 0 {
				return nil, fmt.Errorf("%s converter config is invalid: %w", t.Name, joined(found))
			}
			return converter, nil
		},
	}
}

// ConverterPlugin is a kind of converter that connectors can name in
// key.converter, value.converter and header.converter, with its config type erased.
type ConverterPlugin struct {
	// Name is the short name: "json".
	Name string
	// Aliases are Kafka Connect's full class names for it.
	Aliases []string
	// Doc says in a sentence what it does.
	Doc string
	// Example is a piece of a connector's config that uses it: lines of
	// `key: value`.
	Example string
	// Sides are what it converts; nil is keys and values.
	Sides []string
	// Keys are the config keys without their prefix.
	Keys []configdef.Key
	// Families are keys of which a config may have any number: names that begin with
	// that of the family.
	Families []configdef.Key
	// Check returns what is wrong with the config at plan time, see
	// configdef.Plan; keys come without prefix.
	Check func(props map[string]string) []configdef.Problem
	// New makes a converter for keys, or else for values or headers, from its
	// config, whose keys come without prefix.
	New func(props map[string]string, isKey bool) (Converter, error)
}

// LeastSecret is how many bytes the value of a family's key has that may be a secret:
// to blot each "1" out of all texts would make them useless.
const LeastSecret = 8

// KeysIn returns the keys of the converter, and of its families those in props. What
// is shorter than eight bytes is no password.
func (p ConverterPlugin) KeysIn(props map[string]string) []configdef.Key {
	keys := slices.Clone(p.Keys)
	for _, family := range p.Families {
		for _, name := range slices.Sorted(maps.Keys(props)) {
			if strings.HasPrefix(name, family.Name) {
				key := family
				key.Name = name
				if len(props[name]) < LeastSecret {
					key.Type = "STRING"
				}
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// Converts reports whether the converter may be named for a side.
func (p ConverterPlugin) Converts(side string) bool {
	if p.Sides == nil {
		return side != HeaderSide
	}
	return slices.Contains(p.Sides, side)
}

// EverySide returns the sides of a converter that converts all of them.
func EverySide() []string { return []string{KeySide, ValueSide, HeaderSide} }

// Class returns the class of Kafka Connect that the converter stands for, or else
// its name.
func (p ConverterPlugin) Class() string { return classOf(p.Name, p.Aliases) }
