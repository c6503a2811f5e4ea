// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package primitiveconv

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

func plugins() []connect.ConverterPlugin {
	return []connect.ConverterPlugin{Boolean(), Short(), Integer(), Long(), Float(), Double()}
}

func converter(tb testing.TB, p connect.ConverterPlugin) connect.Converter {
	tb.Helper()
	c, err := p.New(nil, false)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// examples are a value for each converter, and its bytes.
func examples() map[string]struct {
	value connect.Value
	data  string
} {
	return map[string]struct {
		value connect.Value
		data  string
	}{
		"boolean": {connect.BooleanValue(true), "\x01"},
		"short":   {connect.Int16Value(-2), "\xff\xfe"},
		"integer": {connect.Int32Value(258), "\x00\x00\x01\x02"},
		"long":    {connect.Int64Value(-1), strings.Repeat("\xff", 8)},
		"float":   {connect.Float32Value(1.5), "\x3f\xc0\x00\x00"},
		"double":  {connect.Float64Value(-2), "\xc0\x00\x00\x00\x00\x00\x00\x00"},
	}
}

func TestRoundTrips(t *testing.T) {
	for _, p := range plugins() {
		t.Run(p.Name, func(t *testing.T) {
			c, want := converter(t, p), examples()[p.Name]
			out, err := c.FromConnect([]byte(">"), "t", nil, want.value)
			if string(out) != ">"+want.data || err != nil {
				t.Errorf("written as %q, %v, want %q", out, err, want.data)
			}
			s, v, err := c.ToConnect(nil, "t", []byte(want.data))
			if err != nil || !v.Equal(want.value) || s == nil || s.Type != want.value.Type() || !s.Optional {
				t.Errorf("read as %v %v, %v", s, v, err)
			}
			if _, ok := c.(connect.TopicFree); !ok {
				t.Error("its bytes depend on the topic")
			}
			for _, side := range connect.EverySide() {
				if !p.Converts(side) {
					t.Errorf("it is not for %ss", side)
				}
			}
		})
	}
}

// What is read is written as the same bytes, and what cannot be read is an error
// that names the type.
func FuzzToConnect(f *testing.F) {
	for _, e := range examples() {
		f.Add([]byte(e.data))
	}
	f.Add([]byte{})
	f.Add([]byte{2})
	f.Add([]byte("\x7f\xa0\x00\x01"))
	f.Add([]byte("\x7f\xf4\x00\x00\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range plugins() {
			c := converter(t, p)
			s, v, err := c.ToConnect(nil, "t", data)
			if err != nil {
				if !strings.HasPrefix(err.Error(), "Failed to deserialize "+p.Name+": ") {
					t.Errorf("%q as %s: %v", data, p.Name, err)
				}
				continue
			}
			out, err := c.FromConnect([]byte{}, "t", s, v)
			if err != nil || !bytes.Equal(out, data) && !isNaN(v) { // Go may make a NaN a quiet one
				t.Errorf("%q as %s is written as %q, %v", data, p.Name, out, err)
			}
		}
	})
}

func isNaN(v connect.Value) bool {
	return (v.Type() == connect.Float32 || v.Type() == connect.Float64) && math.IsNaN(v.Float())
}

func TestAllocations(t *testing.T) {
	for _, p := range plugins() {
		c, want, buf := converter(t, p), examples()[p.Name], make([]byte, 0, 8)
		data := []byte(want.data)
		if n := testing.AllocsPerRun(100, func() {
			s, v, _ := c.ToConnect(nil, "t", data)
			if out, err := c.FromConnect(buf, "t", s, v); err != nil || len(out) != len(data) {
				t.Fatal(out, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a record", p.Name, n)
		}
	}
}

func BenchmarkConverters(b *testing.B) {
	for _, p := range plugins() {
		b.Run(p.Name, func(b *testing.B) {
			c, buf, data := converter(b, p), make([]byte, 0, 8), []byte(examples()[p.Name].data)
			b.ReportAllocs()
			for b.Loop() {
				s, v, _ := c.ToConnect(nil, "t", data)
				if out, err := c.FromConnect(buf, "t", s, v); err != nil || len(out) != len(data) {
					b.Fatal(out, err)
				}
			}
		})
	}
}
