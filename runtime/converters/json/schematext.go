// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"fmt"
	"slices"
	"strconv"

	"penstock.dev/runtime/connect"
)

// maxParts bounds how many parts the text of a schema has: one that many share is
// written for each of them.
const maxParts = 100_000

// measure finds out how long the text of a schema would be.
type measure struct {
	path  []*node
	parts map[*node]int
}

// of returns how many parts the text of a schema has, or an error if that has no
// end because the schema holds itself: JSON has each schema written out.
func (m *measure) of(n *node) (int, error) {
	if n == nil {
		return 0, nil
	}
	if slices.Contains(m.path, n) {
		return 0, fmt.Errorf("the %s schema %q holds itself, which the JSON of a schema cannot say; set schemas.enable to false, or use a converter with a schema registry", n.schema.Type, n.schema.Name)
	}
	if parts, ok := m.parts[n]; ok {
		return parts, nil
	}
	m.path = append(m.path, n)
	parts := 1
	for i := range n.fields {
		more, err := m.of(n.fields[i].node)
		if err != nil {
			return 0, at(err, n.fields[i].name)
		}
		parts += more
	}
	for _, member := range []*node{n.key, n.elem} {
		more, err := m.of(member)
		if err != nil {
			return 0, err
		}
		parts += more
	}
	if parts > maxParts {
		return 0, fmt.Errorf("the text of the schema has more than %d parts; set schemas.enable to false, or use a converter with a schema registry", maxParts)
	}
	m.path = m.path[:len(m.path)-1]
	m.parts[n] = parts
	return parts, nil
}

// appendSchema appends the JSON of a schema, its keys in the order of Kafka
// Connect: type, members, optional, name, version, doc, parameters, default, and
// last `"field":` with the quoted name of the struct's field, if it is one's. It is
// null if there is none.
func (r rules) appendSchema(dst []byte, n *node, quotedField []byte) ([]byte, error) {
	if n == nil {
		return append(dst, "null"...), nil
	}
	s := n.schema
	dst = append(dst, `{"type":"`...)
	dst = append(append(dst, s.Type.String()...), '"')
	dst, err := r.appendMembers(dst, n)
	if err != nil {
		return nil, err
	}
	dst = append(dst, `,"optional":`...)
	dst = strconv.AppendBool(dst, s.Optional)
	dst = appendAttribute(dst, `,"name":`, s.Name)
	if s.Version != 0 {
		dst = append(dst, `,"version":`...)
		dst = strconv.AppendInt(dst, int64(s.Version), 10)
	}
	dst = appendAttribute(dst, `,"doc":`, s.Doc)
	dst = appendParameters(dst, s.Parameters)
	if s.Default != nil && !s.Default.IsNull() {
		if dst, err = r.append(append(dst, `,"default":`...), n, *s.Default); err != nil {
			return nil, at(err, "default")
		}
	}
	if quotedField != nil {
		dst = append(dst, `,"field":`...)
		dst = append(dst, quotedField...)
	}
	return append(dst, '}'), nil
}

func (r rules) appendMembers(dst []byte, n *node) ([]byte, error) {
	var err error
	switch n.schema.Type {
	case connect.Array:
		return r.appendSchema(append(dst, `,"items":`...), n.elem, nil)
	case connect.Map:
		if dst, err = r.appendSchema(append(dst, `,"keys":`...), n.key, nil); err != nil {
			return nil, err
		}
		return r.appendSchema(append(dst, `,"values":`...), n.elem, nil)
	case connect.Struct:
		dst = append(dst, `,"fields":[`...)
		for i, f := range n.fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = r.appendSchema(dst, f.node, f.quoted[:len(f.quoted)-1]); err != nil {
				return nil, at(err, f.name)
			}
		}
		return append(dst, ']'), nil
	default:
		return dst, nil
	}
}

func appendAttribute(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return appendString(append(dst, key...), value)
}

func appendParameters(dst []byte, ps []connect.Parameter) []byte {
	if len(ps) == 0 {
		return dst
	}
	dst = append(dst, `,"parameters":{`...)
	for i, p := range ps {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, p.Name), ':')
		dst = appendString(dst, p.Value)
	}
	return append(dst, '}')
}
