// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The options of confluent/meta.proto: extension 1088 is a message of which field
// 2 is a map of parameters.
const (
	metaOption = 1088
	metaParams = 2
)

// metaOf returns the parameters that an element's confluent options hold. The
// options are read from their bytes, which are the same whether the compiler knew
// the extension or not.
func metaOf(d protoreflect.Descriptor) map[string]string {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(d.Options())
	if err != nil || len(raw) == 0 {
		return nil
	}
	params := map[string]string{}
	each(raw, metaOption, func(meta []byte) {
		each(meta, metaParams, func(entry []byte) {
			var key, value string
			each(entry, 1, func(b []byte) { key = string(b) })
			each(entry, 2, func(b []byte) { value = string(b) })
			params[key] = value
		})
	})
	return params
}

// each calls f with every length-delimited field of that number.
func each(message []byte, number protowire.Number, f func([]byte)) {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeField(message)
		if n < 0 {
			return
		}
		if num == number && typ == protowire.BytesType {
			_, _, head := protowire.ConsumeTag(message)
			b, _ := protowire.ConsumeBytes(message[head:n])
			f(b)
		}
		message = message[n:]
	}
}
