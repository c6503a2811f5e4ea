// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

// reader is a message type made ready for reading: its Connect schema, and how
// its bytes become a value of it.
type reader struct {
	schema *connect.Schema
	value  reading
}

// schemas makes the Connect schemas of one message and of those within.
type schemas struct {
	rules Mapping
	made  map[protoreflect.FullName]*made
	root  protoreflect.FullName
	again bool // the root occurs within itself
}

// made is a message whose schema has been made, or is being made further out.
type made struct {
	name    string
	fields  []connect.Field // filled in later, in place
	message *readMessage
}

// newReader returns the reader of a message type; version is that of the schema
// in its subject, 0 for none.
func newReader(r Mapping, md protoreflect.MessageDescriptor, version int) (*reader, error) {
	if kind, ok := wrappedKind(md.FullName()); ok && r.WrapperForRawPrimitives {
		s, v := scalarOf(kind)
		v.form = wrapper
		s.Version = version
		return &reader{s, v}, nil
	}
	b := &schemas{rules: r, made: map[protoreflect.FullName]*made{}, root: md.FullName()}
	m, err := b.message(md)
	if err != nil {
		return nil, err
	}
	s := &connect.Schema{Type: connect.Struct, Name: m.name, Version: version, Fields: m.fields, Optional: b.again}
	if r.GenerateStructForNulls {
		if err := fillNulls(m.message); err != nil {
			return nil, err
		}
	}
	return &reader{s, reading{form: structure, typ: connect.Struct, sub: m.message}}, nil
}

func (b *schemas) message(md protoreflect.MessageDescriptor) (*made, error) {
	if m, ok := b.made[md.FullName()]; ok {
		b.again = b.again || md.FullName() == b.root
		return m, nil
	}
	members := 0
	oneofs := realOneofs(md)
	for _, o := range oneofs {
		members += o.Fields().Len()
	}
	size := md.Fields().Len()
	if !b.rules.FlattenUnions {
		size += len(oneofs) - members
	}
	m := &made{name: b.name(md), fields: make([]connect.Field, size), message: &readMessage{name: string(md.FullName()), size: size}}
	b.made[md.FullName()] = m
	slot := 0
	for _, o := range oneofs {
		n, err := b.oneof(m, o, slot)
		if err != nil {
			return nil, err
		}
		slot += n
	}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		if o := fd.ContainingOneof(); o != nil && !o.IsSynthetic() {
			continue
		}
		if err := b.field(m, fd, slot); err != nil {
			return nil, err
		}
		slot++
	}
	m.message.index()
	return m, duplicates(m.fields, md)
}

func duplicates(fields []connect.Field, md protoreflect.MessageDescriptor) error {
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		if seen[f.Name] {
			return fmt.Errorf("message %s would have two fields named %s: a oneof is a field of its own", md.FullName(), f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

func realOneofs(md protoreflect.MessageDescriptor) []protoreflect.OneofDescriptor {
	var out []protoreflect.OneofDescriptor
	for i := range md.Oneofs().Len() {
		if o := md.Oneofs().Get(i); !o.IsSynthetic() {
			out = append(out, o)
		}
	}
	return out
}

func (b *schemas) name(d protoreflect.Descriptor) string {
	if b.rules.EnhancedSupport {
		return string(d.FullName())
	}
	return string(d.Name())
}

// oneof adds a oneof, which takes the fields from slot on; it returns how many.
func (b *schemas) oneof(m *made, o protoreflect.OneofDescriptor, slot int) (int, error) {
	size := o.Fields().Len()
	fields := make([]connect.Field, size)
	u := readUnion{slot: slot, size: size}
	if b.rules.FlattenUnions {
		u.slot = -1
		fields = m.fields[slot : slot+size]
	}
	at := len(m.message.unions)
	m.message.unions = append(m.message.unions, u)
	for i := range size {
		fd := o.Fields().Get(i)
		s, f, err := b.describe(fd, true)
		if err != nil {
			return 0, err
		}
		f.union, f.member, f.slot = at, i, slot
		if b.rules.FlattenUnions {
			f.slot = slot + i
			m.message.unions[at].slots = append(m.message.unions[at].slots, f.slot)
		}
		fields[i] = connect.Field{Name: string(fd.Name()), Schema: s}
		m.message.fields = append(m.message.fields, f)
	}
	if b.rules.FlattenUnions {
		return size, nil
	}
	m.fields[slot] = connect.Field{Name: b.unionField(o), Schema: b.union(o, fields)}
	return 1, nil
}

func (b *schemas) unionField(o protoreflect.OneofDescriptor) string {
	if b.rules.GenerateIndexForUnions {
		return string(o.Name()) + "_" + strconv.Itoa(o.Index())
	}
	return string(o.Name())
}

func (b *schemas) union(o protoreflect.OneofDescriptor, fields []connect.Field) *connect.Schema {
	s := &connect.Schema{Type: connect.Struct, Optional: true, Fields: fields}
	if b.rules.GeneralizedSumTypes {
		s.Name = string(o.Name())
		s.Parameters = []connect.Parameter{{Name: anyUnionParam, Value: s.Name}}
	} else {
		s.Name = unionName + "." + b.name(o)
	}
	return s
}

// field adds a field that is no member of a oneof.
func (b *schemas) field(m *made, fd protoreflect.FieldDescriptor, slot int) error {
	s, f, err := b.describe(fd, false)
	if err != nil {
		return err
	}
	f.union, f.slot = -1, slot
	if f.many != single {
		f.list = m.message.lists
		m.message.lists++
	}
	m.fields[slot] = connect.Field{Name: string(fd.Name()), Schema: s}
	m.message.fields = append(m.message.fields, f)
	if zero, ok := b.absent(fd, f); ok {
		m.message.fill = append(m.message.fill, fill{slot, zero})
	}
	return nil
}

// absent returns what stands for a field that did not occur, if it is not null.
func (b *schemas) absent(fd protoreflect.FieldDescriptor, f readField) (connect.Value, bool) {
	switch {
	case f.many == list:
		return connect.ArrayValue(nil), true
	case f.many == mapping:
		return connect.MapValue(nil), true
	case isMessage(fd):
		return connect.Value{}, false
	case fd.HasOptionalKeyword() && (!isProto2(fd) || b.rules.OptionalForProto2):
		return connect.Value{}, false
	default:
		return f.value.zero, true
	}
}

func isProto2(fd protoreflect.FieldDescriptor) bool {
	return fd.ParentFile().Syntax() == protoreflect.Proto2
}

func isMessage(fd protoreflect.FieldDescriptor) bool {
	return fd.Kind() == protoreflect.MessageKind || fd.Kind() == protoreflect.GroupKind
}

// describe returns the schema of a field and how it is read.
func (b *schemas) describe(fd protoreflect.FieldDescriptor, member bool) (*connect.Schema, readField, error) {
	f := readField{name: string(fd.Name()), number: fd.Number()}
	if fd.Number() > 1<<29-1 {
		return nil, f, fmt.Errorf("field %s has the number %d, which no message can have", fd.FullName(), fd.Number())
	}
	var s *connect.Schema
	var err error
	switch {
	case isMap(fd):
		f.many = mapping
		s, err = b.mapping(fd, &f)
	case fd.IsList():
		f.many = list
		s, f.value, err = b.one(fd)
		if err == nil {
			s.Optional = true
			s = &connect.Schema{Type: connect.Array, Elem: s, Optional: true}
		}
		f.value.packed = f.value.form == scalar && f.value.wire != protowire.BytesType
	default:
		s, f.value, err = b.one(fd)
	}
	if err != nil {
		return nil, f, err
	}
	b.nullable(s, fd, member)
	s.Parameters = append(s.Parameters, connect.Parameter{Name: tagParam, Value: strconv.Itoa(int(fd.Number()))})
	return s, f, nil
}

// nullable sets what the settings say of a field being optional.
func (b *schemas) nullable(s *connect.Schema, fd protoreflect.FieldDescriptor, member bool) {
	switch {
	case member:
		s.Optional = true
		if b.rules.WrapperForNullables && isMessage(fd) {
			if _, ok := wrappedKind(fd.Message().FullName()); ok {
				s.Parameters = append(s.Parameters, connect.Parameter{Name: wrapperParam, Value: "true"})
			}
		}
	case b.rules.OptionalForNullables:
		s.Optional = s.Optional || fd.HasOptionalKeyword()
	case !b.rules.WrapperForNullables:
		s.Optional = true
	}
}

// isMap recognises a map by the shape of its entries, as Confluent does: whether
// it was written as a map or spelled out.
func isMap(fd protoreflect.FieldDescriptor) bool {
	if fd.IsMap() {
		return true
	}
	if !fd.IsList() || fd.Kind() != protoreflect.MessageKind {
		return false
	}
	fields := fd.Message().Fields()
	return strings.HasSuffix(string(fd.Message().Name()), entrySuffix) && fields.Len() == 2 &&
		fields.Get(0).Name() == "key" && fields.Get(0).Cardinality() != protoreflect.Repeated &&
		fields.Get(1).Name() == "value" && fields.Get(1).Cardinality() != protoreflect.Repeated
}

func (b *schemas) mapping(fd protoreflect.FieldDescriptor, f *readField) (*connect.Schema, error) {
	fields := fd.Message().Fields()
	key, k, err := b.describe(fields.Get(0), false)
	if err != nil {
		return nil, err
	}
	elem, v, err := b.describe(fields.Get(1), false)
	if err != nil {
		return nil, err
	}
	f.key, f.value = k.value, v.value
	f.keyNumber, f.valueNumber = k.number, v.number
	return &connect.Schema{Type: connect.Map, Key: key, Elem: elem, Optional: true, Name: mapName(b.name(fd.Message()))}, nil
}
