// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

// zeroValue returns the value of a scalar that did not occur, in proto3.
func zeroValue(r reading) connect.Value {
	switch r.typ {
	case connect.Float32:
		return connect.Float32Value(0)
	case connect.Float64:
		return connect.Float64Value(0)
	case connect.Boolean:
		return connect.BooleanValue(false)
	case connect.String:
		return connect.PlainString(nil)
	case connect.Bytes:
		return connect.BytesValue(nil)
	default:
		return connect.IntValue(r.typ, 0)
	}
}

// zeroOf returns the value of a field that did not occur: the default that a
// proto2 file gives it, or zero.
func zeroOf(r reading, fd protoreflect.FieldDescriptor) connect.Value {
	if r.enum != nil {
		return r.enum.value(defaultNumber(fd))
	}
	d := fd.Default()
	if !fd.HasDefault() || !d.IsValid() {
		return zeroValue(r)
	}
	switch r.typ {
	case connect.Float32:
		return connect.Float32Value(float32(d.Float()))
	case connect.Float64:
		return connect.Float64Value(d.Float())
	case connect.Boolean:
		return connect.BooleanValue(d.Bool())
	case connect.String:
		return connect.StringValue(d.String())
	case connect.Bytes:
		return connect.BytesValue(d.Bytes())
	}
	switch fd.Kind() {
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return connect.IntValue(r.typ, int64(d.Uint()))
	default:
		return connect.IntValue(r.typ, d.Int())
	}
}

// defaultNumber returns the number of an enum field that did not occur.
func defaultNumber(fd protoreflect.FieldDescriptor) int32 {
	if v := fd.DefaultEnumValue(); v != nil {
		return int32(v.Number())
	}
	return int32(fd.Enum().Values().Get(0).Number())
}
