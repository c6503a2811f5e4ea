// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package customers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/avro"

	"penstock.dev/runtime/connect"
	"penstock.dev/test/bench/bare"
)

func TestAvroIsWhatItsSchemaSays(t *testing.T) {
	c := New()
	s := avro.MustParse(AvroSchema)
	total := 0
	const n = 2000
	for i := range int64(n) {
		data := c.AppendAvro(nil, i)
		total += len(data) + 5
		var got any
		if rest, err := s.Decode(data, &got); err != nil || len(rest) > 0 {
			t.Fatalf("record %d: %v, %d bytes are left", i, err, len(rest))
		}
		var a connect.Arena
		items := c.Value(&a, i).Items()
		record := got.(map[string]any)
		for at, want := range map[string]struct {
			place int
			of    func(connect.Value) any
		}{
			"id":     {0, func(v connect.Value) any { return v.Int() }},
			"name":   {2, func(v connect.Value) any { return v.Str() }},
			"amount": {5, func(v connect.Value) any { return v.Float() }},
			"rate":   {6, func(v connect.Value) any { return float32(v.Float()) }},
			"visits": {7, func(v connect.Value) any { return int32(v.Int()) }},
			"active": {8, func(v connect.Value) any { return v.Bool() }},
			"level":  {9, orNil(func(v connect.Value) any { return v.Str() })},
			"score":  {10, orNil(func(v connect.Value) any { return v.Int() })},
			"tags":   {11, func(v connect.Value) any { return []any{v.Items()[0].Str(), v.Items()[1].Str(), v.Items()[2].Str()} }},
			"note":   {12, func(v connect.Value) any { return v.Str() }},
		} {
			if d := cmp.Diff(want.of(items[want.place]), record[at]); d != "" {
				t.Fatalf("record %d, field %s: %s", i, at, d)
			}
		}
	}
	if mean := float64(total) / n; mean < 1019 || mean > 1029 {
		t.Errorf("records have %.1f bytes on average, want 1,024", mean)
	}
}

func orNil(f func(connect.Value) any) func(connect.Value) any {
	return func(v connect.Value) any {
		if v.IsNull() {
			return nil
		}
		return f(v)
	}
}

func TestCountsTellChangesApart(t *testing.T) {
	c := New()
	want, err := c.Expect(100)
	if err != nil {
		t.Fatal(err)
	}
	count := func(change func(i int64, v []connect.Value)) (out bare.Count) {
		var a connect.Arena
		for i := range int64(100) {
			v := c.Value(&a, 99-i)
			change(99-i, v.Items())
			if err := Add(&out, v); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	if got := count(func(int64, []connect.Value) {}); got != want {
		t.Errorf("in another order %+v, want %+v", got, want)
	}
	for place := range 13 {
		got := count(func(i int64, v []connect.Value) {
			if i == 17 {
				v[place] = map[bool]connect.Value{true: connect.Int64Value(5)}[!v[place].IsNull()]
				if place == 9 || place == 10 {
					v[place] = connect.StringValue("other")
				}
			}
		})
		if got.Sum == want.Sum {
			t.Errorf("field %d may change", place)
		}
	}
	if err := Add(&bare.Count{}, connect.Int64Value(1)); err == nil {
		t.Error("a number was taken for a record")
	}
}
