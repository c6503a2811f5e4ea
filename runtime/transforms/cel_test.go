// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// celRecord decodes a value, and a key that is like it, with JSON.
func celRecord(t *testing.T, a *connect.Arena, schemas bool, value string) *connect.Record {
	t.Helper()
	r := &connect.Record{Topic: "orders", Partition: 3, Offset: 42, Timestamp: 1700000000123}
	c := &connect.Codec{Converter: jsonConverter(t, schemas), Topic: "orders", Arena: a}
	r.Value.SetRaw([]byte(value), c)
	r.Key.SetRaw([]byte(value), c)
	r.Headers = []connect.Header{{Key: "a"}, {Key: "b"}, {Key: "a"}}
	for i := range r.Headers {
		r.Headers[i].Value.Set(connect.Int32Schema, connect.Int32Value(int32(i)))
	}
	return r
}

func TestCELFilter(t *testing.T) {
	for name, tc := range map[string]struct{ condition, action, value, want string }{
		"kept":            {"value.a > 1", "keep", `{"a":2}`, "kept"},
		"not kept":        {"value.a > 1", "keep", `{"a":1}`, "dropped"},
		"dropped":         {"value.a > 1", "drop", `{"a":2}`, "dropped"},
		"not dropped":     {"value.a > 1", "DROP", `{"a":1}`, "kept"},
		"a tombstone":     {"value == null", "drop", `null`, "dropped"},
		"no field":        {"value.b > 1", "keep", `{"a":1}`, "evaluating the expression: no such key: b"},
		"no text":         {"value.a", "keep", `{"a":"x"}`, "the expression gives string, and a condition gives true or false"},
		"unreadable":      {"value.a == 1", "keep", `{`, "evaluating the expression: reading the value: "},
		"unread":          {`topic == "orders"`, "keep", `{`, "kept"},
		"short circuit":   {`topic == "x" && value.a == 1`, "drop", `{`, "kept"},
		"offset of sinks": {"offset == 42 && partition == 3 && headers.a == 2", "keep", `{`, "kept"},
	} {
		transform, got := fresh(t, "cel-filter", map[string]string{"condition": tc.condition, "action": tc.action}, connect.SinkKind)
		if got == "" {
			var a connect.Arena
			r := celRecord(t, &a, false, tc.value)
			err := apply(transform, &a, r)
			switch got = "kept"; {
			case err != nil:
				got = err.Error()
			case r.Dropped():
				got = "dropped"
			}
		}
		if !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// A record of which a condition drops what it sees of it is dropped, whatever the
// rest of it is; one that it keeps or fails is what it would be without the filter.
func TestCELFilterReadsFields(t *testing.T) {
	const good, bad = `{"a":1,"b":"x"}}`, `{"a":1,"b":5}}` // b is a string
	for name, tc := range map[string]struct{ condition, value, want string }{
		"dropped":               {"value.a > 1", good, "dropped"},
		"kept":                  {"value.a == 1", good, "kept, its bytes too"},
		"another bad, dropped":  {"value.a > 1", bad, "dropped"},
		"another bad, kept":     {"value.a == 1", bad, "kept, its bytes too, but: field b: Invalid type for STRING, but found NUMBER"},
		"another bad, no field": {"value.c == 1", bad, "evaluating the expression: reading the value: field b: Invalid type for STRING, but found NUMBER"},
		"another bad, no truth": {"value.a", bad, "evaluating the expression: reading the value: field b: Invalid type for STRING, but found NUMBER"},
		"no field":              {"value.c == 1", good, "evaluating the expression: no such key: c"},
		"the field is bad":      {`value.b == "x"`, bad, "evaluating the expression: reading the value: field b: Invalid type for STRING, but found NUMBER"},
		"both sides":            {`value.a == key.a && key.?b == value.?b`, good, "kept, its bytes too"},
		"the whole":             {`value.a == 1 && size(value) == 2`, good, "kept"},
		"a predicate's field":   {`has(value.b) && !has(value.c)`, good, "kept, its bytes too"},
	} {
		const schema = `{"schema":{"type":"struct","fields":[{"type":"int32","field":"a"},{"type":"string","field":"b"}]},"payload":`
		transform, refused := fresh(t, "cel-filter", map[string]string{"condition": tc.condition}, connect.SinkKind)
		if refused != "" {
			t.Fatal(refused)
		}
		var a connect.Arena
		r := celRecord(t, &a, true, schema+good)
		_, c, _ := r.Value.Raw()
		if _, _, err := r.Value.Get(); err != nil { // from now on, the schema is known
			t.Fatal(err)
		}
		r.Value.SetRaw([]byte(schema+tc.value), c)
		r.Key.SetRaw([]byte(schema+good), c)
		got := "kept"
		if err := apply(transform, &a, r); err != nil {
			got = err.Error()
		} else if r.Dropped() {
			got = "dropped"
		} else if _, _, raw := r.Value.Raw(); raw {
			got += ", its bytes too"
			if _, _, err := r.Value.Get(); err != nil {
				got += ", but: " + err.Error()
			}
		}
		if !strings.HasPrefix(got, tc.want) || got != tc.want && tc.want == "kept" {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

const celStruct = `{"schema":{"type":"struct","fields":[{"type":"int32","field":"a"},{"type":"string","field":"b","optional":true}],"optional":true,"name":"rec"},"payload":`

func TestCELField(t *testing.T) {
	for name, tc := range map[string]struct {
		target, expression, result string
		schemas                    bool
		in, want                   string
	}{
		"new":               {"value.c", "value.a + 1", "", false, `{"a":1}`, `{"a":1,"c":2}`},
		"replaced":          {"value.a", `string(value.a) + "!"`, "", false, `{"a":1,"b":2}`, `{"a":"1!","b":2}`},
		"with dots":         {"value.c.d", "1.5", "", false, `{}`, `{"c.d":1.5}`},
		"of a key":          {"key.c", "key.a", "", false, `{"a":[1,{"b":2}]}`, `{"a":[1,{"b":2}],"c":[1,{"b":2}]}`},
		"a time":            {"value.c", "timestamp", "", false, `{}`, `{"c":1700000000123}`},
		"nothing":           {"value.c", "value.a", "", false, `null`, `null`},
		"no map":            {"value.c", "1", "", false, `5`, "error: Only Map objects supported in absence of schema for [setting the field c by an expression], found: java.lang.Long"},
		"no key":            {"value.c", "value.d", "", false, `{}`, "error: setting the field c of the value: evaluating the expression: no such key: d"},
		"out of range":      {"value.c", "200", "int8", false, `{}`, "error: setting the field c of the value: the expression gives 200, which int8 cannot hold"},
		"new in Struct":     {"value.c", "value.a + 1", "", true, celStruct + `{"a":1,"b":"x"}}`, `{"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"a"},{"type":"string","optional":true,"field":"b"},{"type":"int64","optional":true,"field":"c"}],"optional":true,"name":"rec"},"payload":{"a":1,"b":"x","c":2}}`},
		"kept type":         {"value.a", "value.a + 1", "", true, celStruct + `{"a":1,"b":"x"}}`, celStructWritten + `{"a":2,"b":"x"}}`},
		"other type":        {"value.a", "topic", "", true, celStruct + `{"a":1,"b":"x"}}`, strings.Replace(celStructWritten, `"int32","optional":false`, `"string","optional":true`, 1) + `{"a":"orders","b":"x"}}`},
		"said type":         {"value.a", "value.a + 1", "int8", true, celStruct + `{"a":1,"b":"x"}}`, strings.Replace(celStructWritten, `"int32","optional":false`, `"int8","optional":true`, 1) + `{"a":2,"b":"x"}}`},
		"null":              {"value.b", "null", "", true, celStruct + `{"a":1,"b":"x"}}`, celStructWritten + `{"a":1,"b":null}}`},
		"null not allowed":  {"value.a", "null", "", true, celStruct + `{"a":1,"b":"x"}}`, "error: setting the field a of the value: the expression gives null, and int32 may not be null"},
		"whole value":       {"value", `{"id": value.a, "of": topic}`, "", false, `{"a":1}`, `{"id":1,"of":"orders"}`},
		"whole Struct":      {"value", `{"id": value.a, "of": topic}`, "", true, celStruct + `{"a":1,"b":"x"}}`, `{"schema":{"type":"struct","fields":[{"type":"int64","optional":true,"field":"id"},{"type":"string","optional":true,"field":"of"}],"optional":true},"payload":{"id":1,"of":"orders"}}`},
		"tombstone":         {"value", `null`, "", true, celStruct + `{"a":1,"b":"x"}}`, `null`},
		"null of a type":    {"value", `null`, "string", true, celStruct + `{"a":1,"b":"x"}}`, `{"schema":{"type":"string","optional":true},"payload":null}`},
		"nothing new":       {"value.c", `null`, "", true, celStruct + `{"a":1,"b":"x"}}`, `error: setting the field c of the value: the expression gives null, of which no schema follows; set result.type`},
		"null header":       {"header.c", `null`, "", false, `{}`, `error: setting the header c: the expression gives null, of which no schema follows; set result.type`},
		"whole text":        {"value", `string(value.a)`, "", true, celStruct + `{"a":1,"b":"x"}}`, `{"schema":{"type":"string","optional":true},"payload":"1"}`},
		"whole key":         {"key", `value.b`, "string", false, `{"b":"k"}`, `"k"`},
		"topic":             {"topic", `topic + "-" + value.a`, "", false, `{"a":"x"}`, `orders-x`},
		"no topic":          {"topic", `value.a`, "", false, `{"a":1}`, "error: setting the topic: the expression gives int where a string is wanted; use string(x)"},
		"bad topic":         {"topic", `value.a`, "", false, `{"a":"a b"}`, `error: setting the topic: "a b" is no topic name`},
		"header":            {"header.c", `headers.a + 1`, "", false, `{}`, "a=0 b=1 a=2 c=3"},
		"header replaced":   {"header.a", `headers.a + 1`, "int16", false, `{}`, "b=1 a=3"},
		"header, no result": {"header.a", `headers.d`, "", false, `{}`, "error: setting the header a: evaluating the expression: no such key: d"},
		"no target":         {"payload", "1", "", false, `{}`, `config error: target: "payload" is nothing that can be set; use topic, key, value, key.<field>, value.<field> or header.<name>`},
		"field of topic":    {"topic.x", "1", "", false, `{}`, `config error: target: "topic.x" is nothing that can be set`},
		"no field":          {"value.", "1", "", false, `{}`, `config error: target: "value." is nothing that can be set`},
		"no expression":     {"value.a", "1 +", "", false, `{}`, `config error: expression: is no valid CEL expression: line 1, column 4: Syntax error`},
	} {
		if got := celSet(t, tc.target, tc.expression, tc.result, tc.schemas, tc.in); got != tc.want && (!strings.Contains(tc.want, "error: ") || !strings.HasPrefix(got, tc.want)) {
			t.Errorf("%s: %s\nwant %s", name, got, tc.want)
		}
	}
}

const celStructWritten = `{"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"a"},{"type":"string","optional":true,"field":"b"}],"optional":true,"name":"rec"},"payload":`

// celSet returns the target after the transform, as text.
func celSet(t *testing.T, target, expression, result string, schemas bool, in string) string {
	t.Helper()
	transform, refused := fresh(t, "cel-field", map[string]string{"target": target, "expression": expression, "result.type": result}, connect.SinkKind)
	if refused != "" {
		return refused
	}
	var a connect.Arena
	r := celRecord(t, &a, schemas, in)
	if err := apply(transform, &a, r); err != nil {
		return "error: " + err.Error()
	}
	part, _, _ := strings.Cut(target, ".")
	d := &r.Value
	switch part {
	case "topic":
		return r.Topic
	case "header":
		return headersText(t, r)
	case "key":
		d = &r.Key
	}
	s, v, err := d.Get()
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonConverter(t, schemas).FromConnect([]byte{}, "t", s, v)
	if err != nil {
		t.Fatal(err)
	}
	if out == nil {
		return "null"
	}
	return string(out)
}

func headersText(t *testing.T, r *connect.Record) string {
	t.Helper()
	var out []string
	for i := range r.Headers {
		_, v, err := r.Headers[i].Get()
		if err != nil {
			t.Fatal(err)
		}
		text, err := jsonConverter(t, false).FromConnect(nil, "t", nil, v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Headers[i].Key+"="+string(text))
	}
	return strings.Join(out, " ")
}

// A topic that is taken from a value does not lie in the memory of its batch, which
// is used again.
func TestCELTopicIsKept(t *testing.T) {
	transform, refused := fresh(t, "cel-field", map[string]string{"target": "topic", "expression": "value.a"}, connect.SinkKind)
	if refused != "" {
		t.Fatal(refused)
	}
	raw := []byte(`{"a":"first"}`)
	var a connect.Arena
	r := celRecord(t, &a, false, "")
	r.Value.SetRaw(raw, &connect.Codec{Converter: jsonConverter(t, false), Topic: "t", Arena: &a})
	if err := apply(transform, &a, r); err != nil {
		t.Fatal(err)
	}
	copy(raw, `{"a":"other"}`)
	if r.Topic != "first" {
		t.Errorf("the topic has become %s", r.Topic)
	}
}

func TestCELPredicate(t *testing.T) {
	p, _ := registry().Predicate("cel")
	props := map[string]string{"condition": "has(value.a) && value.a > 1"}
	if problems := p.Check(props); len(problems) > 0 {
		t.Fatal(problems)
	}
	predicate, err := p.New(props)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]bool{`{"a":2}`: true, `{"a":1}`: false, `{}`: false} {
		var a connect.Arena
		if got, err := predicate.Test(celRecord(t, &a, false, value)); err != nil || got != want {
			t.Errorf("%s: %t, error %v", value, got, err)
		}
	}
	if problems := p.Check(map[string]string{"condition": "topic"}); len(problems) != 1 {
		t.Errorf("problems %v", problems)
	}
}

// Records of one schema get one schema, by which converters know it again.
func TestCELSchemas(t *testing.T) {
	transform, refused := fresh(t, "cel-field", map[string]string{"target": "value.c", "expression": `{"x": value.a, "l": [value.b]}`}, connect.SinkKind)
	if refused != "" {
		t.Fatal(refused)
	}
	conv := jsonConverter(t, true)
	var last *connect.Schema
	for range 3 {
		var a connect.Arena
		r := celRecord(t, &a, true, celStruct+`{"a":1,"b":"x"}}`)
		r.Value.SetRaw([]byte(celStruct+`{"a":1,"b":"x"}}`), &connect.Codec{Converter: conv, Topic: "t", Arena: &a})
		if err := apply(transform, &a, r); err != nil {
			t.Fatal(err)
		}
		s, _, _ := r.Value.Get()
		if last != nil && s != last {
			t.Error("another schema")
		}
		last = s
	}
}

var celTransforms = map[string]struct {
	class  string
	props  map[string]string
	allocs float64 // for a record, at most
}{
	"topic":     {"cel-filter", map[string]string{"condition": `topic.startsWith("ord")`}, 1},
	"number":    {"cel-filter", map[string]string{"condition": `value.id >= 0`}, 1},
	"time":      {"cel-filter", map[string]string{"condition": `value.at > timestamp("2020-01-01T00:00:00Z")`}, 1},
	"missing":   {"cel-filter", map[string]string{"condition": `has(value.x) || value.?y.orValue(1) == 1`}, 1},
	"key":       {"cel-filter", map[string]string{"condition": `key.at.startsWith("2024") && value.id < 1000`}, 2},
	"loop":      {"cel-filter", map[string]string{"condition": `["a", "b", "c"].exists(x, x == topic) || value.id >= 0`}, 60},
	"set field": {"cel-field", map[string]string{"target": "value.total", "expression": "value.id * 2"}, 2},
	"set topic": {"cel-field", map[string]string{"target": "topic", "expression": `topic + "-x"`}, 3},
}

func TestCELAllocations(t *testing.T) {
	for name, tc := range celTransforms {
		transform, refused := fresh(t, tc.class, tc.props, connect.SinkKind)
		if refused != "" {
			t.Fatal(refused)
		}
		var a connect.Arena
		var s connect.Selection
		records := timeBatch()
		old := copies(records)
		n := testing.AllocsPerRun(20, func() { again(t, transform, &a, &s, records, old) }) / float64(len(records))
		if n > tc.allocs+0.5 { // with the race detector, CEL's pools drop some of what they are given
			t.Errorf("%s: %.2f allocations for a record, want %.0f at most", name, n, tc.allocs)
		}
	}
}

func BenchmarkCEL(b *testing.B) {
	for name, tc := range celTransforms {
		b.Run(name, func(b *testing.B) {
			p, _ := registry().Transform(tc.class)
			transform, err := p.New(tc.props, connect.SinkKind)
			if err != nil {
				b.Fatal(err)
			}
			var a connect.Arena
			var s connect.Selection
			records := timeBatch()
			old := copies(records)
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(records) {
				again(b, transform, &a, &s, records, old)
			}
		})
	}
}

func BenchmarkCELCheck(b *testing.B) {
	p, _ := registry().Transform("cel-filter")
	for b.Loop() {
		if problems := p.Check(celTransforms["key"].props, connect.SinkKind); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
