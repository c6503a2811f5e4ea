// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"penstock.dev/runtime/connect"
)

// ours are errors of messages that dynamicpb takes.
func ours(err error) bool {
	for _, text := range []string{
		"nest deeper than", "too many parts", "fit the memory", "there is no date", "there is no time", "timestamp of", "decimal", "does not fit int", "not valid UTF-8",
	} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// FuzzDecode reads any bytes as the messages of the golden file, and as dynamicpb
// does.
func FuzzDecode(f *testing.F) {
	rows := goldenRows(f)
	var messages []protoreflect.MessageDescriptor
	var readers []*reader
	m := with(func(m *Mapping) { m.OptionalForNullables = true })
	for _, row := range rows {
		if len(messages) == 0 || messages[len(messages)-1] != row.md {
			messages = append(messages, row.md)
			readers = append(readers, mustReader(f, m, row.md))
		}
		if len(row.data) < 1000 {
			f.Add(byte(len(messages)-1), row.data)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		i := int(which) % len(messages)
		dynamic := dynamicpb.NewMessage(messages[i])
		theirs := proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(data, dynamic)
		v, err := new(decoder).read(new(connect.Arena), &readers[i].value, data)
		switch {
		case err != nil && theirs == nil && !ours(err):
			t.Fatalf("dynamicpb reads %x, but %v", data, err)
		case err == nil && theirs != nil && messages[i].Name() == "Nested":
			return // parts of a oneof's member that another member takes away are not read
		case err == nil && theirs != nil && !strings.Contains(theirs.Error(), "UTF-8") && !strings.Contains(theirs.Error(), "recursion"):
			t.Fatalf("%x is read as %s, but %v", data, describe(readers[i].schema, v), theirs)
		case err != nil || theirs != nil || messages[i].Name() == "Logical" || messages[i].Name() == "Old":
			return
		}
		// Written again, it is what dynamicpb has read, without unknown fields.
		how, err := newWriter(m, readers[i].schema, messages[i])
		if err != nil {
			t.Fatal(err)
		}
		out, err := encoder{}.root([]byte{}, &how, v)
		if err != nil {
			t.Fatalf("writing %s: %v", describe(readers[i].schema, v), err)
		}
		again := dynamicpb.NewMessage(messages[i])
		if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(out, again); err != nil {
			t.Fatal(err)
		}
		known := dynamicpb.NewMessage(messages[i])
		if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, known); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(known, again) {
			t.Fatalf("%x is read as %s and written as %x", data, describe(readers[i].schema, v), out)
		}
	})
}

// FuzzSchema compiles any text; whatever compiles can be read or is refused.
func FuzzSchema(f *testing.F) {
	for _, name := range []string{"testdata/all.proto", "testdata/old.proto"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(orderText)
	f.Add(decodeText)
	f.Add(serializedText)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > math.MaxInt16 {
			return
		}
		file, err := compile(text, nil)
		if err != nil {
			return
		}
		for i := range file.Messages().Len() {
			r, err := newReader(defaults(), file.Messages().Get(i), 1)
			if err != nil {
				continue
			}
			v, err := new(decoder).read(new(connect.Arena), &r.value, nil)
			if err != nil || v.IsNull() {
				t.Fatalf("nothing is read as %v, %v", v, err)
			}
		}
	})
}

// FuzzPath reads any path and writes it again.
func FuzzPath(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte{2, 0})
	f.Add([]byte{4, 2, 0xc8, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := pathSize(data)
		if err != nil {
			return
		}
		path := readPath(data[:n])
		again := appendPath(nil, path)
		m, err := pathSize(again)
		if err != nil || m != len(again) || len(readPath(again)) != len(path) {
			t.Fatalf("%x is %v, written %x, %v", data[:n], path, again, err)
		}
		if len(again) == n && !bytes.Equal(again, data[:n]) {
			t.Fatalf("%x is written as %x", data[:n], again)
		}
	})
}
