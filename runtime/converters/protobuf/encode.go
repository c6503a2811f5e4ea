// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

// encoder appends values as protobuf writes them: fields in the order of their
// numbers, as Java does, and zeros of fields without presence left out.
type encoder struct {
	// ignoreDefaults says that a null field stays null although it has a default.
	ignoreDefaults bool
}

// root appends a whole record, which is a message without tag and length.
func (e encoder) root(dst []byte, w *writing, v connect.Value) ([]byte, error) {
	if v.Type() != w.typ {
		return nil, wrongType(w.typ, v)
	}
	return e.content(dst, w, v, 0)
}

func wrongType(want connect.Type, v connect.Value) error {
	return fmt.Errorf("the value is of type %s, its schema says %s", v.Type(), want)
}

// message appends the fields of a Struct.
func (e encoder) message(dst []byte, m *writeMessage, v connect.Value, depth int) ([]byte, error) {
	if depth > maxWriteDepth {
		return nil, fmt.Errorf("structs nest deeper than %d levels", maxWriteDepth)
	}
	items := v.Items()
	if len(items) != m.size {
		return nil, fmt.Errorf("mismatching struct schema: the struct has %d fields, its schema %d", len(items), m.size)
	}
	for i := range m.unions {
		if err := e.checkUnion(&m.unions[i], items); err != nil {
			return nil, at(err, m.unions[i].name)
		}
	}
	var err error
	for i := range m.fields {
		f := &m.fields[i]
		item := items[f.slot]
		if f.member >= 0 {
			if item.IsNull() || !isChosen(item.Items(), f.member) {
				continue
			}
			item = item.Items()[f.member]
		}
		if dst, err = e.field(dst, f, item, depth); err != nil {
			return nil, at(err, f.name)
		}
	}
	return dst, nil
}

// isChosen reports whether a member of a oneof is the one that is written: the
// first that is not null.
func isChosen(members []connect.Value, member int) bool {
	for _, m := range members[:member] {
		if !m.IsNull() {
			return false
		}
	}
	return !members[member].IsNull()
}

func (e encoder) checkUnion(u *writeUnion, items []connect.Value) error {
	v := items[u.slot]
	switch {
	case v.IsNull():
		return nil
	case v.Type() != connect.Struct:
		return wrongType(connect.Struct, v)
	case v.Len() != u.size:
		return fmt.Errorf("mismatching struct schema: the struct has %d fields, its schema %d", v.Len(), u.size)
	}
	for _, m := range v.Items() {
		if !m.IsNull() {
			return nil
		}
	}
	return fmt.Errorf("cannot find a field that is not null: one member of a union must be set")
}

// field appends a field with its tag.
func (e encoder) field(dst []byte, f *writeField, v connect.Value, depth int) ([]byte, error) {
	if v.IsNull() {
		s := f.schema
		switch {
		case s.Default != nil && !s.Default.IsNull() && !e.ignoreDefaults:
			v = *s.Default
		case f.required:
			return nil, errRequired
		default: // even if the schema does not allow it: Java does not look
			return dst, nil
		}
	}
	switch {
	case v.Type() != f.schema.Type:
		return nil, wrongType(f.schema.Type, v)
	case f.many == list:
		return e.list(dst, f, v, depth)
	case f.many == mapping:
		return e.entries(dst, f, v, depth)
	case f.value.form == scalar && !f.presence && f.value.isZero(v):
		return dst, nil
	default:
		return e.value(append(dst, f.tag...), &f.value, v, depth)
	}
}

var errRequired = errors.New("null for a field that the message requires")

// isZero reports whether a scalar is what a reader takes an absent field for.
func (w *writing) isZero(v connect.Value) bool {
	switch w.typ {
	case connect.String, connect.Bytes:
		return v.Len() == 0 || w.enum != nil && w.enumZero(v)
	case connect.Float32, connect.Float64:
		return math.Float64bits(v.Float()) == 0
	case connect.Boolean:
		return !v.Bool()
	default:
		return v.Int() == 0
	}
}

func (w *writing) enumZero(v connect.Value) bool {
	n, ok := w.enum[v.Str()]
	return ok && n == 0
}

func (e encoder) list(dst []byte, f *writeField, v connect.Value, depth int) ([]byte, error) {
	if v.Len() == 0 {
		return dst, nil
	}
	start := 0
	if f.packed {
		dst = append(append(dst, f.tag...), 0)
		start = len(dst)
	}
	var err error
	for i, item := range v.Items() {
		switch {
		case item.IsNull():
			return nil, at(errNullItem, itemStep(i))
		case item.Type() != f.value.typ:
			return nil, at(wrongType(f.value.typ, item), itemStep(i))
		}
		if !f.packed {
			dst = append(dst, f.tag...)
		}
		if dst, err = e.value(dst, &f.value, item, depth); err != nil {
			return nil, at(err, itemStep(i))
		}
	}
	if f.packed {
		dst = closeLength(dst, start)
	}
	return dst, nil
}

func (e encoder) entries(dst []byte, f *writeField, v connect.Value, depth int) ([]byte, error) {
	var err error
	for i := range v.Entries() {
		entry := &v.Entries()[i]
		if entry.Key.IsNull() {
			return nil, at(errNullKey, itemStep(i))
		}
		dst = append(append(dst, f.tag...), 0)
		start := len(dst)
		if dst, err = e.field(dst, &f.entry.key, entry.Key, depth+1); err != nil {
			return nil, at(at(err, "key"), itemStep(i))
		}
		if dst, err = e.field(dst, &f.entry.value, entry.Value, depth+1); err != nil {
			return nil, at(err, entryName(entry.Key, i))
		}
		dst = closeLength(dst, start)
	}
	return dst, nil
}

func entryName(key connect.Value, i int) string {
	if key.Type() == connect.String {
		return key.Str()
	}
	return itemStep(i)
}

// closeLength puts the length of what stands from start on before it; one byte is
// kept free for that, and what needs more is moved.
func closeLength(dst []byte, start int) []byte {
	n := len(dst) - start
	if n < 0x80 {
		dst[start-1] = byte(n)
		return dst
	}
	more := protowire.SizeVarint(uint64(n)) - 1
	var room [10]byte
	dst = append(dst, room[:more]...)
	copy(dst[start+more:], dst[start:start+n])
	protowire.AppendVarint(dst[:start-1], uint64(n))
	return dst
}

// value appends a value behind its tag.
func (e encoder) value(dst []byte, w *writing, v connect.Value, depth int) ([]byte, error) {
	if w.form == scalar {
		return w.scalar(dst, v)
	}
	if w.end != nil {
		dst, err := e.content(dst, w, v, depth)
		return append(dst, w.end...), err
	}
	dst = append(dst, 0)
	start := len(dst)
	dst, err := e.content(dst, w, v, depth)
	if err != nil {
		return nil, err
	}
	return closeLength(dst, start), nil
}

// content appends the content of a message.
func (e encoder) content(dst []byte, w *writing, v connect.Value, depth int) ([]byte, error) {
	switch w.form {
	case structure:
		return e.message(dst, w.sub, v, depth+1)
	case wrapper:
		if w.isZero(v) {
			return dst, nil
		}
		return w.scalar(append(dst, w.inner...), v)
	case timestamp:
		return appendTimestamp(dst, v.Int())
	case date:
		return appendDate(dst, v.Int())
	case timeOfDay:
		return appendTime(dst, v.Int())
	default:
		return appendDecimal(dst, v.Bytes(), w.scale)
	}
}

// scalar appends a scalar.
func (w *writing) scalar(dst []byte, v connect.Value) ([]byte, error) {
	switch w.kind {
	case protoreflect.BoolKind:
		return protowire.AppendVarint(dst, protowire.EncodeBool(v.Bool())), nil
	case protoreflect.FloatKind:
		return protowire.AppendFixed32(dst, math.Float32bits(float32(v.Float()))), nil
	case protoreflect.DoubleKind:
		return protowire.AppendFixed64(dst, math.Float64bits(v.Float())), nil
	case protoreflect.StringKind:
		if !v.IsPlain() && !utf8.ValidString(v.Str()) {
			return nil, errUTF8
		}
		return protowire.AppendBytes(dst, v.Bytes()), nil
	case protoreflect.BytesKind:
		return protowire.AppendBytes(dst, v.Bytes()), nil
	case protoreflect.EnumKind:
		return w.symbol(dst, v)
	default:
		return w.integer(dst, v.Int())
	}
}

func (w *writing) integer(dst []byte, n int64) ([]byte, error) {
	switch w.kind {
	case protoreflect.Int64Kind, protoreflect.Uint64Kind:
		return protowire.AppendVarint(dst, uint64(n)), nil
	case protoreflect.Sint64Kind:
		return protowire.AppendVarint(dst, protowire.EncodeZigZag(n)), nil
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return protowire.AppendFixed64(dst, uint64(n)), nil
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		if n < 0 || n > math.MaxUint32 {
			return nil, outOfRange(n, w.kind)
		}
	default:
		if n != int64(int32(n)) {
			return nil, outOfRange(n, w.kind)
		}
	}
	switch w.kind {
	case protoreflect.Int32Kind, protoreflect.Uint32Kind:
		return protowire.AppendVarint(dst, uint64(n)), nil
	case protoreflect.Sint32Kind:
		return protowire.AppendVarint(dst, protowire.EncodeZigZag(n)), nil
	default:
		return protowire.AppendFixed32(dst, uint32(n)), nil
	}
}

func outOfRange(n int64, k protoreflect.Kind) error {
	return fmt.Errorf("%d does not fit %s", n, k)
}

// symbol appends the number of an enum's symbol; a number is one itself.
func (w *writing) symbol(dst []byte, v connect.Value) ([]byte, error) {
	if v.Type() == connect.Int32 {
		return protowire.AppendVarint(dst, uint64(v.Int())), nil
	}
	n, ok := w.enum[v.Str()]
	if !ok {
		if n, ok = unnamed(v.Str()); !ok {
			return nil, fmt.Errorf("%q is no symbol of the enum, which has %s", v.Str(), symbolNames(w.enum))
		}
	}
	return protowire.AppendVarint(dst, uint64(int64(n))), nil
}

// unnamed returns the number of a symbol that was made for one without a name.
func unnamed(symbol string) (int32, bool) {
	rest, ok := strings.CutPrefix(symbol, unknownEnum)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(rest[strings.LastIndexByte(rest, '_')+1:], 10, 32)
	return int32(n), err == nil
}
