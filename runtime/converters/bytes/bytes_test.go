// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package bytesconv

import (
	"testing"

	"penstock.dev/runtime/connect"
)

func TestFromConnect(t *testing.T) {
	decimal := &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName}
	data := connect.BytesValue([]byte{0, 0xff})
	tests := map[string]struct {
		schema *connect.Schema
		value  connect.Value
		want   string
		err    string
	}{
		"schema":       {connect.BytesSchema, data, ">\x00\xff", ""},
		"no schema":    {nil, data, ">\x00\xff", ""},
		"empty":        {connect.OptionalBytesSchema, connect.BytesValue(nil), ">", ""},
		"text":         {nil, connect.StringValue("x"), "", "ByteArrayConverter is not compatible with objects of type string; " + advice},
		"other schema": {connect.StringSchema, connect.StringValue("x"), "", "Invalid schema type for ByteArrayConverter: string; " + advice},
		"other null":   {connect.OptionalStringSchema, connect.Value{}, "", "Invalid schema type for ByteArrayConverter: string; " + advice},
		"wrong value":  {connect.BytesSchema, connect.Int32Value(1), "", "ByteArrayConverter is not compatible with objects of type int32; " + advice},
		"decimal":      {decimal, data, "", "ByteArrayConverter is not compatible with decimals; " + advice},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := Converter{}.FromConnect([]byte(">"), "t", tc.schema, tc.value)
			switch {
			case tc.err != "" && (err == nil || err.Error() != tc.err):
				t.Errorf("error %v, want %s", err, tc.err)
			case tc.err == "" && (err != nil || string(out) != tc.want):
				t.Errorf("got %q, %v, want %q", out, err, tc.want)
			}
		})
	}
	if out, err := (Converter{}).FromConnect([]byte{}, "t", connect.BytesSchema, connect.Value{}); out != nil || err != nil {
		t.Errorf("null is written as %q, %v", out, err)
	}
}

func TestToConnect(t *testing.T) {
	data := []byte{1, 2}
	s, v, err := Converter{}.ToConnect(nil, "t", data)
	if s != connect.OptionalBytesSchema || v.Type() != connect.Bytes || err != nil || &v.Bytes()[0] != &data[0] {
		t.Errorf("got %v %v, %v, which does not refer to the message", s, v, err)
	}
	s, v, err = Converter{}.ToConnect(nil, "t", nil)
	if s != connect.OptionalBytesSchema || !v.IsNull() || err != nil {
		t.Errorf("null is read as %v %v, %v", s, v, err)
	}
	_, v, err = Converter{}.ToConnect(nil, "t", []byte{})
	if v.Type() != connect.Bytes || v.Len() != 0 || err != nil {
		t.Errorf("nothing is read as %v, %v", v, err)
	}
}

func TestAllocations(t *testing.T) {
	buf, data := make([]byte, 0, 8), []byte{1, 2}
	if n := testing.AllocsPerRun(100, func() {
		s, v, _ := Converter{}.ToConnect(nil, "t", data)
		if out, err := (Converter{}).FromConnect(buf, "t", s, v); err != nil || len(out) != 2 {
			t.Fatal(out, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}
