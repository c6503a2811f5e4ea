// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

func TestSchemaThatHoldsItselfTwice(t *testing.T) {
	for _, optional := range []bool{false, true} {
		f := newFake(t)
		c := newTestConverter(t, f.URL())
		v := treeOf(1, treeOf(2, connect.Value{}, connect.Value{}), connect.Value{})
		data := write(t, c, "trees", treeSchema(optional), v)
		_, got, err := c.ToConnect(new(connect.Arena), "trees", data)
		if err != nil || show(got) != show(v) {
			t.Errorf("optional %t: read %s, %v", optional, show(got), err)
		}
		nameless := treeSchema(optional)
		nameless.Name, nameless.Fields[1].Schema.Name = "", ""
		if _, err := c.FromConnect(nil, "nameless", nameless, v); err == nil {
			t.Errorf("optional %t: a schema without name is written that holds itself", optional)
		}
	}
}

func TestContainersWithoutMemberSchemas(t *testing.T) {
	f := newFake(t)
	c := newTestConverter(t, f.URL())
	for name, s := range bareSchemas() {
		if _, err := c.FromConnect(nil, "bare", s, bareValue(s)); err == nil || !strings.Contains(err.Error(), "schema") {
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

func treeOf(n int32, l, r connect.Value) connect.Value {
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
