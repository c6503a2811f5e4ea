// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"errors"
	"math"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// away is a converter that fails for now.
type away struct{ connect.Converter }

var errAway = errors.New("away")

func (away) ToConnect(*connect.Arena, string, []byte) (*connect.Schema, connect.Value, error) {
	return nil, connect.Value{}, connect.Retriable(errAway)
}

// What cannot be read is the error of the expression, in whose tree is the
// converter's, whatever the expression does with it: it is nowhere just unequal.
func TestWhatCannotBeRead(t *testing.T) {
	for _, text := range []string{
		"value.x == 1", "has(value.x)", "value.?x.orValue(0) == 0", "value.x == 1 || value.y == 2", "value.x == 1 && true",
		"value.l.exists(i, i == 1)", "value.x in [1, 2]", "[1].exists(i, i == value.x)", "dyn(value) == null", "value != null",
		"value in [null]", "type(value) == map", "value.x ? true : false", "cel.bind(v, value, v.x == 1)", "sets.contains(value.l, [1])",
		"headers.h == 'a'", "has(headers.h)", "headers.?h.orValue('') == 'b'", "headers.exists(h, headers[h] == 'a')",
		"headers == {'h': 'a'}", "{'h': 'a'} == headers", "headers != {'h': 'a'}", "headers in [{'h': 'a'}]",
	} {
		p, err := CompileCondition(text, connect.SinkKind)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		r := &connect.Record{Topic: "t", Headers: []connect.Header{{Key: "h"}}}
		c := &connect.Codec{Converter: away{}, Topic: "t", Arena: new(connect.Arena)}
		r.Value.SetRaw([]byte("x"), c)
		r.Headers[0].Value.SetRaw([]byte("x"), c)
		if hit, err := p.Test(r); !errors.Is(err, errAway) || !connect.IsRetriable(err) {
			t.Errorf("%s: %t, error %v", text, hit, err)
		}
	}
}

// So is what cannot be read of a result.
func TestResultThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"headers", "{'a': headers}", "[headers]", "[1, headers.h]"} {
		p, err := Compile(text, connect.SinkKind)
		if err != nil {
			t.Fatal(err)
		}
		r := &connect.Record{Topic: "t", Headers: []connect.Header{{Key: "h"}}}
		r.Headers[0].Value.SetRaw([]byte("x"), &connect.Codec{Converter: away{}, Topic: "t", Arena: new(connect.Arena)})
		if _, err := p.Bare(new(connect.Arena), r); !errors.Is(err, errAway) {
			t.Errorf("%s: error %v", text, err)
		}
		if _, _, err := p.Whole(new(connect.Arena), r, nil, nil); !errors.Is(err, errAway) {
			t.Errorf("%s with a schema: error %v", text, err)
		}
	}
}

func TestTimestampThatIsNoDate(t *testing.T) {
	p, err := Compile("value.t", connect.SinkKind)
	if err != nil {
		t.Fatal(err)
	}
	s := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "t", Schema: connect.TimestampSchema}}}
	for millis, want := range map[int64]string{
		math.MaxInt64: "a Date cannot hold", math.MinInt64: "a Date cannot hold", -1: "",
		math.MaxInt32 * millisPerDay: "", (math.MaxInt32 + 1) * millisPerDay: "a Date cannot hold",
	} {
		r := &connect.Record{Topic: "t"}
		r.Value.Set(s, connect.StructValue([]connect.Value{connect.Int64Value(millis)}))
		_, v, err := p.Typed(new(connect.Arena), r, connect.DateSchema, nil)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%d: day %v, error %v", millis, v, err)
		}
	}
}
