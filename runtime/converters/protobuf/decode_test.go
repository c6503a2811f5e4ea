// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"encoding/hex"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"penstock.dev/runtime/connect"
)

const decodeText = `syntax = "proto3";
enum E { A = 0; B = 1; }
message M {
  int32 i = 1;
  M m = 2;
  repeated int32 l = 3;
  map<string, M> by = 4;
  oneof o { string s = 5; M om = 6; int32 n = 7; }
  E e = 8;
  optional E oe = 9;
  map<int32, int32> nums = 10;
  bool b = 11;
}`

// TestDecoding reads bytes that no writer writes, but that are allowed.
func TestDecoding(t *testing.T) {
	md := mustCompile(t, decodeText).Messages().Get(0)
	empty := "{o_0=null,i=0,m=null,l=[],by=(),e=\"A\",oe=null,nums=(),b=false}"
	of := func(pairs ...string) string {
		s := empty
		for i := 0; i < len(pairs); i += 2 {
			start := strings.Index(s, pairs[i]+"=")
			end := start + len(pairs[i]) + 1
			depth := 0
			for ; end < len(s) && (depth > 0 || s[end] != ','); end++ {
				switch s[end] {
				case '{', '[', '(':
					depth++
				case '}', ']', ')':
					depth--
				}
				if depth < 0 {
					break
				}
			}
			s = s[:start] + pairs[i] + "=" + pairs[i+1] + s[end:]
		}
		return s
	}
	tests := map[string]struct{ data, want string }{
		"empty":                     {"", empty},
		"the last counts":           {"08010802", of("i", "2")},
		"unknown fields":            {"a00601" + "aa060161" + "b30608" + "01b406" + "0801", of("i", "1")},
		"another wire type":         {"0a0131" + "0801", of("i", "1")},
		"a message in two parts":    {"12020801" + "12021802" + "12021803", of("m", of("i", "1", "l", "[2,3]"))},
		"parts with others between": {"12020801" + "0805" + "12025801", of("i", "5", "m", of("i", "1", "b", "true"))},
		"packed and not":            {"1801" + "1a020203" + "1804", of("l", "[1,2,3,4]")},
		"oneof: the last counts":    {"2a0161" + "3807", of("o_0", "{s=null,om=null,n=7}")},
		"oneof: a message in parts": {"32020801" + "32021802", of("o_0", "{s=null,om="+of("i", "1", "l", "[2]")+",n=null}")},
		"oneof: another between":    {"32020801" + "2a0161" + "32021802", of("o_0", "{s=null,om="+of("l", "[2]")+",n=null}")},
		"oneof: a scalar at last":   {"32020801" + "32021802" + "3807", of("o_0", "{s=null,om=null,n=7}")},
		"map: no value":             {"22030a0161", of("by", `("a":`+empty+")")},
		"map: no key":               {"2204" + "12020801", of("by", "(s:"+of("i", "1")+")")},
		"map: the last counts":      {"5204" + "08011002" + "5204" + "08021003" + "5204" + "08011009", of("nums", "(1:9,2:3)")},
		"map: many keys":            {manyKeys(100), of("nums", manyKeysText(100))},
		"enum without name":         {"4005" + "48ffffffffffffffffff01", of("e", `"UNKNOWN_ENUM_VALUE_E_5"`, "oe", "s554e4b4e4f574e5f454e554d5f56414c55455f455f2d31")},
		"boolean of many bits":      {"58ff7f", of("b", "true")},
		"an int of 64 bits":         {"0881808080808001", of("i", "1")},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			data, err := hex.DecodeString(tc.data)
			if err != nil {
				t.Fatal(err)
			}
			if err := proto.Unmarshal(data, dynamicpb.NewMessage(md)); err != nil {
				t.Fatalf("dynamicpb: %v", err)
			}
			r := mustReader(t, defaults(), md)
			if got := describe(r.schema, mustRead(t, r, data)); got != tc.want {
				t.Errorf("read as\n%s, want\n%s", got, tc.want)
			}
		})
	}
}

func manyKeys(n int) string {
	var b []byte
	for i := range 2 * n {
		e := protowire.AppendVarint([]byte{0x08}, uint64(i%n))
		e = protowire.AppendVarint(append(e, 0x10), uint64(i))
		b = protowire.AppendBytes(append(b, 0x52), e)
	}
	return hex.EncodeToString(b)
}

func manyKeysText(n int) string {
	var entries []connect.Entry
	for i := range n {
		entries = append(entries, connect.Entry{Key: connect.Int32Value(int32(i)), Value: connect.Int32Value(int32(n + i))})
	}
	return describe(&connect.Schema{Type: connect.Map, Key: connect.Int32Schema, Elem: connect.Int32Schema}, connect.MapValue(entries))
}

// TestHostileMessages says that small messages take neither long nor much memory.
func TestHostileMessages(t *testing.T) {
	md := mustCompile(t, decodeText).Messages().Get(0)
	r := mustReader(t, defaults(), md)
	// Each level holds the next one in two parts: read naively, it is read 2^90 times.
	var parts []byte
	for range 90 {
		parts = append(protowire.AppendBytes([]byte{0x12}, parts), 0x12, 0x00)
	}
	if _, err := new(decoder).read(new(connect.Arena), &r.value, parts); err == nil || !strings.Contains(err.Error(), "too many parts") {
		t.Errorf("parts: %v", err)
	}
	wide := strings.Builder{}
	wide.WriteString("syntax = \"proto3\"; message W { repeated W w = 1; ")
	for i := range 1000 {
		wide.WriteString("int32 f" + strings.Repeat("x", i) + " = " + itemStep(i + 2)[1:len(itemStep(i+2))-1] + "; ")
	}
	r = mustReader(t, defaults(), mustCompile(t, wide.String()+"}").Messages().Get(0))
	if _, err := new(decoder).read(new(connect.Arena), &r.value, []byte(strings.Repeat("\x0a\x00", 100_000))); err == nil || !strings.Contains(err.Error(), "would not fit the memory") {
		t.Errorf("wide: %v", err)
	}
	// A length beyond the end takes no memory.
	r = mustReader(t, defaults(), md)
	if _, err := new(decoder).read(new(connect.Arena), &r.value, []byte("\x1a\xff\xff\xff\xff\x0f\x01")); err == nil {
		t.Error("a length beyond the end is read")
	}
}

func TestSettingsOfReading(t *testing.T) {
	const text = `syntax = "proto3"; package p; import "google/protobuf/wrappers.proto";
enum E { A = 0; B = 1; }
message M { E e = 1; oneof o { string s = 2; google.protobuf.Int64Value w = 3; } optional int32 x = 4; N n = 5; google.protobuf.StringValue v = 6; }
message N { int32 y = 1; }`
	md := mustCompile(t, text).Messages().Get(0)
	const data = "0801" + "1a020805" + "3203" + "0a0161"
	tests := map[string]struct {
		m          Mapping
		name, want string
	}{
		"default":   {defaults(), "M", `{o_0={s=null,w={value=5}},e="B",x=null,n=null,v={value="a"}}`},
		"ints":      {with(func(m *Mapping) { m.IntForEnums = true }), "M", `{o_0={s=null,w={value=5}},e=1,x=null,n=null,v={value="a"}}`},
		"wrapper":   {with(func(m *Mapping) { m.WrapperForNullables = true }), "M", `{o_0={s=null,w=5},e="B",x=null,n=null,v="a"}`},
		"flat":      {with(func(m *Mapping) { m.FlattenUnions = true }), "M", `{s=null,w={value=5},e="B",x=null,n=null,v={value="a"}}`},
		"no index":  {with(func(m *Mapping) { m.GenerateIndexForUnions = false }), "M", `{o={s=null,w={value=5}},e="B",x=null,n=null,v={value="a"}}`},
		"no nulls":  {with(func(m *Mapping) { m.GenerateStructForNulls = true }), "M", `{o_0={s=null,w={value=5}},e="B",x=0,n={y=0},v={value="a"}}`},
		"enhanced":  {with(func(m *Mapping) { m.EnhancedSupport = true }), "p.M", `{o_0={s=null,w={value=5}},e="B",x=null,n=null,v={value="a"}}`},
		"two kinds": {with(func(m *Mapping) { m.FlattenUnions, m.WrapperForNullables = true, true }), "M", `{s=null,w=5,e="B",x=null,n=null,v="a"}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			raw, _ := hex.DecodeString(data)
			r := mustReader(t, tc.m, md)
			if got := describe(r.schema, mustRead(t, r, raw)); got != tc.want || r.schema.Name != tc.name {
				t.Errorf("%s %s, want %s %s", r.schema.Name, got, tc.name, tc.want)
			}
			_, _, how := writerOf(t, tc.m, r.schema)
			if out, err := (encoder{}).root([]byte{}, &how, mustRead(t, r, raw)); err != nil || name != "no nulls" && hex.EncodeToString(out) != data {
				t.Errorf("written as %x, %v", out, err)
			}
		})
	}
}
