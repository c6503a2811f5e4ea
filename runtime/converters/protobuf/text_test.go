// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

func params(pairs ...string) []connect.Parameter {
	var out []connect.Parameter
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, connect.Parameter{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

// orderSchema has something of everything.
func orderSchema() *connect.Schema {
	decimal := &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: 1, Parameters: params("scale", "2", precisionParam, "9")}
	address := &connect.Schema{Type: connect.Struct, Name: "Address", Optional: true, Fields: []connect.Field{
		{Name: "street", Schema: connect.StringSchema}, {Name: "city", Schema: connect.OptionalStringSchema},
	}}
	status := &connect.Schema{Type: connect.String, Name: "shop.Status", Parameters: params(enumParam, "Status", enumParam+".NEW", "0", enumParam+".SENT", "1")}
	return &connect.Schema{Type: connect.Struct, Name: "shop.v1.Order", Fields: []connect.Field{
		{Name: "id", Schema: connect.Int64Schema},
		{Name: "kind", Schema: connect.Int16Schema},
		{Name: "note", Schema: connect.OptionalStringSchema},
		{Name: "at", Schema: connect.TimestampSchema},
		{Name: "total", Schema: decimal},
		{Name: "ship_to", Schema: address},
		{Name: "bill_to", Schema: address},
		{Name: "tags", Schema: &connect.Schema{Type: connect.Array, Elem: connect.StringSchema}},
		{Name: "labels", Schema: &connect.Schema{Type: connect.Map, Key: connect.StringSchema, Elem: connect.Int32Schema}},
		{Name: "status", Schema: status},
		{Name: "choice_0", Schema: &connect.Schema{Type: connect.Struct, Optional: true, Name: unionName + ".choice", Fields: []connect.Field{
			{Name: "card", Schema: &connect.Schema{Type: connect.String, Optional: true, Parameters: params(tagParam, "20")}},
			{Name: "cash", Schema: &connect.Schema{Type: connect.Boolean, Optional: true, Parameters: params(tagParam, "21")}},
		}}},
	}}
}

const orderText = `syntax = "proto3";
package shop.v1;

import "google/protobuf/timestamp.proto";
import "confluent/type/decimal.proto";

message Order {
  int64 id = 1;
  int32 kind = 2 [(confluent.field_meta) = {
    params: [
      {
        key: "connect.type",
        value: "int16"
      }
    ]
  }];
  string note = 3;
  google.protobuf.Timestamp at = 4;
  confluent.type.Decimal total = 5 [(confluent.field_meta) = {
    params: [
      {
        value: "9",
        key: "precision"
      },
      {
        value: "2",
        key: "scale"
      }
    ]
  }];
  Address ship_to = 6;
  Address bill_to = 7;
  repeated string tags = 8;
  repeated ConnectDefault1Entry labels = 9;
  Status status = 10;

  oneof choice {
    string card = 20;
    bool cash = 21;
  }

  message Address {
    string street = 1;
    string city = 2;
  }
  message ConnectDefault1Entry {
    string key = 1;
    int32 value = 2;
  }
  enum Status {
    NEW = 0;
    SENT = 1;
  }
}
`

func TestText(t *testing.T) {
	file, name, err := newText(defaults(), orderSchema())
	if err != nil {
		t.Fatal(err)
	}
	if name != "shop.v1.Order" {
		t.Errorf("name %s", name)
	}
	if diff := cmp.Diff(orderText, file.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTextOfSettings(t *testing.T) {
	s := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
		{Name: "a", Schema: connect.OptionalStringSchema},
		{Name: "b", Schema: typed(connect.Int64, "uint64").AsOptional()},
		{Name: "n", Schema: &connect.Schema{Type: connect.Struct, Name: "n", Optional: true}},
	}}
	tests := map[string]struct {
		m    Mapping
		want string
	}{
		"default":  {defaults(), "message ConnectDefault1 {\n  string a = 1;\n  uint64 b = 2;\n  nMessage n = 3;\n\n  message nMessage {}\n}\n"},
		"optional": {with(func(m *Mapping) { m.OptionalForNullables = true }), "message ConnectDefault1 {\n  optional string a = 1;\n  optional uint64 b = 2;\n  optional nMessage n = 3;\n\n  message nMessage {}\n}\n"},
		"wrapper": {with(func(m *Mapping) { m.WrapperForNullables = true }), "\nimport \"google/protobuf/wrappers.proto\";\n\n" +
			"message ConnectDefault1 {\n  google.protobuf.StringValue a = 1;\n  google.protobuf.UInt64Value b = 2;\n  nMessage n = 3;\n\n  message nMessage {}\n}\n"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			file, _, err := newText(tc.m, s)
			if err != nil {
				t.Fatal(err)
			}
			want := "syntax = \"proto3\";\n\n" + strings.TrimPrefix(tc.want, "\n")
			if diff := cmp.Diff(want, file.String()); diff != "" {
				t.Error(diff)
			}
			mustCompile(t, file.String())
		})
	}
}

// TestFieldNumbers gives numbers by Tag and by position; a position that is
// another's Tag goes to the next free number.
func TestFieldNumbers(t *testing.T) {
	tagged := func(n string) *connect.Schema {
		return &connect.Schema{Type: connect.Int32, Parameters: params(tagParam, n)}
	}
	tests := map[string]struct {
		fields []*connect.Schema
		want   []int32
		err    string
	}{
		"positions":       {[]*connect.Schema{connect.Int32Schema, connect.StringSchema}, []int32{1, 2}, ""},
		"tags":            {[]*connect.Schema{tagged("7"), tagged("3")}, []int32{7, 3}, ""},
		"tags count not":  {[]*connect.Schema{tagged("7"), connect.Int32Schema, tagged("3"), connect.Int32Schema}, []int32{7, 1, 3, 2}, ""},
		"taken positions": {[]*connect.Schema{tagged("1"), tagged("2"), connect.Int32Schema}, []int32{1, 2, 3}, ""},
		"twice":           {[]*connect.Schema{tagged("1"), tagged("1")}, nil, "is another field's too"},
		"zero":            {[]*connect.Schema{tagged("0")}, nil, "is no number that a protobuf field can have"},
		"reserved":        {[]*connect.Schema{tagged("19000")}, nil, "is no number that a protobuf field can have"},
		"no number":       {[]*connect.Schema{tagged("x")}, nil, "is no number that a protobuf field can have"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := &connect.Schema{Type: connect.Struct}
			for i, f := range tc.fields {
				s.Fields = append(s.Fields, connect.Field{Name: string(rune('a' + i)), Schema: f})
			}
			file, _, err := newText(defaults(), s)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || !strings.Contains(err.Error(), "field ") {
					t.Fatalf("%v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []int32
			for _, f := range file.message.fields {
				got = append(got, f.number)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSchemasThatCannotBeWritten(t *testing.T) {
	one := func(name string, s *connect.Schema) *connect.Schema {
		return &connect.Schema{Type: connect.Struct, Name: "S", Fields: []connect.Field{{Name: name, Schema: s}}}
	}
	list := func(s *connect.Schema) *connect.Schema { return &connect.Schema{Type: connect.Array, Elem: s} }
	nested := func(field string) *connect.Schema {
		return &connect.Schema{Type: connect.Struct, Name: "N", Fields: []connect.Field{{Name: field, Schema: connect.Int32Schema}}}
	}
	tests := map[string]struct {
		schema *connect.Schema
		err    string
	}{
		"list of lists":  {one("a", list(list(connect.Int32Schema))), "field a: an array of arrays has no form in protobuf"},
		"bad field":      {one("a-b", connect.Int32Schema), `"a-b" is none that protobuf allows: letters, digits and underscores; set scrub.invalid.names=true`},
		"bad name":       {&connect.Schema{Type: connect.Struct, Name: "a b.C"}, `"a b.C" is none that protobuf allows`},
		"bad type":       {one("a", typed(connect.Int32, "nothing")), "Type=nothing is no integer type"},
		"enum no values": {one("a", &connect.Schema{Type: connect.String, Name: "E", Parameters: params(enumParam, "E")}), "enum E has no symbols"},
		"two of a name": {&connect.Schema{Type: connect.Struct, Name: "S", Fields: []connect.Field{
			{Name: "a", Schema: nested("x")}, {Name: "b", Schema: nested("y")},
		}}, "field b: two different structs of message S have the name N"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := newText(defaults(), tc.schema)
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%v, want %q", err, tc.err)
			}
		})
	}
}

// TestWideSchema refuses a small schema that would make 2^40 messages.
func TestWideSchema(t *testing.T) {
	fields := []connect.Field{{Name: "n", Schema: connect.Int32Schema}}
	for range 40 {
		a, b := &connect.Schema{Type: connect.Struct, Name: "A", Fields: fields}, &connect.Schema{Type: connect.Struct, Name: "B", Fields: fields}
		fields = []connect.Field{{Name: "x", Schema: a}, {Name: "y", Schema: b}}
	}
	_, _, err := newText(defaults(), &connect.Schema{Type: connect.Struct, Name: "Root", Fields: fields})
	if err == nil || !strings.Contains(err.Error(), "makes more than 10000 messages") {
		t.Error(err)
	}
}

// TestRecursion writes and reads a schema that holds itself, directly and through
// another one.
func TestRecursion(t *testing.T) {
	file := mustCompile(t, `syntax = "proto3";
message Tree { string name = 1; Tree left = 2; repeated Branch branches = 3; }
message Branch { Tree tree = 1; int32 weight = 2; }`)
	r := mustReader(t, with(func(m *Mapping) { m.OptionalForNullables = true }), file.Messages().Get(0))
	if left := r.schema.Fields[1].Schema; &left.Fields[0] != &r.schema.Fields[0] || !r.schema.Optional {
		t.Error("the tree does not hold itself")
	}
	text, _, how := writerOf(t, defaults(), r.schema)
	want := "message Tree {\n  string name = 1;\n  Tree left = 2;\n  repeated Branch branches = 3;\n\n  message Branch {\n    Tree tree = 1;\n    int32 weight = 2;\n  }\n}\n"
	if !strings.HasSuffix(text, want) {
		t.Errorf("text %s", text)
	}
	leaf := connect.StructValue([]connect.Value{connect.StringValue("leaf"), {}, connect.ArrayValue(nil)})
	branch := connect.StructValue([]connect.Value{leaf, connect.Int32Value(5)})
	tree := connect.StructValue([]connect.Value{connect.StringValue("root"), leaf, connect.ArrayValue([]connect.Value{branch, branch})})
	data, err := encoder{}.root([]byte{}, &how, tree)
	if err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, r, data); !got.Equal(tree) {
		t.Errorf("read %s", describe(r.schema, got))
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "a_b": "a_b", "a-b": "a_b", "1a": "x1a", "_a": "x_a", "a b": "a_b", "ä": "_C3_A4", "a.b": "a_b", "a*~": "a__7E", "$": "_24", "": "",
	} {
		if got := scrub(in); got != want {
			t.Errorf("scrub(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"tags": "tagsEntry", "my_tags": "MyTagsEntry", "a_B_cD": "ABCdEntry", "ConnectDefault2": "ConnectDefault2Entry"} {
		if got := mapEntry(in); got != want {
			t.Errorf("mapEntry(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"TagsEntry": "tags", "p.M.MyTagsEntry": "p.M.my_tags", "tagsEntry": "tags", "Other": "Other"} {
		if got := mapName(in); got != want {
			t.Errorf("mapName(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestCalendar compares with Java's Calendar.
func TestCalendar(t *testing.T) {
	for days, want := range map[int64][3]int64{
		0: {1970, 1, 1}, -141427: {1582, 10, 15}, -141428: {1582, 10, 4}, -719164: {1, 1, 1}, 19782: {2024, 2, 29}, 2932896: {9999, 12, 31}, -719165: {0, 12, 31},
	} {
		y, m, d := javatext.DateOf(days)
		if got := [3]int64{y, m, d}; got != want {
			t.Errorf("day %d is %v, want %v", days, got, want)
		}
	}
	for days := int64(-719164); days < 200_000; days++ {
		y, m, d := javatext.DateOf(days)
		if got, ok := daysOf(y, m, d); !ok || got != days {
			t.Fatalf("day %d is %d-%d-%d, which is day %d", days, y, m, d, got)
		}
	}
	for _, bad := range [][3]int64{{2023, 2, 29}, {1582, 10, 10}, {0, 1, 1}, {2000, 13, 1}, {2000, 0, 1}, {2000, 1, 0}, {2000, 4, 31}} {
		if _, ok := daysOf(bad[0], bad[1], bad[2]); ok {
			t.Errorf("%v is a date", bad)
		}
	}
}
