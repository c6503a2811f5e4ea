// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

var (
	decimal = &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: 1, Parameters: []connect.Parameter{{Name: "scale", Value: "2"}}}
	inner   = &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "city", Schema: connect.StringSchema}}}
	order   = &connect.Schema{Type: connect.Struct, Name: "order", Fields: []connect.Field{
		{Name: "id", Schema: connect.Int32Schema},
		{Name: "price", Schema: decimal},
		{Name: "ratio", Schema: connect.Float32Schema},
		{Name: "at", Schema: connect.TimestampSchema},
		{Name: "day", Schema: connect.DateSchema},
		{Name: "time", Schema: connect.TimeSchema},
		{Name: "note", Schema: connect.OptionalStringSchema},
		{Name: "ship", Schema: inner},
		{Name: "tags", Schema: &connect.Schema{Type: connect.Array, Elem: connect.StringSchema}},
		{Name: "sizes", Schema: &connect.Schema{Type: connect.Map, Key: connect.Int32Schema, Elem: connect.StringSchema}},
		{Name: "raw", Schema: connect.BytesSchema},
	}}
	str = connect.StringValue
)

func entry(k string, v connect.Value) connect.Entry { return connect.Entry{Key: str(k), Value: v} }

// typed is a record whose value has a schema and whose key has none.
func typed() *connect.Record {
	r := &connect.Record{Topic: "orders", Partition: 3, Offset: 42, Timestamp: 1700000000123}
	r.Value.Set(order, connect.StructValue([]connect.Value{
		connect.Int32Value(7), connect.BytesValue([]byte{0x03, 0xE8}), connect.Float32Value(0.5), connect.Int64Value(1700000000123), connect.Int32Value(-1),
		connect.Int32Value(3_600_000), connect.NullValue(), connect.StructValue([]connect.Value{str("Bern")}),
		connect.ArrayValue([]connect.Value{str("a"), str("b")}),
		connect.MapValue([]connect.Entry{{Key: connect.Int32Value(1), Value: str("one")}}), connect.BytesValue([]byte("xyz")),
	}))
	r.Key.Set(nil, connect.MapValue([]connect.Entry{entry("n", connect.Int64Value(5)), entry("f", connect.Float64Value(1.5)), entry("l", connect.ArrayValue([]connect.Value{connect.Int64Value(1), connect.NullValue()})), entry("m", connect.MapValue(nil))}))
	r.Headers = []connect.Header{{Key: "trace"}, {Key: "other"}, {Key: "trace"}}
	r.Headers[0].Value.Set(connect.StringSchema, str("old"))
	r.Headers[1].Value.Set(connect.Int64Schema, connect.Int64Value(9))
	r.Headers[2].Value.Set(connect.StringSchema, str("new"))
	return r
}

// TestConditions are true.
func TestConditions(t *testing.T) {
	for _, text := range []string{
		`value.id == 7`, `value.id > 6.5`, `value.price == 10.0`, `value.ratio == 0.5`, `value.at == timestamp("2023-11-14T22:13:20.123Z")`, `value.day == timestamp("1969-12-31T00:00:00Z")`,
		`value.time == duration("1h")`, `value.note == null`, `value.ship.city == "Bern"`, `value["ship"]["city"].startsWith("B")`, `"a" in value.tags`, `!("c" in value.tags)`, `value.tags[1] == "b"`, `size(value.tags) == 2`,
		`value.tags.exists(t, t == "b")`, `value.tags.all(t, t.size() == 1)`, `value.sizes[1] == "one"`, `value.sizes[1.0] == "one"`, `1u in value.sizes`, `!(true in value.sizes)`, `value.raw == b"xyz"`, `value.tags + ["c"] == ["a", "b", "c"]`,
		`value.tags == ["a", "b"]`, `["a", "b"] == value.tags`, `value.ship == {"city": "Bern"}`, `{"city": "Bern"} == value.ship`, `value.ship != {"city": "Basel"}`, `value.ship != {}`, `has(value.ship.city)`, `!has(value.ship.street)`,
		`value.?missing.orValue("none") == "none"`, `value.ship.?city.orValue("none") == "Bern"`, `size(value) == 11`, `"id" in value`, `value.ship.map(k, k) == ["city"]`, `type(value) == map`, `type(value.tags) == list`, `type(value.at) == google.protobuf.Timestamp`,
		`key.n == 5`, `key.n < 5.5`, `key.f == 1.5`, `key.l == [1, null]`, `key.m == {}`, `size(key.m) == 0`, `topic == "orders"`, `topic.matches("^ord.*s$")`, `partition == 3`, `offset == 42`, `timestamp < timestamp("2024-01-01T00:00:00Z")`, `timestamp != null`,
		`timestamp.getFullYear() == 2023`, `headers.trace == "new"`, `headers["other"] == 9`, `size(headers) == 2`, `"trace" in headers`, `!has(headers.none)`, `headers == {"trace": "new", "other": 9}`, `headers.map(k, k) == ["trace", "other"]`, `value.tags.join("-") == "a-b"`,
		`math.greatest(value.id, 3) == 7`, `base64.encode(value.raw) == "eHl6"`, `sets.contains(value.tags, ["a"])`, `cel.bind(c, value.ship.city, c == c.trim())`, `dyn(value.tags).slice(0, 1) == ["a"]`, `value.id in [7, 8]`,
	} {
		p, err := CompileCondition(text, connect.SinkKind)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if hit, err := p.Test(typed()); err != nil || !hit {
			t.Errorf("%s: %t, error %v", text, hit, err)
		}
	}
}

// A task that has nothing to do keeps no record.
func TestNothingIsKept(t *testing.T) {
	p, err := CompileCondition(`value.ship.city == "Bern" && value.tags.exists(t, t == headers.trace || t == "a")`, "")
	if err != nil {
		t.Fatal(err)
	}
	if hit, err := p.Test(typed()); err != nil || !hit {
		t.Fatalf("%t, error %v", hit, err)
	}
	if p.scope.record != nil {
		t.Error("the record is kept")
	}
	for _, o := range p.scope.objects[:cap(p.scope.objects)] {
		if !o.value.IsNull() || o.schema != nil || o.headers != nil {
			t.Errorf("%v is kept", o.value.Type())
		}
	}
	for _, l := range p.scope.lists[:cap(p.scope.lists)] {
		if !l.value.IsNull() {
			t.Error("a list is kept")
		}
	}
}

func TestNothingThere(t *testing.T) {
	r := &connect.Record{Topic: "t", Partition: connect.ByKey, Timestamp: connect.NoTimestamp, Source: &connect.SourcePartition{}}
	for _, text := range []string{`value == null`, `key == null`, `partition == null`, `timestamp == null`, `offset == null`, `size(headers) == 0`, `headers == {}`} {
		p, err := CompileCondition(text, "")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if hit, err := p.Test(r); err != nil || !hit {
			t.Errorf("%s: %t, error %v", text, hit, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"valeu.x == 1":                     "is no valid CEL expression: line 1, column 1: undeclared reference to 'valeu'; did you mean value?",
		"amount > 1":                       "is no valid CEL expression: line 1, column 1: undeclared reference to 'amount'; the variables are key, value, topic, partition, offset, timestamp, headers, and a field of the value is value.amount",
		"value.x &&\n  offset > 1":         "is no valid CEL expression: line 2, column 3: undeclared reference to 'offset'; offset is for sink connectors, a source's records have no Kafka offset yet",
		"topic == 1":                       "is no valid CEL expression: line 1, column 7: found no matching overload for '_==_' applied to '(string, int)'; make both sides of one type, as with int(x), double(x), string(x) or timestamp(x)",
		"value.x ==":                       "is no valid CEL expression: line 1, column 11: Syntax error: mismatched input '<EOF>'; look at the quotes, brackets and operators there",
		"topic":                            "gives string, and a condition gives true or false; compare it with something",
		`topic.matches("(")`:               "is no valid CEL expression: line 1, column 15: invalid matches argument; see https://github.com/google/cel-spec/blob/master/doc/langdef.md",
		`timestamp("x") == timestamp`:      "is no valid CEL expression: line 1, column 11: invalid timestamp argument; see https://github.com/google/cel-spec/blob/master/doc/langdef.md",
		"a1 == b1 && c1 == d1 && e1 == f1": "",
	} {
		_, err := CompileCondition(text, connect.SourceKind)
		switch {
		case err == nil:
			t.Errorf("%q is accepted", text)
		case want == "":
			if !strings.HasSuffix(err.Error(), "; and 3 more") {
				t.Errorf("%q: %v", text, err)
			}
		case err.Error() != want:
			t.Errorf("%q:\n%v, want\n%s", text, err, want)
		}
	}
}

// TestFailures are expressions that give nothing of this record.
func TestFailures(t *testing.T) {
	for text, want := range map[string]string{
		"value.missing == 1":    "evaluating the expression: no such key: missing",
		"value.tags[9] == 'x'":  "evaluating the expression: index out of bounds: 9",
		"value.id + 'x' == 'x'": "evaluating the expression: no such overload",
		"value.id":              "the expression gives int, and a condition gives true or false",
		"value.id / 0 == 1":     "evaluating the expression: division by zero",
		"[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, [0,1,2,3,4,5,6,7,8,9].all(c, [0,1,2,3,4,5,6,7,8,9].all(d, [0,1,2,3,4,5,6,7,8,9].all(e, [0,1,2,3,4,5,6,7,8,9].all(f, a + b + c + d + e + f + value.id >= 0))))))": "evaluating the expression: operation cancelled: actual cost limit exceeded",
	} {
		p, err := CompileCondition(text, connect.SinkKind)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if hit, err := p.Test(typed()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %t, error %v, want %s", text, hit, err, want)
		}
	}
}

// describeAll writes a schema with its members.
func describeAll(s *connect.Schema) string {
	if s == nil {
		return "none"
	}
	out := describe(s)
	if s.Optional {
		out += "?"
	}
	if s.Elem != nil {
		out += "[" + describeAll(s.Elem) + "]"
	}
	for _, f := range s.Fields {
		out += " " + f.Name + ":" + describeAll(f.Schema)
	}
	return out
}

func TestResults(t *testing.T) {
	for text, want := range map[string]struct{ typed, bare string }{
		`1`:                             {"int64? 1", "1"},
		`value.id`:                      {"int64? 7", "7"},
		`5u`:                            {"int64? 5", "5"},
		`1.5`:                           {"double? 1.5", "1.5"},
		`true`:                          {"boolean? true", "true"},
		`topic + "x"`:                   {"string? ordersx", "ordersx"},
		`value.raw`:                     {"bytes? eHl6", "eHl6"},
		`value.at`:                      {"Timestamp? Tue Nov 14 22:13:20 UTC 2023", "1700000000123"},
		`value.time`:                    {"int64? 3600000", "3600000"},
		`value.ship`:                    {"struct? city:string Struct{city=Bern}", "{city=Bern}"},
		`value.tags`:                    {"array?[string] [a, b]", "[a, b]"},
		`value.tags.map(t, t + "!")`:    {"array?[string?] [a!, b!]", "[a!, b!]"},
		`[1, null, 2.5]`:                {"array?[double?] [1.0, null, 2.5]", "[1, null, 2.5]"},
		`[1.5, 2]`:                      {"array?[double?] [1.5, 2.0]", "[1.5, 2]"},
		`{"b": 1, "a": [{"c": topic}]}`: {"struct? a:array?[struct? c:string?] b:int64? Struct{a=[Struct{c=orders}],b=1}", "{a=[{c=orders}], b=1}"},
		`key.l`:                         {"array?[int64?] [1, null]", "[1, null]"},
		`headers`:                       {"struct? trace:string? other:int64? Struct{trace=new,other=9}", "{trace=new, other=9}"},
		`optional.of(3)`:                {"int64? 3", "3"},
		`value.?missing`:                {"none null", "null"},
		`null`:                          {"none null", "null"},
		`[]`:                            {"error: the expression gives a list without items, of which no schema follows", "[]"},
		`{"a": null}`:                   {`error: the key "a" of the map: it is null there, of which no schema follows`, "{a=null}"},
		`[1, "x"]`:                      {"error: item 1 of the list is string, and others are int64; a list with a schema has items of one type", "[1, x]"},
		`{1: 2}`:                        {"error: the expression gives a map with keys that are no strings, which cannot be made a record; use string(x)", "error: the expression gives a map with keys that are no strings, which cannot be made a record; use string(x)"},
		`type(1)`:                       {"error: the expression gives type, which a record cannot hold; give a number, a text, bytes, a time, a list or a map", "error: the expression gives type, which a record cannot hold; give a number, a text, bytes, a time, a list or a map"},
		`18446744073709551615u`:         {"error: the expression gives 18446744073709551615, which is more than 64 bits with a sign can hold", "error: the expression gives 18446744073709551615, which is more than 64 bits with a sign can hold"},
	} {
		p, err := Compile(text, connect.SinkKind)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var a connect.Arena
		s, v, err := p.Typed(&a, typed(), nil, nil)
		got := describeAll(s) + " " + string(javatext.AppendText(nil, s, v))
		if err != nil {
			got = "error: " + err.Error()
		} else if again, _, err := p.Typed(&a, typed(), nil, nil); err != nil || again != s {
			t.Errorf("%s: another schema the second time, error %v", text, err)
		}
		if got != want.typed {
			t.Errorf("%s: typed %s, want %s", text, got, want.typed)
		}
		v, err = p.Bare(&a, typed())
		got = string(javatext.AppendText(nil, nil, v))
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want.bare {
			t.Errorf("%s: bare %s, want %s", text, got, want.bare)
		}
	}
}

func TestFit(t *testing.T) {
	optional := func(s *connect.Schema) *connect.Schema { return s.AsOptional() }
	texts := &connect.Schema{Type: connect.Map, Key: connect.StringSchema, Elem: connect.OptionalStringSchema}
	for text, tc := range map[string]struct {
		want, old *connect.Schema
		result    string
	}{
		`300`:                           {want: optional(connect.Int16Schema), result: "int16? 300"},
		`value.id`:                      {old: connect.Int32Schema, result: "int32 7"},
		`value.id + 70000`:              {old: connect.Int16Schema, result: "error: the expression gives 70007, which int16 cannot hold"},
		`-129`:                          {want: connect.Int8Schema, result: "error: the expression gives -129, which int8 cannot hold"},
		`-128`:                          {want: connect.Int8Schema, result: "int8 -128"},
		`5`:                             {want: connect.Float64Schema, result: "double 5.0"},
		`6`:                             {want: connect.Float32Schema, result: "float 6.0"},
		`0.1`:                           {old: connect.Float32Schema, result: "float 0.1"},
		`"x"`:                           {old: connect.Int32Schema, result: "string? x"},
		`"y"`:                           {want: connect.Int32Schema, result: "error: the expression gives string where int32 is wanted; convert it in the expression"},
		`value.at`:                      {want: connect.DateSchema, result: "Date Tue Nov 14 00:00:00 UTC 2023"},
		`value.day`:                     {old: connect.DateSchema, result: "Date Wed Dec 31 00:00:00 UTC 1969"},
		`value.time`:                    {old: connect.TimeSchema, result: "Time Thu Jan 01 01:00:00 UTC 1970"},
		`duration("25h")`:               {want: connect.TimeSchema, result: "error: the expression gives the duration 25h0m0s, and a Time is from 0 to 24 hours"},
		`timestamp`:                     {want: connect.StringSchema, result: "error: the expression gives google.protobuf.Timestamp where string is wanted; convert it in the expression"},
		`1`:                             {want: connect.TimestampSchema, result: "error: the expression gives int where Timestamp is wanted; convert it in the expression"},
		`value.note`:                    {old: connect.OptionalStringSchema, result: "string? null"},
		`null`:                          {old: connect.StringSchema, result: "error: the expression gives null, and string may not be null"},
		`value.ship`:                    {old: inner, result: "struct city:string Struct{city=Bern}"},
		`{"city": "Basel"}`:             {old: inner, result: "struct city:string Struct{city=Basel}"},
		`{"town": "Basel"}`:             {old: inner, result: `error: the expression gives a map with the key "town", and the Struct there has no such field`},
		`{"city": null}`:                {old: inner, result: "error: city: the expression gives null, and string may not be null"},
		`{"a": "x", "b": null}`:         {old: texts, result: "map[string?] {a=x, b=null}"},
		`value.tags.filter(t, t > "a")`: {old: order.Fields[8].Schema, result: "array[string] [b]"},
		`value.tags.filter(t, t > "x")`: {old: order.Fields[8].Schema, result: "array[string] []"},
		`[1]`:                           {old: order.Fields[8].Schema, result: "error: item 0: the expression gives int where string is wanted; convert it in the expression"},
	} {
		p, err := Compile(text, connect.SinkKind)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		s, v, err := p.Typed(new(connect.Arena), typed(), tc.want, tc.old)
		got := describeAll(s) + " " + string(javatext.AppendText(nil, s, v))
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != tc.result {
			t.Errorf("%s: %s, want %s", text, got, tc.result)
		}
	}
}
