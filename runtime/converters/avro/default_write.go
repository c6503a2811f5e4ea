// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"encoding/binary"

	"penstock.dev/runtime/connect"
)

// appendDefault appends the default of a field that a record does not have.
func appendDefault(dst []byte, s *schema, t tree) ([]byte, error) {
	if !fits(s, t) {
		return nil, errDefault
	}
	left := maxDefault
	return appendFitting(dst, s, t, &left)
}

func appendFitting(dst []byte, s *schema, t tree, left *int) ([]byte, error) {
	if !spend(left) {
		return nil, errDefault
	}
	switch s.kind {
	case kUnion:
		for i, b := range s.branches {
			if fits(b, t) {
				return appendFitting(binary.AppendVarint(dst, int64(i)), b, t, left)
			}
		}
		return nil, errDefault
	case kArray:
		return appendBlock(dst, t.items, func(dst []byte, item tree) ([]byte, error) { return appendFitting(dst, s.elem, item, left) })
	case kMap:
		return appendBlock(dst, t.members, func(dst []byte, m member) ([]byte, error) {
			dst = append(binary.AppendVarint(dst, int64(len(m.name))), m.name...)
			return appendFitting(dst, s.elem, m.value, left)
		})
	case kRecord:
		for _, f := range s.fields {
			value := t.get(f.name)
			if value.kind == jsonNone {
				value = f.def
			}
			var err error
			if dst, err = appendFitting(dst, f.schema, value, left); err != nil {
				return nil, err
			}
		}
		return dst, nil
	default:
		return appendScalarDefault(dst, s, t)
	}
}

func appendBlock[T any](dst []byte, items []T, item func([]byte, T) ([]byte, error)) ([]byte, error) {
	if len(items) > 0 {
		dst = binary.AppendVarint(dst, int64(len(items)))
	}
	for _, i := range items {
		var err error
		if dst, err = item(dst, i); err != nil {
			return nil, err
		}
	}
	return append(dst, 0), nil
}

// appendScalarDefault writes the default through the Connect schema of its type.
func appendScalarDefault(dst []byte, s *schema, t tree) ([]byte, error) {
	if s.kind == kNull {
		return dst, nil
	}
	c := &connect.Schema{Type: plainTypes[s.kind]}
	v, err := scalarDefault(c, t)
	if err != nil {
		return nil, err
	}
	w := &writer{schema: c}
	if err := w.simple(c, s); err != nil {
		return nil, err
	}
	return encoder{}.value(dst, w, v, 0)
}
