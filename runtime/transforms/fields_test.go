// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// fieldsFile holds what Kafka Connect's transforms of fields do. To write it again,
// in hack/conformance/transforms:
//
//	mvn -q compile exec:java -Dexec.mainClass=FieldGolden -Dexec.args=../../../runtime/transforms/testdata/fields.tsv.gz
const fieldsFile = "fields.tsv.gz"

// fieldCase is what Kafka Connect's own class makes of an input.
type fieldCase struct {
	class, config string
	schemas       bool
	in, java      string
}

func fieldCases(t *testing.T) []fieldCase {
	t.Helper()
	inputs := map[string][]string{"0": {"false", "null"}}
	for _, l := range goldenFile(t, fieldsFile, "in") {
		inputs[l[0]] = l[1:]
	}
	var out []fieldCase
	for _, l := range goldenFile(t, fieldsFile, "case") {
		in := inputs[l[2]]
		if len(in) != 2 {
			t.Fatalf("no input %s", l[2])
		}
		out = append(out, fieldCase{l[0], l[1], in[0] == "true", in[1], l[3]})
	}
	return out
}

// answer is ours to a case: a refused config, an error of the transform, an error
// of the converter, or what is written.
func (c fieldCase) answer(t *testing.T) string {
	t.Helper()
	transform, refused := fresh(t, c.class, config(t, c.config), connect.SinkKind)
	if refused != "" {
		return refused
	}
	var a connect.Arena
	conv := jsonConverter(t, c.schemas)
	r := recordAt(t, "topic", "3", "42", "1700000000123")
	in, out := &r.Value, &r.Value
	if strings.HasSuffix(c.class, "$Key") {
		in, out = &r.Key, &r.Key
	}
	if c.class == "ValueToKey" {
		out = &r.Key
	}
	in.SetRaw([]byte(c.in), &connect.Codec{Converter: conv, Topic: "topic", Arena: &a})
	if _, _, err := in.Get(); err != nil {
		t.Fatalf("%s: %v", c.in, err)
	}
	if err := apply(transform, &a, r); err != nil {
		return "error:" + err.Error()
	}
	s, v, err := out.Get()
	if err != nil {
		t.Fatal(err)
	}
	b, err := conv.FromConnect([]byte{}, "topic", s, v)
	switch {
	case err != nil:
		return "unwritable:" + err.Error()
	case b == nil:
		return "null!"
	default:
		return string(b)
	}
}

// agrees reports whether our answer is what Java gives: an error has its text, and
// maps without schema may have another order.
func (c fieldCase) agrees(t *testing.T, got string) bool {
	t.Helper()
	for _, kind := range []string{"config error", "error:", "unwritable:"} {
		if text, ok := strings.CutPrefix(c.java, kind); ok {
			return strings.HasPrefix(got, kind) && strings.Contains(got, text)
		}
	}
	return got == c.java || !c.schemas && sameObject(t, got, c.java)
}

// meant are the differences that we mean; see docs/compatibility.md.
var meant = map[string]func(c fieldCase, got string) bool{
	"an empty item of a list is left out": func(c fieldCase, _ string) bool {
		return c.java == "config error" && regexp.MustCompile(`,,|,"`).MatchString(c.config)
	},
	"an empty schema name, and version 0, cannot be told from none": func(c fieldCase, got string) bool {
		return strings.Contains(c.config, `"schema.name":""`) && strings.HasPrefix(got, "config error: schema.name: is empty") ||
			strings.Contains(c.config, `"schema.version":"0"`) && strings.HasPrefix(got, "config error: schema.version: is 0")
	},
	"a field without a name is refused before there is a record": func(c fieldCase, got string) bool {
		return strings.HasPrefix(c.class, "InsertField") && strings.HasPrefix(got, "config error: topic.field: names no field")
	},
	"of two fields with the same new name the one that is there counts": func(c fieldCase, got string) bool {
		return strings.Contains(c.config, `"renames":"a:x,b:x"`) && (c.java == "error:b is not a valid field name" || strings.Contains(got, `"x":1`) && strings.Contains(c.java, `"x":"x"`))
	},
	"the schema of what is no Struct gets a name, too": func(c fieldCase, _ string) bool {
		return strings.HasPrefix(c.class, "SetSchema") && c.java == "error:Cannot list fields on non-struct type"
	},
	"a Struct may be called Timestamp": func(c fieldCase, _ string) bool {
		return strings.HasPrefix(c.class, "SetSchema") && strings.HasSuffix(c.java, "but was class org.apache.kafka.connect.data.Struct")
	},
	"a whole value that is cast is of a logical type no longer": func(c fieldCase, got string) bool {
		return strings.HasPrefix(c.class, "Cast") && strings.Contains(c.in, `"name":"org.apache.kafka.connect.data.`) && !strings.Contains(got, "org.apache") &&
			(strings.HasPrefix(c.java, "unwritable:Invalid type for ") || c.java == "error:Invalid default value")
	},
	"a Decimal is masked at its own scale": func(c fieldCase, got string) bool {
		return strings.HasPrefix(c.class, "MaskField") && strings.HasPrefix(c.java, "unwritable:Decimal value has mismatching scale") &&
			(strings.Contains(got, "payload") || got == "error:"+strings.TrimPrefix(c.java, "unwritable:"))
	},
	"a day before 1970 is not lost": func(c fieldCase, got string) bool {
		java := regexp.MustCompile(`"f":"([\d:.]*Z)"`).FindStringSubmatch(c.java)
		return java != nil && strings.Contains(c.in, `"payload":{"f":-`) &&
			regexp.MustCompile(`"f":"19\d\d-\d\d-\d\d(T`+regexp.QuoteMeta(java[1])+`)?"`).MatchString(got)
	},
	"floats are written with as few digits as tell them apart": func(c fieldCase, got string) bool {
		return sameFloats(c.java, got)
	},
}

var floatText = regexp.MustCompile(`-?\d+\.\d+(E-?\d+)?`)

// sameFloats reports whether texts differ in the digits of floats only, for which
// Java has taken some that it need not since JDK 19.
func sameFloats(a, b string) bool {
	floats, others := floatText.FindAllString(a, -1), floatText.FindAllString(b, -1)
	if len(floats) != len(others) || floatText.ReplaceAllString(a, "") != floatText.ReplaceAllString(b, "") {
		return false
	}
	for i := range floats {
		bits := 64
		if digits, _, _ := strings.Cut(floats[i], "E"); len(digits) <= len("-1.23456789") {
			bits = 32
		}
		f, err := strconv.ParseFloat(floats[i], bits)
		g, gerr := strconv.ParseFloat(others[i], bits)
		if err != nil || gerr != nil || f != g {
			return false
		}
	}
	return true
}

func TestGoldenFieldTransforms(t *testing.T) {
	cases := fieldCases(t)
	seen := map[string]int{}
cases:
	for _, c := range cases {
		got := c.answer(t)
		if c.agrees(t, got) {
			continue
		}
		for why, is := range meant {
			if is(c, got) {
				seen[why]++
				continue cases
			}
		}
		t.Errorf("%s %s %s\nours %s\nJava %s", c.class, c.config, c.in, got, c.java)
	}
	if len(cases) < 10_000 || len(seen) != len(meant) {
		t.Errorf("%d cases, differences %v", len(cases), seen)
	}
}

// Floats of which some have no text in JSON.
func TestGoldenFloatCasts(t *testing.T) {
	for _, l := range goldenFile(t, fieldsFile, "cast") {
		f, err := strconv.ParseFloat(l[1], 64)
		v := connect.Float64Value(f)
		if l[0] == "float" {
			f, err = strconv.ParseFloat(l[1], 32)
			v = connect.Float32Value(float32(f))
		}
		if err != nil && f == 0 {
			t.Fatal(err)
		}
		transform, refused := fresh(t, "Cast$Value", map[string]string{"spec": l[2]}, connect.SinkKind)
		if refused != "" {
			t.Fatal(refused)
		}
		r := new(connect.Record)
		r.Value.Set(nil, v)
		if err := apply(transform, new(connect.Arena), r); err != nil {
			t.Fatal(err)
		}
		_, v, _ = r.Value.Get()
		if got := string(javatext.AppendText(nil, nil, v)); got != l[3] && !sameFloats(got, l[3]) {
			t.Errorf("%s %s to %s: ours %s, Java %s", l[0], l[1], l[2], got, l[3])
		}
	}
}
