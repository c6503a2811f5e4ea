// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connecttest

import "penstock.dev/runtime/connect"

// TreeSchema returns a schema that holds itself twice.
func TreeSchema(optional bool) *connect.Schema {
	s := &connect.Schema{Type: connect.Struct, Name: "Tree", Optional: optional}
	child := s.AsOptional()
	if !optional {
		child = &connect.Schema{Type: connect.Struct, Name: "Tree", Optional: true}
	}
	s.Fields = []connect.Field{{Name: "n", Schema: connect.Int32Schema}, {Name: "l", Schema: child}, {Name: "r", Schema: child}}
	child.Fields = s.Fields
	return s
}

// Tree returns a value of TreeSchema.
func Tree(n int32, l, r connect.Value) connect.Value {
	return connect.StructValue([]connect.Value{connect.Int32Value(n), l, r})
}

// BareSchemas returns those of containers whose members have nothing in common, alone
// and in a struct.
func BareSchemas() map[string]*connect.Schema {
	list, object := &connect.Schema{Type: connect.Array}, &connect.Schema{Type: connect.Map}
	keyed := &connect.Schema{Type: connect.Map, Key: connect.StringSchema}
	in := func(s *connect.Schema) *connect.Schema {
		return &connect.Schema{Type: connect.Struct, Name: "Bare", Fields: []connect.Field{{Name: "f", Schema: s}}}
	}
	return map[string]*connect.Schema{
		"list": list, "map": object, "map with keys": keyed,
		"list in struct": in(list), "map in struct": in(object), "map with keys in struct": in(keyed),
		"list in list": {Type: connect.Array, Elem: list}, "map in list": {Type: connect.Array, Elem: object},
	}
}

// BareValue returns a value of such a schema.
func BareValue(s *connect.Schema) connect.Value {
	one := connect.Int64Value(1)
	switch {
	case s.Type == connect.Struct:
		return connect.StructValue([]connect.Value{BareValue(s.Fields[0].Schema)})
	case s.Type == connect.Map:
		return connect.MapValue([]connect.Entry{{Key: connect.StringValue("k"), Value: one}})
	case s.Elem != nil:
		return connect.ArrayValue([]connect.Value{BareValue(s.Elem)})
	default:
		return connect.ArrayValue([]connect.Value{one, connect.StringValue("x")})
	}
}
