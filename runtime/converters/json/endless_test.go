// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

func TestSchemaThatHoldsItself(t *testing.T) {
	for _, optional := range []bool{false, true} {
		s := connecttest.TreeSchema(optional)
		v := connecttest.Tree(1, connecttest.Tree(2, connect.Value{}, connect.Value{}), connect.Value{})
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
	for name, s := range connecttest.BareSchemas() {
		data, err := newConverter(t, schemaless).FromConnect(nil, "t", s, connecttest.BareValue(s))
		if err != nil || string(data) != want[name] {
			t.Errorf("%s: %s, %v", name, data, err)
		}
		data, err = newConverter(t, nil).FromConnect(nil, "t", s, connecttest.BareValue(s))
		if err != nil || !strings.HasSuffix(string(data), `"payload":`+want[name]+"}") {
			t.Errorf("%s with its schema: %s, %v", name, data, err)
		}
	}
}
