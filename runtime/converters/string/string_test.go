// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package stringconv

import (
	"strings"
	"testing"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

func TestEncoding(t *testing.T) {
	tests := map[string]struct {
		value string
		ok    bool
	}{
		"as Java names it": {"UTF-8", true},
		"alias":            {"utf8", true},
		"Latin 1":          {"ISO-8859-1", true},
		"Latin 1, old":     {"8859_1", true},
		"UTF-16":           {"utf-16", true},
		"several bytes":    {"Shift_JIS", false},
		"nonsense":         {"UTF-9", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			props := map[string]string{"converter.encoding": tc.value}
			problems := Plugin().Check(props)
			_, err := Plugin().New(props, true)
			if tc.ok {
				if len(problems) != 0 || err != nil {
					t.Errorf("problems %v, error %v", problems, err)
				}
				return
			}
			if len(problems) != 1 || problems[0].Key != "converter.encoding" || !strings.Contains(problems[0].Message, tc.value+" is not supported; use one of UTF-8, UTF-16, UTF-16BE, UTF-16LE, US-ASCII, ISO-8859-1, ") {
				t.Errorf("problems %v", problems)
			}
			if err == nil || !strings.Contains(err.Error(), "converter.encoding: ") {
				t.Errorf("error %v", err)
			}
		})
	}
	if p := Plugin().Check(map[string]string{"converter.encoding": "${file:x}"}); len(p) != 0 {
		t.Errorf("a reference is refused: %v", p)
	}
}

func TestRoundTrip(t *testing.T) {
	data := []byte("text é 😀")
	s, v, err := Converter{}.ToConnect(nil, "t", data)
	if s != connect.OptionalStringSchema || err != nil || &v.Bytes()[0] != &data[0] {
		t.Errorf("got %v %v, %v, which does not refer to the message", s, v, err)
	}
	out, err := Converter{}.FromConnect([]byte(">"), "t", s, v)
	if string(out) != ">text é 😀" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
	out, err = Converter{}.FromConnect([]byte{}, "t", s, connect.Value{})
	if out != nil || err != nil {
		t.Errorf("null is written as %q, %v", out, err)
	}
	out, err = Converter{}.FromConnect([]byte{}, "t", s, connect.StringValue(""))
	if out == nil || len(out) != 0 || err != nil {
		t.Errorf("no text is written as %v, %v", out, err)
	}
}

// FuzzToConnect says that what is read is UTF-8, that UTF-8 is kept, and that
// nothing but wrong bytes is replaced.
func FuzzToConnect(f *testing.F) {
	for _, s := range []string{"", "a", "é", "\xff", "\xe2\x82", "\xed\xa0\x80", "\xf0\x9f\x98a", "a\xc3\xc3\xa9"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, v, err := Converter{}.ToConnect(new(connect.Arena), "t", data)
		if err != nil || !utf8.ValidString(v.Str()) {
			t.Fatalf("%q is read as %q, %v", data, v.Str(), err)
		}
		drop := func(r rune) rune {
			if r == utf8.RuneError {
				return -1
			}
			return r
		}
		if want := strings.Map(drop, string(data)); strings.Map(drop, v.Str()) != want {
			t.Fatalf("%q is read as %q", data, v.Str())
		}
	})
}

// encoded returns the converter of an encoding.
func encoded(t testing.TB, encoding string) connect.Converter {
	t.Helper()
	c, err := Plugin().New(map[string]string{"converter.encoding": encoding}, false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOtherEncodings(t *testing.T) {
	decimal := &connect.Schema{Type: connect.Array, Elem: connect.StringSchema}
	list := connect.ArrayValue([]connect.Value{connect.StringValue("é"), connect.StringValue("Ж")})
	for encoding, want := range map[string]string{
		"ISO-8859-1": "[\xe9, ?]", "windows-1251": "[?, \xc6]", "UTF-16": "\xfe\xff\x00[\x00\xe9\x00,\x00 \x04\x16\x00]", "IBM037": "\xba\x51\x6b\x40?\xbb",
	} {
		c := encoded(t, encoding)
		out, err := c.FromConnect([]byte(">"), "t", decimal, list)
		if string(out) != ">"+want || err != nil {
			t.Errorf("%s: %q, %v, want %q", encoding, out, err, ">"+want)
		}
		for _, data := range [][]byte{nil, {}} {
			_, v, err := c.ToConnect(new(connect.Arena), "t", data)
			if err != nil || v.IsNull() != (data == nil) || v.Len() != 0 {
				t.Errorf("%s: %v is read as %v, %v", encoding, data, v, err)
			}
			out, err := c.FromConnect([]byte{}, "t", connect.OptionalStringSchema, v)
			if (out == nil) != (data == nil) || len(out) != 0 || err != nil {
				t.Errorf("%s: %v comes back as %v, %v", encoding, data, out, err)
			}
		}
	}
}

// FuzzEncodings says that whatever is read is UTF-8, and is written as something that
// is read as the same.
func FuzzEncodings(f *testing.F) {
	f.Add([]byte("a\xff\x00\xd8\x00\xdc"), uint8(0))
	encodings := []string{"UTF-16", "UTF-16LE", "US-ASCII", "windows-1252", "IBM1047"}
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		c := encoded(t, encodings[int(which)%len(encodings)])
		s, v, err := c.ToConnect(new(connect.Arena), "t", data)
		if err != nil || !utf8.ValidString(v.Str()) {
			t.Fatalf("%q is read as %q, %v", data, v.Str(), err)
		}
		out, err := c.FromConnect([]byte{}, "t", s, v)
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := c.ToConnect(new(connect.Arena), "t", out)
		if want := strings.ReplaceAll(v.Str(), "\uFFFD", "?"); err != nil || strings.ReplaceAll(again.Str(), "\uFFFD", "?") != want && encodings[int(which)%len(encodings)] != "IBM1047" {
			t.Fatalf("%q comes back as %q, %v", v.Str(), again.Str(), err)
		}
	})
}

func TestAllocations(t *testing.T) {
	buf, data := make([]byte, 0, 64), []byte("text")
	a := new(connect.Arena)
	for _, encoding := range []string{"UTF-8", "ISO-8859-1", "UTF-16", "IBM1047"} {
		c := encoded(t, encoding)
		if n := testing.AllocsPerRun(100, func() {
			a.Reset()
			s, v, _ := c.ToConnect(a, "t", data)
			if _, err := c.FromConnect(buf, "t", s, v); err != nil {
				t.Fatal(err)
			}
			if _, err := c.FromConnect(buf, "t", connect.Int64Schema, connect.Int64Value(7)); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a record", encoding, n)
		}
	}
}
