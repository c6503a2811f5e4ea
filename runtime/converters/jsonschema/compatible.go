// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"fmt"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
)

// readable says why what one schema writes cannot be read by another: a field that
// the other does not know, another type in JSON, or null where none may stand.
func readable(own, other *connect.Schema, depth int) error {
	switch {
	case depth > maxLevels:
		return nil // they hold themselves alike
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
	switch own.Type {
	case connect.Struct:
		return readableFields(own, other, depth)
	case connect.Array, connect.Map:
		if err := readable(own.Elem, other.Elem, depth+1); err != nil {
			return at(err, "[]")
		}
	}
	return nil
}

func readableFields(own, other *connect.Schema, depth int) error {
	if len(own.Fields) > 0 && len(other.Fields) > 0 && &own.Fields[0] == &other.Fields[0] {
		return nil
	}
	for _, f := range own.Fields {
		i := other.FieldIndex(f.Name)
		if i < 0 {
			return at(fmt.Errorf("it has no such property"), f.Name)
		}
		if err := readable(f.Schema, other.Fields[i].Schema, depth+1); err != nil {
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
		if s.Key.Type == connect.String && !s.Key.Optional {
			return "map"
		}
		return "list of entries"
	case connect.Struct:
		return "object"
	default:
		return "string"
	}
}
