// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

func TestSchemaThatHoldsItselfTwice(t *testing.T) {
	for _, optional := range []bool{false, true} {
		c := newConverter(&fakeRegistry{}, defaults())
		s, v := treeSchema(optional), tree(1, tree(2, connect.Value{}, connect.Value{}), connect.Value{})
		data, err := c.FromConnect([]byte{}, "trees", s, v)
		if err != nil {
			t.Fatal(err)
		}
		got, read, err := c.ToConnect(new(connect.Arena), "trees", data)
		if err != nil {
			t.Fatal(err)
		}
		if want := describe(s, v); describe(got, read) != want {
			t.Errorf("optional %t: read %s and not %s", optional, describe(got, read), want)
		}
		again, err := c.FromConnect([]byte{}, "copy", got, read)
		if err != nil || string(again[6:]) != string(data[6:]) {
			t.Errorf("optional %t: written again as %x, at first %x, %v", optional, again, data, err)
		}
	}
}

func TestContainersWithoutMemberSchemas(t *testing.T) {
	c := newConverter(&fakeRegistry{}, defaults())
	for name, s := range bareSchemas() {
		if _, err := c.FromConnect(nil, "bare", s, bareValue(s)); err == nil || !strings.Contains(err.Error(), "schema") && !strings.Contains(err.Error(), "array of") {
			t.Errorf("%s: %v", name, err)
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
