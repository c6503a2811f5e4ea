// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

var simple = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// describe returns a value as hack/conformance/protobuf writes it.
func describe(s *connect.Schema, v connect.Value) string {
	if v.IsNull() {
		return "null"
	}
	if v.Type() != s.Type {
		return fmt.Sprintf("!%s is no %s", v.Type(), s.Type)
	}
	switch v.Type() {
	case connect.String:
		if simple.MatchString(v.Str()) {
			return `"` + v.Str() + `"`
		}
		return fmt.Sprintf("s%x", v.Str())
	case connect.Bytes:
		return fmt.Sprintf("x%x", v.Bytes())
	case connect.Boolean:
		return fmt.Sprint(v.Bool())
	case connect.Float32, connect.Float64:
		return fmt.Sprintf("f%016x", math.Float64bits(v.Float()))
	case connect.Array:
		var parts []string
		for _, item := range v.Items() {
			parts = append(parts, describe(s.Elem, item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case connect.Map:
		var parts []string
		for _, e := range v.Entries() {
			parts = append(parts, describe(s.Key, e.Key)+":"+describe(s.Elem, e.Value))
		}
		slices.Sort(parts)
		return "(" + strings.Join(parts, ",") + ")"
	case connect.Struct:
		var parts []string
		for i, f := range s.Fields {
			parts = append(parts, f.Name+"="+describe(f.Schema, v.Items()[i]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	default:
		return fmt.Sprint(v.Int())
	}
}

// defaults are the settings without config.
func defaults() Mapping {
	return Mapping{OptionalForProto2: true, WrapperForRawPrimitives: true, GenerateIndexForUnions: true, SchemasCacheSize: 100}
}

func with(change func(*Mapping)) Mapping {
	m := defaults()
	change(&m)
	return m
}

func mustCompile(t testing.TB, text string) protoreflect.FileDescriptor {
	t.Helper()
	file, err := compile(text, nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return file
}

func mustReader(t testing.TB, m Mapping, md protoreflect.MessageDescriptor) *reader {
	t.Helper()
	r, err := newReader(m, md, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustRead(t testing.TB, r *reader, data []byte) connect.Value {
	t.Helper()
	v, err := new(decoder).read(new(connect.Arena), &r.value, data)
	if err != nil {
		t.Fatalf("reading %x: %v", data, err)
	}
	return v
}

// writerOf returns the text and the plan for writing a schema, as for a registry
// that takes every schema.
func writerOf(t testing.TB, m Mapping, s *connect.Schema) (string, protoreflect.MessageDescriptor, writing) {
	t.Helper()
	file, name, err := newText(m, s)
	if err != nil {
		t.Fatal(err)
	}
	text := file.String()
	md, err := messageNamed(mustCompile(t, text), name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWriter(m, s, md)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return text, md, w
}
