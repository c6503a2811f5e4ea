// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"penstock.dev/runtime/connect"
)

// message reads a field that is a message. Of one that occurs more than once all
// bytes together are the message.
func (b *body) message(f *readField, data []byte) (int, error) {
	p, n := consumePayload(f, data)
	if n < 0 {
		return 0, protowire.ParseError(n)
	}
	if b.holds(f) {
		return n, b.join(f)
	}
	if b.joined != nil && slices.Contains(b.joined, joinedKey(f)) {
		return n, nil
	}
	v, err := b.d.payload(&f.value, p, b.depth+1)
	if err != nil {
		return 0, err
	}
	b.set(f, v)
	return n, nil
}

func joinedKey(f *readField) protowire.Number {
	if f.union >= 0 {
		return protowire.Number(-1 - f.union)
	}
	return f.number
}

func consumePayload(f *readField, data []byte) ([]byte, int) {
	if f.value.kind == protoreflect.GroupKind {
		return protowire.ConsumeGroup(f.number, data)
	}
	return protowire.ConsumeBytes(data)
}

// join reads a message that is spread over its parent from all its parts. For a
// oneof these are the parts after the last of another member.
func (b *body) join(f *readField) error {
	if slices.Contains(b.joined, joinedKey(f)) {
		return nil
	}
	b.joined = append(b.joined, joinedKey(f))
	var whole []byte
	last := f
	for data := b.data; len(data) > 0; {
		num, typ, n := consumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		size := protowire.ConsumeFieldValue(num, typ, data)
		if size < 0 {
			return protowire.ParseError(size)
		}
		if g := b.m.find(num); g != nil && joinedKey(g) == joinedKey(f) && typ == g.value.wireType() {
			if g != last || g.value.form == scalar {
				whole = whole[:0]
			}
			last = g
			part := data[:size]
			if g.value.form != scalar {
				part, _ = consumePayload(g, data)
			}
			whole = append(whole, part...)
		}
		data = data[size:]
	}
	if b.d.rework -= len(whole); b.d.rework < 0 {
		return errJoined
	}
	return b.setJoined(last, b.d.a.Copy(whole))
}

func (b *body) setJoined(f *readField, data []byte) error {
	var v connect.Value
	var err error
	if f.value.form == scalar {
		v, _, err = f.value.scalar(data)
	} else {
		v, err = b.d.payload(&f.value, data, b.depth+1)
	}
	if err == nil {
		b.set(f, v)
	}
	return err
}
