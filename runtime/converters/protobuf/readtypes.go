// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

// one returns the schema of a field that is neither list nor map, or of a list's
// elements.
func (b *schemas) one(fd protoreflect.FieldDescriptor) (*connect.Schema, reading, error) {
	switch {
	case fd.Kind() == protoreflect.EnumKind:
		s, r := b.enum(fd)
		return s, r, nil
	case isMessage(fd):
		return b.ofMessage(fd)
	}
	s, r := scalarOf(fd.Kind())
	if t, ok := narrow(fd); ok {
		s, r.typ = &connect.Schema{Type: t}, t
	}
	r.zero = zeroOf(r, fd)
	return s, r, nil
}

// narrow returns the Connect type of an int32 that its options make smaller.
func narrow(fd protoreflect.FieldDescriptor) (connect.Type, bool) {
	switch fd.Kind() {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
	default:
		return 0, false
	}
	switch metaOf(fd)[connectType] {
	case "int8":
		return connect.Int8, true
	case "int16":
		return connect.Int16, true
	default:
		return 0, false
	}
}

func (b *schemas) enum(fd protoreflect.FieldDescriptor) (*connect.Schema, reading) {
	e := fd.Enum()
	s := &connect.Schema{Type: connect.String, Name: b.name(e), Optional: true}
	if b.rules.IntForEnums {
		s.Type = connect.Int32
	}
	param := enumParam
	if b.rules.GeneralizedSumTypes {
		param = anyEnumParam
	}
	s.Parameters = append(s.Parameters, connect.Parameter{Name: param, Value: string(e.Name())})
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		s.Parameters = append(s.Parameters, connect.Parameter{Name: param + "." + string(v.Name()), Value: strconv.Itoa(int(v.Number()))})
	}
	r := reading{kind: protoreflect.EnumKind, wire: wireOf(protoreflect.EnumKind), typ: s.Type, enum: symbolsOf(e, b.rules.IntForEnums)}
	r.zero = zeroOf(r, fd)
	return s, r
}

func (b *schemas) ofMessage(fd protoreflect.FieldDescriptor) (*connect.Schema, reading, error) {
	md := fd.Message()
	r := reading{kind: fd.Kind(), wire: wireOf(fd.Kind())}
	var s *connect.Schema
	switch md.FullName() {
	case decimalMessage:
		s = decimalSchema(metaOf(fd), &r)
	case dateMessage:
		r.form = date
		s = &connect.Schema{Type: connect.Int32, Name: connect.DateName, Version: 1}
	case timeMessage:
		r.form = timeOfDay
		s = &connect.Schema{Type: connect.Int32, Name: connect.TimeName, Version: 1}
	case timestampMessage:
		r.form = timestamp
		s = &connect.Schema{Type: connect.Int64, Name: connect.TimestampName, Version: 1}
	default:
		return b.structOrWrapped(fd, r)
	}
	s.Optional = true
	r.typ = s.Type
	return s, r, nil
}

func (b *schemas) structOrWrapped(fd protoreflect.FieldDescriptor, r reading) (*connect.Schema, reading, error) {
	md := fd.Message()
	if kind, ok := wrappedKind(md.FullName()); ok && b.rules.WrapperForNullables {
		s, w := scalarOf(kind)
		s.Optional = true
		s.Parameters = nil
		w.form = wrapper
		w.zero = zeroValue(w)
		return s, w, nil
	}
	m, err := b.message(md)
	if err != nil {
		return nil, r, err
	}
	r.form, r.typ, r.sub = structure, connect.Struct, m.message
	name := m.name
	if md.FullName() == variantMessage {
		name = variantName
	}
	return &connect.Schema{Type: connect.Struct, Name: name, Fields: m.fields, Optional: true}, r, nil
}

// decimalSchema returns the schema of a decimal, whose scale and precision stand
// in the field's options.
func decimalSchema(params map[string]string, r *reading) *connect.Schema {
	r.form = decimal
	if scale, err := strconv.ParseInt(params["scale"], 10, 32); err == nil {
		r.scale = int(scale)
	}
	s := &connect.Schema{
		Type: connect.Bytes, Name: connect.DecimalName, Version: 1,
		Parameters: []connect.Parameter{{Name: connect.ScaleParameter, Value: strconv.Itoa(r.scale)}},
	}
	if precision, err := strconv.ParseInt(params["precision"], 10, 32); err == nil {
		s.Parameters = append(s.Parameters, connect.Parameter{Name: precisionParam, Value: strconv.Itoa(int(precision))})
	}
	return s
}

// scalarOf returns the schema of a kind and how it is read.
func scalarOf(k protoreflect.Kind) (*connect.Schema, reading) {
	r := reading{kind: k, wire: wireOf(k)}
	named := false // by its type
	switch k {
	case protoreflect.Int32Kind:
		r.typ = connect.Int32
	case protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		r.typ, named = connect.Int32, true
	case protoreflect.Int64Kind:
		r.typ = connect.Int64
	case protoreflect.FloatKind:
		r.typ = connect.Float32
	case protoreflect.DoubleKind:
		r.typ = connect.Float64
	case protoreflect.BoolKind:
		r.typ = connect.Boolean
	case protoreflect.StringKind:
		r.typ = connect.String
	case protoreflect.BytesKind:
		r.typ = connect.Bytes
	default:
		r.typ, named = connect.Int64, true
	}
	s := &connect.Schema{Type: r.typ}
	if named {
		s.Parameters = []connect.Parameter{{Name: typeParam, Value: k.String()}}
	}
	return s, r
}
