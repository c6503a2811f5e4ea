// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

// seeds adds the inputs of the golden file.
func seeds(f *testing.F) {
	f.Helper()
	file, err := os.Open("testdata/golden.tsv")
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	for s := bufio.NewScanner(file); s.Scan(); {
		parts := strings.Split(s.Text(), "\t")
		if parts[0] != "read" || len(parts[2]) > 1500 {
			continue
		}
		data := []byte(parts[2])
		if h, ok := strings.CutPrefix(parts[2], "hex:"); ok {
			if data, err = hex.DecodeString(h); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(data)
	}
}

// limited are errors of JSON that encoding/json takes.
var limited = regexp.MustCompile(`does not fit INT64|nests deeper than 1000|more than 1000 characters|not valid UTF-8`)

// lenient finds what we take and encoding/json does not: leading zeros and a
// byte order mark.
var lenient = regexp.MustCompile("(^|[^0-9.eE+])-?0[0-9]|[eE]-0[0-9]|^\xEF\xBB\xBF")

func FuzzSchemaless(f *testing.F) {
	seeds(f)
	c := newConverter(f, schemaless)
	f.Fuzz(func(t *testing.T, data []byte) {
		var a connect.Arena
		_, v, err := c.ToConnect(&a, "t", append(make([]byte, 0, len(data)), data...))
		valid := json.Valid(data)
		switch {
		case len(bytes.Trim(data, " \t\r\n")) == 0:
			if err != nil || !v.IsNull() {
				t.Fatalf("nothing is read as %v, %v", v, err)
			}
			return
		case err != nil:
			if valid && !limited.MatchString(err.Error()) {
				t.Fatalf("%q is valid, but %v", data, err)
			}
			return
		case !valid && !lenient.Match(data):
			t.Fatalf("%q is not valid, but read as %v", data, v)
		case !utf8.Valid(data):
			t.Fatalf("%q is not UTF-8, but read as %v", data, v)
		}
		if valid {
			d := json.NewDecoder(bytes.NewReader(data))
			d.UseNumber()
			var want any
			if err := d.Decode(&want); err != nil {
				t.Fatal(err)
			}
			if !equal(v, want) {
				t.Fatalf("%q is read as %v, want %v", data, v, want)
			}
		}
		rewrite(t, c, nil, v)
	})
}

func equal(v connect.Value, want any) bool {
	switch w := want.(type) {
	case nil:
		return v.IsNull()
	case bool:
		return v.Type() == connect.Boolean && v.Bool() == w
	case string:
		return v.Type() == connect.String && v.Str() == w
	case json.Number:
		if i, err := strconv.ParseInt(w.String(), 10, 64); err == nil {
			return v.Equal(connect.Int64Value(i))
		}
		f, _ := strconv.ParseFloat(w.String(), 64)
		return v.Equal(connect.Float64Value(f))
	case []any:
		if v.Type() != connect.Array || v.Len() != len(w) {
			return false
		}
		for i, item := range v.Items() {
			if !equal(item, w[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		if v.Type() != connect.Map || v.Len() != len(w) {
			return false
		}
		for _, e := range v.Entries() {
			if member, ok := w[e.Key.Str()]; !ok || !equal(e.Value, member) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// rewrite writes the value and says that what is read from that is written the
// same; infinity without a schema comes back as text.
func rewrite(t *testing.T, c *Converter, s *connect.Schema, v connect.Value) {
	t.Helper()
	out, err := c.FromConnect([]byte{}, "t", s, v)
	if err != nil {
		t.Fatalf("writing: %v", err)
	}
	if out == nil {
		return
	}
	if !json.Valid(out) {
		t.Fatalf("wrote %q, which is not valid", out)
	}
	s2, v2, err := c.ToConnect(new(connect.Arena), "t", bytes.Clone(out))
	if err != nil {
		t.Fatalf("reading back %q: %v", out, err)
	}
	if s == nil && !v2.Equal(v) && !bytes.Contains(out, []byte("Infinity")) {
		t.Fatalf("read back %v, want %v", v2, v)
	}
	again, err := c.FromConnect([]byte{}, "t", s2, v2)
	if err != nil || !bytes.Equal(again, out) {
		t.Fatalf("wrote %q, then %q, %v", out, again, err)
	}
}

func FuzzEnvelope(f *testing.F) {
	seeds(f)
	base64 := newConverter(f, nil)
	numeric := newConverter(f, func(c *Config) { c.DecimalFormat, c.ReplaceNullWithDefault, c.SchemasCacheSize = "NUMERIC", false, 2 })
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range []*Converter{base64, numeric} {
			s, v, err := c.ToConnect(new(connect.Arena), "t", data)
			if err != nil {
				continue
			}
			if !json.Valid(data) && !lenient.Match(data) {
				t.Fatalf("%q is not valid, but read", data)
			}
			s2, v2, err := c.ToConnect(new(connect.Arena), "t", data)
			if err != nil || !v2.Equal(v) || s2 != s && c == base64 {
				t.Fatalf("the second time %q is read as %v %v, %v, not as %v %v", data, s2, v2, err, s, v)
			}
			if !hugeDecimal(s) {
				rewrite(t, c, s, v)
			}
		}
	})
}

// hugeDecimal reports whether a scale makes numbers longer than can be read.
func hugeDecimal(s *connect.Schema) bool {
	if s == nil {
		return false
	}
	if text, ok := s.Parameter(connect.ScaleParameter); ok {
		if n, err := strconv.Atoi(text); err != nil || math.Abs(float64(n)) > 100 {
			return true
		}
	}
	for _, f := range s.Fields {
		if hugeDecimal(f.Schema) {
			return true
		}
	}
	return hugeDecimal(s.Key) || hugeDecimal(s.Elem)
}
