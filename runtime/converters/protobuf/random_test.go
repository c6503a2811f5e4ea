// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"penstock.dev/runtime/connect"
)

// TestRandomSchemasAndValues makes schemas and values, writes them, reads them
// with dynamicpb and with us, and writes them with dynamicpb.
func TestRandomSchemasAndValues(t *testing.T) {
	settings := map[string]Mapping{
		"optional": with(func(m *Mapping) { m.OptionalForNullables = true }),
		"wrapper":  with(func(m *Mapping) { m.WrapperForNullables = true }),
		"enhanced": with(func(m *Mapping) { m.OptionalForNullables, m.EnhancedSupport, m.GeneralizedSumTypes = true, true, true }),
	}
	for name, m := range settings {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(150) {
				g := generator{rand.New(rand.NewPCG(seed, 1)), 0, m}
				s := g.structOf(0)
				text, md, how := writerOf(t, m, s)
				for range 5 {
					v := g.value(s)
					checkRandom(t, m, s, v, md, how, text)
				}
			}
		})
	}
}

func checkRandom(t *testing.T, m Mapping, s *connect.Schema, v connect.Value, md protoreflect.MessageDescriptor, how writing, text string) {
	t.Helper()
	data, err := encoder{}.root([]byte{}, &how, v)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	dynamic := dynamicpb.NewMessage(md)
	if err := proto.Unmarshal(data, dynamic); err != nil {
		t.Fatalf("dynamicpb does not read %x: %v\n%s", data, err, text)
	}
	if len(dynamic.GetUnknown()) > 0 {
		t.Fatalf("dynamicpb finds unknown fields in %x\n%s", data, text)
	}
	r := mustReader(t, m, md)
	want := describe(s, v)
	if got := describe(r.schema, mustRead(t, r, data)); got != want {
		t.Fatalf("written %s, read %s\n%s", want, got, text)
	}
	theirs, err := proto.Marshal(dynamic)
	if err != nil {
		t.Fatal(err)
	}
	if got := describe(r.schema, mustRead(t, r, theirs)); got != want {
		t.Fatalf("written %s, read from dynamicpb's bytes %s\n%s", want, got, text)
	}
	// What was read has a schema by which it can be written again.
	again, md2, how2 := writerOf(t, m, r.schema)
	data2, err := encoder{}.root([]byte{}, &how2, mustRead(t, r, data))
	if err != nil {
		t.Fatalf("%v\n%s", err, again)
	}
	r2 := mustReader(t, m, md2)
	if got := describe(r2.schema, mustRead(t, r2, data2)); got != want {
		t.Fatalf("written %s, read from what was written again %s\n%s", want, got, again)
	}
}

// generator makes schemas whose values survive the way through protobuf: null only
// where it can be told from zero.
type generator struct {
	*rand.Rand
	names int
	rules Mapping
}

func (g *generator) name(prefix string) string {
	g.names++
	return prefix + strconv.Itoa(g.names)
}

func (g *generator) structOf(depth int) *connect.Schema {
	s := &connect.Schema{Type: connect.Struct, Name: "test.pkg." + g.name("S")}
	if g.IntN(4) == 0 {
		s.Name = ""
	}
	if depth < 3 && g.IntN(3) == 0 { // a oneof is read as the first field
		s.Fields = append(s.Fields, g.union(depth+1))
	}
	for range 1 + g.IntN(6) {
		s.Fields = append(s.Fields, connect.Field{Name: g.name("f"), Schema: g.field(depth + 1)})
	}
	return s
}

func (g *generator) union(depth int) connect.Field {
	name := g.name("one")
	s := &connect.Schema{Type: connect.Struct, Optional: true, Name: unionName + "." + name}
	if g.rules.GeneralizedSumTypes {
		s.Parameters = []connect.Parameter{{Name: anyUnionParam, Value: name}}
	}
	for range 1 + g.IntN(3) {
		m := g.scalar()
		if depth < 3 && g.IntN(3) == 0 {
			m = g.structOf(depth + 1)
		}
		s.Fields = append(s.Fields, connect.Field{Name: g.name("m"), Schema: m.AsOptional()})
	}
	return connect.Field{Name: name + "_0", Schema: s}
}

func (g *generator) field(depth int) *connect.Schema {
	switch n := g.IntN(10); {
	case n == 0 && depth < 4:
		return g.structOf(depth).AsOptional()
	case n == 1:
		return &connect.Schema{Type: connect.Array, Elem: g.scalar()}
	case n == 2 && depth < 4:
		return &connect.Schema{Type: connect.Array, Elem: g.structOf(depth)}
	case n == 3:
		return &connect.Schema{Type: connect.Map, Key: []*connect.Schema{connect.StringSchema, connect.Int64Schema, connect.BooleanSchema}[g.IntN(3)], Elem: g.scalar()}
	case n == 4:
		s := []*connect.Schema{
			connect.TimestampSchema, connect.DateSchema, connect.TimeSchema,
			{Type: connect.Bytes, Name: connect.DecimalName, Version: 1, Parameters: []connect.Parameter{{Name: connect.ScaleParameter, Value: "3"}}},
		}[g.IntN(4)]
		return s.AsOptional()
	case n < 7:
		s := g.scalar()
		if _, _, isEnum := enumOf(s, false); isEnum && g.rules.WrapperForNullables {
			return s
		}
		return s.AsOptional()
	default:
		return g.scalar()
	}
}

func (g *generator) scalar() *connect.Schema {
	switch g.IntN(14) {
	case 0:
		return connect.Int8Schema
	case 1:
		return connect.Int16Schema
	case 2:
		return connect.Int32Schema
	case 3:
		return connect.Float32Schema
	case 4:
		return connect.Float64Schema
	case 5:
		return connect.BooleanSchema
	case 6, 7:
		return connect.StringSchema
	case 8:
		return connect.BytesSchema
	case 9:
		return typed(connect.Int32, []string{"sint32", "sfixed32"}[g.IntN(2)])
	case 10:
		return typed(connect.Int64, []string{"sint64", "sfixed64", "fixed64", "uint64", "uint32", "fixed32"}[g.IntN(6)])
	case 11:
		return g.enum()
	default:
		return connect.Int64Schema
	}
}

func typed(t connect.Type, name string) *connect.Schema {
	return &connect.Schema{Type: t, Parameters: []connect.Parameter{{Name: typeParam, Value: name}}}
}

func (g *generator) enum() *connect.Schema {
	name, param := g.name("E"), enumParam
	if g.rules.GeneralizedSumTypes {
		param = anyEnumParam
	}
	s := &connect.Schema{Type: connect.String, Name: name, Parameters: []connect.Parameter{{Name: param, Value: name}}}
	for i := range 1 + g.IntN(4) {
		s.Parameters = append(s.Parameters, connect.Parameter{Name: fmt.Sprintf("%s.%s_%d", param, name, i), Value: strconv.Itoa(i * 3)})
	}
	return s
}

func (g *generator) value(s *connect.Schema) connect.Value {
	_, _, isEnum := enumOf(s, false)
	switch {
	case isEnum:
		// Null cannot be told from zero where wrappers stand for nullables.
		var symbols []connect.Parameter
		for _, p := range s.Parameters[1:] {
			if p.Name != tagParam {
				symbols = append(symbols, p)
			}
		}
		name := symbols[g.IntN(len(symbols))].Name
		return connect.StringValue(name[len(s.Parameters[0].Name)+1:])
	case s.Type == connect.Struct && isUnion(s):
		fields := make([]connect.Value, len(s.Fields))
		i := g.IntN(len(fields))
		member := *s.Fields[i].Schema
		member.Optional = false
		fields[i] = g.value(&member)
		return connect.StructValue(fields)
	case s.Optional && g.IntN(4) == 0:
		return connect.Value{}
	}
	switch s.Name {
	case connect.TimestampName:
		return connect.Int64Value(g.Int64N(4e12) - 2e12)
	case connect.DateName:
		return connect.Int32Value(int32(g.IntN(2_000_000)) - 700_000)
	case connect.TimeName:
		return connect.Int32Value(int32(g.IntN(millisPerDay)))
	case connect.DecimalName:
		return connect.BytesValue(minimal(g.bytes(1 + g.IntN(20))))
	}
	return g.plain(s)
}

func (g *generator) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.IntN(256))
	}
	return b
}

func (g *generator) plain(s *connect.Schema) connect.Value {
	switch s.Type {
	case connect.Struct:
		fields := make([]connect.Value, len(s.Fields))
		for i, f := range s.Fields {
			fields[i] = g.value(f.Schema)
		}
		return connect.StructValue(fields)
	case connect.Array:
		items := make([]connect.Value, g.IntN(5))
		for i := range items {
			items[i] = g.value(s.Elem)
		}
		return connect.ArrayValue(items)
	case connect.Map:
		entries := make([]connect.Entry, g.IntN(3))
		for i := range entries {
			entries[i] = connect.Entry{Key: []connect.Value{connect.Int64Value(int64(i)), connect.StringValue(strconv.Itoa(i)), connect.BooleanValue(i > 0)}[keyKind(s.Key.Type)], Value: g.value(s.Elem)}
		}
		return connect.MapValue(entries)
	case connect.String:
		return connect.StringValue([]string{"", "a", "long ä " + strconv.Itoa(g.IntN(1e9)), string(make([]byte, 300))}[g.IntN(4)])
	case connect.Bytes:
		return connect.BytesValue(g.bytes(g.IntN(200)))
	case connect.Boolean:
		return connect.BooleanValue(g.IntN(2) == 0)
	case connect.Float32:
		return connect.Float32Value(float32(g.NormFloat64()))
	case connect.Float64:
		return connect.Float64Value(g.NormFloat64())
	case connect.Int64:
		if typ, _ := s.Parameter(typeParam); typ == "uint32" || typ == "fixed32" {
			return connect.Int64Value(int64(g.Uint32()))
		}
		return connect.Int64Value(int64(g.Uint64()) >> g.IntN(64))
	default:
		width := 8 << (s.Type - connect.Int8)
		return connect.IntValue(s.Type, int64(g.Uint64())>>(64-width)>>g.IntN(width))
	}
}

func keyKind(t connect.Type) int {
	switch t {
	case connect.Int64:
		return 0
	case connect.String:
		return 1
	default:
		return 2
	}
}
