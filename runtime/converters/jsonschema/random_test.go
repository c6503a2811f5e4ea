// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
)

// generator makes schemas and values.
type generator struct {
	*rand.Rand
	names int
	rules Mapping
}

func newGenerator(seed uint64, m Mapping) *generator {
	return &generator{rand.New(rand.NewPCG(seed, 7)), 0, m}
}

func (g *generator) name() string {
	g.names++
	return []string{"field", "a", "customer_name", "x", "Order.Line", "größe", "zip code"}[g.IntN(7)] + strconv.Itoa(g.names)
}

func (g *generator) root() *connect.Schema {
	s := g.structOf(0)
	s.Name = "test.Root"
	return s
}

func (g *generator) structOf(depth int) *connect.Schema {
	s := &connect.Schema{Type: connect.Struct}
	if g.IntN(2) == 0 {
		s.Name = g.name()
	}
	for range 1 + g.IntN(14) {
		s.Fields = append(s.Fields, connect.Field{Name: g.name(), Schema: g.any(depth + 1)})
	}
	return s
}

func (g *generator) any(depth int) *connect.Schema {
	s := g.plain(depth)
	if jsonconv.IsUnion(s) {
		return s
	}
	c := *s
	if g.IntN(3) == 0 {
		c.Doc = "about " + g.name()
	}
	if g.IntN(4) == 0 && c.Name == "" {
		c.Name, c.Version = g.name(), g.IntN(3)
	}
	if g.IntN(4) == 0 {
		for range 1 + g.IntN(5) {
			c.Parameters = append(c.Parameters, connect.Parameter{Name: g.name(), Value: g.name()})
		}
	}
	if g.IntN(4) == 0 && c.Type != connect.Struct && c.Type != connect.Array && c.Type != connect.Map {
		v := g.value(&c)
		c.Default = &v
	}
	c.Optional = g.IntN(2) == 0
	return &c
}

func (g *generator) plain(depth int) *connect.Schema {
	n := g.IntN(18)
	if depth > 3 && n > 12 {
		n = g.IntN(12)
	}
	switch n {
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
	case 6:
		return connect.BytesSchema
	case 7:
		return connect.TimestampSchema
	case 8:
		return []*connect.Schema{connect.DateSchema, connect.TimeSchema}[g.IntN(2)]
	case 9:
		return &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: 1, Parameters: []connect.Parameter{{Name: connect.ScaleParameter, Value: "2"}}}
	case 10:
		return g.enum()
	case 13:
		return &connect.Schema{Type: connect.Array, Elem: g.any(depth + 1)}
	case 14:
		return &connect.Schema{Type: connect.Map, Key: connect.StringSchema, Elem: g.any(depth + 1)}
	case 15:
		return &connect.Schema{Type: connect.Map, Key: connect.Int32Schema, Elem: g.any(depth + 1)}
	case 16:
		return g.structOf(depth)
	case 17:
		return g.union(depth)
	default:
		return []*connect.Schema{connect.StringSchema, connect.Int64Schema}[g.IntN(2)]
	}
}

func (g *generator) enum() *connect.Schema {
	param := jsonconv.EnumParam
	if g.rules.GeneralizedSumTypes {
		param = jsonconv.AnyEnumParam
	}
	s := &connect.Schema{Type: connect.String, Parameters: []connect.Parameter{{Name: param}}}
	for i := range 1 + g.IntN(5) {
		symbol := g.name()
		p := connect.Parameter{Name: param + "." + symbol, Value: symbol}
		if g.rules.GeneralizedSumTypes {
			p.Value = strconv.Itoa(i)
		}
		s.Parameters = append(s.Parameters, p)
	}
	return s
}

// union makes a union whose members can be told apart.
func (g *generator) union(depth int) *connect.Schema {
	s := &connect.Schema{Type: connect.Struct, Name: jsonconv.UnionName, Optional: g.IntN(2) == 0}
	members := []*connect.Schema{connect.Int64Schema, connect.StringSchema, connect.BooleanSchema, {Type: connect.Array, Elem: connect.Int32Schema}}
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	inner := g.structOf(depth + 1)
	for i, m := range append(members[:2+g.IntN(2)], inner) {
		s.Fields = append(s.Fields, connect.Field{Name: jsonconv.UnionName + ".field." + strconv.Itoa(i), Schema: m.AsOptional()})
	}
	return s
}

func (g *generator) value(s *connect.Schema) connect.Value {
	if jsonconv.IsUnion(s) {
		fields := make([]connect.Value, len(s.Fields))
		i := g.IntN(len(fields))
		m := *s.Fields[i].Schema
		m.Optional = false
		fields[i] = g.value(&m)
		return connect.StructValue(fields)
	}
	if s.Optional && g.IntN(4) == 0 && s.Default == nil {
		return connect.Value{}
	}
	if param, ok := jsonconv.EnumParameter(s, false); ok {
		return connect.StringValue(s.Parameters[1].Name[len(param)+1:])
	}
	switch s.Name {
	case connect.DateName, connect.TimeName:
		return connect.Int32Value(int32(g.IntN(86_400_000)))
	case connect.DecimalName:
		return connect.BytesValue([]byte{byte(1 + g.IntN(100)), byte(g.IntN(256))})
	}
	switch s.Type {
	case connect.Struct:
		fields := make([]connect.Value, len(s.Fields))
		for i, f := range s.Fields {
			fields[i] = g.value(f.Schema)
		}
		return connect.StructValue(fields)
	case connect.Array:
		items := make([]connect.Value, g.IntN(4))
		for i := range items {
			items[i] = g.value(s.Elem)
		}
		return connect.ArrayValue(items)
	case connect.Map:
		entries := make([]connect.Entry, g.IntN(4))
		for i := range entries {
			key := connect.Int32Value(int32(i))
			if s.Key.Type == connect.String {
				key = connect.StringValue("k" + strconv.Itoa(i))
			}
			entries[i] = connect.Entry{Key: key, Value: g.value(s.Elem)}
		}
		return connect.MapValue(entries)
	case connect.String:
		return connect.StringValue([]string{"", "text", "ä \"quoted\" \U0001F600", "a/b</c>"}[g.IntN(4)])
	case connect.Bytes:
		return connect.BytesValue([]byte{byte(g.IntN(256)), 1, 2}[:g.IntN(4)])
	case connect.Boolean:
		return connect.BooleanValue(g.IntN(2) == 0)
	case connect.Float32:
		return connect.Float32Value(float32(g.IntN(1000)) / 8)
	case connect.Float64:
		return connect.Float64Value(float64(g.IntN(1000)) / 8)
	default:
		width := 8 << (s.Type - connect.Int8)
		return connect.IntValue(s.Type, int64(g.Uint64())>>(64-width)>>g.IntN(width))
	}
}

// defaults are the settings without config.
func defaults() Mapping {
	return Mapping{ObjectAdditionalProperties: true, FlattenSingletonUnions: true, DecimalFormat: "BASE64", SchemasCacheSize: 100}
}

func with(change func(*Mapping)) Mapping {
	m := defaults()
	change(&m)
	return m
}

// plainSchema is a schema without what does not survive: parameters of this
// converter's own, pointers.
type plainSchema struct {
	Type       connect.Type
	Optional   bool
	Name, Doc  string
	Version    int
	Parameters map[string]string
	Default    string
	Fields     []plainField
	Key, Elem  *plainSchema
}

type plainField struct {
	Name   string
	Schema *plainSchema
}

func plainOf(s *connect.Schema) *plainSchema {
	if s == nil {
		return nil
	}
	p := &plainSchema{Type: s.Type, Optional: s.Optional, Name: s.Name, Doc: s.Doc, Version: s.Version, Parameters: map[string]string{}, Key: plainOf(s.Key), Elem: plainOf(s.Elem)}
	for _, q := range s.Parameters {
		p.Parameters[q.Name] = q.Value
	}
	if s.Default != nil {
		p.Default = fmt.Sprint(s.Default.Type(), describe(*s.Default))
	}
	for _, f := range s.Fields {
		p.Fields = append(p.Fields, plainField{f.Name, plainOf(f.Schema)})
	}
	return p
}

// describe returns a value's text.
func describe(v connect.Value) string {
	switch v.Type() {
	case connect.Null:
		return "null"
	case connect.String, connect.Bytes:
		return fmt.Sprintf("%q", v.Bytes())
	case connect.Float32, connect.Float64:
		return fmt.Sprint(v.Float())
	case connect.Struct, connect.Array:
		out := "["
		for _, item := range v.Items() {
			out += describe(item) + ","
		}
		return out + "]"
	case connect.Map:
		out := "{"
		for _, e := range v.Entries() {
			out += describe(e.Key) + ":" + describe(e.Value) + ","
		}
		return out + "}"
	default:
		return fmt.Sprint(v.Int())
	}
}

// TestRandomSchemasAndValues writes schemas and values and reads them again. Every
// text is valid by its schema.
func TestRandomSchemasAndValues(t *testing.T) {
	for name, m := range map[string]Mapping{
		"default": defaults(),
		"numeric": with(func(m *Mapping) { m.DecimalFormat = "numeric" }),
		"strict":  with(func(m *Mapping) { m.ObjectAdditionalProperties = false }),
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(200) {
				g := newGenerator(seed, m)
				s := g.root()
				text, err := newText(m, s)
				if err != nil {
					t.Fatal(err)
				}
				d, err := open(text, nil)
				if err != nil {
					t.Fatal(err)
				}
				again, err := newSchema(m, d, 0)
				if err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				if diff := cmp.Diff(plainOf(s), plainOf(again)); diff != "" {
					t.Fatalf("schema (-written +read):\n%s\n%s", diff, text)
				}
				checkValues(t, g, m, s, again, text)
			}
		})
	}
}

func checkValues(t *testing.T, g *generator, m Mapping, s, again *connect.Schema, text string) {
	t.Helper()
	w, err := jsonconv.NewCodec(s, m.dialect())
	if err != nil {
		t.Fatal(err)
	}
	r, err := jsonconv.NewCodec(again, m.dialect())
	if err != nil {
		t.Fatal(err)
	}
	valid, err := newValidator(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		v := g.value(s)
		data, err := w.Append([]byte{}, v)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid.check(data); err != nil {
			t.Fatalf("%v\n%s\n%s", err, data, text)
		}
		got, err := r.Read(new(connect.Arena), data)
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, data, text)
		}
		if describe(got) != describe(v) {
			t.Fatalf("written %s, read %s from\n%s\n%s", describe(v), describe(got), data, text)
		}
	}
}
