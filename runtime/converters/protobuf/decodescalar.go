// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

func (r *reading) unpack(l *elements, data []byte) error {
	for len(data) > 0 {
		v, n, err := r.scalar(data)
		if err != nil {
			return at(err, itemStep(l.n))
		}
		if !v.IsNull() {
			l.values[l.n] = v
			l.n++
		}
		data = data[n:]
	}
	return nil
}

// scalar reads a scalar at the beginning of data and returns its size. It is null
// if it is a number that a closed enum does not have.
func (r *reading) scalar(data []byte) (connect.Value, int, error) {
	switch r.wire {
	case protowire.VarintType:
		if len(data) > 0 && data[0] < 0x80 {
			v, err := r.varint(uint64(data[0]))
			return v, 1, err
		}
		u, n := protowire.ConsumeVarint(data)
		if n < 0 {
			return connect.Value{}, 0, protowire.ParseError(n)
		}
		v, err := r.varint(u)
		return v, n, err
	case protowire.Fixed32Type:
		u, n := protowire.ConsumeFixed32(data)
		if n < 0 {
			return connect.Value{}, 0, protowire.ParseError(n)
		}
		v, err := r.fixed32(u)
		return v, n, err
	case protowire.Fixed64Type:
		u, n := protowire.ConsumeFixed64(data)
		if n < 0 {
			return connect.Value{}, 0, protowire.ParseError(n)
		}
		return r.fixed64(u), n, nil
	default:
		p, n := protowire.ConsumeBytes(data)
		if n < 0 {
			return connect.Value{}, 0, protowire.ParseError(n)
		}
		if r.typ == connect.Bytes {
			return connect.BytesValue(p), n, nil
		}
		if !utf8.Valid(p) {
			return connect.Value{}, 0, errUTF8
		}
		return connect.StringOf(p), n, nil
	}
}

func (r *reading) varint(u uint64) (connect.Value, error) {
	switch r.kind {
	case protoreflect.BoolKind:
		return connect.BooleanValue(u != 0), nil
	case protoreflect.Int32Kind:
		return r.int32(int32(u))
	case protoreflect.Sint32Kind:
		return r.int32(int32(protowire.DecodeZigZag(u & (1<<32 - 1))))
	case protoreflect.Uint32Kind:
		return connect.Int64Value(int64(uint32(u))), nil
	case protoreflect.Sint64Kind:
		return connect.Int64Value(protowire.DecodeZigZag(u)), nil
	case protoreflect.EnumKind:
		return r.enum.value(int32(u)), nil
	default:
		return connect.Int64Value(int64(u)), nil
	}
}

// int32 returns a number as the Connect type that the schema makes of it.
func (r *reading) int32(n int32) (connect.Value, error) {
	if r.typ == connect.Int8 && n != int32(int8(n)) || r.typ == connect.Int16 && n != int32(int16(n)) {
		return connect.Value{}, fmt.Errorf("%d does not fit %s, which the field's option %s asks for", n, r.typ, connectType)
	}
	return connect.IntValue(r.typ, int64(n)), nil
}

func (r *reading) fixed32(u uint32) (connect.Value, error) {
	switch r.kind {
	case protoreflect.FloatKind:
		return connect.Float32Value(math.Float32frombits(u)), nil
	case protoreflect.Sfixed32Kind:
		return r.int32(int32(u))
	default:
		return connect.Int64Value(int64(u)), nil
	}
}

func (r *reading) fixed64(u uint64) connect.Value {
	if r.kind == protoreflect.DoubleKind {
		return connect.Float64Value(math.Float64frombits(u))
	}
	return connect.Int64Value(int64(u))
}

// wrapped reads a google.protobuf.StringValue and its like.
func (d *decoder) wrapped(r *reading, data []byte) (connect.Value, error) {
	v := zeroValue(*r)
	for len(data) > 0 {
		num, typ, n := consumeTag(data)
		if n < 0 {
			return connect.Value{}, protowire.ParseError(n)
		}
		data = data[n:]
		if num == 1 && typ == r.wire {
			inner, size, err := r.scalar(data)
			if err != nil {
				return connect.Value{}, err
			}
			v, data = inner, data[size:]
			continue
		}
		if n = protowire.ConsumeFieldValue(num, typ, data); n < 0 {
			return connect.Value{}, protowire.ParseError(n)
		}
		data = data[n:]
	}
	return v, nil
}
