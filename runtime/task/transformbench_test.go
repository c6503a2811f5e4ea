// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"penstock.dev/runtime/connect"
	jsonconv "penstock.dev/runtime/converters/json"
	"penstock.dev/runtime/transforms"
)

// threeTransforms is the chain whose speed is measured: a field is added, one is
// left out and one renamed, and the topic is changed.
func threeTransforms(tb testing.TB) []connect.ChainLink {
	tb.Helper()
	props := map[string]string{
		"transforms": "add,replace,route", "transforms.add.type": "InsertField$Value",
		"transforms.add.static.field": "source", "transforms.add.static.value": "penstock",
		"transforms.replace.type": "ReplaceField$Value", "transforms.replace.exclude": "field07", "transforms.replace.renames": "field03:renamed",
		"transforms.route.type": "RegexRouter", "transforms.route.regex": "(.*)", "transforms.route.replacement": "$1-out",
	}
	c := connect.Registry{Transforms: transforms.All()}.ChainFor(connect.SourceKind, props)
	links, err := c.Chain(connect.SourceKind)
	if err != nil || len(c.Problems) > 0 {
		tb.Fatalf("problems %v, error %v", c.Problems, err)
	}
	return links
}

// kilobyte is a JSON record of 20 fields and about 1 KB, to which its schema may be
// added.
func kilobyte(schema bool) string {
	var fields, values []string
	for i := range 20 {
		typ, value := "string", `"`+strings.Repeat("abcdefgh", 8)+`"`
		switch i % 4 {
		case 1:
			typ, value = "int64", fmt.Sprint(1_000_000_007*int64(i))
		case 2:
			typ, value = "double", fmt.Sprintf("%d.25", i)
		}
		fields = append(fields, fmt.Sprintf(`{"type":%q,"optional":false,"field":"field%02d"}`, typ, i))
		values = append(values, fmt.Sprintf(`"field%02d":%s`, i, value))
	}
	payload := "{" + strings.Join(values, ",") + "}"
	if !schema {
		return payload
	}
	return `{"schema":{"type":"struct","fields":[` + strings.Join(fields, ",") + `],"optional":false},"payload":` + payload + "}"
}

// rawBatch fills a flight with records as they were read, and converts them.
type rawBatch struct {
	s     *Source
	f     *flight
	key   connect.Codec
	codec connect.Codec
	raw   []byte
	touch bool // decode the value even if no transform does
}

const rawRecords = 500

func newRawBatch(tb testing.TB, schema bool, links []connect.ChainLink) *rawBatch {
	tb.Helper()
	conv, err := jsonconv.New(jsonconv.Config{SchemasEnable: schema, SchemasCacheSize: 100})
	if err != nil {
		tb.Fatal(err)
	}
	o := SourceOptions{Options: options(&epochs{}, &states{}, connect.Plugin{}), Offsets: &offsetStore{topic: newOffsetTopic()}}
	o.Key, o.Value, o.Transforms = conv, conv, links
	b := &rawBatch{s: NewSource(o), f: newFlight(new(Memory), rawRecords), raw: []byte(kilobyte(schema))}
	b.key = connect.Codec{Converter: conv, Topic: "in", Arena: &b.f.batch.Arena}
	b.codec = connect.Codec{Converter: conv, Topic: "in", Arena: &b.f.batch.Arena}
	return b
}

func (b *rawBatch) turn(tb testing.TB) {
	b.f.reset()
	for range rawRecords {
		r := b.f.batch.Add()
		r.Topic = "in"
		r.Key.SetRaw(nil, &b.key)
		r.Value.SetRaw(b.raw, &b.codec)
		if b.touch {
			if _, _, err := r.Value.Get(); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if n, err := b.s.convert(b.f); n != rawRecords || err != nil {
		tb.Fatalf("%d records, error %v", n, err)
	}
}

// BenchmarkP4 measures JSON in, three transforms, JSON out, for one record. With
// no transform the value is decoded and encoded all the same.
func BenchmarkP4(b *testing.B) {
	for _, schema := range []bool{false, true} {
		for name, links := range map[string][]connect.ChainLink{"three": threeTransforms(b), "none": nil} {
			b.Run(fmt.Sprintf("schema=%t/transforms=%s", schema, name), func(b *testing.B) {
				batch := newRawBatch(b, schema, links)
				batch.touch = true
				b.ReportAllocs()
				b.SetBytes(int64(len(batch.raw)))
				batch.turn(b)
				b.ResetTimer()
				start := cpuTime(b)
				for n := 0; n < b.N; n += rawRecords {
					batch.turn(b)
				}
				b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// cpuTime is what the process has used, which says more than the clock on a machine
// that others use too.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestTransformAllocations guards the chain: nothing is allocated for a batch once
// it runs.
func TestTransformAllocations(t *testing.T) {
	for _, schema := range []bool{false, true} {
		batch := newRawBatch(t, schema, threeTransforms(t))
		batch.turn(t)
		if per := testing.AllocsPerRun(20, func() { batch.turn(t) }); per > 2 && !raceEnabled { // with the race detector, a pool drops what it is given
			t.Errorf("schema %t: %.1f allocations for a batch of %d records, want 2 at most", schema, per, rawRecords)
		}
		got := string(batch.f.slots[7].rec.Value)
		for _, part := range []string{`"renamed":"abcd`, `"source":"penstock"`, `"field06":6.25`, `"field08":"abcd`} {
			if !strings.Contains(got, part) {
				t.Errorf("schema %t: %s lacks %s", schema, got, part)
			}
		}
		if strings.Contains(got, "field07") || batch.f.slots[7].rec.Topic != "in-out" {
			t.Errorf("schema %t: topic %s, value %s", schema, batch.f.slots[7].rec.Topic, got)
		}
	}
}

// Bytes that nothing has looked at go to another topic as they are.
func TestRoutedBytesPassThrough(t *testing.T) {
	links := threeTransforms(t)
	batch := newRawBatch(t, false, links[2:])
	batch.turn(t)
	if rec := &batch.f.slots[0].rec; rec.Topic != "in-out" || &rec.Value[0] != &batch.raw[0] {
		t.Errorf("topic %s, value %s", rec.Topic, rec.Value)
	}
}
