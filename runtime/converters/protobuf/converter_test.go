// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters/registry"
)

// fakeRegistry keeps schemas in memory, with ids from 1 on.
type fakeRegistry struct {
	schemas  []registry.Resolved
	subjects map[string][]int
	other    int // what use.schema.id asks for
	latest   bool
	asked    int
}

func (f *fakeRegistry) Subject(topic, record string) (string, error) { return topic + "-value", nil }

func (f *fakeRegistry) Writer(subject string, s sr.Schema) (registry.Registered, error) {
	f.asked++
	if f.other > 0 {
		return registry.Registered{ID: f.other, Schema: f.schemas[f.other-1], Other: true}, nil
	}
	for i, known := range f.schemas {
		if known.Schema.Schema == s.Schema {
			return registry.Registered{ID: i + 1, Schema: known}, nil
		}
	}
	f.add(subject, s.Schema)
	return registry.Registered{ID: len(f.schemas), Schema: f.schemas[len(f.schemas)-1]}, nil
}

func (f *fakeRegistry) add(subject, text string, needs ...registry.Need) int {
	f.schemas = append(f.schemas, registry.Resolved{Schema: sr.Schema{Schema: text, Type: sr.TypeProtobuf}, Needs: needs})
	if f.subjects == nil {
		f.subjects = map[string][]int{}
	}
	f.subjects[subject] = append(f.subjects[subject], len(f.schemas))
	return len(f.schemas)
}

func (f *fakeRegistry) Schema(id int) (registry.Resolved, error) {
	f.asked++
	if id < 1 || id > len(f.schemas) {
		return registry.Resolved{}, fmt.Errorf("schema %d not found", id)
	}
	return f.schemas[id-1], nil
}

func (f *fakeRegistry) Version(subject string, id int, _ sr.Schema) (int, error) {
	for i, known := range f.subjects[subject] {
		if known == id {
			return i + 1, nil
		}
	}
	return 0, nil
}

func (f *fakeRegistry) ReadsLatest() bool { return f.latest }

func (f *fakeRegistry) Close() {}

func (f *fakeRegistry) Latest(subject string) (registry.Registered, error) {
	ids := f.subjects[subject]
	if len(ids) == 0 {
		return registry.Registered{}, errors.New("no such subject")
	}
	id := ids[len(ids)-1]
	return registry.Registered{ID: id, Schema: f.schemas[id-1], Other: true}, nil
}

func orderValue() connect.Value {
	address := connect.StructValue([]connect.Value{connect.StringValue("12 Long Street"), connect.StringValue("Zürich")})
	return connect.StructValue([]connect.Value{
		connect.Int64Value(1234567890), connect.Int16Value(-3), connect.StringValue("a note"), connect.Int64Value(1700000000123),
		connect.BytesValue([]byte{0x30, 0x39}), address, address,
		connect.ArrayValue([]connect.Value{connect.StringValue("new"), connect.StringValue("gift")}),
		connect.MapValue([]connect.Entry{{Key: connect.StringValue("a"), Value: connect.Int32Value(1)}, {Key: connect.StringValue("b"), Value: connect.Int32Value(2)}}),
		connect.StringValue("SENT"),
		connect.StructValue([]connect.Value{connect.StringValue("4711"), {}}),
	})
}

func TestWritesAndReads(t *testing.T) {
	f := &fakeRegistry{}
	c := newConverter(f, defaults())
	s, v := orderSchema(), orderValue()
	data, err := c.FromConnect([]byte{}, "orders", s, v)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(data[:6]); got != "000000000100" {
		t.Errorf("begins with %s", got)
	}
	if diff := cmp.Diff(orderText, f.schemas[0].Schema.Schema); diff != "" {
		t.Error(diff)
	}
	s2, v2, err := c.ToConnect(new(connect.Arena), "orders", data)
	if err != nil {
		t.Fatal(err)
	}
	if s2.Name != "Order" || s2.Version != 1 || s2.Type != connect.Struct {
		t.Errorf("schema %s version %d", s2.Name, s2.Version)
	}
	// A oneof stands first, and the enum's symbol is its name.
	want := `{choice_0={card="4711",cash=null},id=1234567890,kind=-3,note=s61206e6f7465,at=1700000000123,total=x3039,` +
		`ship_to={street=s3132204c6f6e6720537472656574,city=s5ac3bc72696368},bill_to={street=s3132204c6f6e6720537472656574,city=s5ac3bc72696368},` +
		`tags=["new","gift"],labels=("a":1,"b":2),status="SENT"}`
	if diff := cmp.Diff(want, describe(s2, v2)); diff != "" {
		t.Error(diff)
	}
	asked := f.asked
	s3, _, err := c.ToConnect(new(connect.Arena), "orders", data)
	if err != nil || s3 != s2 || f.asked != asked {
		t.Errorf("the second time: schema %p, first %p, %d questions, %v", s3, s2, f.asked-asked, err)
	}
	// What was read is written with the same numbers.
	again, err := c.FromConnect([]byte{}, "copy", s2, v2)
	if err != nil || string(again[6:]) != string(data[6:]) {
		t.Errorf("written again as %x, at first %x, %v", again, data, err)
	}
}

func TestNullsAndPrimitives(t *testing.T) {
	f := &fakeRegistry{}
	c := newConverter(f, defaults())
	for name, s := range map[string]*connect.Schema{"schema": orderSchema(), "none": nil} {
		if data, err := c.FromConnect([]byte{}, "t", s, connect.Value{}); data != nil || err != nil {
			t.Errorf("%s: null is written as %x, %v", name, data, err)
		}
	}
	if s, v, err := c.ToConnect(new(connect.Arena), "t", nil); s != nil || !v.IsNull() || err != nil {
		t.Errorf("null is read as %v %v %v", s, v, err)
	}
	tests := map[string]struct {
		s    *connect.Schema
		v    connect.Value
		want string
	}{
		"int8":    {connect.Int8Schema, connect.Int8Value(5), "00000000010208" + "0805"},
		"int64":   {connect.Int64Schema, connect.Int64Value(-1), "00000000010204" + "08ffffffffffffffffff01"},
		"zero":    {connect.Int64Schema, connect.Int64Value(0), "00000000010204"},
		"string":  {connect.StringSchema, connect.StringValue("abc"), "0000000001020e" + "0a03616263"},
		"bytes":   {connect.BytesSchema, connect.BytesValue([]byte{1}), "00000000010210" + "0a0101"},
		"boolean": {connect.BooleanSchema, connect.BooleanValue(true), "0000000001020c" + "0801"},
		"double":  {connect.Float64Schema, connect.Float64Value(0.5), "000000000100" + "09000000000000e03f"},
		"float":   {connect.Float32Schema, connect.Float32Value(0.5), "00000000010202" + "0d0000003f"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			data, err := c.FromConnect([]byte{}, "t", tc.s, tc.v)
			if err != nil || hex.EncodeToString(data) != tc.want {
				t.Fatalf("%x, %v, want %s", data, err, tc.want)
			}
			s, v, err := c.ToConnect(new(connect.Arena), "t", data)
			if err != nil || v.IsNull() || s.Optional || s.Version != 1 {
				t.Fatalf("read as %v %v %v", s, v, err)
			}
			if describe(s, v) != describe(tc.s, tc.v) {
				t.Errorf("read as %s", describe(s, v))
			}
		})
	}
	if len(f.schemas) != 1 {
		t.Errorf("%d schemas", len(f.schemas))
	}
}

func TestRefusals(t *testing.T) {
	f := &fakeRegistry{}
	id := f.add("t-value", `syntax = "proto3"; message M { string s = 1; M m = 2; repeated M l = 3; }`)
	broken := f.add("t-value", `syntax = "proto3"; message M { Missing m = 1; }`)
	c := newConverter(f, defaults())
	head := fmt.Sprintf("%010x00", id)
	reads := map[string]struct{ data, err string }{
		"no magic":      {"7b", "begins with the byte 0x7b"},
		"no id":         {"0000", "fewer than the 5"},
		"no path":       {"0000000001", "schema id 1: the message's path in its schema is cut short"},
		"long path":     {"0000000001c801", "has 100 steps"},
		"no message":    {"0000000001020a", "schema id 1: the schema has no message at the path [5]"},
		"unknown id":    {"000000006300", "schema 99 not found"},
		"broken schema": {fmt.Sprintf("%010x00", broken), fmt.Sprintf("schema id %d: compiling the protobuf schema: ", broken)},
		"truncated":     {head + "0a05", "reading protobuf of topic t with schema id 1: field s: unexpected EOF"},
		"nested":        {head + "12041a020a01", "schema id 1: field m.l[0].s: unexpected EOF"},
		"not UTF-8":     {head + "0a01ff", "field s: text is not valid UTF-8"},
		"bad tag":       {head + "07", "invalid field number"},
		"deep":          {head + deep(101), "nest deeper than 100 levels"},
	}
	for name, tc := range reads {
		t.Run(name, func(t *testing.T) {
			data, err := hex.DecodeString(tc.data)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = c.ToConnect(new(connect.Arena), "t", data)
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%v, want %q", err, tc.err)
			}
		})
	}
	one := func(s *connect.Schema) *connect.Schema {
		return &connect.Schema{Type: connect.Struct, Name: "S", Fields: []connect.Field{{Name: "a", Schema: s}}}
	}
	val := func(v connect.Value) connect.Value { return connect.StructValue([]connect.Value{v}) }
	enum := &connect.Schema{Type: connect.String, Name: "E", Parameters: params(enumParam, "E", enumParam+".X", "0")}
	writes := map[string]struct {
		s   *connect.Schema
		v   connect.Value
		err string
	}{
		"no schema":   {nil, connect.Int64Value(1), "a value without a schema cannot be written as protobuf"},
		"array":       {&connect.Schema{Type: connect.Array, Elem: connect.Int8Schema}, connect.ArrayValue(nil), "unsupported root schema of type array"},
		"logical":     {connect.TimestampSchema, connect.Int64Value(1), "cannot be a record of its own in protobuf"},
		"wrong type":  {one(connect.StringSchema), val(connect.Int8Value(1)), "field a: the value is of type int8, its schema says string"},
		"not UTF-8":   {one(connect.StringSchema), val(connect.StringValue("\xff")), "field a: text is not valid UTF-8"},
		"null item":   {one(&connect.Schema{Type: connect.Array, Elem: connect.OptionalStringSchema}), val(connect.ArrayValue(make([]connect.Value, 1))), "field a[0]: null in a list"},
		"null key":    {one(&connect.Schema{Type: connect.Map, Key: connect.OptionalStringSchema, Elem: connect.StringSchema}), val(connect.MapValue(make([]connect.Entry, 1))), "null as the key of a map"},
		"no symbol":   {one(enum), val(connect.StringValue("Y")), `"Y" is no symbol of the enum, which has X`},
		"size":        {one(connect.StringSchema), connect.StructValue(nil), "mismatching struct schema"},
		"uint32":      {one(typed(connect.Int64, "uint32")), val(connect.Int64Value(-1)), "field a: -1 does not fit uint32"},
		"date":        {one(connect.DateSchema), val(connect.Int32Value(-1e6)), "lies before the year 1"},
		"time":        {one(connect.TimeSchema), val(connect.Int32Value(86400000)), "less than 86400000"},
		"timestamp":   {one(connect.TimestampSchema), val(connect.Int64Value(1 << 60)), "is not between the years 1 and 9999"},
		"empty union": {one(&connect.Schema{Type: connect.Struct, Name: unionName + ".u", Fields: []connect.Field{{Name: "x", Schema: connect.OptionalStringSchema}}}), val(connect.StructValue(make([]connect.Value, 1))), "one member of a union must be set"},
	}
	for name, tc := range writes {
		t.Run(name, func(t *testing.T) {
			_, err := c.FromConnect([]byte{}, "t", tc.s, tc.v)
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%v, want %q", err, tc.err)
			}
		})
	}
}

// deep returns the bytes of n messages M within each other.
func deep(n int) string {
	var b []byte
	for range n {
		if len(b) < 0x80 {
			b = append([]byte{0x12, byte(len(b))}, b...)
		} else {
			b = append([]byte{0x12, byte(len(b)) | 0x80, byte(len(b) >> 7)}, b...)
		}
	}
	return hex.EncodeToString(b)
}

// TestOtherSchema writes with the numbers of a schema that is the registry's.
func TestOtherSchema(t *testing.T) {
	f := &fakeRegistry{}
	f.other = f.add("t-value", `syntax = "proto3"; package shop;
message Other { int32 x = 1; }
message Item { map<string, int64> counts = 9; optional string name = 5; int64 id = 7; }`)
	c := newConverter(f, defaults())
	s := &connect.Schema{Type: connect.Struct, Name: "shop.Item", Fields: []connect.Field{
		{Name: "id", Schema: connect.Int32Schema}, {Name: "name", Schema: connect.OptionalStringSchema},
		{Name: "counts", Schema: &connect.Schema{Type: connect.Map, Key: connect.StringSchema, Elem: connect.Int64Schema}},
	}}
	v := connect.StructValue([]connect.Value{connect.Int32Value(3), connect.StringValue(""), connect.MapValue([]connect.Entry{{Key: connect.StringValue("k"), Value: connect.Int64Value(2)}})})
	data, err := c.FromConnect([]byte{}, "t", s, v)
	if want := "0000000001" + "0202" + "2a00" + "3803" + "4a05" + "0a016b1002"; err != nil || hex.EncodeToString(data) != want {
		t.Errorf("%x, %v, want %s", data, err, want)
	}
	s.Fields = append(s.Fields[:1:1], connect.Field{Name: "more", Schema: connect.StringSchema})
	_, err = c.FromConnect([]byte{}, "u", s, v)
	if err == nil || !strings.Contains(err.Error(), "subject u-value with schema id 1: field more: the message shop.Item has no field of this name") {
		t.Errorf("%v", err)
	}
}

// TestReferences reads a schema that imports another one, and one without types
// that imports all it has.
func TestReferences(t *testing.T) {
	f := &fakeRegistry{}
	need := registry.Need{Name: "shop/common.proto", Schema: sr.Schema{Schema: `syntax = "proto3"; package shop; import "google/type/money.proto"; message Price { google.type.Money money = 1; }`}}
	f.add("t-value", `syntax = "proto3"; import "shop/common.proto"; message Item { shop.Price price = 1; }`, need)
	f.add("t-value", `syntax = "proto3"; import public "shop/common.proto";`, need)
	c := newConverter(f, defaults())
	price := "0a070a0345555210" + "05"
	for data, want := range map[string]string{
		"000000000100" + "0a09" + price: `{price={money={currency_code="EUR",units=5,nanos=0}}}`,
		"000000000200" + price:          `{money={currency_code="EUR",units=5,nanos=0}}`,
	} {
		raw, _ := hex.DecodeString(data)
		s, v, err := c.ToConnect(new(connect.Arena), "t", raw)
		if err != nil || describe(s, v) != want {
			t.Errorf("%v, %v, want %s", v, err, want)
		}
	}
}

func TestReadsTheLatest(t *testing.T) {
	f := &fakeRegistry{latest: true}
	f.add("t-value", `syntax = "proto3"; message M { string a = 1; }`)
	f.add("t-value", `syntax = "proto3"; message N {} message M { string a = 1; string b = 2; }`)
	c := newConverter(f, defaults())
	s, v, err := c.ToConnect(new(connect.Arena), "t", []byte("\x00\x00\x00\x00\x01\x00\x0a\x01x"))
	if err != nil || describe(s, v) != `{a="x",b=s}` || s.Version != 2 {
		t.Errorf("%v %v, %v", s, v, err)
	}
}

// TestConfluentText compiles what Confluent's registry keeps although protoc would
// not take it.
func TestConfluentText(t *testing.T) {
	for name, text := range map[string]string{
		"meta without import": orderText,
		"a map spelled out": `syntax = "proto3";
package p;

message M {
  repeated .p.M.TagsEntry tags = 1;

  message TagsEntry {
    option map_entry = true;
  
    string key = 1;
    string value = 2;
  }
}
`,
		"zero not first": `syntax = "proto3"; enum E { A = 1; B = 0; } message M { E e = 1; }`,
		"wrappers":       wrappersText,
		"all known types": `syntax = "proto3"; import "google/type/calendar_period.proto"; import "google/type/color.proto"; import "google/type/datetime.proto"; import "google/type/dayofweek.proto";
import "google/type/decimal.proto"; import "google/type/expr.proto"; import "google/type/fraction.proto"; import "google/type/interval.proto"; import "google/type/latlng.proto"; import "google/type/month.proto";
import "google/type/phone_number.proto"; import "google/type/postal_address.proto"; import "google/type/quaternion.proto"; import "confluent/type/variant.proto"; import "google/protobuf/any.proto"; import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto"; message M { google.type.Color c = 1; confluent.type.Variant v = 2; google.protobuf.Any any = 3; }`,
		"serialized": serializedText,
	} {
		t.Run(name, func(t *testing.T) {
			file := mustCompile(t, text)
			mustReader(t, defaults(), file.Messages().Get(0))
		})
	}
}

// serializedText is `syntax = "proto3"; message M { string a = 1; }` in base64.
const serializedText = "CgdtLnByb3RvIg4KAU0SCQoBYRgBIAEoCWIGcHJvdG8z"
