// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// someHeaders are those that hack/conformance/transforms gives a record.
func someHeaders() []connect.Header {
	h := []connect.Header{{Key: "one"}, {Key: "two"}, {Key: "one"}, {Key: "three"}}
	h[0].Value.Set(connect.Int32Schema, connect.Int32Value(1))
	h[1].Value.Set(connect.StringSchema, connect.StringValue("x"))
	h[2].Value.Set(connect.StringSchema, connect.StringValue("y"))
	h[3].Value.Set(nil, connect.NullValue())
	return h
}

// withHeaders is our answer to a case: the value and the headers.
func withHeaders(t *testing.T, l []string) (value, headers string) {
	t.Helper()
	class, schemas, in := l[0], l[3] == "true", l[4]
	transform, refused := fresh(t, class, config(t, l[1]), connect.SinkKind)
	if refused != "" {
		return refused, ""
	}
	var a connect.Arena
	conv := jsonConverter(t, schemas)
	r := recordAt(t, "topic", "3", "42", "1700000000123")
	d := &r.Value
	if strings.HasSuffix(class, "$Key") {
		d = &r.Key
	}
	d.SetRaw([]byte(in), &connect.Codec{Converter: conv, Topic: "topic", Arena: &a})
	if l[2] == "true" {
		r.Headers = someHeaders()
	}
	if err := apply(transform, &a, r); err != nil {
		return "error:" + err.Error(), ""
	}
	value = datumText(t, conv, d)
	for i := range r.Headers {
		headers += " & " + r.Headers[i].Key + "=" + datumText(t, jsonConverter(t, true), &r.Headers[i].Value)
	}
	return value, headers
}

func datumText(t *testing.T, conv connect.Converter, d *connect.Datum) string {
	t.Helper()
	s, v, err := d.Get()
	if err != nil {
		t.Fatal(err)
	}
	out, err := conv.FromConnect([]byte{}, "topic", s, v)
	switch {
	case err != nil:
		return "error:" + err.Error()
	case out == nil:
		return "null!"
	default:
		return string(out)
	}
}

// TestGoldenHeaders compares with what Kafka Connect's transforms of headers do. To
// write the file again, in hack/conformance/transforms:
//
//	mvn -q compile exec:java -Dexec.mainClass=HeaderGolden -Dexec.args=../../../runtime/transforms/testdata/headers.tsv
func TestGoldenHeaders(t *testing.T) {
	lines := goldenFile(t, "headers.tsv", "header")
	for _, l := range lines {
		value, headers := withHeaders(t, l)
		java := l[5]
		javaValue, _, _ := strings.Cut(java, " & ")
		rest := strings.TrimPrefix(java, javaValue)
		switch {
		case value == javaValue && headers == rest:
		case l[3] == "false" && sameObject(t, value, javaValue) && headers == rest:
		case java == "config error" && strings.HasPrefix(value, java):
		case strings.HasPrefix(java, "error:") && strings.HasPrefix(value, "error:") && strings.Contains(value, strings.TrimPrefix(java, "error:")):
		case strings.Contains(java, "Field.schema()") && strings.HasPrefix(value, "error:Unknown field: "): // Java's null pointer
		case strings.Contains(l[1], `"value.literal":"{}"`) && strings.Contains(java, "Schema.keySchema()"): // and another one
		case strings.Contains(l[1], `"operation":"MOVE"`) && java == "config error": // case does not matter
		case strings.Contains(l[1], `"header":"`) && strings.HasPrefix(value, "config error: header: is empty") && strings.Contains(java, " & ="): // a header without name
		default:
			t.Errorf("%s\nours %s%s\nJava %s", strings.Join(l[:5], " "), value, headers, java)
		}
	}
	if len(lines) < 2000 {
		t.Errorf("only %d lines", len(lines))
	}
}

// Headers that others may refer to stay as they are, and nothing is decoded for
// their sake.
func TestHeadersAreNotChanged(t *testing.T) {
	for class, props := range map[string]map[string]string{
		"DropHeaders":  {"headers": "one"},
		"InsertHeader": {"header": "one", "value.literal": "5"},
	} {
		transform, refused := fresh(t, class, props, connect.SinkKind)
		if refused != "" {
			t.Fatal(refused)
		}
		var conv converterThatCounts
		shared := append(make([]connect.Header, 0, 8), someHeaders()...)
		shared[0].Value.SetRaw([]byte("x"), &connect.Codec{Converter: &conv})
		r := &connect.Record{Topic: "t", Headers: shared}
		r.Value.SetRaw([]byte("v"), &connect.Codec{Converter: &conv})
		if err := apply(transform, new(connect.Arena), r); err != nil {
			t.Fatal(err)
		}
		if len(r.Headers) == len(shared) || conv.decoded > 0 {
			t.Errorf("%s: %d headers, decoded %d times", class, len(r.Headers), conv.decoded)
		}
		for i, h := range someHeaders() {
			if shared[i].Key != h.Key {
				t.Errorf("%s has changed the headers it was given", class)
			}
		}
		if more := shared[:5]; more[4].Key != "" {
			t.Errorf("%s has written behind the headers it was given", class)
		}
	}
}

var headerTransforms = map[string]struct {
	class string
	props map[string]string
}{
	"drop":        {"drop-headers", map[string]string{"headers": "one"}},
	"insert":      {"insert-header", map[string]string{"header": "h", "value.literal": "5"}},
	"copy":        {"header-from-value", map[string]string{"fields": "at", "headers": "h", "operation": "copy"}},
	"move":        {"header-from-value", map[string]string{"fields": "at", "headers": "h", "operation": "move"}},
	"move of map": {"header-from-key", map[string]string{"fields": "at", "headers": "h", "operation": "move"}},
}

func headerBatch() []*connect.Record {
	records := timeBatch()
	for _, r := range records {
		r.Headers = someHeaders()
	}
	return records
}

func TestHeaderAllocations(t *testing.T) {
	for name, tc := range headerTransforms {
		transform, refused := fresh(t, tc.class, tc.props, connect.SinkKind)
		if refused != "" {
			t.Fatal(refused)
		}
		var a connect.Arena
		var s connect.Selection
		records := headerBatch()
		old := copies(records)
		if n := testing.AllocsPerRun(20, func() { again(t, transform, &a, &s, records, old) }); n > 0 {
			t.Errorf("%s: %.0f allocations for %d records", name, n, len(records))
		}
	}
}

func BenchmarkHeaders(b *testing.B) {
	for name, tc := range headerTransforms {
		b.Run(name, func(b *testing.B) {
			p, _ := registry().Transform(tc.class)
			transform, err := p.New(tc.props, connect.SinkKind)
			if err != nil {
				b.Fatal(err)
			}
			var a connect.Arena
			var s connect.Selection
			records := headerBatch()
			old := copies(records)
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(records) {
				again(b, transform, &a, &s, records, old)
			}
		})
	}
}
