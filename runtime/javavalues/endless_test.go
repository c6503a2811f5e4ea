// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javavalues

import (
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// TestUnusualSchemas writes values of a Struct that holds itself twice, and of
// containers of which nothing is known.
func TestUnusualSchemas(t *testing.T) {
	tree := &connect.Schema{Type: connect.Struct, Name: "Tree", Optional: true}
	tree.Fields = []connect.Field{{Name: "n", Schema: connect.Int32Schema}, {Name: "l", Schema: tree}, {Name: "r", Schema: tree}}
	leaf := connect.StructValue([]connect.Value{connect.Int32Value(2), {}, {}})
	array := connect.ArrayValue([]connect.Value{connect.Int64Value(1), connect.StringValue("x")})
	object := connect.MapValue([]connect.Entry{{Key: connect.Int64Value(1), Value: connect.StringValue("x")}})
	for name, tc := range map[string]struct {
		schema      *connect.Schema
		value       connect.Value
		text, whole string
	}{
		"tree": {tree, connect.StructValue([]connect.Value{connect.Int32Value(1), leaf, leaf}), "Struct{n=1,l=Struct{n=2},r=Struct{n=2}}", `{"n":1,"l":{"n":2,"l":null,"r":null},"r":{"n":2,"l":null,"r":null}}`},
		"list": {&connect.Schema{Type: connect.Array}, array, "[1, x]", `[1,"x"]`},
		"map":  {&connect.Schema{Type: connect.Map}, object, "{1=x}", `{1:"x"}`},
	} {
		if got := string(javatext.AppendText(nil, tc.schema, tc.value)); got != tc.text {
			t.Errorf("%s is the text %s, want %s", name, got, tc.text)
		}
		if got := string(AppendWhole(nil, tc.schema, tc.value)); got != tc.whole {
			t.Errorf("%s is the header %s, want %s", name, got, tc.whole)
		}
	}
}
