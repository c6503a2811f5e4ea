// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
)

// newTest returns a converter with a registry that has the schemas, with ids from
// 1 on, under the subject t-value.
func newTest(t testing.TB, props map[string]string, schemas ...string) (connect.Converter, *srfake.Registry) {
	t.Helper()
	f := srfake.New()
	t.Cleanup(f.Close)
	for i, s := range schemas {
		f.SeedSchema("t-value", i+1, i+1, sr.Schema{Schema: s, Type: sr.TypeJSON})
	}
	all := map[string]string{"schema.registry.url": f.URL(), "max.retries": "0"}
	maps.Copy(all, props)
	if problems := Plugin().Check(all); len(problems) > 0 {
		t.Fatal(problems)
	}
	c, err := Plugin().New(all, false)
	if err != nil {
		t.Fatal(err)
	}
	return c, f
}

func record(id int, text string) []byte { return append([]byte{0, 0, 0, 0, byte(id)}, text...) }

func orderSchema() *connect.Schema {
	address := &connect.Schema{Type: connect.Struct, Name: "Address", Optional: true, Fields: []connect.Field{
		{Name: "street", Schema: connect.StringSchema}, {Name: "city", Schema: connect.OptionalStringSchema},
	}}
	five := connect.Int32Value(5)
	return &connect.Schema{Type: connect.Struct, Name: "shop.Order", Version: 2, Doc: "An order.", Fields: []connect.Field{
		{Name: "id", Schema: connect.Int64Schema},
		{Name: "kind", Schema: &connect.Schema{Type: connect.Int32, Default: &five}},
		{Name: "note", Schema: connect.OptionalStringSchema},
		{Name: "at", Schema: connect.TimestampSchema},
		{Name: "total", Schema: &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: 1, Parameters: []connect.Parameter{{Name: connect.ScaleParameter, Value: "2"}}}},
		{Name: "ship_to", Schema: address},
		{Name: "tags", Schema: &connect.Schema{Type: connect.Array, Elem: connect.StringSchema}},
		{Name: "labels", Schema: &connect.Schema{Type: connect.Map, Key: connect.StringSchema, Elem: connect.Int32Schema}},
		{Name: "counts", Schema: &connect.Schema{Type: connect.Map, Key: connect.Int32Schema, Elem: connect.StringSchema}},
		{Name: "raw", Schema: connect.OptionalBytesSchema},
		{Name: "price", Schema: connect.Float64Schema},
	}}
}

func orderValue() connect.Value {
	return connect.StructValue([]connect.Value{
		connect.Int64Value(1234567890), {}, connect.StringValue("a note"), connect.Int64Value(1700000000123), connect.BytesValue([]byte{0x30, 0x39}),
		connect.StructValue([]connect.Value{connect.StringValue("12 Long Street"), {}}),
		connect.ArrayValue([]connect.Value{connect.StringValue("new"), connect.StringValue("gift")}),
		connect.MapValue([]connect.Entry{{Key: connect.StringValue("a"), Value: connect.Int32Value(1)}}),
		connect.MapValue([]connect.Entry{{Key: connect.Int32Value(7), Value: connect.StringValue("seven")}}),
		connect.BytesValue([]byte{1, 2}), connect.Float64Value(19.95),
	})
}

const orderJSON = `{"id":1234567890,"kind":5,"note":"a note","at":1700000000123,"total":"MDk=","ship_to":{"street":"12 Long Street","city":null},` +
	`"tags":["new","gift"],"labels":{"a":1},"counts":[{"key":7,"value":"seven"}],"raw":"AQI=","price":19.95}`

func TestWritesAndReads(t *testing.T) {
	for name, props := range map[string]map[string]string{"plain": nil, "validated": {"json.fail.invalid.schema": "true"}} {
		t.Run(name, func(t *testing.T) {
			c, _ := newTest(t, props)
			data, err := c.FromConnect([]byte{}, "orders", orderSchema(), orderValue())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(record(1, orderJSON)), string(data)); diff != "" {
				t.Error(diff)
			}
			s, v, err := c.ToConnect(new(connect.Arena), "orders", data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(plainOf(orderSchema()), plainOf(s)); diff != "" {
				t.Error(diff)
			}
			want := orderValue()
			want.Items()[1] = connect.Int32Value(5)
			if !v.Equal(want) {
				t.Errorf("read %s, want %s", describe(v), describe(want))
			}
			if again, _, err := c.ToConnect(new(connect.Arena), "orders", data); again != s || err != nil {
				t.Errorf("the second time another schema, %v", err)
			}
		})
	}
}

func TestSettingsOfWriting(t *testing.T) {
	decimal := orderSchema().Fields[4]
	five := connect.Int32Value(5)
	s := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{decimal, {Name: "n", Schema: &connect.Schema{Type: connect.Int32, Optional: true, Default: &five}}}}
	v := connect.StructValue([]connect.Value{connect.BytesValue([]byte{0x30, 0x39}), {}})
	for name, tc := range map[string]struct {
		props map[string]string
		want  string
	}{
		"default":  {nil, `{"total":"MDk=","n":5}`},
		"numeric":  {map[string]string{"decimal.format": "numeric"}, `{"total":123.45,"n":5}`},
		"no value": {map[string]string{"ignore.default.for.nullables": "true"}, `{"total":"MDk=","n":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newTest(t, tc.props)
			data, err := c.FromConnect([]byte{}, "t", s, v)
			if err != nil || string(data) != string(record(1, tc.want)) {
				t.Fatalf("%q, %v", data, err)
			}
			if _, got, err := c.ToConnect(new(connect.Arena), "t", data); err != nil || got.Items()[0].Len() != 2 {
				t.Errorf("read %s, %v", describe(got), err)
			}
		})
	}
}

func TestNulls(t *testing.T) {
	c, _ := newTest(t, nil)
	for name, tc := range map[string]struct {
		s    *connect.Schema
		want string
	}{
		"no schema": {nil, ""}, "required": {connect.StringSchema, ""}, "optional": {connect.OptionalStringSchema, string(record(1, "null"))},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := c.FromConnect([]byte{}, "t", tc.s, connect.Value{})
			if err != nil || string(data) != tc.want || (data == nil) != (tc.want == "") {
				t.Errorf("%q, %v", data, err)
			}
		})
	}
	if s, v, err := c.ToConnect(new(connect.Arena), "t", nil); s != nil || !v.IsNull() || err != nil {
		t.Errorf("%v %v %v", s, v, err)
	}
	if s, v, err := c.ToConnect(new(connect.Arena), "t", record(1, "null")); err != nil || !v.IsNull() || !s.Optional {
		t.Errorf("%v %v %v", s, v, err)
	}
}

func TestReadingSchemas(t *testing.T) {
	one := jsonconv.UnionName + ".field."
	tests := map[string]struct {
		props        map[string]string
		schema, data string
		want, value  string
	}{
		"types":            {nil, `{"type":"object","title":"T","properties":{"i":{"type":"integer"},"n":{"type":"number"},"s":{"type":"string"},"b":{"type":"boolean"}}}`, `{"i":1,"n":2,"s":"x","b":true}`, "struct T(i int64,n double,s string,b boolean)", `[1,2,"x",1,]`},
		"missing":          {nil, `{"type":"object","properties":{"i":{"type":"integer"},"d":{"type":"integer","default":7}}}`, `{}`, "struct(i int64,d int64=7)", `[null,7,]`},
		"not required":     {map[string]string{"use.optional.for.nonrequired": "true"}, `{"type":"object","properties":{"i":{"type":"integer"},"j":{"type":"integer"}},"required":["j"]}`, `{"j":1}`, "struct(i int64?,j int64)", `[null,1,]`},
		"order":            {nil, `{"properties":{"b":{"type":"integer","connect.index":1},"a":{"type":"integer","connect.index":0}}}`, `{"b":2,"a":1}`, "struct(a int64,b int64)", `[1,2,]`},
		"null or":          {nil, `{"properties":{"a":{"oneOf":[{"type":"null"},{"type":"string"}]},"b":{"type":["integer","null"]},"c":{"anyOf":[{"type":"boolean"},{"type":"null"}]}}}`, `{"a":null,"b":3}`, "struct(a string?,b int64?,c boolean?)", `[null,3,null,]`},
		"enum":             {nil, `{"properties":{"a":{"enum":["x","y"]},"b":{"type":"string","enum":["z"]},"c":{"enum":[1,"two"]},"d":{"const":"k"},"e":{"type":"integer","enum":[1,2]}}}`, `{"a":"y","b":"z","c":1,"d":"k","e":2}`, "struct(a enum x y,b enum z,c enum 1 two,d enum k,e int64)", `["y","z","1","k",2,]`},
		"array":            {nil, `{"type":"array","items":{"type":"array","items":{"type":"integer"}}}`, `[[1],[]]`, "array(array(int64))", `[[1,],[],]`},
		"map":              {nil, `{"type":"object","connect.type":"map","additionalProperties":{"type":"integer"}}`, `{"a":1,"b":2}`, "map(string,int64)", `{"a":1,"b":2,}`},
		"union":            {nil, `{"oneOf":[{"type":"integer"},{"type":"object","properties":{"a":{"type":"integer"}}},{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}}}]}`, `{"a":1,"b":"x"}`, "struct " + jsonconv.UnionName + "(" + one + "0 int64?," + one + "1 struct(a int64)?," + one + "2 struct(a int64,b string)?)", `[null,null,[1,"x",],]`},
		"union: number":    {nil, `{"oneOf":[{"type":"integer"},{"type":"number"},{"type":"string"},{"type":"null"}]}`, `1.5`, "struct " + jsonconv.UnionName + "(" + one + "0 int64?," + one + "1 double?," + one + "2 string?)?", `[null,1.5,null,]`},
		"general union":    {map[string]string{"generalized.sum.type.support": "true"}, `{"oneOf":[{"type":"integer"},{"type":"boolean"}]}`, `true`, "struct connect_union_0(connect_union_field_0 int64?,connect_union_field_1 boolean?)", `[null,1,]`},
		"allOf":            {nil, `{"allOf":[{"properties":{"a":{"type":"integer"}}},{"$ref":"#/definitions/b"}],"definitions":{"b":{"type":"object","properties":{"b":{"type":"string"}}}}}`, `{"a":1,"b":"x"}`, "struct(a int64,b string)", `[1,"x",]`},
		"refs":             {nil, `{"properties":{"a":{"$ref":"#/definitions/p"},"b":{"$ref":"#/$defs/p"},"c":{"$ref":"#num"}},"definitions":{"p":{"type":"object","title":"P","properties":{"x":{"type":"integer"}}},"n":{"$id":"#num","type":"integer"}}}`, `{"a":{"x":1},"b":{"x":2},"c":3}`, "struct(a struct P(x int64),b struct P(x int64),c int64)", `[[1,],[2,],3,]`},
		"single":           {nil, `{"properties":{"a":{"oneOf":[{"type":"string"}]}}}`, `{"a":"x"}`, "struct(a string)", `["x",]`},
		"extra properties": {nil, `{"properties":{"a":{"type":"string"}}}`, `{"a":"x","b":{"c":[1]}}`, "struct(a string)", `["x",]`},
		"decimal":          {nil, `{"type":"string","title":"org.apache.kafka.connect.data.Decimal","connect.type":"bytes","connect.version":1,"connect.parameters":{"scale":"2"}}`, `12.5`, "bytes org.apache.kafka.connect.data.Decimal", `"\x04\xe2"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := newTest(t, tc.props, tc.schema)
			s, v, err := c.ToConnect(new(connect.Arena), "t", record(1, tc.data))
			if err != nil {
				t.Fatal(err)
			}
			if got := shape(s); got != tc.want {
				t.Errorf("schema %s, want %s", got, tc.want)
			}
			if got := describe(v); got != tc.value {
				t.Errorf("value %s, want %s", got, tc.value)
			}
		})
	}
}

// shape returns a schema in short.
func shape(s *connect.Schema) string {
	out := s.Type.String()
	if param, ok := jsonconv.EnumParameter(s, false); ok {
		out = "enum"
		for _, p := range s.Parameters {
			if symbol, ok := strings.CutPrefix(p.Name, param+"."); ok {
				out += " " + symbol
			}
		}
	}
	if s.Name != "" {
		out += " " + s.Name
	}
	switch s.Type {
	case connect.Struct:
		var fields []string
		for _, f := range s.Fields {
			fields = append(fields, f.Name+" "+shape(f.Schema))
		}
		out += "(" + strings.Join(fields, ",") + ")"
	case connect.Array:
		out += "(" + shape(s.Elem) + ")"
	case connect.Map:
		out += "(" + shape(s.Key) + "," + shape(s.Elem) + ")"
	}
	if s.Default != nil {
		out += "=" + describe(*s.Default)
	}
	if s.Optional {
		out += "?"
	}
	return out
}

// TestRecursion reads a schema that holds itself, writes it and reads it again.
func TestRecursion(t *testing.T) {
	const tree = `{"type":"object","title":"Tree","properties":{"name":{"type":"string","connect.index":0},` +
		`"children":{"type":"array","items":{"$ref":"#"},"connect.index":1},"parent":{"connect.index":2,"oneOf":[{"type":"null"},{"$ref":"#"}]}}}`
	c, _ := newTest(t, nil, tree)
	const data = `{"name":"a","children":[{"name":"b","children":[],"parent":null}],"parent":{"name":"c","children":[],"parent":null}}`
	s, v, err := c.ToConnect(new(connect.Arena), "t", record(1, data))
	if err != nil {
		t.Fatal(err)
	}
	if want := `["a",[["b",[],null,],],["c",[],null,],]`; describe(v) != want {
		t.Errorf("read %s, want %s", describe(v), want)
	}
	out, err := c.FromConnect([]byte{}, "copy", s, v)
	if err != nil || string(out[5:]) != data {
		t.Fatalf("%s, %v", out, err)
	}
	s2, v2, err := c.ToConnect(new(connect.Arena), "copy", out)
	if err != nil || !v2.Equal(v) || &s2.Fields[1].Schema.Elem.Fields[0] != &s2.Fields[0] {
		t.Errorf("read again %s, %v", describe(v2), err)
	}
	// A schema of another format, without ids.
	loop := &connect.Schema{Type: connect.Struct, Name: "Loop", Fields: make([]connect.Field, 2)}
	loop.Fields[0] = connect.Field{Name: "n", Schema: connect.Int32Schema}
	loop.Fields[1] = connect.Field{Name: "next", Schema: &connect.Schema{Type: connect.Struct, Name: "Loop", Optional: true, Fields: loop.Fields}}
	inner := connect.StructValue([]connect.Value{connect.Int32Value(2), {}})
	out, err = c.FromConnect([]byte{}, "loop", loop, connect.StructValue([]connect.Value{connect.Int32Value(1), inner}))
	if err != nil || string(out[5:]) != `{"n":1,"next":{"n":2,"next":null}}` {
		t.Fatalf("%s, %v", out, err)
	}
	if _, v, err = c.ToConnect(new(connect.Arena), "loop", out); err != nil || describe(v) != "[1,[2,null,],]" {
		t.Errorf("read %s, %v", describe(v), err)
	}
}

func TestReferences(t *testing.T) {
	for name, props := range map[string]map[string]string{"plain": nil, "validated": {"json.fail.invalid.schema": "true"}} {
		t.Run(name, func(t *testing.T) {
			c, f := newTest(t, props)
			f.SeedSchema("address", 1, 1, sr.Schema{Type: sr.TypeJSON, Schema: `{"type":"object","title":"Address","properties":{"zip":{"$ref":"#/definitions/zip"}},"definitions":{"zip":{"type":"string"}}}`})
			f.SeedSchema("t-value", 1, 2, sr.Schema{Type: sr.TypeJSON, Schema: `{"type":"object","properties":{"to":{"$ref":"address.json"},"zip":{"$ref":"address.json#/definitions/zip"}}}`,
				References: []sr.SchemaReference{{Name: "address.json", Subject: "address", Version: 1}}})
			s, v, err := c.ToConnect(new(connect.Arena), "t", record(2, `{"to":{"zip":"8001"},"zip":"8002"}`))
			if err != nil || describe(v) != `[["8001",],"8002",]` || shape(s) != "struct(to struct Address(zip string),zip string)" {
				t.Errorf("%s %v", describe(v), err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	schema := `{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"array","items":{"type":"integer","connect.type":"int8"}}}},"u":{"oneOf":[{"type":"integer"},{"type":"boolean"}]}}}`
	tests := map[string]struct{ schema, data, err string }{
		"no magic":    {schema, "{}", "begins with the byte 0x7b"},
		"field":       {schema, string(record(1, `{"a":{"b":[1,300]}}`)), "reading JSON of topic t with schema id 1: field a.b[1]: number 300 does not fit INT8"},
		"null":        {schema, string(record(1, `{"a":null}`)), "field a: Invalid null value for required STRUCT field"},
		"union":       {schema, string(record(1, `{"u":"x"}`)), "field u: Did not find matching oneof field for data"},
		"truncated":   {schema, string(record(1, `{"a":{"b":[`)), "the text ends where"},
		"not UTF-8":   {schema, string(record(1, "{\"\xff\":1}")), "not valid UTF-8"},
		"deep":        {schema, string(record(1, `{"x":`+strings.Repeat("[", 2000))), "nests deeper than 1000 levels"},
		"unknown id":  {schema, string(record(9, `{}`)), "reading the schema with id 9"},
		"no schema":   {`[]`, string(record(1, `{}`)), "the JSON schema with id 1: [] stands where a schema is expected"},
		"anything":    {`{"properties":{"a":{}}}`, string(record(1, `{}`)), "field a: a schema that allows anything"},
		"no items":    {`{"properties":{"a":{"type":"array"}}}`, string(record(1, `{}`)), "field a: array schema did not specify the items type"},
		"missing ref": {`{"properties":{"a":{"$ref":"other.json"}}}`, string(record(1, `{}`)), `refers to "other.json", which is not among its references`},
		"ref circle":  {`{"definitions":{"a":{"$ref":"#/definitions/a"}},"$ref":"#/definitions/a"}`, string(record(1, `{}`)), "leads in a circle"},
		"endless":     {`{"type":"array","items":{"$ref":"#"}}`, string(record(1, `[]`)), "nests deeper than 1000 levels, or without end"},
		"bad default": {`{"type":"integer","default":"x"}`, string(record(1, `1`)), `default "x"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := newTest(t, nil, tc.schema)
			_, _, err := c.ToConnect(new(connect.Arena), "t", []byte(tc.data))
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%v, want %q", err, tc.err)
			}
		})
	}
	c, _ := newTest(t, nil)
	for name, tc := range map[string]struct {
		s   *connect.Schema
		v   connect.Value
		err string
	}{
		"no schema": {nil, connect.Int64Value(1), "a value without a schema cannot be written with a JSON schema"},
		"type":      {orderSchema(), connect.StructValue(append([]connect.Value{connect.StringValue("x")}, orderValue().Items()[1:]...)), ": field id: Invalid type for INT64: STRING"},
		"no member": {&connect.Schema{Type: connect.Struct, Name: jsonconv.UnionName, Fields: []connect.Field{{Name: "a", Schema: connect.OptionalStringSchema}}}, connect.StructValue(make([]connect.Value, 1)), "no member of the union is set: a"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.FromConnect([]byte{}, "t", tc.s, tc.v)
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%v, want %q", err, tc.err)
			}
		})
	}
}

// TestBombs reads and writes small schemas that written in full would have 2^40
// parts.
func TestBombs(t *testing.T) {
	var defs []string
	for i := range 40 {
		defs = append(defs, fmt.Sprintf(`"d%d":{"oneOf":[{"$ref":"#/definitions/d%d"},{"$ref":"#/definitions/d%d"},{"type":"string"}]}`, i, i+1, i+1))
	}
	c, _ := newTest(t, nil, `{"$ref":"#/definitions/d0","definitions":{`+strings.Join(defs, ",")+`,"d40":{"type":"integer"}}}`)
	s, v, err := c.ToConnect(new(connect.Arena), "t", record(1, `"x"`))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := c.FromConnect([]byte{}, "u", s, v); err != nil || string(data[5:]) != `"x"` {
		t.Errorf("%q, %v", data, err)
	}
	// The same without ids, as of another format.
	wide := connect.Int32Schema
	for range 40 {
		wide = &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "a", Schema: wide}, {Name: "b", Schema: wide}}}
	}
	if _, err = c.FromConnect([]byte{}, "w", wide, connect.StructValue(nil)); err == nil || !strings.Contains(err.Error(), "has more than 100000 parts") {
		t.Error(err)
	}
}

func TestValidation(t *testing.T) {
	const schema = `{"type":"object","properties":{"a":{"type":"integer","minimum":10}},"required":["a"]}`
	c, _ := newTest(t, map[string]string{"json.fail.invalid.schema": "true"}, schema)
	if _, _, err := c.ToConnect(new(connect.Arena), "t", record(1, `{"a":11}`)); err != nil {
		t.Error(err)
	}
	_, _, err := c.ToConnect(new(connect.Arena), "t", record(1, `{"a":9}`))
	if err == nil || !strings.Contains(err.Error(), "with schema id 1: json.fail.invalid.schema: the record is not what its schema allows: at '/a': minimum: got 9, want 10") {
		t.Error(err)
	}
}

// TestOtherSchema writes with a schema of the registry's.
func TestOtherSchema(t *testing.T) {
	const schema = `{"type":"object","properties":{"a":{"type":"number"},"b":{"type":"string"}}}`
	strict := map[string]string{"auto.register.schemas": "false", "use.latest.version": "true"}
	s := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "a", Schema: connect.Int32Schema}}}
	v := connect.StructValue([]connect.Value{connect.Int32Value(1)})
	c, _ := newTest(t, strict, schema)
	if data, err := c.FromConnect([]byte{}, "t", s, v); err != nil || string(data) != string(record(1, `{"a":1}`)) {
		t.Errorf("%q, %v", data, err)
	}
	s2 := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "b", Schema: connect.Int32Schema}}}
	_, err := c.FromConnect([]byte{}, "t", s2, v)
	if err == nil || !strings.Contains(err.Error(), "field b: its type is string, this one's integer (set latest.compatibility.strict=false") {
		t.Error(err)
	}
	strict["latest.compatibility.strict"] = "false"
	c, _ = newTest(t, strict, schema)
	if data, err := c.FromConnect([]byte{}, "t", s2, v); err != nil || string(data) != string(record(1, `{"b":1}`)) {
		t.Errorf("%q, %v", data, err)
	}
}

func TestConfig(t *testing.T) {
	for name, tc := range map[string]struct{ key, value, err string }{
		"no url":     {"schema.registry.url", "", "schema.registry.url"},
		"extras":     {"preserve.additional.properties", "true", "preserve.additional.properties: true is not supported"},
		"format":     {"decimal.format", "x", "decimal.format: x is not one of BASE64, NUMERIC"},
		"not a bool": {"use.optional.for.nonrequired", "x", "use.optional.for.nonrequired"},
		"indent":     {"json.indent.output", "true", "json.indent.output: is not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			props := map[string]string{"schema.registry.url": "http://localhost:8081", tc.key: tc.value}
			if tc.value == "" {
				delete(props, tc.key)
			}
			problems := fmt.Sprint(Plugin().Check(props))
			if !strings.Contains(problems, tc.err) {
				t.Errorf("%s, want %q", problems, tc.err)
			}
			if _, err := Plugin().New(props, false); err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%v, want %q", err, tc.err)
			}
		})
	}
}
