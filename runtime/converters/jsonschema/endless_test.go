// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"fmt"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

func TestSchemaThatHoldsItselfTwice(t *testing.T) {
	for _, optional := range []bool{false, true} {
		c, _ := newTest(t, nil)
		v := connecttest.Tree(1, connecttest.Tree(2, connect.Value{}, connect.Value{}), connect.Value{})
		data, err := c.FromConnect([]byte{}, "trees", connecttest.TreeSchema(optional), v)
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := c.ToConnect(new(connect.Arena), "trees", data)
		if err != nil || !got.Equal(v) {
			t.Errorf("optional %t: read %s, %v", optional, describe(got), err)
		}
	}
}

func TestReadableOfSchemasThatHoldThemselves(t *testing.T) {
	a, b := connecttest.TreeSchema(false), connecttest.TreeSchema(false)
	if err := readable(a, b); err != nil {
		t.Error(err)
	}
	b.Fields[0].Schema = connect.StringSchema
	if err := readable(a, b); err == nil || !strings.Contains(err.Error(), "its type is string") {
		t.Errorf("another type: %v", err)
	}
	for name, s := range connecttest.BareSchemas() {
		if err := readable(s, s); err == nil && s.Type != connect.Struct {
			t.Errorf("%s can be read", name)
		}
	}
}

func TestContainersWithoutMemberSchemas(t *testing.T) {
	c, _ := newTest(t, nil)
	for name, s := range connecttest.BareSchemas() {
		if _, err := c.FromConnect(nil, "bare", s, connecttest.BareValue(s)); err == nil || !strings.Contains(err.Error(), "schema") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A part that is referred to twice in each level stands for a schema of 2^40 parts.
func TestSchemaThatGrowsWithoutEnd(t *testing.T) {
	text := strings.Builder{}
	text.WriteString(`{"type":"array","items":{"$ref":"#/definitions/d0"},"definitions":{`)
	for i := range 40 {
		next := fmt.Sprintf(`{"$ref":"#/definitions/d%d"}`, i+1)
		fmt.Fprintf(&text, `"d%d":{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":%s,"value":%s}}},`, i, next, next)
	}
	d, err := open(text.String()+`"d40":{"type":"string"}}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newSchema(Mapping{}, d, 0); err == nil || !strings.Contains(err.Error(), "more than 100000 parts") {
		t.Errorf("error %.200v", err)
	}
}
