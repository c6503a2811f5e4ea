// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package converters_test

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// sameError compares our error with Java's, whose message and causes are cut by a
// bar: our text begins with the message, and with all of them unless the last is
// the JVM's own.
func sameError(ours, java string) bool {
	ours, java = containers.ReplaceAllString(ours, "java.util.$2"), containers.ReplaceAllString(java, "java.util.$2")
	message, cause, _ := strings.Cut(java, "|")
	if strings.HasPrefix(cause, "class ") { // a ClassCastException
		cause = ""
	}
	return strings.HasPrefix(ours, message+cause)
}

// containers are classes that depend on who has made a list or a map.
var containers = regexp.MustCompile(`java\.util\.(Arrays\$|Array|LinkedHash|Hash|ImmutableCollections\$)(?:Array)?(List|Map)[N\d]*`)

func TestGoldenPrimitives(t *testing.T) {
	cases := writeCases()
	for _, l := range golden(t, "primitive") {
		tc, ok := cases[l[1]]
		if !ok {
			t.Fatalf("no case %q", l[1])
		}
		checkPrimitive(t, l, tc)
	}
	for _, l := range golden(t, "primitivevalue") {
		checkPrimitive(t, l, writeCase{nil, describedNumber(t, l[1])})
	}
}

func checkPrimitive(t *testing.T, l []string, tc writeCase) {
	t.Helper()
	got := write(converter(t, l[0], nil), tc.schema, tc.value)
	if got != l[2] && !(strings.HasPrefix(l[2], "error:") && sameError(got, l[2])) {
		t.Errorf("%s as %s:\nours %s\nJava %s", l[1], l[0], got, l[2])
	}
}

// describedNumber returns the value that describe has described.
func describedNumber(t *testing.T, text string) connect.Value {
	t.Helper()
	kind, digits, _ := strings.Cut(text, ":")
	base := 10
	if strings.HasPrefix(kind, "FLOAT") {
		base = 16
	}
	switch kind {
	case "BOOLEAN":
		return connect.BooleanValue(digits == "true")
	case "FLOAT32", "FLOAT64":
		bits, err := strconv.ParseUint(digits, base, 64)
		if err != nil {
			t.Fatal(err)
		}
		if kind == "FLOAT32" {
			return connect.Float32Value(math.Float32frombits(uint32(bits)))
		}
		return connect.Float64Value(math.Float64frombits(bits))
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		t.Fatal(err)
	}
	return connect.IntValue(map[string]connect.Type{"INT16": connect.Int16, "INT32": connect.Int32, "INT64": connect.Int64}[kind], n)
}

func TestGoldenPrimitiveReads(t *testing.T) {
	for _, l := range golden(t, "primitiveread") {
		var data []byte
		if l[1] != "null!" {
			data = append([]byte{}, unhex(t, l[1])...)
		}
		s, v, err := converter(t, l[0], nil).ToConnect(new(connect.Arena), "t", data)
		got, java := describeSchema(s)+"\t"+describe(s, v), strings.Join(l[2:], "\t")
		if err != nil {
			got = "error:" + err.Error()
		}
		if got != java && !(strings.HasPrefix(java, "error:") && sameError(got, java)) {
			t.Errorf("%s as %s:\nours %s\nJava %s", l[1], l[0], got, java)
		}
	}
}

func TestGoldenSimple(t *testing.T) {
	cases, c := writeCases(), converter(t, "simple", nil)
	known := []*difference{
		differ("a date before 1970 is written as a time", `^(date|timestamp of 1969)$`, `^(00:00:00\.000Z|23:59:59\.999Z)$`, `^1969-12-(29|31T23:59:59\.999Z)$`),
	}
	for _, l := range golden(t, "simple") {
		tc := cases[l[1]]
		if got := write(c, tc.schema, tc.value); got != l[2] && !differs(known, l[1], l[2], got) {
			t.Errorf("%s: ours %s, Java %s", l[1], got, l[2])
		}
	}
	unused(t, known)
}
