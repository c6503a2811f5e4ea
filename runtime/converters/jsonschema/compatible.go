// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"errors"
	"fmt"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
)

// comparison keeps which schemas have been compared, for those that hold themselves.
type comparison map[[2]*connect.Schema]bool

// readable says why what one schema writes cannot be read by another: a field that
// the other does not know, another type in JSON, or null where none may stand.
func readable(own, other *connect.Schema) error { return comparison{}.readable(own, other) }

func (c comparison) readable(own, other *connect.Schema) error {
	switch {
	case own == nil || other == nil:
		return errors.New("a list, map or struct has a member without schema")
	case c[[2]*connect.Schema{own, other}]:
		return nil
	case own.Optional && !other.Optional && other.Default == nil:
		return fmt.Errorf("it has no null, which this schema allows")
	case jsonconv.IsUnion(own), jsonconv.IsUnion(other):
		if jsonconv.IsUnion(own) != jsonconv.IsUnion(other) {
			return fmt.Errorf("one is a union and the other is not")
		}
		return nil
	case jsonType(own) != jsonType(other) && !(jsonType(own) == "integer" && jsonType(other) == "number"):
		return fmt.Errorf("its type is %s, this one's %s", jsonType(other), jsonType(own))
	}
	c[[2]*connect.Schema{own, other}] = true
	switch own.Type {
	case connect.Struct:
		return c.fields(own, other)
	case connect.Array, connect.Map:
		if err := c.readable(own.Elem, other.Elem); err != nil {
			return at(err, "[]")
		}
	}
	return nil
}

func (c comparison) fields(own, other *connect.Schema) error {
	if len(own.Fields) > 0 && len(other.Fields) > 0 && &own.Fields[0] == &other.Fields[0] {
		return nil
	}
	for _, f := range own.Fields {
		i := other.FieldIndex(f.Name)
		if i < 0 {
			return at(fmt.Errorf("it has no such property"), f.Name)
		}
		if err := c.readable(f.Schema, other.Fields[i].Schema); err != nil {
			return at(err, f.Name)
		}
	}
	return nil
}

// jsonType returns what a value is in JSON.
func jsonType(s *connect.Schema) string {
	switch s.Type {
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		return "integer"
	case connect.Float32, connect.Float64:
		return "number"
	case connect.Boolean:
		return "boolean"
	case connect.Array:
		return "array"
	case connect.Map:
		if s.Key != nil && s.Key.Type == connect.String && !s.Key.Optional {
			return "map"
		}
		return "list of entries"
	case connect.Struct:
		return "object"
	default:
		return "string"
	}
}
