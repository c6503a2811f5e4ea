// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

// FuzzDecode reads any data with any schema: it must end, need no more memory than the
// data warrants, and what is read must be valid and be read again from what is written
// of it.
func FuzzDecode(f *testing.F) {
	for _, row := range rows(f, "golden.tsv", 3) {
		f.Add(row[1], fromHex(f, row[2]))
	}
	f.Add(`{"type":"array","items":"null"}`, []byte{0xFE, 0xFF, 0xFF, 0xFF, 0x0F})
	f.Add(`{"type":"array","items":"null"}`, []byte{0x80, 0x80, 0x20, 0})
	f.Add(`{"type":"map","values":"string"}`, []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 2})
	f.Add(`"string"`, []byte{4, 0xC3, 0x28})
	f.Add(`{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]}`, bytes.Repeat([]byte{2}, 5000))
	r := defaultRules(f)
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		s, err := newParser().parse(text)
		if err != nil || len(text) > 10_000 {
			return
		}
		c, err := r.toSchema(s, 0)
		if err != nil {
			return
		}
		n, err := r.reader(s, c)
		if err != nil {
			return
		}
		d := decoder{a: new(connect.Arena), data: data, empty: maxEmpty, useDefaults: true}
		v, err := d.value(n, 0)
		if err != nil {
			if len(err.Error()) > 2000+len(text) {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		if !validTexts(v) {
			t.Errorf("a text is no UTF-8: %s", show(v))
		}
		w, err := r.writer(c, s)
		if err != nil {
			t.Fatal(err)
		}
		out, err := encoder{useDefaults: true}.value([]byte{}, w, v, 0)
		if err != nil {
			t.Fatalf("%s is read of %s, and not written: %v", show(v), text, err)
		}
		d = decoder{a: new(connect.Arena), data: out, empty: maxEmpty, useDefaults: true}
		if again, err := d.value(n, 0); err != nil || !again.Equal(v) || d.pos != len(out) {
			t.Errorf("%s of %s is written, and read as %s, %v", show(v), text, show(again), err)
		}
	})
}

func validTexts(v connect.Value) bool {
	switch v.Type() {
	case connect.String:
		return utf8.Valid(v.Bytes())
	case connect.Array, connect.Struct:
		return all(v.Items(), validTexts)
	case connect.Map:
		return all(v.Entries(), func(e connect.Entry) bool { return validTexts(e.Key) && validTexts(e.Value) })
	default:
		return true
	}
}

func FuzzParse(f *testing.F) {
	for _, row := range rows(f, "cases.tsv", 3) {
		f.Add(row[1])
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := newParser().parse(text)
		if err != nil {
			return
		}
		printed, err := s.print()
		if err != nil {
			t.Fatalf("%s is parsed and not printed: %v", text, err)
		}
		again, err := newParser().parse(printed)
		if err != nil || !again.equal(s) {
			t.Errorf("%s is printed as %s and parsed as something else, %v", text, printed, err)
		}
	})
}

func TestDecodeErrors(t *testing.T) {
	r := defaultRules(t)
	for name, tc := range map[string]struct {
		schema string
		data   []byte
		want   string
	}{
		"nothing":             {`"int"`, nil, "ends within"},
		"long number":         {`"long"`, bytes.Repeat([]byte{0xFF}, 11), "more than ten bytes"},
		"no int":              {`"int"`, []byte{0x80, 0x80, 0x80, 0x80, 0x10}, "does not fit in 32 bits"},
		"no int8":             {`{"type":"int","connect.type":"int8"}`, []byte{0x80, 0x02}, "does not fit in 8 bits"},
		"negative length":     {`"string"`, []byte{1}, "negative"},
		"huge length":         {`"string"`, []byte{0xFE, 0xFF, 0xFF, 0xFF, 0x0F}, "ends within"},
		"huge array":          {`{"type":"array","items":"int"}`, []byte{0xFE, 0xFF, 0xFF, 0xFF, 0x0F}, "ends within"},
		"huge array of null":  {`{"type":"array","items":{"type":"record","name":"R","fields":[]}}`, []byte{0xFE, 0xFF, 0xFF, 0xFF, 0x0F}, "without bytes"},
		"branch":              {`["null","int"]`, []byte{4}, "no branch 2"},
		"branch of three":     {`["null","int","string"]`, []byte{6}, "no branch 3"},
		"branch of one":       {`["int"]`, []byte{2}, "no branch 1"},
		"symbol":              {`{"type":"enum","name":"E","symbols":["A"]}`, []byte{2}, "no symbol 1"},
		"fixed":               {`{"type":"fixed","name":"F","size":4}`, []byte{1}, "ends within"},
		"time":                {`{"type":"int","logicalType":"time-millis"}`, []byte{1}, "the time -1"},
		"empty decimal":       {`{"type":"bytes","logicalType":"decimal","precision":4}`, []byte{0}, "no bytes"},
		"place":               {`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":{"type":"map","values":"int"}}}]}`, []byte{2, 2, 2, 'k'}, "field a[]{}: the data ends"},
		"deep":                {`{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]}`, bytes.Repeat([]byte{2}, 5000), "nests deeper than 1000"},
		"deep arrays":         {`{"type":"record","name":"N","fields":[{"name":"n","type":{"type":"array","items":"N"}}]}`, bytes.Repeat([]byte{2}, 5000), "nests deeper than 1000"},
		"size of a block":     {`{"type":"array","items":"int"}`, []byte{1}, "ends within"},
		"least of all counts": {`{"type":"array","items":"int"}`, []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 2}, "ends within"},
	} {
		s := mustParse(t, tc.schema)
		c, err := r.toSchema(s, 0)
		if err != nil {
			t.Fatal(err)
		}
		n, err := r.reader(s, c)
		if err != nil {
			t.Fatal(err)
		}
		d := decoder{a: new(connect.Arena), data: tc.data, empty: maxEmpty}
		if v, err := d.value(n, 0); err == nil || !strings.Contains(err.Error(), tc.want) || len(err.Error()) > 500 {
			t.Errorf("%s: %s, error %v", name, show(v), err)
		}
	}
}

func TestDecodeWhatOthersWrite(t *testing.T) {
	r := defaultRules(t)
	for name, tc := range map[string]struct {
		schema string
		data   []byte
		want   string
	}{
		"two blocks":         {`{"type":"array","items":"int"}`, []byte{2, 2, 4, 4, 6, 0}, "[1 2 3]"},
		"a block with size":  {`{"type":"array","items":"int"}`, []byte{3, 4, 2, 4, 0}, "[1 2]"},
		"a key twice":        {`{"type":"map","values":"int"}`, []byte{4, 2, 'a', 2, 2, 'b', 4, 2, 2, 'a', 6, 0}, `{"a":3 "b":2}`},
		"no UTF-8":           {`"string"`, []byte{8, 'a', 0xFF, 0xFF, 'b'}, "\"a\uFFFD\uFFFDb\""},
		"a long zero":        {`"int"`, []byte{0x80, 0x00}, "0"},
		"arrays in an array": {`{"type":"array","items":{"type":"array","items":"int"}}`, []byte{2, 2, 2, 0, 4, 0, 2, 4, 0, 0}, "[[1] [] [2]]"},
	} {
		s := mustParse(t, tc.schema)
		c, err := r.toSchema(s, 0)
		if err != nil {
			t.Fatal(err)
		}
		n, err := r.reader(s, c)
		if err != nil {
			t.Fatal(err)
		}
		d := decoder{a: new(connect.Arena), data: tc.data, empty: maxEmpty}
		if v, err := d.value(n, 0); err != nil || show(v) != tc.want {
			t.Errorf("%s: %s, error %v", name, show(v), err)
		}
	}
}
