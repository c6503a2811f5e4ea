// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// long is a record with a text of 4000 characters and a list of 4000 numbers.
func long() *connect.Record {
	numbers := make([]connect.Value, 4000)
	for i := range numbers {
		numbers[i] = connect.Int64Value(int64(i))
	}
	entry := func(name string, v connect.Value) connect.Entry {
		return connect.Entry{Key: connect.StringValue(name), Value: v}
	}
	r := &connect.Record{Topic: "t"}
	r.Value.Set(nil, connect.MapValue([]connect.Entry{
		entry("s", connect.StringValue(strings.Repeat("a", 4000))), entry("l", connect.ArrayValue(numbers)),
	}))
	return r
}

// What a single call makes of a record is bounded, and what stays below works as
// it does in CEL.
func TestBounds(t *testing.T) {
	for text, want := range map[string]string{
		`value.s.replace("a", value.s).size() > 0`:      "replace would give 16000000 bytes, more than 10485760",
		`value.s.replace("", value.s).size() > 0`:       "replace would give 16008000 bytes, more than 10485760",
		`value.s.replace("a", value.s, 2).size() > 0`:   "",
		`value.s.replace("a", value.s, -1).size() > 0`:  "replace would give 16000000 bytes, more than 10485760",
		`value.s.replace("a", "bc") == "bc" + value.s`:  "",
		`"aXa".replace("X", "-") == "a-a"`:              "",
		`"é".replace("", "-") == "-é-"`:                 "",
		`lists.range(1000001).size() == 1000001`:        "exceeds",
		`lists.range(3) == [0, 1, 2]`:                   "",
		`value.l.distinct().size() == 4000`:             "4000 items would be compared with 4000, more than 10000000 pairs",
		`[1, 2, 1].distinct() == [1, 2]`:                "",
		`sets.contains(value.l, value.l)`:               "4000 items would be compared with 4000",
		`sets.equivalent(value.l, value.l)`:             "4000 items would be compared with 4000",
		`sets.intersects(value.l, value.l)`:             "4000 items would be compared with 4000",
		`sets.contains(value.l, [1, 2])`:                "",
		`sets.equivalent([1, 2], [2, 1])`:               "",
		`sets.intersects([1, 2], [3]) || value.s != ""`: "",
		`value.s.distinct() == []`:                      "no such overload",
		`value.l.replace("a", "b") == ""`:               "no such overload",
		`sets.contains(value.l, value.s)`:               "no such overload",
	} {
		p, err := CompileCondition(text, connect.SinkKind)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err := p.Test(long()); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}
