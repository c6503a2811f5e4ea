// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"penstock.dev/runtime/connect"
)

func newConverter(t testing.TB, change func(*Config)) *Converter {
	t.Helper()
	c := Config{SchemasEnable: true, SchemasCacheSize: 1000, DecimalFormat: "BASE64", ReplaceNullWithDefault: true}
	if change != nil {
		change(&c)
	}
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func schemaless(c *Config) { c.SchemasEnable = false }

func envelope(schema, payload string) []byte {
	return []byte(`{"schema":` + schema + `,"payload":` + payload + `}`)
}

func TestEqualTextsGiveOneSchema(t *testing.T) {
	c := newConverter(t, nil)
	var seen []*connect.Schema
	for _, data := range [][]byte{
		envelope(`{"type":"int32"}`, "1"),
		envelope(`{"type":"int64"}`, "1"),
		envelope(`{"type":"int32"}`, "2"),
		[]byte(`{"payload":3, "schema":{"type":"int32"}}`),
		envelope(`{"type":"int64"}`, "4"),
	} {
		s, _, err := c.ToConnect(new(connect.Arena), "t", data)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, s)
		for i := range data {
			data[i] = 'x' // the schema must not refer to the message
		}
	}
	if seen[0] != seen[2] || seen[0] != seen[3] || seen[1] != seen[4] || seen[0] == seen[1] {
		t.Errorf("schemas %p are not one for each text", seen)
	}
	if seen[0].Type != connect.Int32 || seen[1].Type != connect.Int64 {
		t.Errorf("schemas are %v and %v", seen[0], seen[1])
	}
}

func TestCachesAreBounded(t *testing.T) {
	for _, size := range []int{0, 1, 3} {
		c := newConverter(t, func(c *Config) { c.SchemasCacheSize = size })
		for i := range 50 {
			schema := fmt.Sprintf(`{"type":"int32","optional":false,"version":%d}`, i%7+1)
			s, v, err := c.ToConnect(new(connect.Arena), "t", envelope(schema, "5"))
			if err != nil || s.Version != i%7+1 || v.Int() != 5 {
				t.Fatalf("size %d: read %v %v, %v", size, s, v, err)
			}
			out, err := c.FromConnect([]byte{}, "t", s, v)
			if want := string(envelope(schema, "5")); string(out) != want || err != nil {
				t.Fatalf("size %d: wrote %s, %v, want %s", size, out, err, want)
			}
		}
		if r, w := len(c.read.cache.m), len(c.written.m); r != size || w != size {
			t.Errorf("caches of %d hold %d and %d schemas", size, r, w)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	c := newConverter(t, func(c *Config) { c.SchemasCacheSize = 2 })
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			var a connect.Arena
			for i := range 300 {
				a.Reset()
				want := envelope(fmt.Sprintf(`{"type":"array","items":{"type":"string","optional":false},"optional":false,"version":%d}`, (g+i)%5+1), fmt.Sprintf(`["%d","é"]`, i))
				s, v, err := c.ToConnect(&a, "t", want)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := c.FromConnect([]byte{}, "t", s, v)
				if string(got) != string(want) || err != nil {
					t.Errorf("wrote %s, %v, want %s", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestErrorsNameTheField(t *testing.T) {
	const order = `{"type":"struct","fields":[{"type":"array","items":{"type":"struct","fields":[` +
		`{"type":"int8","field":"n"}]},"field":"lines"},{"type":"map","keys":{"type":"int32"},"values":{"type":"string"},"optional":true,"field":"m"},` +
		`{"type":"map","keys":{"type":"string"},"values":{"type":"string"},"optional":true,"field":"tags"}]}`
	const empty = `{"type":"map","keys":{"type":"string"},"values":{"type":"map","keys":{"type":"string"},"values":{"type":"int8"}}}`
	_, _, err := newConverter(t, nil).ToConnect(new(connect.Arena), "t", envelope(empty, `{"a":{"":"x"}}`))
	if err == nil || err.Error() != "field a.: Invalid type for INT8, but found STRING" {
		t.Errorf("a field without name: %v", err)
	}
	place := func(inPayload int) string { return strconv.Itoa(len(envelope(order, "")) - 1 + inPayload) }
	tests := map[string]struct{ payload, want string }{
		"null":     {`{"lines":[{"n":1},{}]}`, "field lines[1].n: Invalid null value for required INT8 field"},
		"range":    {`{"lines":[{"n":200}]}`, "field lines[0].n: number 200 does not fit INT8; send it as a string or with a schema of a wider type"},
		"type":     {`{"lines":[{"n":"x"}]}`, "field lines[0].n: Invalid type for INT8, but found STRING"},
		"missing":  {`{}`, "field lines: Invalid null value for required ARRAY field"},
		"map":      {`{"lines":[],"tags":{"a":5}}`, "field tags.a: Invalid type for STRING, but found NUMBER"},
		"pair":     {`{"lines":[],"m":[[1,"a"],[2]]}`, "field m[1]: Found invalid map entry, expected length 2 but found :1"},
		"syntax":   {`{"lines":[{"n":1]}`, "Converting byte[] to Kafka Connect data failed due to serialization error: found ']' where ',' or '}' is expected at byte " + place(16)},
		"the text": {`{"lines":[`, "Converting byte[] to Kafka Connect data failed due to serialization error: found '}' where a JSON value is expected at byte " + place(10)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := newConverter(t, nil)
			for range 2 { // the second time the schema is known
				_, _, err := c.ToConnect(new(connect.Arena), "t", envelope(order, tc.payload))
				if err == nil || err.Error() != tc.want {
					t.Errorf("got  %v\nwant %s", err, tc.want)
				}
			}
		})
	}
}

func TestWriteErrorsNameTheField(t *testing.T) {
	inner := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "n", Schema: connect.Int8Schema}}}
	order := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{
		{Name: "lines", Schema: &connect.Schema{Type: connect.Array, Elem: inner}},
	}}
	line := func(v connect.Value) connect.Value {
		return connect.StructValue([]connect.Value{connect.ArrayValue([]connect.Value{connect.StructValue([]connect.Value{v})})})
	}
	recursive := &connect.Schema{Type: connect.Array}
	recursive.Elem = recursive
	tests := map[string]struct {
		schema *connect.Schema
		value  connect.Value
		want   string
	}{
		"null":      {order, line(connect.Value{}), "field lines[0].n: Conversion error: null value for field that is required and has no default value"},
		"type":      {order, line(connect.StringValue("x")), "field lines[0].n: Invalid type for INT8: STRING"},
		"fields":    {order, connect.StructValue(nil), "Mismatching schema. The struct has 0 fields, its schema 1"},
		"no schema": {nil, line(connect.Value{}), "a struct needs a schema"},
		"recursive": {recursive, connect.ArrayValue(nil), `the array schema "" holds itself, which the JSON of a schema cannot say; set schemas.enable to false, or use a converter with a schema registry`},
		"no field":  {&connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "a"}}}, connect.StructValue(nil), "field a has no schema"},
		"no type":   {&connect.Schema{}, connect.Value{}, "couldn't translate unsupported schema type null"},
		"decimal":   {&connect.Schema{Type: connect.Bytes, Name: connect.DecimalName}, connect.BytesValue([]byte{1}), "Invalid Decimal schema: scale parameter not found."},
		"empty":     {&connect.Schema{Type: connect.Bytes, Name: connect.DecimalName}, connect.BytesValue(nil), "decimal has no bytes, not even one for zero"},
		"time":      {connect.TimeSchema, connect.Int32Value(86400001), "Kafka Connect Time type should not have any date fields set to non-zero values, but is 86400001 ms"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := newConverter(t, nil).FromConnect([]byte{}, "t", tc.schema, tc.value)
			if err == nil || err.Error() != tc.want {
				t.Errorf("got %s, %v\nwant %s", out, err, tc.want)
			}
		})
	}
}

func TestAppendsToWhatIsThere(t *testing.T) {
	tests := map[string]struct {
		schema *connect.Schema
		enable bool
		want   string
	}{
		"envelope":    {connect.BooleanSchema, true, `>{"schema":{"type":"boolean","optional":false},"payload":true}`},
		"no schema":   {nil, true, `>{"schema":null,"payload":true}`},
		"no envelope": {nil, false, `>true`},
	}
	for name, tc := range tests {
		c := newConverter(t, func(c *Config) { c.SchemasEnable = tc.enable })
		out, err := c.FromConnect([]byte(">"), "t", tc.schema, connect.BooleanValue(true))
		if string(out) != tc.want || err != nil {
			t.Errorf("%s: got %s, %v", name, out, err)
		}
	}
}

func TestSchemaContent(t *testing.T) {
	c := newConverter(t, func(c *Config) {
		c.SchemaContent = `{"type":"struct","fields":[{"type":"int16","field":"a"},{"type":"int16","default":9,"field":"b"}]}`
	})
	s, v, err := c.ToConnect(new(connect.Arena), "t", []byte(`{"a":1}`))
	if err != nil || s.Type != connect.Struct || v.Items()[0].Int() != 1 || v.Items()[1].Int() != 9 {
		t.Errorf("read %v %v, %v", s, v, err)
	}
	if _, _, err = c.ToConnect(new(connect.Arena), "t", envelope(`null`, `1`)); err == nil {
		t.Error("an envelope was taken for the payload")
	}
	if s, v, err = c.ToConnect(new(connect.Arena), "t", nil); s != nil || !v.IsNull() || err != nil {
		t.Errorf("a null record is read as %v %v, %v", s, v, err)
	}
}

func TestTextAliasesTheMessage(t *testing.T) {
	c := newConverter(t, schemaless)
	data := []byte(`["plain","with\u0020escape"]`)
	_, v, err := c.ToConnect(new(connect.Arena), "t", data)
	if err != nil {
		t.Fatal(err)
	}
	if v.Items()[0].Str() != "plain" || v.Items()[1].Str() != "with escape" {
		t.Fatalf("read %q and %q", v.Items()[0].Str(), v.Items()[1].Str())
	}
	copy(data[2:], "PLAIN")
	if got := v.Items()[0].Str(); got != "PLAIN" {
		t.Errorf("text %q is a copy", got)
	}
}

func TestDefaultsAreCopied(t *testing.T) {
	c := newConverter(t, nil)
	data := envelope(`{"type":"array","items":{"type":"int32"},"default":[1,2]}`, "null")
	for range 2 {
		_, v, err := c.ToConnect(new(connect.Arena), "t", data)
		if err != nil || len(v.Items()) != 2 || v.Items()[0].Int() != 1 {
			t.Fatalf("read %v, %v", v, err)
		}
		v.Items()[0] = connect.Int32Value(7) // a transform may do this
	}
}

func TestManyKeys(t *testing.T) {
	var b strings.Builder
	b.WriteString("{")
	for i := range 1000 {
		fmt.Fprintf(&b, `"k%d":%d,`, i%500, i)
	}
	b.WriteString(`"k0":-1}`)
	_, v, err := newConverter(t, schemaless).ToConnect(new(connect.Arena), "t", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if v.Len() != 500 {
		t.Fatalf("%d keys of 500 are left", v.Len())
	}
	for i, e := range v.Entries() {
		want := int64(i + 500)
		if i == 0 {
			want = -1
		}
		if e.Key.Str() != fmt.Sprintf("k%d", i) || e.Value.Int() != want {
			t.Errorf("entry %d is %s=%d", i, e.Key.Str(), e.Value.Int())
		}
	}
}

func TestPairsWithManyKindsOfKeys(t *testing.T) {
	tests := map[string]struct{ keys, one, two string }{
		"int":    {`{"type":"int64"}`, "%d", "-%d"},
		"float":  {`{"type":"double"}`, "%d.5", "-%d.5"},
		"array":  {`{"type":"array","items":{"type":"int32"}}`, "[%d]", "[%d,0]"},
		"struct": {`{"type":"struct","fields":[{"type":"int32","field":"a"}]}`, `{"a":%d}`, `{"a":-%d}`},
		"map":    {`{"type":"map","keys":{"type":"string"},"values":{"type":"int32"}}`, `{"a":%d}`, `{"b":%d}`},
	}
	for name, tc := range tests {
		var pairs []string
		for i := 1; i <= 9; i++ {
			for _, k := range []string{tc.one, tc.two, tc.one} {
				pairs = append(pairs, fmt.Sprintf("["+k+",%d]", i, len(pairs)))
			}
		}
		schema := `{"type":"map","keys":` + tc.keys + `,"values":{"type":"int32"}}`
		_, v, err := newConverter(t, nil).ToConnect(new(connect.Arena), "t", envelope(schema, "["+strings.Join(pairs, ",")+"]"))
		if err != nil || v.Len() != 18 || v.Entries()[0].Value.Int() != 2 {
			t.Errorf("%s: %d entries, %v", name, v.Len(), err)
		}
	}
}

func TestEnvelopeErrorIsKnown(t *testing.T) {
	_, _, err := newConverter(t, nil).ToConnect(new(connect.Arena), "t", []byte(`{"a":1}`))
	if !errors.Is(err, ErrEnvelope) {
		t.Errorf("got %v", err)
	}
}
