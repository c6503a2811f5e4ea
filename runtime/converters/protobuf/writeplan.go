// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

// writeMessage is how a Struct becomes the bytes of a message.
type writeMessage struct {
	name   string
	size   int          // the number of the Struct's fields
	fields []writeField // in the order of their numbers
	unions []writeUnion
}

// writeUnion is a field of a Struct that stands for a oneof.
type writeUnion struct {
	name string
	slot int
	size int
}

type writeField struct {
	name     string
	slot     int // in the Struct
	member   int // in the Struct that stands for a oneof; -1: it is no member
	schema   *connect.Schema
	tag      []byte
	presence bool // zero is written
	required bool // the message must have it
	many     many
	packed   bool
	value    writing // of the field or of each of its elements
	entry    *writeEntry
}

// writeEntry is how an entry of a map is written.
type writeEntry struct{ key, value writeField }

// writing is how one value is written.
type writing struct {
	form  form
	kind  protoreflect.Kind // of a scalar or of what is wrapped
	typ   connect.Type
	end   []byte // the tag that ends a group
	inner []byte // the tag within a wrapper
	enum  map[string]int32
	sub   *writeMessage
	scale int32 // of a decimal
}

// plans makes the plans for writing one schema as one message.
type plans struct {
	rules Mapping
	made  map[planKey]*writeMessage
}

type planKey struct {
	fields *connect.Field
	name   protoreflect.FullName
}

// newWriter returns how values of the schema are written as the message.
func newWriter(r Mapping, s *connect.Schema, md protoreflect.MessageDescriptor) (writing, error) {
	p := &plans{rules: r, made: map[planKey]*writeMessage{}}
	if s.Type == connect.Struct {
		m, err := p.message(s, md)
		return writing{form: structure, kind: protoreflect.MessageKind, typ: connect.Struct, sub: m}, err
	}
	kind, ok := wrappedKind(md.FullName())
	if !ok {
		return writing{}, fmt.Errorf("a value of type %s cannot be written as the message %s", s.Type, md.FullName())
	}
	return p.wrapped(s, kind)
}

func (p *plans) message(s *connect.Schema, md protoreflect.MessageDescriptor) (*writeMessage, error) {
	key := planKey{name: md.FullName()}
	if len(s.Fields) > 0 {
		key.fields = &s.Fields[0]
		if m, ok := p.made[key]; ok {
			return m, nil
		}
	}
	m := &writeMessage{name: string(md.FullName()), size: len(s.Fields)}
	p.made[key] = m
	used := map[protoreflect.Name]bool{}
	for i, f := range s.Fields {
		if f.Schema == nil {
			return nil, fmt.Errorf("field %s has no schema", f.Name)
		}
		if isUnion(f.Schema) {
			if err := p.union(m, f, i, md, used); err != nil {
				return nil, at(err, f.Name)
			}
			continue
		}
		w, err := p.field(f, md, used)
		if err != nil {
			return nil, at(err, f.Name)
		}
		w.slot, w.member = i, -1
		m.fields = append(m.fields, w)
	}
	slices.SortStableFunc(m.fields, func(a, b writeField) int { return int(tagNumber(a.tag)) - int(tagNumber(b.tag)) })
	for i := range md.Fields().Len() {
		if fd := md.Fields().Get(i); fd.Cardinality() == protoreflect.Required && !used[fd.Name()] {
			return nil, fmt.Errorf("the message %s requires a field %s, which the schema does not have", md.FullName(), fd.Name())
		}
	}
	return m, nil
}

func tagNumber(tag []byte) protowire.Number {
	n, _, _ := protowire.ConsumeTag(tag)
	return n
}

func (p *plans) union(m *writeMessage, f connect.Field, slot int, md protoreflect.MessageDescriptor, used map[protoreflect.Name]bool) error {
	m.unions = append(m.unions, writeUnion{name: f.Name, slot: slot, size: len(f.Schema.Fields)})
	for i, member := range f.Schema.Fields {
		w, err := p.field(member, md, used)
		if err != nil {
			return at(err, member.Name)
		}
		w.slot, w.member, w.presence = slot, i, true
		m.fields = append(m.fields, w)
	}
	return nil
}

// field returns how a field is written; the message's field is found by its name.
func (p *plans) field(f connect.Field, md protoreflect.MessageDescriptor, used map[protoreflect.Name]bool) (writeField, error) {
	name := f.Name
	if p.rules.ScrubInvalidNames {
		name = scrub(name)
	}
	fd := md.Fields().ByName(protoreflect.Name(name))
	if fd == nil {
		return writeField{}, fmt.Errorf("the message %s has no field of this name", md.FullName())
	}
	if used[fd.Name()] {
		return writeField{}, fmt.Errorf("two fields have this name in the message %s", md.FullName())
	}
	used[fd.Name()] = true
	return p.described(f.Name, f.Schema, fd)
}

func (p *plans) described(name string, s *connect.Schema, fd protoreflect.FieldDescriptor) (writeField, error) {
	w := writeField{name: name, schema: s, presence: fd.HasPresence(), required: fd.Cardinality() == protoreflect.Required, member: -1}
	var err error
	switch {
	case s.Type == connect.Map && s.Key != nil && s.Elem != nil && isEntry(fd):
		w.many = mapping
		w.entry, err = p.mapping(s, fd)
	case (s.Type == connect.Array && s.Elem != nil) != fd.IsList() || s.Type == connect.Map:
		err = mismatch(s, fd)
	case s.Type == connect.Array:
		w.many = list
		w.packed = fd.IsPacked()
		w.value, err = p.one(s.Elem, fd)
	default:
		w.value, err = p.one(s, fd)
	}
	typ := wireOf(fd.Kind())
	if w.packed {
		typ = protowire.BytesType
	}
	w.tag = protowire.AppendTag(nil, fd.Number(), typ)
	return w, err
}

// isEntry reports whether a field may hold the entries of a map: it is a list of
// messages of a key and a value.
func isEntry(fd protoreflect.FieldDescriptor) bool {
	if fd.Cardinality() != protoreflect.Repeated || fd.Kind() != protoreflect.MessageKind {
		return false
	}
	fields := fd.Message().Fields()
	return fields.Len() == 2 && fields.ByName("key") != nil && fields.ByName("value") != nil
}

func mismatch(s *connect.Schema, fd protoreflect.FieldDescriptor) error {
	what := fd.Kind().String()
	if isMessage(fd) {
		what = string(fd.Message().FullName())
	}
	if fd.Cardinality() == protoreflect.Repeated {
		what = "repeated " + what
	}
	typ := s.Type.String()
	if s.Name != "" {
		typ += " " + s.Name
	}
	return fmt.Errorf("a value of type %s cannot be written as %s %s", typ, what, fd.FullName())
}

func (p *plans) mapping(s *connect.Schema, fd protoreflect.FieldDescriptor) (*writeEntry, error) {
	fields := fd.Message().Fields()
	key, err := p.described("key", s.Key, fields.ByName("key"))
	if err != nil {
		return nil, at(err, "key")
	}
	value, err := p.described("value", s.Elem, fields.ByName("value"))
	if err != nil {
		return nil, at(err, "value")
	}
	return &writeEntry{key, value}, nil
}

// one returns how a value that is neither list nor map is written.
func (p *plans) one(s *connect.Schema, fd protoreflect.FieldDescriptor) (writing, error) {
	if isMessage(fd) {
		return p.ofMessage(s, fd)
	}
	if typ, _ := logicalMessage(s); typ != "" && typ != variantMessage {
		return writing{}, mismatch(s, fd)
	}
	w := writing{kind: fd.Kind(), typ: s.Type}
	if fd.Kind() == protoreflect.EnumKind {
		if s.Type != connect.String && s.Type != connect.Int32 {
			return w, mismatch(s, fd)
		}
		w.enum = p.enum(s, fd.Enum())
		return w, nil
	}
	if !fits(s.Type, fd.Kind()) {
		return w, mismatch(s, fd)
	}
	return w, nil
}

// fits reports whether values of a Connect type can be written as a kind of
// protobuf, unless one of them is too large.
func fits(t connect.Type, k protoreflect.Kind) bool {
	switch k {
	case protoreflect.BoolKind:
		return t == connect.Boolean
	case protoreflect.FloatKind:
		return t == connect.Float32
	case protoreflect.DoubleKind:
		return t == connect.Float64 || t == connect.Float32
	case protoreflect.StringKind:
		return t == connect.String
	case protoreflect.BytesKind:
		return t == connect.Bytes
	case protoreflect.EnumKind, protoreflect.MessageKind, protoreflect.GroupKind:
		return false
	default:
		return t >= connect.Int8 && t <= connect.Int64
	}
}

// enum returns the numbers of the symbols: those of the message's enum, and those
// that only the schema knows but whose number the enum has.
func (p *plans) enum(s *connect.Schema, e protoreflect.EnumDescriptor) map[string]int32 {
	symbols := map[string]int32{}
	if _, param, ok := enumOf(s, p.rules.GeneralizedSumTypes); ok {
		for _, q := range s.Parameters {
			symbol, ok := strings.CutPrefix(q.Name, param+".")
			n, isNumber := number(q.Value)
			if ok && isNumber && e.Values().ByNumber(protoreflect.EnumNumber(n)) != nil {
				symbols[symbol] = n
			}
		}
	}
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		symbols[string(v.Name())] = int32(v.Number())
	}
	return symbols
}

func (p *plans) ofMessage(s *connect.Schema, fd protoreflect.FieldDescriptor) (writing, error) {
	md := fd.Message()
	if kind, ok := wrappedKind(md.FullName()); ok && s.Type != connect.Struct {
		w, err := p.wrapped(s, kind)
		if err != nil {
			return w, mismatch(s, fd)
		}
		return w, nil
	}
	w := writing{kind: fd.Kind(), typ: s.Type}
	if fd.Kind() == protoreflect.GroupKind {
		w.end = protowire.AppendTag(nil, fd.Number(), protowire.EndGroupType)
	}
	typ, _ := logicalMessage(s)
	switch {
	case typ != "" && typ != string(md.FullName()):
		return w, mismatch(s, fd)
	case typ == decimalMessage:
		w.form = decimal
		text, _ := s.Parameter(connect.ScaleParameter)
		scale, ok := number(text)
		if !ok {
			return w, fmt.Errorf("decimal schema has no parameter scale that is a number")
		}
		w.scale = scale
	case typ == dateMessage:
		w.form = date
	case typ == timeMessage:
		w.form = timeOfDay
	case typ == timestampMessage:
		w.form = timestamp
	case s.Type == connect.Struct:
		w.form = structure
		var err error
		w.sub, err = p.message(s, md)
		return w, err
	default:
		return w, mismatch(s, fd)
	}
	return w, nil
}

func (p *plans) wrapped(s *connect.Schema, kind protoreflect.Kind) (writing, error) {
	w := writing{form: wrapper, kind: kind, typ: s.Type, inner: protowire.AppendTag(nil, 1, wireOf(kind))}
	if typ, _ := logicalMessage(s); typ != "" || !fits(s.Type, kind) {
		return w, fmt.Errorf("a value of type %s %s cannot be written as a wrapped %s", s.Type, s.Name, kind)
	}
	return w, nil
}

// symbolNames returns the symbols of an enum for an error.
func symbolNames(symbols map[string]int32) string {
	const show = 20
	names := slices.Sorted(maps.Keys(symbols))
	if len(names) > show {
		names = append(names[:show], "...")
	}
	return strings.Join(names, ", ")
}
