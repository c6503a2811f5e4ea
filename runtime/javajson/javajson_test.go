// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javajson

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestAppendString(t *testing.T) {
	for _, tc := range goldenStrings {
		if got := string(AppendString(nil, tc.in)); got != tc.want {
			t.Errorf("%q is written as %s, want %s", tc.in, got, tc.want)
		}
	}
	// No JVM has such strings.
	for in, want := range map[string]string{
		"a\xffb": "\"a\uFFFDb\"", "\xe4\xbd": "\"\uFFFD\uFFFD\"", "\xed\xa0\x80": "\"\uFFFD\uFFFD\uFFFD\"", "\xff\n": "\"\uFFFD\\n\"",
	} {
		if got := string(AppendString(nil, in)); got != want {
			t.Errorf("%q is written as %q, want %q", in, got, want)
		}
	}
}

func TestAppendDouble(t *testing.T) {
	for _, tc := range goldenDoubles {
		f := math.Float64frombits(uint64(tc.bits))
		if got := string(AppendDouble([]byte("x"), f)); got != "x"+tc.want {
			t.Errorf("%v is written as %s, want %s", f, got, tc.want)
		}
	}
	for f, want := range map[float64]string{math.Inf(1): `"Infinity"`, math.Inf(-1): `"-Infinity"`} {
		if got := string(AppendDouble(nil, f)); got != want {
			t.Errorf("%v is written as %s, want %s", f, got, want)
		}
	}
	if got := string(AppendDouble(nil, math.NaN())); got != `"NaN"` {
		t.Errorf("NaN is written as %s", got)
	}
}

func TestAppendFloat(t *testing.T) {
	for _, tc := range goldenFloats {
		f := math.Float32frombits(uint32(tc.bits))
		if got := string(AppendFloat(nil, f)); got != tc.want {
			t.Errorf("%v is written as %s, want %s", f, got, tc.want)
		}
	}
}

func TestHashMapOrder(t *testing.T) {
	for _, tc := range goldenMaps {
		m := map[string]any{}
		for _, k := range tc.keys {
			m[k] = len(utf16.Encode([]rune(k)))
		}
		got, err := AppendValue(nil, m)
		if err != nil || string(got) != tc.want {
			t.Errorf("%q is written as %s, %v; want %s", tc.keys, got, err, tc.want)
		}
	}
}

func TestAppendValue(t *testing.T) {
	for want, v := range map[string]any{
		`null`: nil, `true`: true, `-7`: -7, `8`: int32(8), `9223372036854775807`: int64(math.MaxInt64), `0.1`: 0.1, `1.5`: float32(1.5),
		`"a"`: "a", `"AQL/"`: []byte{1, 2, 255}, `["c",{"b":null,"a":[]}]`: []any{"c", map[string]any{"b": nil, "a": []any{}}},
	} {
		got, err := AppendValue(nil, v)
		if w := strings.ReplaceAll(want, `"b":null,"a":[]`, `"a":[],"b":null`); err != nil || string(got) != w {
			t.Errorf("%v is written as %s, %v; want %s", v, got, err, w)
		}
	}
	for _, v := range []any{struct{}{}, uint(1), []any{1, []string{"x"}}, map[string]any{"a": map[string]any{"b": 1i}}} {
		if got, err := AppendValue(nil, v); err == nil || !strings.Contains(err.Error(), "cannot stand in an offset") {
			t.Errorf("%v is written as %s, %v", v, got, err)
		}
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]any{
		`null`: nil, ` {"b":1,"a":[1.0,-2,true,"x"]} `: map[string]any{"b": int64(1), "a": []any{1.0, int64(-2), true, "x"}},
		`9223372036854775807`: int64(math.MaxInt64), `9223372036854775808`: 9.223372036854775808e18, `1e2`: 100.0, `-0`: int64(0),
		`"\ud83d\uDE00"`: "😀", `{"a":1,"a":2}`: map[string]any{"a": int64(2)},
	} {
		got, err := Decode([]byte(text))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s, %v (-want +got):\n%s", text, err, diff)
		}
	}
	for _, text := range []string{``, `{`, `{} {}`, `[1,]`, `1e999`, `nope`, "\"\x01\"", strings.Repeat("[", 100_000)} {
		if got, err := Decode([]byte(text)); err == nil {
			t.Errorf("%.20s reads as %v", text, got)
		}
	}
}

func TestCanonical(t *testing.T) {
	for name, same := range map[string][]string{
		"order":  {`["c",{"a":1,"b":{"x":null,"y":[]}}]`, `["c",{"b":{"y":[],"x":null},"a":1}]`, ` [ "c" , {"b":{"y":[],"x":null},"a":1} ]`},
		"number": {`{"a":1}`, `{"a":1.0}`, `{"a":1e0}`},
		"text":   {`"\u00e9"`, `"é"`},
	} {
		want := ""
		for _, text := range same {
			v, err := Decode([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			got := Canonical(v)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s: %s and %s", name, want, got)
			}
		}
	}
	seen := map[string]string{}
	for _, text := range []string{`{"a":1}`, `{"a":"1"}`, `{"a":1.5}`, `{"a":null}`, `{}`, `[]`, `{"a":true}`, `{"a":9007199254740993}`, `{"a":9007199254740992}`, `{"a":"\""}`} {
		v, err := Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		c := Canonical(v)
		if other, ok := seen[c]; ok {
			t.Errorf("%s and %s are both %s", text, other, c)
		}
		seen[c] = text
	}
}

func TestNothingIsAllocatedForScalars(t *testing.T) {
	dst := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() {
		dst = AppendString(dst[:0], "grüß \n \U0001F600")
		dst = AppendDouble(dst, 1234.5)
		dst = AppendDouble(dst, 1.2e300)
		dst = AppendFloat(dst, 1e20)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever the string, what is written is JSON, and reads as the same string.
func FuzzAppendString(f *testing.F) {
	for _, tc := range goldenStrings {
		f.Add(tc.in)
	}
	f.Add("\xff\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(s, ""); utf8.ValidString(s) && got != want {
			t.Errorf("%q came back as %q", s, got)
		}
	})
}

// Whatever the number, its text reads as the same number and has Java's shape.
func FuzzAppendDouble(f *testing.F) {
	for _, tc := range goldenDoubles {
		f.Add(uint64(tc.bits))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		d := math.Float64frombits(bits)
		if math.IsNaN(d) || math.IsInf(d, 0) {
			return
		}
		text := string(AppendDouble(nil, d))
		back, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Float64bits(back) != bits {
			t.Errorf("%v is written as %s, which reads as %v, %v", d, text, back, err)
		}
		a := math.Abs(d)
		if exp := strings.Contains(text, "E"); exp == (a == 0 || a >= 1e-3 && a < 1e7) || !strings.Contains(text, ".") {
			t.Errorf("%v is written as %s", d, text)
		}
	})
}

// Whatever can be read can be written, and reads as the same again.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`["c",{"filename":"/a"}]`, `{"position":12,"x":1.5e300,"y":null,"z":[true,""]}`, `1e400`, `{`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			return
		}
		text, err := AppendValue(nil, v)
		if err != nil {
			t.Fatalf("%s cannot be written: %v", data, err)
		}
		again, err := Decode(text)
		if diff := cmp.Diff(v, again); diff != "" || err != nil {
			t.Errorf("%s was written as %s, %v\n%s", data, text, err, diff)
		}
		if a, b := Canonical(v), Canonical(again); a != b {
			t.Errorf("%s and %s differ", a, b)
		}
	})
}
