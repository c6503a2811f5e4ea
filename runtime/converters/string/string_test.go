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
		"Latin 1":          {"ISO-8859-1", false},
		"UTF-16":           {"UTF-16", false},
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
			if len(problems) != 1 || problems[0].Key != "converter.encoding" || !strings.Contains(problems[0].Message, tc.value+" is not supported; leave the key out or set it to UTF-8") {
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

func TestAllocations(t *testing.T) {
	buf, data := make([]byte, 0, 64), []byte("text")
	if n := testing.AllocsPerRun(100, func() {
		s, v, _ := Converter{}.ToConnect(nil, "t", data)
		if out, err := (Converter{}).FromConnect(buf, "t", s, v); err != nil || len(out) != 4 {
			t.Fatal(out, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}
