// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javavalues

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// line is what Kafka Connect's Values makes of a text.
type line struct{ text, schema, value, back string }

// golden reads what hack/conformance/values has written. To write it again, there, with
// a JDK of at least 19, before which floats were written with more digits than needed:
//
//	mvn -q compile exec:java -Dexec.args=../../../runtime/javavalues/testdata/golden.tsv
func golden(t *testing.T) []line {
	t.Helper()
	f, err := os.Open("testdata/golden.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []line
	s := bufio.NewScanner(f)
	for s.Scan() {
		p := strings.Split(s.Text(), "\t")
		if len(p) != 4 {
			t.Fatalf("a line of %d parts: %s", len(p), s.Text())
		}
		lines = append(lines, line{unquote(t, p[0]), p[1], p[2], p[3]})
	}
	if s.Err() != nil || len(lines) < 5000 {
		t.Fatalf("%d lines, error %v", len(lines), s.Err())
	}
	return lines
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	s = strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
	var units []uint16
	for s != "" {
		if hex, ok := strings.CutPrefix(s, `\u`); ok {
			n, err := strconv.ParseUint(hex[:4], 16, 16)
			if err != nil {
				t.Fatal(err)
			}
			units, s = append(units, uint16(n)), hex[4:]
			continue
		}
		units, s = append(units, uint16(s[0])), s[1:]
	}
	return string(utf16.Decode(units))
}

func quoted(s string) string {
	var b strings.Builder
	for _, c := range utf16.Encode([]rune(s)) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteByte(byte(c))
		}
	}
	return `"` + b.String() + `"`
}

func describeSchema(s *connect.Schema) string {
	if s == nil {
		return "none"
	}
	name := map[connect.Type]string{connect.Float32: "FLOAT32", connect.Float64: "FLOAT64"}[s.Type]
	if name == "" {
		name = strings.ToUpper(s.Type.String())
	}
	if s.Name != "" {
		name = s.Name[strings.LastIndexByte(s.Name, '.')+1:]
	}
	if s.Optional {
		name += "?"
	}
	switch s.Type {
	case connect.Bytes:
		return fmt.Sprintf("%s(%d)", name, scaleOf(s))
	case connect.Array:
		return name + "[" + describeSchema(s.Elem) + "]"
	case connect.Map:
		return name + "[" + describeSchema(s.Key) + "," + describeSchema(s.Elem) + "]"
	default:
		return name
	}
}

func describe(s *connect.Schema, v connect.Value) string {
	if s == nil {
		s = noSchema
	}
	var parts []string
	switch v.Type() {
	case connect.Null:
		return "null"
	case connect.String:
		return quoted(v.Str())
	case connect.Float32:
		return "Float:" + strconv.FormatUint(uint64(math.Float32bits(float32(v.Float()))), 16)
	case connect.Float64:
		return "Double:" + strconv.FormatUint(math.Float64bits(v.Float()), 16)
	case connect.Boolean:
		return "Boolean:" + strconv.FormatBool(v.Bool())
	case connect.Bytes:
		return fmt.Sprintf("BigDecimal:%s/%d", javatext.AppendDecimal(nil, v.Bytes(), 0), scaleOf(s))
	case connect.Array:
		for _, i := range v.Items() {
			parts = append(parts, describe(s.Elem, i))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case connect.Map:
		for _, e := range v.Entries() {
			parts = append(parts, describe(s.Key, e.Key)+"="+describe(s.Elem, e.Value))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	switch s.Name {
	case connect.DateName:
		return fmt.Sprintf("Date:%d", v.Int()*millisPerDay)
	case connect.TimeName, connect.TimestampName:
		return fmt.Sprintf("Date:%d", v.Int())
	}
	name := map[connect.Type]string{connect.Int8: "Byte", connect.Int16: "Short", connect.Int32: "Integer", connect.Int64: "Long"}[v.Type()]
	return fmt.Sprintf("%s:%d", name, v.Int())
}

var (
	moments  = regexp.MustCompile(`Date:(-?\d+)`)
	decimals = regexp.MustCompile(`BigDecimal:(-?\d+)/(-?\d+)`)
)

// asTexts writes moments and decimals as the texts that they are without a schema.
func asTexts(s string) string {
	s = moments.ReplaceAllStringFunc(s, func(m string) string {
		n, _ := strconv.ParseInt(moments.FindStringSubmatch(m)[1], 10, 64)
		return quoted(string(AppendMoment(nil, n)))
	})
	return decimals.ReplaceAllStringFunc(s, func(m string) string {
		p := decimals.FindStringSubmatch(m)
		scale, _ := strconv.Atoi(p[2])
		d := decimal{digits: strings.TrimPrefix(p[1], "-"), negative: p[1][0] == '-'}
		return quoted(string(javatext.AppendDecimal(nil, twosComplement(d.unscaled()), scale)))
	})
}

// difference is where we mean to differ from Java.
type difference struct {
	why              string
	text, java, ours *regexp.Regexp
	used             int
}

func differ(why, text, java, ours string) *difference {
	return &difference{why, regexp.MustCompile(text), regexp.MustCompile(java), regexp.MustCompile(ours), 0}
}

func differences() []*difference {
	return []*difference{
		differ("the last of several arrays or maps says what is in all of them", `^[\[{].*[\[{]`, `(ARRAY|MAP)\[.*(ARRAY|MAP)`, `(ARRAY\[none\]|MAP\[none,none\])`),
		differ("decimals have a scale of their own each", `^\[1e400,1e401\]$`, `Decimal\(-401\)`, `ARRAY\[none\]`),
		differ("a date among times is one, and a time among dates", `^\[.*-\d\d[,"].*:\d\d\.|^\[.*:\d\d\..*-\d\d`, `ARRAY\[(Time|Date)\]`, `STRING`),
	}
}

func differs(known []*difference, text, java, ours string) bool {
	for _, d := range known {
		if d.text.MatchString(text) && d.java.MatchString(java) && d.ours.MatchString(ours) {
			d.used++
			return true
		}
	}
	return false
}

func TestGolden(t *testing.T) {
	known := differences()
	loosened := 0
	for _, l := range golden(t) {
		s, v, err := Parse(new(connect.Arena), l.text)
		if err != nil {
			t.Fatalf("%q: %v", l.text, err)
		}
		conforms(t, s, v)
		schema, value := describeSchema(s), describe(s, v)
		switch {
		case schema != l.schema:
			if !differs(known, l.text, l.schema, schema) {
				t.Errorf("%q:\nours %s %s\nJava %s %s", l.text, schema, value, l.schema, l.value)
			}
			continue
		case value != l.value:
			if loosened++; asTexts(value) != asTexts(l.value) && !differs(known, l.text, l.value, value) {
				t.Errorf("%q:\nours %s %s\nJava %s %s", l.text, schema, value, l.schema, l.value)
			}
			continue
		}
		if back := quoted(string(Append(nil, s, v))); back != l.back && l.back != "null" {
			t.Errorf("%q is written as %s, Java writes %s", l.text, back, l.back)
		}
	}
	if loosened == 0 {
		t.Error("nothing shows what becomes of moments without a schema")
	}
	for _, d := range known {
		if d.used == 0 {
			t.Errorf("nothing shows that in Java %s", d.why)
		}
	}
}

// conforms checks that a value is what its schema says; what trusts a schema may
// read memory by it.
func conforms(t *testing.T, s *connect.Schema, v connect.Value) {
	t.Helper()
	if s == nil {
		s = noSchema
	} else if v.Type() != s.Type {
		t.Fatalf("a %s has the schema of a %s", v.Type(), s.Type)
	}
	switch v.Type() {
	case connect.Array:
		for _, i := range v.Items() {
			conforms(t, s.Elem, i)
		}
	case connect.Map:
		for _, e := range v.Entries() {
			conforms(t, s.Key, e.Key)
			conforms(t, s.Elem, e.Value)
		}
	case connect.Bytes:
		if s.Name != connect.DecimalName {
			t.Fatal("bytes that are no decimal")
		}
	}
}

// FuzzParse says that what is found is what its schema says, and that ParseWhole
// makes a string of what Parse does not read to its end.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "a", `["a",1]`, `{"a":[null]}`, "1e400", "2020-01-01T12:34:56.789Z", `[[1],["x"]]`, "[1", `{1:2,1.0:3}`, "[2020-01-01,99999999999999999999]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(*connect.Arena, string) (*connect.Schema, connect.Value, error){Parse, ParseWhole} {
			s, v, err := parse(new(connect.Arena), text)
			if err != nil {
				continue
			}
			conforms(t, s, v)
			Append(nil, s, v)
			AppendWhole(nil, s, v)
		}
		a := new(connect.Arena)
		s, v, err := ParseWhole(a, text)
		if err != nil || s == nil || s.Type == connect.String && v.Str() != text && !isBlank(text) {
			if err == nil && s != nil {
				t.Fatalf("%q is the string %q", text, v.Str())
			}
		}
	})
}
