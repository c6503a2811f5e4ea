// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"penstock.dev/runtime/javajson"
)

// tree is a JSON value whose members keep their order and whose numbers keep their
// text, as schemas need it. The zero tree is no value.
type tree struct {
	kind    treeKind
	text    string // of a string or a number
	items   []tree
	members []member
}

type member struct {
	name  string
	value tree
}

type treeKind uint8

const (
	jsonNone treeKind = iota
	jsonNull
	jsonTrue
	jsonFalse
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

var treeKinds = [...]string{"nothing", "null", "true", "false", "a number", "a text", "an array", "an object"}

func text(s string) tree   { return tree{kind: jsonString, text: s} }
func number(s string) tree { return tree{kind: jsonNumber, text: s} }

func (t tree) isString() bool { return t.kind == jsonString }

// textOf returns a member that is a text, and whether it is one.
func (t tree) textOf(name string) (string, bool) {
	m := t.get(name)
	if !m.isString() {
		return "", false
	}
	return m.text, true
}

// get returns the member of that name, or no value.
func (t tree) get(name string) tree {
	for _, m := range t.members {
		if m.name == name {
			return m.value
		}
	}
	return tree{}
}

// maxNesting bounds how deep a schema may nest.
const maxNesting = 500

var errNesting = errors.New("it nests deeper than 500 levels")

// parseTree reads one JSON value and nothing behind it.
func parseTree(data string) (tree, error) {
	d := json.NewDecoder(strings.NewReader(data))
	d.UseNumber()
	t, err := readTree(d, 0)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return tree{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return tree{}, errors.New("something stands behind the JSON value")
	}
	return t, nil
}

func readTree(d *json.Decoder, depth int) (tree, error) {
	if depth > maxNesting {
		return tree{}, errNesting
	}
	token, err := d.Token()
	if err != nil {
		return tree{}, err
	}
	switch v := token.(type) {
	case nil:
		return tree{kind: jsonNull}, nil
	case bool:
		if v {
			return tree{kind: jsonTrue}, nil
		}
		return tree{kind: jsonFalse}, nil
	case json.Number:
		return number(v.String()), nil
	case string:
		return text(v), nil
	case json.Delim:
		if v == '[' {
			return readItems(d, depth)
		}
		return readMembers(d, depth)
	default:
		return tree{}, fmt.Errorf("unexpected token %v", token)
	}
}

func readItems(d *json.Decoder, depth int) (tree, error) {
	t := tree{kind: jsonArray}
	for d.More() {
		item, err := readTree(d, depth+1)
		if err != nil {
			return tree{}, err
		}
		t.items = append(t.items, item)
	}
	_, err := d.Token()
	return t, err
}

func readMembers(d *json.Decoder, depth int) (tree, error) {
	t := tree{kind: jsonObject}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return tree{}, err
		}
		value, err := readTree(d, depth+1)
		if err != nil {
			return tree{}, err
		}
		t.set(name.(string), value)
	}
	_, err := d.Token()
	return t, err
}

// set replaces the member of that name, or appends it.
func (t *tree) set(name string, value tree) {
	for i := range t.members {
		if t.members[i].name == name {
			t.members[i].value = value
			return
		}
	}
	t.members = append(t.members, member{name, value})
}

// append writes the value as Jackson does, without blanks.
func (t tree) append(dst []byte) []byte {
	switch t.kind {
	case jsonTrue:
		return append(dst, "true"...)
	case jsonFalse:
		return append(dst, "false"...)
	case jsonNumber:
		return append(dst, t.text...)
	case jsonString:
		return javajson.AppendString(dst, t.text)
	case jsonArray:
		dst = append(dst, '[')
		for i, item := range t.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.append(dst)
		}
		return append(dst, ']')
	case jsonObject:
		return appendMembers(append(dst, '{'), t.members, false)
	default:
		return append(dst, "null"...)
	}
}

// appendMembers writes the members and the end of the object; more says that some
// are written already.
func appendMembers(dst []byte, members []member, more bool) []byte {
	for _, m := range members {
		if more {
			dst = append(dst, ',')
		}
		dst = append(javajson.AppendString(dst, m.name), ':')
		dst = m.value.append(dst)
		more = true
	}
	return append(dst, '}')
}

// String returns the value as Java's toString gives it for what Avro's Java library
// holds of it: a text without quotes.
func (t tree) String() string {
	if t.isString() {
		return t.text
	}
	return string(t.append(nil))
}

// equal compares; the order of members does not count.
func (t tree) equal(o tree) bool {
	if t.kind != o.kind || len(t.items) != len(o.items) || len(t.members) != len(o.members) {
		return false
	}
	if t.text != o.text {
		return false
	}
	for i := range t.items {
		if !t.items[i].equal(o.items[i]) {
			return false
		}
	}
	for _, m := range t.members {
		if !m.value.equal(o.get(m.name)) {
			return false
		}
	}
	return true
}
