// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

func TestSchemaThatHoldsItselfTwice(t *testing.T) {
	for _, optional := range []bool{false, true} {
		c := newConverter(&fakeRegistry{}, defaults())
		s, v := connecttest.TreeSchema(optional), connecttest.Tree(1, connecttest.Tree(2, connect.Value{}, connect.Value{}), connect.Value{})
		data, err := c.FromConnect([]byte{}, "trees", s, v)
		if err != nil {
			t.Fatal(err)
		}
		got, read, err := c.ToConnect(new(connect.Arena), "trees", data)
		if err != nil {
			t.Fatal(err)
		}
		if want := describe(s, v); describe(got, read) != want {
			t.Errorf("optional %t: read %s and not %s", optional, describe(got, read), want)
		}
		again, err := c.FromConnect([]byte{}, "copy", got, read)
		if err != nil || string(again[6:]) != string(data[6:]) {
			t.Errorf("optional %t: written again as %x, at first %x, %v", optional, again, data, err)
		}
	}
}

func TestContainersWithoutMemberSchemas(t *testing.T) {
	c := newConverter(&fakeRegistry{}, defaults())
	for name, s := range connecttest.BareSchemas() {
		if _, err := c.FromConnect(nil, "bare", s, connecttest.BareValue(s)); err == nil || !strings.Contains(err.Error(), "schema") && !strings.Contains(err.Error(), "array of") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
