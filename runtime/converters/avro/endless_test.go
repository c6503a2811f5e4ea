// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connecttest"
)

func TestSchemaThatHoldsItselfTwice(t *testing.T) {
	for _, optional := range []bool{false, true} {
		f := newFake(t)
		c := newTestConverter(t, f.URL())
		v := connecttest.Tree(1, connecttest.Tree(2, connect.Value{}, connect.Value{}), connect.Value{})
		data := write(t, c, "trees", connecttest.TreeSchema(optional), v)
		_, got, err := c.ToConnect(new(connect.Arena), "trees", data)
		if err != nil || show(got) != show(v) {
			t.Errorf("optional %t: read %s, %v", optional, show(got), err)
		}
		nameless := connecttest.TreeSchema(optional)
		nameless.Name, nameless.Fields[1].Schema.Name = "", ""
		if _, err := c.FromConnect(nil, "nameless", nameless, v); err == nil {
			t.Errorf("optional %t: a schema without name is written that holds itself", optional)
		}
	}
}

func TestContainersWithoutMemberSchemas(t *testing.T) {
	f := newFake(t)
	c := newTestConverter(t, f.URL())
	for name, s := range connecttest.BareSchemas() {
		if _, err := c.FromConnect(nil, "bare", s, connecttest.BareValue(s)); err == nil || !strings.Contains(err.Error(), "schema") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
