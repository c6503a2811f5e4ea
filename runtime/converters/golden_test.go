// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package converters_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/javatext"
)

// golden returns the lines of one kind of what Kafka Connect's own converters
// do. To write the file again, in hack/conformance/json:
//
//	mvn -q compile exec:java -Dexec.args=../../../runtime/converters/json/testdata/golden.tsv
func golden(t *testing.T, kind string) [][]string {
	t.Helper()
	f, err := os.Open("json/testdata/golden.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines [][]string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if parts := strings.Split(s.Text(), "\t"); parts[0] == kind {
			lines = append(lines, parts[1:])
		}
	}
	if s.Err() != nil || len(lines) == 0 {
		t.Fatalf("%d lines of kind %s, error %v", len(lines), kind, s.Err())
	}
	return lines
}

func converter(t *testing.T, name string, props map[string]string) connect.Converter {
	t.Helper()
	for _, p := range converters.All() {
		if p.Name == name {
			c, err := p.New(props, false)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
	}
	t.Fatalf("no converter %s", name)
	return nil
}

// jsonConverter takes the config as the golden file writes it.
func jsonConverter(t *testing.T, config string) connect.Converter {
	t.Helper()
	c := strings.Split(config, ",")
	return converter(t, "json", map[string]string{
		"schemas.enable": c[0], "decimal.format": c[1], "replace.null.with.default": c[2],
	})
}

func unshow(t *testing.T, s string) []byte {
	t.Helper()
	h, ok := strings.CutPrefix(s, "hex:")
	if !ok {
		return []byte(s)
	}
	return unhex(t, h)
}

func unhex(t *testing.T, h string) []byte {
	t.Helper()
	b, err := hex.DecodeString(h)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func show(b []byte, err error) string {
	if err != nil {
		return "error:" + err.Error()
	}
	if b == nil {
		return "null!"
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return "hex:" + hex.EncodeToString(b)
		}
	}
	return string(b)
}

// same compares our output with Java's, whose error text ours must contain.
func same(ours, java string) bool {
	e, ok := strings.CutPrefix(java, "error:")
	e, _, _ = strings.Cut(e, ": class ") // what follows is Java's
	switch {
	case !ok:
		return ours == java
	case e == "syntax":
		return strings.Contains(ours, "Converting byte[] to Kafka Connect data failed due to serialization error: ") ||
			strings.Contains(ours, "JSON nests deeper than 1000 levels")
	default:
		return strings.HasPrefix(ours, "error:") && strings.Contains(ours, e)
	}
}

func write(c connect.Converter, s *connect.Schema, v connect.Value) string {
	return show(c.FromConnect([]byte{}, "t", s, v))
}

func TestGoldenNumbers(t *testing.T) {
	c := jsonConverter(t, "false,BASE64,true")
	for _, l := range golden(t, "double") {
		bits, err := strconv.ParseUint(l[1], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := write(c, nil, float64Value(bits)); got != l[2] {
			t.Errorf("double %s is %s, Java writes %s", l[1], got, l[2])
		}
	}
	for _, l := range golden(t, "float") {
		bits, err := strconv.ParseUint(l[1], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		if got := write(c, nil, float32Value(uint32(bits))); got != l[2] {
			t.Errorf("float %s is %s, Java writes %s", l[1], got, l[2])
		}
	}
}

func TestGoldenStrings(t *testing.T) {
	c := jsonConverter(t, "false,BASE64,true")
	for _, l := range golden(t, "string") {
		if got := write(c, nil, connect.StringOf(unhex(t, l[1]))); got != l[2] {
			t.Errorf("string %s is %s, Java writes %s", l[1], got, l[2])
		}
	}
}

func TestGoldenDecimals(t *testing.T) {
	numeric, base64 := jsonConverter(t, "false,NUMERIC,true"), jsonConverter(t, "false,BASE64,true")
	for _, l := range golden(t, "decimal") {
		s := decimalSchema(l[0])
		v := connect.BytesValue(unhex(t, l[1]))
		got := []string{write(numeric, s, v), write(base64, s, v), string(javatext.AppendText(nil, s, v))}
		if !slices.Equal(got, l[2:]) {
			t.Errorf("%s at scale %s is %q, Java writes %q", l[1], l[0], got, l[2:])
		}
		// A number as it was written is read without loss; so is one with more zeros.
		_, back, err := readAs(t, s, got[0])
		if err != nil || !back.Equal(v) {
			t.Errorf("%s at scale %s is read as %s, %v", got[0], l[0], describe(s, back), err)
		}
	}
}

// readAs reads JSON by a schema.
func readAs(t *testing.T, s *connect.Schema, payload string) (*connect.Schema, connect.Value, error) {
	t.Helper()
	c := jsonConverter(t, "true,BASE64,true")
	scale, _ := s.Parameter(connect.ScaleParameter)
	text := fmt.Sprintf(`{"schema":{"type":"bytes","name":%q,"version":1,"parameters":{"scale":%q}},"payload":%s}`, s.Name, scale, payload)
	return c.ToConnect(new(connect.Arena), "t", []byte(text))
}

func TestGoldenWrites(t *testing.T) {
	cases, known := writeCases(), writeDifferences()
	done := map[string]bool{}
	for _, l := range golden(t, "write") {
		tc, ok := cases[l[1]]
		if !ok {
			t.Fatalf("no case %q", l[1])
		}
		done[l[1]] = true
		if got := write(jsonConverter(t, l[0]), tc.schema, tc.value); !same(got, l[2]) && !differs(known, l[1], l[2], got) {
			t.Errorf("%s with %s:\nours %s\nJava %s", l[1], l[0], got, l[2])
		}
	}
	if len(done) != len(cases) {
		t.Errorf("%d of %d cases are in the golden file", len(done), len(cases))
	}
	unused(t, known)
}

func TestGoldenTexts(t *testing.T) {
	cases, c := writeCases(), converter(t, "string", nil)
	for _, l := range golden(t, "text") {
		tc := cases[l[1]]
		if got := write(c, tc.schema, tc.value); got != l[2] {
			t.Errorf("%s: ours %s, Java %s", l[1], got, l[2])
		}
	}
	for _, l := range golden(t, "textread") {
		s, v, err := c.ToConnect(new(connect.Arena), "t", unhex(t, l[1]))
		if got := hex.EncodeToString(v.Bytes()); s != connect.OptionalStringSchema || err != nil || got != l[2] {
			t.Errorf("%s is read as %s, Java reads %s", l[1], got, l[2])
		}
	}
}

func TestGoldenBytes(t *testing.T) {
	cases, c := writeCases(), converter(t, "bytes", nil)
	for _, l := range golden(t, "bytes") {
		tc := cases[l[1]]
		java, isError := strings.CutPrefix(l[2], "error:")
		got := write(c, tc.schema, tc.value)
		switch {
		case isError && strings.HasPrefix(java, "ByteArrayConverter is not compatible"): // goes on with a Java class
			if !strings.HasPrefix(got, "error:ByteArrayConverter is not compatible") {
				t.Errorf("%s: ours %s, Java %s", l[1], got, l[2])
			}
		case isError:
			if !strings.HasPrefix(strings.ToUpper(got), strings.ToUpper(l[2])) && tc.schema.Type != connect.Float32 && tc.schema.Type != connect.Float64 {
				t.Errorf("%s: ours %s, Java %s", l[1], got, l[2])
			}
		case got != l[2]:
			t.Errorf("%s: ours %s, Java %s", l[1], got, l[2])
		}
	}
}

func TestGoldenReads(t *testing.T) {
	known := differences()
	for _, l := range golden(t, "read") {
		s, v, err := jsonConverter(t, l[0]).ToConnect(new(connect.Arena), "t", unshow(t, l[1]))
		got := "error:"
		if err != nil {
			got += err.Error()
		} else {
			got = describeSchema(s) + "\t" + describe(s, v)
		}
		java := strings.Join(l[2:], "\t")
		if !same(got, java) && !differs(known, l[1], java, got) {
			t.Errorf("%s with %s:\nours %s\nJava %s", l[1], l[0], got, java)
		}
	}
	unused(t, known)
}

func TestGoldenRewrites(t *testing.T) {
	text := converter(t, "string", nil)
	rewrites, compared := rewriteDifferences(), 0
	check := func(l []string, to connect.Converter, from string) {
		s, v, err := jsonConverter(t, from).ToConnect(new(connect.Arena), "t", unshow(t, l[1]))
		if err != nil {
			return // TestGoldenReads tells whether it may be
		}
		if got := write(to, s, v); !same(got, l[2]) && !differs(rewrites, l[1], l[2], got) {
			t.Errorf("%s with %s:\nours %s\nJava %s", l[1], l[0], got, l[2])
		}
		compared++
	}
	for _, l := range golden(t, "rewrite") {
		from, to, _ := strings.Cut(l[0], ">")
		check(l, jsonConverter(t, to), from)
	}
	for _, l := range golden(t, "retext") {
		check(l, text, l[0])
	}
	if compared < 800 {
		t.Errorf("only %d were compared", compared)
	}
	unused(t, rewrites)
}
