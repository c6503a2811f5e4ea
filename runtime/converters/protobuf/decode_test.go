// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"encoding/hex"
	"os"
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

// TestProto2 reads what is not there as null or as its default, and groups as
// structs.
func TestProto2(t *testing.T) {
	text, err := os.ReadFile("testdata/old.proto")
	if err != nil {
		t.Fatal(err)
	}
	md := mustCompile(t, string(text)).Messages().Get(0)
	for name, tc := range map[string]struct {
		m    Mapping
		want string
	}{
		"null":    {defaults(), `{id=1,name=null,size=null,loose=[],packed=[],sizes=["LARGE"],pair={left=2,right=null},item=[{text=null}],ratio=null}`},
		"default": {with(func(m *Mapping) { m.OptionalForProto2 = false }), `{id=1,name="none",size="LARGE",loose=[],packed=[],sizes=["LARGE"],pair={left=2,right=0},item=[{text=s}],ratio=f3fe0000000000000}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustReader(t, tc.m, md)
			// The size 9 is none of a closed enum: it is unknown, also in a list.
			data := []byte("\x08\x01" + "\x18\x09" + "\x30\x09\x30\x02" + "\x3b\x08\x02\x3c" + "\x43\x44")
			if got := describe(r.schema, mustRead(t, r, data)); got != tc.want {
				t.Errorf("read %s, want %s", got, tc.want)
			}
		})
	}
}

// TestVariant reads and writes a confluent.type.Variant as the struct that Connect
// has for it.
func TestVariant(t *testing.T) {
	variant := &connect.Schema{Type: connect.Struct, Name: variantName, Optional: true, Fields: []connect.Field{{Name: "metadata", Schema: connect.BytesSchema}, {Name: "value", Schema: connect.BytesSchema}}}
	s := &connect.Schema{Type: connect.Struct, Name: "S", Fields: []connect.Field{{Name: "v", Schema: variant}}}
	text, md, how := writerOf(t, defaults(), s)
	if !strings.Contains(text, "import \"confluent/type/variant.proto\";") || !strings.Contains(text, "  confluent.type.Variant v = 1;\n") {
		t.Error(text)
	}
	data, err := encoder{}.root([]byte{}, &how, connect.StructValue([]connect.Value{connect.StructValue([]connect.Value{connect.BytesValue([]byte{1}), connect.BytesValue([]byte{2})})}))
	if err != nil {
		t.Fatal(err)
	}
	r := mustReader(t, defaults(), md)
	if got := describe(r.schema, mustRead(t, r, data)); got != "{v={metadata=x01,value=x02}}" || r.schema.Fields[0].Schema.Name != variantName {
		t.Errorf("read %s", got)
	}
}

// TestLogicalValues reads what has no value in Connect, and what loses something.
func TestLogicalValues(t *testing.T) {
	const text = `syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/type/date.proto"; import "google/type/timeofday.proto"; import "confluent/type/decimal.proto";
message M { google.protobuf.Timestamp t = 1; google.type.Date d = 2; google.type.TimeOfDay o = 3;
confluent.type.Decimal n = 4 [(confluent.field_meta) = { params: [ { key: "scale", value: "2" } ] }]; }`
	r := mustReader(t, defaults(), mustCompile(t, text).Messages().Get(0))
	for name, tc := range map[string]struct{ data, want, err string }{
		"cut to milliseconds":  {"0a06" + "10ff93ebdc03", "{t=999,d=null,o=null,n=null}", ""},
		"before 1970":          {"0a0f" + "08ffffffffffffffffff01" + "10c0843d", "{t=-999,d=null,o=null,n=null}", ""},
		"negative nanos":       {"0a0b" + "10ffffffffffffffffff01", "", "field t: timestamp of 0 seconds and -1 nanoseconds"},
		"no date":              {"1200", "", "field d: there is no date of the year 0, month 0, day 0"},
		"left out of 1582":     {"1207" + "08ae0c" + "100a" + "180a", "", "there is no date of the year 1582, month 10, day 10"},
		"no time":              {"1a02" + "0818", "", "field o: there is no time of day 24:0:0"},
		"decimal of scale 0":   {"2203" + "0a0105", "{t=null,d=null,o=null,n=x01f4}", ""},
		"decimal of scale 3":   {"2206" + "0a0203e8" + "1803", "{t=null,d=null,o=null,n=x64}", ""},
		"too many decimals":    {"2205" + "0a0101" + "1803", "", "field n: decimal of scale 3 has more decimals than the scale 2 of its field"},
		"decimal without":      {"2200", "", "field n: decimal has no bytes"},
		"decimal of far scale": {"2208" + "0a0101" + "18808080" + "08", "", "is too far from the scale 2"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := hex.DecodeString(tc.data)
			if err != nil {
				t.Fatal(err)
			}
			v, err := new(decoder).read(new(connect.Arena), &r.value, data)
			switch {
			case tc.err != "":
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("%v, want %q", err, tc.err)
				}
			case err != nil || describe(r.schema, v) != tc.want:
				t.Errorf("%s, %v, want %s", describe(r.schema, v), err, tc.want)
			}
		})
	}
}

// TestNoEndOfNulls refuses generate.struct.for.nulls for a message that holds itself
// but through a list.
func TestNoEndOfNulls(t *testing.T) {
	m := with(func(m *Mapping) { m.GenerateStructForNulls = true })
	if _, err := newReader(m, mustCompile(t, decodeText).Messages().Get(0), 0); err == nil || !strings.Contains(err.Error(), "message M holds itself: generate.struct.for.nulls has no end for it") {
		t.Error(err)
	}
	mustReader(t, m, mustCompile(t, `syntax = "proto3"; message L { repeated L l = 1; oneof o { L m = 2; } }`).Messages().Get(0))
}

// TestUnnamedNumbers writes numbers of an enum that have no symbol as they were read.
func TestUnnamedNumbers(t *testing.T) {
	md := mustCompile(t, `syntax = "proto3"; enum E { A = 0; } message M { E e = 1; }`).Messages().Get(0)
	for name, m := range map[string]Mapping{"symbols": defaults(), "numbers": with(func(m *Mapping) { m.IntForEnums = true })} {
		t.Run(name, func(t *testing.T) {
			r := mustReader(t, m, md)
			_, _, how := writerOf(t, m, r.schema)
			if data, err := (encoder{}).root([]byte{}, &how, mustRead(t, r, []byte("\x08\x07"))); err != nil || string(data) != "\x08\x07" {
				t.Errorf("%x, %v", data, err)
			}
		})
	}
}
