// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"strings"
	"testing"
	"time"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javavalues"
	"penstock.dev/runtime/transforms"
)

func TestTimesConfigProblems(t *testing.T) {
	const badLetter = "has the letter b, which means nothing in a date; use G y Y M L w W D d F E u a H k K h m s S z Z X, and put other text in single quotes"
	type props = map[string]string
	for name, tc := range map[string]struct {
		class, want string
		props       props
	}{
		"convert to nothing":   {"timestamp-converter-key", "target.type: is required and has no default; set it to one of string, unix, Date, Time, Timestamp", props{}},
		"no pattern":           {"timestamp-converter-key", "format: TimestampConverter requires format option to be specified when using string timestamps; set it to a pattern such as yyyy-MM-dd", props{"target.type": "string"}},
		"bad pattern":          {"timestamp-converter-key", "format: " + badLetter, props{"target.type": "unix", "format": "bb"}},
		"bad pattern of topic": {"timestamp-router", "timestamp.format: " + badLetter, props{"timestamp.format": "bb", "topic.format": "${topic}-${timestamp}"}},
		"not known yet":        {"timestamp-router", "", props{"timestamp.format": "bb", "topic.format": "${env:TOPIC}"}},
	} {
		p, _ := registry().Transform(tc.class)
		got := ""
		for _, problem := range p.Check(tc.props, connect.SinkKind) {
			got += problem.Error()
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// A time without schema remains one: it goes through two transforms, and JSON,
// which has none, refuses it.
func TestInstants(t *testing.T) {
	var a connect.Arena
	r := &connect.Record{Topic: "t"}
	r.Value.Set(nil, connect.MapValue([]connect.Entry{{Key: connect.StringValue("at"), Value: connect.Int64Value(1700000000)}}))
	for _, props := range []map[string]string{
		{"target.type": "Timestamp", "unix.precision": "seconds", "field": "at"},
		{"target.type": "string", "unix.precision": "seconds", "field": "at", "format": "yyyy-MM-dd HH:mm"},
	} {
		transform, refused := fresh(t, "timestamp-converter-value", props, connect.SinkKind)
		if refused != "" {
			t.Fatal(refused)
		}
		if err := apply(transform, &a, r); err != nil {
			t.Fatal(err)
		}
		_, v, _ := r.Value.Get()
		at, _ := v.Get("at")
		if at.IsInstant() {
			if _, err := jsonConverter(t, false).FromConnect(nil, "t", nil, v); err == nil || !strings.Contains(err.Error(), "java.util.Date does not have corresponding schema type") {
				t.Errorf("error %v", err)
			}
		} else if at.Str() != "2023-11-14 22:13" {
			t.Errorf("%s", at.Str())
		}
	}
}

// The clock says what a year of two digits is.
func TestClockOfTimestampConverter(t *testing.T) {
	for year, want := range map[int]int64{2024: 1735689600000, 1900: -4575744000000} {
		p := transforms.TimestampConverter(transforms.ValueSide, func() time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) })
		transform, err := p.New(map[string]string{"target.type": "unix", "format": "yy"}, connect.SinkKind)
		if err != nil {
			t.Fatal(err)
		}
		r := new(connect.Record)
		r.Value.Set(nil, connect.StringValue("25"))
		err = apply(transform, new(connect.Arena), r)
		if _, v, _ := r.Value.Get(); err != nil || v.Int() != want {
			t.Errorf("%d: %d, error %v", year, v.Int(), err)
		}
	}
}

func timeBatch() []*connect.Record {
	schema := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "id", Schema: connect.Int64Schema}, {Name: "at", Schema: connect.TimestampSchema}}}
	var records []*connect.Record
	for i := range int64(100) {
		r := &connect.Record{Topic: "orders", Timestamp: 1700000000000 + i}
		r.Value.Set(schema, connect.StructValue([]connect.Value{connect.Int64Value(i), connect.Int64Value(1700000000000 + i)}))
		r.Key.Set(nil, connect.MapValue([]connect.Entry{{Key: connect.StringValue("at"), Value: connect.StringValue("2024-02-29T12:34:56.789Z")}}))
		records = append(records, r)
	}
	return records
}

var timeTransforms = map[string]struct {
	class string
	props map[string]string
}{
	"to text":   {"timestamp-converter-value", map[string]string{"field": "at", "target.type": "string", "format": "yyyy-MM-dd'T'HH:mm:ss.SSSX"}},
	"from text": {"timestamp-converter-key", map[string]string{"field": "at", "target.type": "unix", "format": "yyyy-MM-dd'T'HH:mm:ss.SSSX"}},
	"route":     {"timestamp-router", nil},
}

// again lets a transform work on the same records each time.
func again(tb testing.TB, transform connect.Transform, a *connect.Arena, s *connect.Selection, records []*connect.Record, old []connect.Record) {
	a.Reset()
	for i, r := range records {
		*r = old[i]
	}
	s.Start(a, records)
	transform.Apply(s)
	if len(s.Failures()) > 0 {
		tb.Fatal(s.Failures()[0].Err)
	}
}

func copies(records []*connect.Record) []connect.Record {
	var out []connect.Record
	for _, r := range records {
		out = append(out, *r)
	}
	return out
}

func TestTimesAllocations(t *testing.T) {
	for name, tc := range timeTransforms {
		transform, refused := fresh(t, tc.class, tc.props, connect.SinkKind)
		if refused != "" {
			t.Fatal(refused)
		}
		var a connect.Arena
		var s connect.Selection
		records := timeBatch()
		old := copies(records)
		if n := testing.AllocsPerRun(20, func() { again(t, transform, &a, &s, records, old) }); n > 0 {
			t.Errorf("%s: %.0f allocations for %d records", name, n, len(records))
		}
	}
}

func BenchmarkTimes(b *testing.B) {
	for name, tc := range timeTransforms {
		b.Run(name, func(b *testing.B) {
			p, _ := registry().Transform(tc.class)
			transform, err := p.New(tc.props, connect.SinkKind)
			if err != nil {
				b.Fatal(err)
			}
			var a connect.Arena
			var s connect.Selection
			records := timeBatch()
			old := copies(records)
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(records) {
				again(b, transform, &a, &s, records, old)
			}
		})
	}
}

// A point in time that goes from a map into a header is written as one.
func TestInstantInHeader(t *testing.T) {
	var a connect.Arena
	r := &connect.Record{Topic: "t"}
	r.Value.Set(nil, connect.MapValue([]connect.Entry{{Key: connect.StringValue("at"), Value: connect.InstantValue(1700000000123)}}))
	transform, refused := fresh(t, "header-from-value", map[string]string{"fields": "at", "headers": "at", "operation": "move"}, connect.SinkKind)
	if refused != "" {
		t.Fatal(refused)
	}
	if err := apply(transform, &a, r); err != nil {
		t.Fatal(err)
	}
	s, v, err := r.Headers[0].Get()
	if got := string(javavalues.Append(nil, s, v)); err != nil || got != "2023-11-14T22:13:20.123Z" {
		t.Errorf("%s, error %v", got, err)
	}
}
