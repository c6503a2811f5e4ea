// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"penstock.dev/runtime/connect"
)

// The value of an entry may come in many parts, each of which makes it longer. To put
// them together must not take time and memory that grow with their number's square.
func TestEntryOfManyParts(t *testing.T) {
	r := mustReader(t, defaults(), mustCompile(t, `syntax = "proto3"; message M { map<string, V> m = 1; } message V { repeated int32 i = 1; }`).Messages().Get(0))
	entry := []byte(strings.Repeat("\x12\x02\x08\x01", 20_000))
	a := new(connect.Arena)
	_, err := new(decoder).read(a, &r.value, protowire.AppendBytes([]byte{0x0a}, entry))
	if err == nil || !strings.Contains(err.Error(), "too many parts") {
		t.Errorf("error %v", err)
	}
	if held := a.Held(); held > 16<<20 {
		t.Errorf("%d bytes take %d MiB", len(entry), held>>20)
	}
	two := "\x0a\x01k\x12\x02\x08\x01\x12\x02\x08\x02"
	v, err := new(decoder).read(new(connect.Arena), &r.value, protowire.AppendBytes([]byte{0x0a}, []byte(two)))
	if got := describe(r.schema, v); err != nil || !strings.Contains(got, "1") || !strings.Contains(got, "2") {
		t.Errorf("two parts: %s, %v", got, err)
	}
}

func TestMessageOfManyFields(t *testing.T) {
	const fields = 40_000
	text := strings.Builder{}
	text.WriteString("syntax = \"proto3\"; message M {")
	for i := range fields {
		n := i + 1
		if n >= firstReserved {
			n += 1000
		}
		fmt.Fprintf(&text, "int32 f%d = %d;", i, n)
	}
	r := mustReader(t, defaults(), mustCompile(t, text.String()+"}").Messages().Get(0))
	data := protowire.AppendVarint(protowire.AppendTag(nil, fields+1000, protowire.VarintType), 7)
	v, err := new(decoder).read(new(connect.Arena), &r.value, data)
	if err != nil || v.Items()[fields-1].Int() != 7 {
		t.Errorf("the last field: %v, %v", v.Items()[fields-1].Int(), err)
	}
}

// BigInteger has the shortest form, however it was written.
func TestDecimalWithLeadingBytes(t *testing.T) {
	r := mustReader(t, defaults(), mustCompile(t, `syntax = "proto3"; import "confluent/type/decimal.proto";
		message M { confluent.type.Decimal d = 1 [(confluent.field_meta) = { params: [ { key: "scale", value: "2" } ] }]; }`).Messages().Get(0))
	for in, want := range map[string]string{"\x00\x00\x05": "\x05", "\xff\xff\x85": "\x85", "\x00\x85": "\x00\x85"} {
		d := protowire.AppendBytes([]byte{0x0a}, []byte(in))
		d = append(d, 0x18, 2)
		v, err := new(decoder).read(new(connect.Arena), &r.value, protowire.AppendBytes([]byte{0x0a}, d))
		if err != nil || string(v.Items()[0].Bytes()) != want {
			t.Errorf("%x: %x, %v", in, v.Items()[0].Bytes(), err)
		}
	}
}
