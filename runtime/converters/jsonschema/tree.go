// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// value is a JSON value whose objects keep the order of their members.
type value struct {
	kind    byte // '{', '[', '"', '0' for a number, 't' for true and false, 'n'
	text    string
	truth   bool
	members []member
	items   []*value
}

type member struct {
	name string
	*value
}

// maxNesting bounds how deep a schema may nest.
const maxNesting = 500

// parse reads a JSON text.
func parse(text string) (*value, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := read(d, 0)
	if err != nil {
		return nil, fmt.Errorf("the schema is no JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the schema is no JSON: something follows it")
	}
	return v, nil
}

func read(d *json.Decoder, depth int) (*value, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("it nests deeper than %d levels", maxNesting)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		return readInner(d, byte(t), depth)
	case string:
		return &value{kind: '"', text: t}, nil
	case json.Number:
		return &value{kind: '0', text: t.String()}, nil
	case bool:
		return &value{kind: 't', truth: t}, nil
	default:
		return &value{kind: 'n'}, nil
	}
}

func readInner(d *json.Decoder, open byte, depth int) (*value, error) {
	v := &value{kind: open}
	for d.More() {
		name := ""
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, _ = t.(string)
		}
		inner, err := read(d, depth+1)
		if err != nil {
			return nil, err
		}
		if open == '[' {
			v.items = append(v.items, inner)
		} else {
			v.set(name, inner)
		}
	}
	_, err := d.Token()
	return v, err
}

// set adds a member; of equal names the last counts.
func (v *value) set(name string, inner *value) {
	for i := range v.members {
		if v.members[i].name == name {
			v.members[i].value = inner
			return
		}
	}
	v.members = append(v.members, member{name, inner})
}

// get returns a member of an object, or nil.
func (v *value) get(name string) *value {
	if v == nil {
		return nil
	}
	for i := range v.members {
		if v.members[i].name == name {
			return v.members[i].value
		}
	}
	return nil
}

// str returns a member that is a text, or "".
func (v *value) str(name string) string {
	if m := v.get(name); m != nil && m.kind == '"' {
		return m.text
	}
	return ""
}

// json returns the compact text of a value.
func (v *value) json() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

func (v *value) write(b *strings.Builder) {
	switch v.kind {
	case '{':
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(quote(m.name))
			b.WriteByte(':')
			m.value.write(b)
		}
		b.WriteByte('}')
	case '[':
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.write(b)
		}
		b.WriteByte(']')
	case '"':
		b.WriteString(quote(v.text))
	case '0':
		b.WriteString(v.text)
	case 't':
		fmt.Fprint(b, v.truth)
	default:
		b.WriteString("null")
	}
}
