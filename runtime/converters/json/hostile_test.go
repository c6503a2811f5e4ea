// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"fmt"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// A list of empty objects whose schema has many fields, or a default of many items,
// needs much more memory than it has bytes.
func TestManyEmptyObjects(t *testing.T) {
	wide := &connect.Schema{Type: connect.Struct}
	for i := range 1000 {
		wide.Fields = append(wide.Fields, connect.Field{Name: fmt.Sprint("f", i), Schema: connect.OptionalStringSchema})
	}
	items := connect.ArrayValue(make([]connect.Value, 1000))
	full := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
		{Name: "f", Schema: &connect.Schema{Type: connect.Array, Elem: connect.OptionalStringSchema, Default: &items}},
	}}
	for name, s := range map[string]*connect.Schema{"many fields": wide, "a long default": full} {
		c, err := NewCodec(&connect.Schema{Type: connect.Array, Elem: s}, Dialect{})
		if err != nil {
			t.Fatal(err)
		}
		objects := func(n int) []byte { return []byte("[" + strings.Repeat("{},", n) + "{}]") }
		a := new(connect.Arena)
		if _, err := c.Read(a, objects(20_000)); err == nil || !strings.Contains(err.Error(), "would not fit the memory") {
			t.Errorf("%s: %v", name, err)
		}
		if held := a.Held(); held > 400<<20 {
			t.Errorf("%s: 60 KB take %d MiB", name, held>>20)
		}
		if v, err := c.Read(new(connect.Arena), objects(1000)); err != nil || v.Len() != 1001 {
			t.Errorf("%s: %d, %v", name, v.Len(), err)
		}
	}
}

func TestDefaultOfAStruct(t *testing.T) {
	c, err := New(Config{SchemasEnable: true, SchemasCacheSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	const message = `{"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"i"}],"optional":true,"default":{"i":7}},"payload":{"i":1}}`
	s, v, err := c.ToConnect(new(connect.Arena), "t", []byte(message))
	if err != nil || v.Items()[0].Int() != 1 || s.Default == nil || s.Default.Items()[0].Int() != 7 {
		t.Errorf("schema %+v, value %v, %v", s, v.Len(), err)
	}
}
