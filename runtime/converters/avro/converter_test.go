// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/connect"
)

func userSchema(fields ...connect.Field) *connect.Schema {
	return &connect.Schema{Type: connect.Struct, Name: "com.example.User", Fields: append([]connect.Field{{Name: "id", Schema: connect.Int64Schema}}, fields...)}
}

func write(t testing.TB, c *Converter, topic string, s *connect.Schema, v connect.Value) []byte {
	t.Helper()
	data, err := c.FromConnect([]byte{}, topic, s, v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTripThroughRegistry(t *testing.T) {
	f := newFake(t)
	source, sink := newTestConverter(t, f.URL()), newTestConverter(t, f.URL())
	s := userSchema(connect.Field{Name: "name", Schema: connect.OptionalStringSchema})
	var first *connect.Schema
	for i := range int64(5) {
		data := write(t, source, "users", s, structOf(connect.Int64Value(i), str("Ada")))
		if string(data[:5]) != "\x00\x00\x00\x00\x01" {
			t.Fatalf("the record begins with %x", data[:5])
		}
		got, v, err := sink.ToConnect(new(connect.Arena), "users", data)
		if err != nil || show(v) != show(structOf(connect.Int64Value(i), str("Ada"))) {
			t.Fatalf("read %s, %v", show(v), err)
		}
		if first == nil {
			first = got
		}
		if got != first {
			t.Error("a schema is not the same for the same id")
		}
	}
	if want := "struct com.example.User v1{id int64, name string?}"; showSchema(first) != want {
		t.Errorf("the schema is %s and not %s", showSchema(first), want)
	}
	if n := f.requests.Load(); n != 3 { // registered, read, version looked up
		t.Errorf("%d requests", n)
	}
	stored, _ := f.GetSchema("users-value", 1)
	if want := `{"type":"record","name":"User","namespace":"com.example","fields":[{"name":"id","type":"long"},{"name":"name","type":["null","string"],"default":null}],"connect.name":"com.example.User"}`; stored.Schema.Schema != want {
		t.Errorf("registered is %s", stored.Schema.Schema)
	}
}

func TestSchemaChangesMidStream(t *testing.T) {
	f := newFake(t)
	c := newTestConverter(t, f.URL())
	old := userSchema()
	changed := userSchema(connect.Field{Name: "age", Schema: &connect.Schema{Type: connect.Int32, Default: value(connect.Int32Value(1))}})
	a := write(t, c, "users", old, structOf(connect.Int64Value(1)))
	b := write(t, c, "users", changed, structOf(connect.Int64Value(2), connect.Int32Value(40)))
	var schemas [2]*connect.Schema
	for range 3 {
		for i, data := range [][]byte{a, b} {
			s, _, err := c.ToConnect(new(connect.Arena), "users", data)
			if err != nil {
				t.Fatal(err)
			}
			if schemas[i] != nil && schemas[i] != s {
				t.Error("the pointer to a schema changes")
			}
			schemas[i] = s
		}
	}
	if schemas[0] == schemas[1] || schemas[0].Version != 1 || schemas[1].Version != 2 {
		t.Errorf("schemas %s and %s", showSchema(schemas[0]), showSchema(schemas[1]))
	}
	other, _, err := c.ToConnect(new(connect.Arena), "copied", a)
	if err != nil || other.Version != 0 {
		t.Errorf("a topic without subject is read as %s, %v", showSchema(other), err)
	}
}

func TestNulls(t *testing.T) {
	c := newTestConverter(t, newFake(t).URL())
	for name, s := range map[string]*connect.Schema{"none": nil, "optional": connect.OptionalStringSchema} {
		if data, err := c.FromConnect([]byte{}, "t", s, connect.Value{}); data != nil || err != nil {
			t.Errorf("%s: %x, %v", name, data, err)
		}
	}
	if _, err := c.FromConnect([]byte{}, "t", connect.StringSchema, connect.Value{}); err == nil || !strings.Contains(err.Error(), "non-optional") {
		t.Errorf("error %v", err)
	}
	if s, v, err := c.ToConnect(new(connect.Arena), "t", nil); s != nil || !v.IsNull() || err != nil {
		t.Errorf("null is read as %v, %v, %v", s, v, err)
	}
}

func TestBareBytes(t *testing.T) {
	f := newFake(t)
	c := newTestConverter(t, f.URL())
	data := write(t, c, "t", connect.BytesSchema, connect.BytesValue([]byte("abc")))
	if string(data[5:]) != "abc" {
		t.Errorf("written as %x", data)
	}
	s, v, err := c.ToConnect(new(connect.Arena), "t", data)
	if err != nil || s.Type != connect.Bytes || string(v.Bytes()) != "abc" {
		t.Errorf("read %s, %v", show(v), err)
	}
	optional := write(t, c, "o", connect.OptionalBytesSchema, connect.BytesValue([]byte("abc")))
	if string(optional[5:]) != "\x02\x06abc" {
		t.Errorf("optional bytes are written as %x", optional)
	}
}

func TestSubjects(t *testing.T) {
	f := newFake(t)
	s := userSchema()
	write(t, newTestConverter(t, f.URL(), "value.subject.name.strategy", "RecordNameStrategy"), "a", s, structOf(connect.Int64Value(1)))
	write(t, newTestConverter(t, f.URL(), "value.subject.name.strategy", "TopicRecordNameStrategy"), "a", s, structOf(connect.Int64Value(1)))
	write(t, newTestConverter(t, f.URL()), "a", s, structOf(connect.Int64Value(1)))
	key, err := New(config(t, f.URL()), true)
	if err != nil {
		t.Fatal(err)
	}
	write(t, key, "a", s, structOf(connect.Int64Value(1)))
	for _, subject := range []string{"com.example.User", "a-com.example.User", "a-value", "a-key"} {
		if !f.SubjectExists(subject) {
			t.Errorf("there is no subject %s", subject)
		}
	}
}

func TestUseLatestVersion(t *testing.T) {
	const latest = `{"type":"record","name":"User","namespace":"com.example","fields":[{"name":"mail","type":"string","default":"none"},{"name":"id","type":["null","double"]}]}`
	f := newFake(t)
	f.SeedSchema("users-value", 1, 5, sr.Schema{Schema: latest})
	c := newTestConverter(t, f.URL(), "auto.register.schemas", "false", "use.latest.version", "true")
	data := write(t, c, "users", userSchema(), structOf(connect.Int64Value(3)))
	s, v, err := c.ToConnect(new(connect.Arena), "users", data)
	if err != nil || data[4] != 5 || show(v) != `("none" 3)` {
		t.Errorf("written %x, read %s %s, %v", data, showSchema(s), show(v), err)
	}
	other := &connect.Schema{Type: connect.Struct, Name: "com.example.User", Fields: []connect.Field{{Name: "id", Schema: connect.StringSchema}}}
	_, err = c.FromConnect([]byte{}, "users", other, structOf(str("x")))
	if err == nil || !strings.Contains(err.Error(), "latest.compatibility.strict=false") || !strings.Contains(err.Error(), "users-value") {
		t.Errorf("error %v", err)
	}
	lenient := newTestConverter(t, f.URL(), "auto.register.schemas", "false", "use.latest.version", "true", "latest.compatibility.strict", "false")
	if _, err = lenient.FromConnect([]byte{}, "users", other, structOf(str("x"))); err == nil || !strings.Contains(err.Error(), "field id") {
		t.Errorf("error %v", err)
	}
}

func TestWritesTheNearestBranch(t *testing.T) {
	const record = `{"type":"record","name":"B","fields":[{"name":"x","type":"int","default":3}]}`
	s := mustParse(t, `["null","double","long","int","string",{"type":"record","name":"A","fields":[]},`+record+`]`)
	for name, tc := range map[string]struct {
		schema *connect.Schema
		value  connect.Value
		want   string
	}{
		"int":    {connect.Int32Schema, connect.Int32Value(1), "\x06\x02"},
		"int16":  {connect.Int16Schema, connect.Int16Value(1), "\x06\x02"},
		"long":   {connect.Int64Schema, connect.Int64Value(1), "\x04\x02"},
		"float":  {connect.Float32Schema, connect.Float32Value(1), "\x02\x00\x00\x00\x00\x00\x00\xf0\x3f"},
		"record": {&connect.Schema{Type: connect.Struct, Name: "B"}, structOf(), "\x0c\x06"},
		"other":  {&connect.Schema{Type: connect.Struct, Name: "C"}, structOf(), "\x0a"},
		"null":   {connect.OptionalStringSchema, connect.Value{}, "\x00"},
	} {
		w, err := defaultRules(t).writer(tc.schema, s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := (encoder{}).value([]byte{}, w, tc.value, 0); string(got) != tc.want || err != nil {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
	if _, err := defaultRules(t).writer(connect.BytesSchema, s); err == nil {
		t.Error("bytes have a branch")
	}
}

func TestReadsAsLatest(t *testing.T) {
	old := `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"gone","type":"string"},{"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}},` +
		`{"name":"l","type":{"type":"array","items":"int"}},{"name":"u","type":["null","int","string"]},{"name":"m","type":{"type":"map","values":"float"}}]}`
	latest := `{"type":"record","name":"R","fields":[{"name":"m","type":{"type":"map","values":"double"}},{"name":"u","type":["string","null","long"]},{"name":"b","type":["null","long"],"aliases":["a"]},` +
		`{"name":"e","type":{"type":"enum","name":"E","symbols":["X","OTHER"],"default":"OTHER"}},{"name":"l","type":{"type":"array","items":["null","long"]}},{"name":"n","type":{"type":"array","items":"string"},"default":["d"]}]}`
	f := newFake(t)
	f.SeedSchema("t-value", 1, 1, sr.Schema{Schema: old})
	f.SeedSchema("t-value", 2, 2, sr.Schema{Schema: latest})
	plain := newTestConverter(t, f.URL())
	s, err := plain.rules.toSchema(mustParse(t, old), 0)
	if err != nil {
		t.Fatal(err)
	}
	v := structOf(connect.Int32Value(1), str("gone"), str("Y"), connect.ArrayValue([]connect.Value{connect.Int32Value(2)}),
		structOf(connect.Int32Value(3), connect.Value{}), connect.MapValue([]connect.Entry{{Key: str("k"), Value: connect.Float32Value(0.5)}}))
	data := write(t, newTestConverter(t, f.URL(), "auto.register.schemas", "false", "use.schema.id", "1", "enhanced.avro.schema.support", "true"), "t", s, v)
	got, read, err := newTestConverter(t, f.URL(), "use.latest.version", "true").ToConnect(new(connect.Arena), "t", data)
	if err != nil {
		t.Fatal(err)
	}
	if want := `({"k":0.5} (null 3) 1 "OTHER" [2] ["d"])`; show(read) != want || got.Version != 2 {
		t.Errorf("read %s of %s, want %s", show(read), showSchema(got), want)
	}
}

func TestReferences(t *testing.T) {
	f := newFake(t)
	f.SeedSchema("street", 1, 1, sr.Schema{Schema: `{"type":"record","name":"Street","namespace":"a","fields":[{"name":"n","type":"string"}]}`})
	f.SeedSchema("t-value", 1, 2, sr.Schema{
		Schema:     `{"type":"record","name":"Person","namespace":"a","fields":[{"name":"home","type":"Street"}]}`,
		References: []sr.SchemaReference{{Name: "a.Street", Subject: "street", Version: 1}},
	})
	street := &connect.Schema{Type: connect.Struct, Name: "a.Street", Fields: []connect.Field{{Name: "n", Schema: connect.StringSchema}}}
	person := &connect.Schema{Type: connect.Struct, Name: "a.Person", Fields: []connect.Field{{Name: "home", Schema: street}}}
	for _, by := range [][]string{{"use.latest.version", "true"}, {"use.schema.id", "2"}} {
		c := newTestConverter(t, f.URL(), append(by, "auto.register.schemas", "false")...)
		data := write(t, c, "t", person, structOf(structOf(str("Long Street"))))
		s, v, err := newTestConverter(t, f.URL()).ToConnect(new(connect.Arena), "t", data)
		if err != nil || data[4] != 2 || show(v) != `(("Long Street"))` || showSchema(s) != "struct a.Person v1{home struct a.Street{n string}}" {
			t.Errorf("%v: read %s of %s, %v", by, show(v), showSchema(s), err)
		}
	}
}

func TestErrors(t *testing.T) {
	f := newFake(t)
	f.SeedSchema("t-value", 1, 1, sr.Schema{Schema: `{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"In","fields":[{"name":"b","type":"string"}]}}]}`})
	f.SeedSchema("n-value", 1, 2, sr.Schema{Schema: `"null"`})
	f.SeedSchema("j-value", 1, 3, sr.Schema{Schema: `{}`, Type: sr.TypeJSON})
	c := newTestConverter(t, f.URL(), "avro.fail.on.trailing.data", "true")
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"no Avro":    {[]byte(`{"a":1}`), "another converter"},
		"unknown id": {[]byte{0, 0, 0, 0, 9}, "id 9"},
		"cut":        {[]byte{0, 0, 0, 0, 1, 10, 'a'}, "id 1: field a.b: the data ends"},
		"more":       {[]byte{0, 0, 0, 0, 1, 2, 'a', 'b'}, "bytes follow"},
		"null type":  {[]byte{0, 0, 0, 0, 2}, "id 2: standalone null"},
		"JSON type":  {[]byte{0, 0, 0, 0, 3}, "of type JSON"},
	} {
		_, _, err := c.ToConnect(new(connect.Arena), "t", tc.data)
		if err == nil || !strings.Contains(err.Error(), tc.want) || connect.IsRetriable(err) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	lenient := newTestConverter(t, f.URL())
	if _, v, err := lenient.ToConnect(new(connect.Arena), "t", []byte{0, 0, 0, 0, 1, 2, 'a', 'b'}); err != nil || show(v) != `(("a"))` {
		t.Errorf("read %s, %v", show(v), err)
	}
}

func TestRefusedSchema(t *testing.T) {
	f := newFake(t)
	f.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		w.WriteHeader(http.StatusConflict)
		body, _ := json.Marshal(map[string]any{"error_code": 409, "message": "READER_FIELD_MISSING_DEFAULT_VALUE: name"})
		_, _ = w.Write(body)
		return true
	})
	c := newTestConverter(t, f.URL())
	for range 5 {
		_, err := c.FromConnect([]byte{}, "users", userSchema(), structOf(connect.Int64Value(1)))
		if err == nil || connect.IsRetriable(err) || !strings.Contains(err.Error(), "subject users-value") || !strings.Contains(err.Error(), "READER_FIELD_MISSING_DEFAULT_VALUE") {
			t.Fatalf("error %v", err)
		}
	}
	if n := f.requests.Load(); n != 1 {
		t.Errorf("%d requests for one refusal", n)
	}
	down := newTestConverter(t, "http://127.0.0.1:1")
	if _, err := down.FromConnect([]byte{}, "users", userSchema(), structOf(connect.Int64Value(1))); !connect.IsRetriable(err) {
		t.Errorf("error %v", err)
	}
	if _, _, err := down.ToConnect(new(connect.Arena), "users", []byte{0, 0, 0, 0, 1}); !connect.IsRetriable(err) {
		t.Errorf("error %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	c := newTestConverter(t, newFake(t).URL())
	s := userSchema()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range int64(100) {
				data, err := c.FromConnect([]byte{}, "users", s, structOf(connect.Int64Value(i)))
				if err != nil {
					t.Error(err)
					return
				}
				if _, v, err := c.ToConnect(new(connect.Arena), "users", data); err != nil || v.Items()[0].Int() != i {
					t.Errorf("read %s, %v", show(v), err)
				}
			}
		})
	}
	wg.Wait()
}

func TestPlugin(t *testing.T) {
	p := Plugin()
	if problems := p.Check(map[string]string{"schema.registry.url": "http://a"}); len(problems) != 0 {
		t.Error(problems)
	}
	if problems := p.Check(nil); len(problems) != 1 || problems[0].Key != "schema.registry.url" {
		t.Error(problems)
	}
	if _, err := p.New(map[string]string{"schema.registry.url": "a", "connect.meta.data": "x"}, true); err == nil ||
		!strings.Contains(err.Error(), "schema.registry.url") || !strings.Contains(err.Error(), "connect.meta.data") {
		t.Errorf("error %v", err)
	}
	for _, k := range p.Keys {
		if k.Doc == "" {
			t.Errorf("%s has no documentation", k.Name)
		}
	}
}
