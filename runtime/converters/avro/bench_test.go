// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/avro"

	"penstock.dev/runtime/connect"
)

// orderSchema is that of the order by which the JSON converter is measured.
func orderSchema() *connect.Schema {
	field := func(name string, s *connect.Schema) connect.Field { return connect.Field{Name: name, Schema: s} }
	address := &connect.Schema{Type: connect.Struct, Name: "Address", Fields: []connect.Field{
		field("street", connect.StringSchema), field("city", connect.StringSchema), field("zip", connect.StringSchema), field("country", connect.StringSchema),
	}}
	line := &connect.Schema{Type: connect.Struct, Name: "Line", Fields: []connect.Field{
		field("sku", connect.StringSchema), field("name", connect.StringSchema), field("quantity", connect.Int32Schema), field("price", connect.Float64Schema),
	}}
	return &connect.Schema{Type: connect.Struct, Name: "Order", Fields: []connect.Field{
		field("id", connect.Int64Schema), field("customer", connect.StringSchema), field("email", connect.StringSchema), field("active", connect.BooleanSchema),
		field("note", connect.OptionalStringSchema), field("total", connect.Float64Schema), field("rate", connect.Float64Schema), field("address", address),
		field("tags", &connect.Schema{Type: connect.Array, Elem: connect.StringSchema}), field("lines", &connect.Schema{Type: connect.Array, Elem: line}),
		field("created", connect.TimestampSchema), field("description", connect.StringSchema),
	}}
}

func order() connect.Value {
	var lines []connect.Value
	for i := range 6 {
		lines = append(lines, structOf(str(fmt.Sprintf("SKU-%05d", i*7919)), str(fmt.Sprintf("Article number %d of the order", i)),
			connect.Int32Value(int32(i+1)), connect.Float64Value(float64(i*10)+0.95)))
	}
	return structOf(connect.Int64Value(1234567890), str("Ada Lovelace"), str("ada@example.org"), connect.BooleanValue(true), connect.Value{},
		connect.Float64Value(1234.56), connect.Float64Value(0.0725), structOf(str("12 Long Street"), str("Zürich"), str("8001"), str("CH")),
		connect.ArrayValue([]connect.Value{str("new"), str("gift"), str("priority")}), connect.ArrayValue(lines),
		connect.Int64Value(1700000000123), str("A text that is about as long as such texts are, "+strings.Repeat("and on it goes ", 8)))
}

// batch is as many records as the arena is used for before it is reset.
const batch = 500

func BenchmarkRead(b *testing.B) {
	c := newTestConverter(b, newFake(b).URL())
	data := write(b, c, "t", orderSchema(), order())
	b.Run("converter", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		var a connect.Arena
		i := 0
		for b.Loop() {
			if i++; i%batch == 0 {
				a.Reset()
			}
			if _, _, err := c.ToConnect(&a, "t", data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("twmb-avro", func(b *testing.B) {
		s := libraryOrder(b)
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if _, err := s.Decode(data[5:], &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func libraryOrder(t testing.TB) *avro.Schema {
	t.Helper()
	s, err := defaultRules(t).fromSchema(orderSchema())
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.print()
	if err != nil {
		t.Fatal(err)
	}
	return avro.MustParse(text)
}

func BenchmarkWrite(b *testing.B) {
	c := newTestConverter(b, newFake(b).URL())
	s, v := orderSchema(), order()
	data := write(b, c, "t", s, v)
	b.Run("converter", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		buf := make([]byte, 0, 8<<10)
		for b.Loop() {
			if _, err := c.FromConnect(buf, "t", s, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("twmb-avro", func(b *testing.B) {
		s := libraryOrder(b)
		var v any
		if _, err := s.Decode(data[5:], &v); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		buf := make([]byte, 0, 8<<10)
		for b.Loop() {
			if _, err := s.AppendEncode(buf, v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestAllocations says that a record costs no allocation of its own.
func TestAllocations(t *testing.T) {
	intMap := &connect.Schema{Type: connect.Map, Key: connect.Int32Schema, Elem: connect.StringSchema}
	var many []connect.Entry
	for i := range int32(30) {
		many = append(many, connect.Entry{Key: connect.Int32Value(i), Value: str("x")})
	}
	tests := map[string]struct {
		schema *connect.Schema
		value  connect.Value
	}{
		"order":     {orderSchema(), order()},
		"many keys": {intMap, connect.MapValue(many)},
		"list":      {linked(), structOf(connect.Int32Value(1), structOf(connect.Int32Value(2), connect.Value{}))},
		"bytes":     {connect.BytesSchema, connect.BytesValue([]byte("abc"))},
		"no schema": {nil, connect.MapValue([]connect.Entry{{Key: str("k"), Value: connect.ArrayValue([]connect.Value{connect.Int64Value(1), {}})}})},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := newTestConverter(t, newFake(t).URL())
			var a connect.Arena
			data := write(t, c, "t", tc.schema, tc.value)
			buf := make([]byte, 0, 8<<10)
			got := testing.AllocsPerRun(20, func() { // a batch
				a.Reset()
				for range batch {
					s, v, err := c.ToConnect(&a, "t", data)
					if err != nil {
						t.Fatal(err)
					}
					if _, err = c.FromConnect(buf, "t", s, v); err != nil {
						t.Fatal(err)
					}
				}
			})
			// The decoder may be dropped by its pool, and with the race detector often is.
			if got > batch/20 && !raceEnabled {
				t.Errorf("%v allocations for %d records", got, batch)
			}
		})
	}
}
