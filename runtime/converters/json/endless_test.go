// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

func TestSchemaThatHoldsItself(t *testing.T) {
	for _, optional := range []bool{false, true} {
		s := treeSchema(optional)
		v := tree(1, tree(2, connect.Value{}, connect.Value{}), connect.Value{})
		_, err := newConverter(t, nil).FromConnect(nil, "t", s, v)
		if err == nil || !strings.Contains(err.Error(), `the struct schema "Tree" holds itself`) || !strings.Contains(err.Error(), "schemas.enable") {
			t.Errorf("optional %t, with its schema: %v", optional, err)
		}
		data, err := newConverter(t, schemaless).FromConnect(nil, "t", s, v)
		if want := `{"n":1,"l":{"n":2,"l":null,"r":null},"r":null}`; err != nil || string(data) != want {
			t.Errorf("optional %t, without its schema: %s, %v", optional, data, err)
		}
	}
}

// TestSchemasThatAreShared has each of 40 structs hold the next one twice.
func TestSchemasThatAreShared(t *testing.T) {
	s := connect.OptionalStringSchema
	for range 40 {
		s = &connect.Schema{Type: connect.Struct, Optional: true, Fields: []connect.Field{{Name: "l", Schema: s}, {Name: "r", Schema: s}}}
	}
	v := connect.StructValue([]connect.Value{{}, {}})
	if _, err := newConverter(t, nil).FromConnect(nil, "t", s, v); err == nil || !strings.Contains(err.Error(), "more than 100000 parts") {
		t.Errorf("with its schema: %v", err)
	}
	if data, err := newConverter(t, schemaless).FromConnect(nil, "t", s, v); err != nil || string(data) != `{"l":null,"r":null}` {
		t.Errorf("without its schema: %s, %v", data, err)
	}
}

func TestContainersWithoutMemberSchemas(t *testing.T) {
	want := map[string]string{
		"list": `[1,"x"]`, "map": `{"k":1}`, "map with keys": `{"k":1}`, "list in struct": `{"f":[1,"x"]}`, "map in struct": `{"f":{"k":1}}`,
		"map with keys in struct": `{"f":{"k":1}}`, "list in list": `[[1,"x"]]`, "map in list": `[{"k":1}]`,
	}
	for name, s := range bareSchemas() {
		data, err := newConverter(t, schemaless).FromConnect(nil, "t", s, bareValue(s))
		if err != nil || string(data) != want[name] {
			t.Errorf("%s: %s, %v", name, data, err)
		}
		data, err = newConverter(t, nil).FromConnect(nil, "t", s, bareValue(s))
		if err != nil || !strings.HasSuffix(string(data), `"payload":`+want[name]+"}") {
			t.Errorf("%s with its schema: %s, %v", name, data, err)
		}
	}
}

// treeSchema is a schema that holds itself twice.
func treeSchema(optional bool) *connect.Schema {
	s := &connect.Schema{Type: connect.Struct, Name: "Tree", Optional: optional}
	child := s.AsOptional()
	if !optional {
		child = &connect.Schema{Type: connect.Struct, Name: "Tree", Optional: true}
	}
	s.Fields = []connect.Field{{Name: "n", Schema: connect.Int32Schema}, {Name: "l", Schema: child}, {Name: "r", Schema: child}}
	child.Fields = s.Fields
	return s
}

func tree(n int32, l, r connect.Value) connect.Value {
	return connect.StructValue([]connect.Value{connect.Int32Value(n), l, r})
}

// bareSchemas are those of containers whose members have nothing in common, alone
// and in a struct.
func bareSchemas() map[string]*connect.Schema {
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

// bareValue is a value of such a schema.
func bareValue(s *connect.Schema) connect.Value {
	one := connect.Int64Value(1)
	switch {
	case s.Type == connect.Struct:
		return connect.StructValue([]connect.Value{bareValue(s.Fields[0].Schema)})
	case s.Type == connect.Map:
		return connect.MapValue([]connect.Entry{{Key: connect.StringValue("k"), Value: one}})
	case s.Elem != nil:
		return connect.ArrayValue([]connect.Value{bareValue(s.Elem)})
	default:
		return connect.ArrayValue([]connect.Value{one, connect.StringValue("x")})
	}
}
