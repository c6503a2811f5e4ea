// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"penstock.dev/runtime/connect"
)

// ourCase is a value that is written.
type ourCase struct {
	name   string
	extra  []string // keys and values
	schema *connect.Schema
	value  connect.Value
	avro   string // its Avro schema
	json   string // what Java reads, in Avro's JSON
}

func params(pairs ...string) (out []connect.Parameter) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, connect.Parameter{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func value(v connect.Value) *connect.Value { return &v }

func structOf(v ...connect.Value) connect.Value { return connect.StructValue(v) }

func str(s string) connect.Value { return connect.StringValue(s) }

// linked is a list: a record that refers to itself.
func linked() *connect.Schema {
	node := &connect.Schema{Type: connect.Struct, Name: "com.example.Node"}
	next := &connect.Schema{}
	node.Fields = []connect.Field{{Name: "v", Schema: connect.Int32Schema}, {Name: "next", Schema: next}}
	*next = *node
	next.Optional = true
	return node
}

func ourCases() []ourCase {
	decimal := &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: 1, Parameters: params("scale", "2")}
	optional := func(s connect.Schema) *connect.Schema { s.Optional = true; return &s }
	pair := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "a", Schema: connect.Int8Schema}, {Name: "b", Schema: connect.OptionalStringSchema}}}
	enum := &connect.Schema{Type: connect.String, Name: "cards.Suit", Parameters: params(enumParam, "cards.Suit", enumParam+".SPADES", "SPADES", enumParam+".HEARTS", "HEARTS")}
	fixed := &connect.Schema{Type: connect.Bytes, Name: "h.MD5", Parameters: params(fixedSizeParam, "2")}
	sum := &connect.Schema{Type: connect.Struct, Name: unionName, Optional: true, Fields: []connect.Field{
		{Name: "int", Schema: optional(*connect.Int32Schema)}, {Name: "string", Schema: connect.OptionalStringSchema},
	}}
	return []ourCase{
		{"int8", nil, connect.Int8Schema, connect.Int8Value(-5), `{"type":"int","connect.type":"int8"}`, `-5`},
		{"long", nil, connect.Int64Schema, connect.Int64Value(1 << 40), `"long"`, `1099511627776`},
		{"optional", nil, connect.OptionalStringSchema, str("é"), `["null","string"]`, `{"string":"é"}`},
		{"timestamp", nil, connect.TimestampSchema, connect.Int64Value(5),
			`{"type":"long","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Timestamp","logicalType":"timestamp-millis"}`, `5`},
		{"date", nil, connect.DateSchema, connect.Int32Value(5),
			`{"type":"int","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Date","logicalType":"date"}`, `5`},
		{"time without metadata", []string{"connect.meta.data", "false"}, connect.TimeSchema, connect.Int32Value(5), `{"type":"int","logicalType":"time-millis"}`, `5`},
		{"decimal", nil, &connect.Schema{Type: connect.Array, Elem: decimal}, connect.ArrayValue([]connect.Value{connect.BytesValue([]byte{4, 0xD2})}),
			`{"type":"array","items":{"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},` +
				`"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}}`, `["\u0004Ò"]`},
		{"unnamed records", nil, &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
			{Name: "x", Schema: pair}, {Name: "y", Schema: optional(*pair)}, {Name: "z", Schema: &connect.Schema{Type: connect.Struct}},
		}}, structOf(structOf(connect.Int8Value(1), connect.Value{}), structOf(connect.Int8Value(2), str("b")), structOf()),
			`{"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro","fields":[{"name":"x","type":{"type":"record","name":"ConnectDefault2",` +
				`"fields":[{"name":"a","type":{"type":"int","connect.type":"int8"}},{"name":"b","type":["null","string"],"default":null}]}},` +
				`{"name":"y","type":["null","ConnectDefault2"],"default":null},{"name":"z","type":{"type":"record","name":"ConnectDefault3","fields":[]}}]}`,
			`{"x":{"a":1,"b":null},"y":{"io.confluent.connect.avro.ConnectDefault2":{"a":2,"b":{"string":"b"}}},"z":{}}`},
		{"all of a schema", nil, &connect.Schema{Type: connect.Struct, Name: "a.b.R", Version: 3, Doc: "R doc", Parameters: params("p", "q", "avro.x", "y"), Fields: []connect.Field{
			{Name: "s", Schema: &connect.Schema{Type: connect.String, Default: value(str("d")), Doc: "s doc"}},
			{Name: "o", Schema: &connect.Schema{Type: connect.Float64, Optional: true, Default: value(connect.Float64Value(100))}},
		}}, structOf(connect.Value{}, connect.Value{}),
			`{"type":"record","name":"R","namespace":"a.b","fields":[{"name":"s","type":{"type":"string","connect.doc":"s doc","connect.default":"d"},"default":"d"},` +
				`{"name":"o","type":[{"type":"double","connect.default":100.0},"null"],"default":100.0}],"connect.doc":"R doc","connect.version":3,` +
				`"connect.parameters":{"p":"q","avro.x":"y"},"connect.name":"a.b.R","avro.x":"y"}`,
			`{"s":"d","o":{"double":100.0}}`},
		{"nulls with defaults", []string{"ignore.default.for.nullables", "true", "connect.meta.data", "false"}, &connect.Schema{Type: connect.Struct, Name: "R", Fields: []connect.Field{
			{Name: "o", Schema: &connect.Schema{Type: connect.Int32, Optional: true, Default: value(connect.Int32Value(7))}},
		}}, structOf(connect.Value{}), `{"type":"record","name":"R","fields":[{"name":"o","type":["int","null"],"default":7}]}`, `{"o":null}`},
		{"string map", nil, &connect.Schema{Type: connect.Map, Key: connect.StringSchema, Elem: connect.OptionalStringSchema},
			connect.MapValue([]connect.Entry{{Key: str("k"), Value: connect.Value{}}}), `{"type":"map","values":["null","string"]}`, `{"k":null}`},
		{"int map", nil, &connect.Schema{Type: connect.Map, Key: connect.Int32Schema, Elem: connect.BooleanSchema},
			connect.MapValue([]connect.Entry{{Key: connect.Int32Value(4), Value: connect.BooleanValue(true)}}),
			`{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":"boolean"}]}}`,
			`[{"key":4,"value":true}]`},
		{"named map with optional keys", nil, &connect.Schema{Type: connect.Map, Name: "m.Named", Key: connect.OptionalStringSchema, Elem: connect.Int64Schema},
			connect.MapValue([]connect.Entry{{Key: str("k"), Value: connect.Int64Value(1)}}),
			`{"type":"array","items":{"type":"record","name":"Named","namespace":"m","fields":[{"name":"key","type":["null","string"],"default":null},{"name":"value","type":"long"}],` +
				`"connect.internal.type":"MapEntry"},"connect.name":"m.Named"}`, `[{"key":{"string":"k"},"value":1}]`},
		{"optional keys as a map", []string{"allow.optional.map.keys", "true"}, &connect.Schema{Type: connect.Map, Key: connect.OptionalStringSchema, Elem: connect.Int64Schema},
			connect.MapValue([]connect.Entry{{Key: str("k"), Value: connect.Int64Value(1)}}), `{"type":"map","values":"long"}`, `{"k":1}`},
		{"enum as a string", nil, enum, str("HEARTS"), `{"type":"string","connect.parameters":{"io.confluent.connect.avro.Enum":"cards.Suit",` +
			`"io.confluent.connect.avro.Enum.SPADES":"SPADES","io.confluent.connect.avro.Enum.HEARTS":"HEARTS"},"connect.name":"cards.Suit"}`, `"HEARTS"`},
		{"enum", []string{"enhanced.avro.schema.support", "true", "connect.meta.data", "false"}, enum, str("HEARTS"),
			`{"type":"enum","name":"Suit","namespace":"cards","symbols":["SPADES","HEARTS"]}`, `"HEARTS"`},
		{"fixed", []string{"connect.meta.data", "false"}, fixed, connect.BytesValue([]byte{1, 'a'}), `{"type":"fixed","name":"MD5","namespace":"h","size":2}`, `"\u0001a"`},
		{"fixed decimal", []string{"connect.meta.data", "false"}, &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Parameters: params("scale", "1", fixedSizeParam, "3", precisionParam, "6")},
			connect.BytesValue([]byte{0xFE}), `{"type":"fixed","name":"Decimal","namespace":"org.apache.kafka.connect.data","size":3,"scale":1,"precision":6,"logicalType":"decimal"}`, `"ÿÿþ"`},
		{"union", nil, sum, structOf(connect.Value{}, str("x")), `["null","int","string"]`, `{"string":"x"}`},
		{"union of null", nil, sum, connect.Value{}, `["null","int","string"]`, `null`},
		{"linked list", []string{"connect.meta.data", "false"}, linked(), structOf(connect.Int32Value(1), structOf(connect.Int32Value(2), connect.Value{})),
			`{"type":"record","name":"Node","namespace":"com.example","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","Node"],"default":null}]}`,
			`{"v":1,"next":{"com.example.Node":{"v":2,"next":null}}}`},
		{"scrubbed names", []string{"scrub.invalid.names", "true", "connect.meta.data", "false"}, &connect.Schema{Type: connect.Struct, Name: "my-ns.1st", Fields: []connect.Field{
			{Name: "a b-c", Schema: connect.BooleanSchema}, {Name: "é", Schema: connect.BooleanSchema},
		}}, structOf(connect.BooleanValue(true), connect.BooleanValue(false)),
			`{"type":"record","name":"x1st","namespace":"my_ns","fields":[{"name":"a_b_c","type":"boolean"},{"name":"_C3_A9","type":"boolean"}]}`, `{"a_b_c":true,"_C3_A9":false}`},
		{"no schema", nil, nil, connect.MapValue([]connect.Entry{{Key: str("k"), Value: connect.ArrayValue([]connect.Value{connect.Int64Value(1), {}, connect.Float64Value(0.5)})}}),
			anythingText, anythingRead},
	}
}

const anythingText = `{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[{"name":"boolean","type":["null","boolean"],"default":null},` +
	`{"name":"bytes","type":["null","bytes"],"default":null},{"name":"double","type":["null","double"],"default":null},{"name":"float","type":["null","float"],"default":null},` +
	`{"name":"int","type":["null","int"],"default":null},{"name":"long","type":["null","long"],"default":null},{"name":"string","type":["null","string"],"default":null},` +
	`{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},{"name":"map","type":["null",{"type":"array","items":{"type":"record","name":"MapEntry",` +
	`"fields":[{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}]}`

const (
	anyNone = `{"boolean":null,"bytes":null,"double":null,"float":null,"int":null,"long":null,"string":null,"array":null,"map":null}`

	anythingRead = `{"boolean":null,"bytes":null,"double":null,"float":null,"int":null,"long":null,"string":null,"array":null,"map":{"array":[{"key":` +
		`{"boolean":null,"bytes":null,"double":null,"float":null,"int":null,"long":null,"string":{"string":"k"},"array":null,"map":null},"value":` +
		`{"boolean":null,"bytes":null,"double":null,"float":null,"int":null,"long":null,"string":null,"array":{"array":[` +
		`{"boolean":null,"bytes":null,"double":null,"float":null,"int":null,"long":{"long":1},"string":null,"array":null,"map":null},` + anyNone +
		`,{"boolean":null,"bytes":null,"double":{"double":0.5},"float":null,"int":null,"long":null,"string":null,"array":null,"map":null}]},"map":null}}]}}`
)
