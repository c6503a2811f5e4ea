// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package converters_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"penstock.dev/runtime/connect"
)

func describeSchema(s *connect.Schema) string {
	if s == nil {
		return "none"
	}
	var b strings.Builder
	b.WriteString(typeName(s.Type) + "(")
	if s.Optional {
		b.WriteString("optional;")
	}
	if s.Name != "" {
		b.WriteString("name=" + quote(s.Name) + ";")
	}
	if s.Version != 0 {
		fmt.Fprintf(&b, "version=%d;", s.Version)
	}
	if s.Doc != "" {
		b.WriteString("doc=" + quote(s.Doc) + ";")
	}
	var params []string
	for _, p := range s.Parameters {
		params = append(params, quote(p.Name)+":"+quote(p.Value))
	}
	if params != nil {
		b.WriteString("parameters=" + strings.Join(params, ",") + ";")
	}
	if s.Default != nil {
		b.WriteString("default=" + describe(s, *s.Default) + ";")
	}
	b.WriteString(")")
	switch s.Type {
	case connect.Array:
		b.WriteString("[" + describeSchema(s.Elem) + "]")
	case connect.Map:
		b.WriteString("[" + describeSchema(s.Key) + "," + describeSchema(s.Elem) + "]")
	case connect.Struct:
		var fields []string
		for _, f := range s.Fields {
			fields = append(fields, quote(f.Name)+":"+describeSchema(f.Schema))
		}
		b.WriteString("{" + strings.Join(fields, ",") + "}")
	}
	return b.String()
}

func typeName(t connect.Type) string {
	switch t {
	case connect.Float32:
		return "FLOAT32"
	case connect.Float64:
		return "FLOAT64"
	default:
		return strings.ToUpper(t.String())
	}
}

func describe(s *connect.Schema, v connect.Value) string {
	name := typeName(v.Type()) + ":"
	sub := func(s *connect.Schema, f func() *connect.Schema) *connect.Schema {
		if s == nil {
			return nil
		}
		return f()
	}
	var parts []string
	switch v.Type() {
	case connect.Null:
		return "null"
	case connect.Float32:
		return name + strconv.FormatUint(uint64(float32Bits(v)), 16)
	case connect.Float64:
		return name + strconv.FormatUint(float64Bits(v), 16)
	case connect.Boolean:
		return name + strconv.FormatBool(v.Bool())
	case connect.String:
		return quote(v.Str())
	case connect.Bytes:
		return name + hex.EncodeToString(v.Bytes())
	case connect.Array:
		for _, i := range v.Items() {
			parts = append(parts, describe(sub(s, func() *connect.Schema { return s.Elem }), i))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case connect.Map:
		for _, e := range v.Entries() {
			parts = append(parts, describe(sub(s, func() *connect.Schema { return s.Key }), e.Key)+"="+
				describe(sub(s, func() *connect.Schema { return s.Elem }), e.Value))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case connect.Struct:
		for i, f := range v.Items() {
			parts = append(parts, describe(s.Fields[i].Schema, f))
		}
		return "Struct(" + strings.Join(parts, ",") + ")"
	default:
		return name + strconv.FormatInt(v.Int(), 10)
	}
}

func quote(s string) string {
	var b strings.Builder
	for _, c := range utf16.Encode([]rune(s)) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, "\\u%04x", c)
		} else {
			b.WriteByte(byte(c))
		}
	}
	return `"` + b.String() + `"`
}
