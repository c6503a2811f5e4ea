// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

// logicalMessage returns the message that stands for a logical type, and its file.
func logicalMessage(s *connect.Schema) (typ, file string) {
	switch {
	case s.Name == connect.DecimalName && s.Type == connect.Bytes:
		return decimalMessage, decimalFile
	case s.Name == connect.DateName && s.Type == connect.Int32:
		return dateMessage, dateFile
	case s.Name == connect.TimeName && s.Type == connect.Int32:
		return timeMessage, timeFile
	case s.Name == connect.TimestampName && s.Type == connect.Int64:
		return timestampMessage, timestampFile
	case s.Name == variantName && s.Type == connect.Struct:
		return variantMessage, variantFile
	default:
		return "", ""
	}
}

// decimalParams are the precision and the scale, in the order in which Java's hash
// map has them.
func decimalParams(s *connect.Schema) []connect.Parameter {
	var out []connect.Parameter
	if v, ok := s.Parameter(precisionParam); ok {
		out = append(out, connect.Parameter{Name: "precision", Value: v})
	}
	if v, ok := s.Parameter(connect.ScaleParameter); ok {
		out = append(out, connect.Parameter{Name: "scale", Value: v})
	}
	return out
}

// kindOf returns the type of a scalar.
func kindOf(s *connect.Schema) (protoreflect.Kind, error) {
	var k protoreflect.Kind
	switch s.Type {
	case connect.Int8, connect.Int16:
		return protoreflect.Int32Kind, nil
	case connect.Int32:
		k = protoreflect.Int32Kind
	case connect.Int64:
		k = protoreflect.Int64Kind
	case connect.Float32:
		return protoreflect.FloatKind, nil
	case connect.Float64:
		return protoreflect.DoubleKind, nil
	case connect.Boolean:
		return protoreflect.BoolKind, nil
	case connect.String:
		return protoreflect.StringKind, nil
	case connect.Bytes:
		return protoreflect.BytesKind, nil
	default:
		return 0, fmt.Errorf("schema type %s has no form in protobuf", s.Type)
	}
	typ, ok := s.Parameter(typeParam)
	if !ok {
		return k, nil
	}
	for _, k := range []protoreflect.Kind{
		protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind,
	} {
		if k.String() == typ {
			return k, nil
		}
	}
	return 0, fmt.Errorf("parameter %s=%s is no integer type of protobuf", typeParam, typ)
}

// wrapperOf returns the message that wraps a scalar.
func wrapperOf(k protoreflect.Kind) protoreflect.FullName {
	switch k {
	case protoreflect.DoubleKind:
		return "google.protobuf.DoubleValue"
	case protoreflect.FloatKind:
		return "google.protobuf.FloatValue"
	case protoreflect.BoolKind:
		return "google.protobuf.BoolValue"
	case protoreflect.StringKind:
		return "google.protobuf.StringValue"
	case protoreflect.BytesKind:
		return "google.protobuf.BytesValue"
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return "google.protobuf.UInt32Value"
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return "google.protobuf.UInt64Value"
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return "google.protobuf.Int32Value"
	default:
		return "google.protobuf.Int64Value"
	}
}

// sameFields reports whether two Struct schemas have the same fields: those that
// refer to the same message share them.
func sameFields(a, b *connect.Schema) bool { return sameFieldsAt(a, b, 0) }

func sameFieldsAt(a, b *connect.Schema, depth int) bool {
	if len(a.Fields) != len(b.Fields) {
		return false
	}
	if a == b || len(a.Fields) > 0 && &a.Fields[0] == &b.Fields[0] {
		return true
	}
	for i := range a.Fields {
		if a.Fields[i].Name != b.Fields[i].Name || !sameType(a.Fields[i].Schema, b.Fields[i].Schema, depth+1) {
			return false
		}
	}
	return true
}

func sameType(a, b *connect.Schema, depth int) bool {
	switch {
	case a == b:
		return true
	case a == nil || b == nil || depth > maxPath || a.Type != b.Type || a.Name != b.Name || a.Optional != b.Optional || !slices.Equal(a.Parameters, b.Parameters):
		return false
	case a.Type == connect.Struct:
		return sameFieldsAt(a, b, depth)
	default:
		return sameType(a.Key, b.Key, depth+1) && sameType(a.Elem, b.Elem, depth+1)
	}
}
