// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package task

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/sr/srfake"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/transforms"
)

// wideSchema is that of records of 50 fields. The field in the middle says which
// percent of the records one belongs to.
func wideSchema() *connect.Schema {
	s := &connect.Schema{Type: connect.Struct, Name: "Wide"}
	for i := range 50 {
		f := []*connect.Schema{connect.Int64Schema, connect.StringSchema, connect.Float64Schema, connect.OptionalStringSchema, connect.Int32Schema}[i%5]
		s.Fields = append(s.Fields, connect.Field{Name: fmt.Sprintf("field%02d", i), Schema: f})
	}
	return s
}

func wideValue(percent int) []connect.Value {
	fields := make([]connect.Value, 50)
	for i := range fields {
		fields[i] = []connect.Value{
			connect.Int64Value(1_000_003 * int64(i)), connect.StringValue("a text of twenty-odd"), connect.Float64Value(float64(i) + 0.25),
			connect.StringValue("another text"), connect.Int32Value(int32(i)),
		}[i%5]
	}
	fields[25] = connect.Int64Value(int64(percent))
	return fields
}

// wideBatch filters records as a sink does: those that are kept are decoded.
type wideBatch struct {
	chain *chain
	batch *connect.Batch
	codec *connect.Codec
	raws  [][]byte
}

// plainConverter hides that a converter can read fields alone.
type plainConverter struct{ connect.Converter }

func newWideBatch(tb testing.TB, format string, schemas, fields bool, props map[string]string) *wideBatch {
	tb.Helper()
	registry := srfake.New()
	tb.Cleanup(registry.Close)
	var conv connect.Converter
	for _, p := range converters.All() {
		if p.Name == format {
			config := map[string]string{"schemas.enable": fmt.Sprint(schemas)}
			if format != "json" {
				config = map[string]string{"schema.registry.url": registry.URL()}
			}
			var err error
			if conv, err = p.New(config, false); err != nil {
				tb.Fatal(err)
			}
		}
	}
	b := &wideBatch{batch: new(connect.Batch)}
	schema := wideSchema()
	for i := range 100 {
		s, v := schema, connect.StructValue(wideValue(i))
		if format == "json" && !schemas {
			entries := make([]connect.Entry, 50)
			for i, f := range v.Items() {
				entries[i] = connect.Entry{Key: connect.StringValue(schema.Fields[i].Name), Value: f}
			}
			s, v = nil, connect.MapValue(entries)
		}
		raw, err := conv.FromConnect([]byte{}, "in", s, v)
		if err != nil {
			tb.Fatal(err)
		}
		b.raws = append(b.raws, raw)
	}
	if !fields {
		conv = plainConverter{conv}
	}
	b.codec = &connect.Codec{Converter: conv, Topic: "in", Arena: &b.batch.Arena}
	c := connect.Registry{Transforms: transforms.All(), Predicates: transforms.Predicates()}.ChainFor(connect.SinkKind, props)
	links, err := c.Chain(connect.SinkKind)
	if err != nil || len(c.Problems) > 0 {
		tb.Fatalf("problems %v, error %v", c.Problems, err)
	}
	o := SourceOptions{Options: options(&epochs{}, &states{}, connect.Plugin{}), Offsets: &offsetStore{topic: newOffsetTopic()}}
	o.Key, o.Value, o.Transforms = conv, conv, links
	b.chain = &NewSource(o).chain
	return b
}

// turn filters a batch and returns how many records are kept.
func (b *wideBatch) turn(tb testing.TB) int {
	b.batch.Reset()
	for i := range rawRecords {
		r := b.batch.Add()
		r.Topic = "in"
		r.Value.SetRaw(b.raws[i*7%100], b.codec)
	}
	b.chain.begin()
	if n, err := b.chain.apply(b.batch, rawRecords); n != rawRecords || err != nil {
		tb.Fatalf("%d records, error %v", n, err)
	}
	b.batch.Compact()
	for i := range b.batch.Records {
		if _, _, err := b.batch.Records[i].Value.Get(); err != nil {
			tb.Fatal(err)
		}
	}
	return len(b.batch.Records)
}

var wideFormats = map[string]struct {
	converter string
	schemas   bool
}{"avro": {"avro", false}, "protobuf": {"protobuf", false}, "json": {"json", false}, "json-schema": {"json-schema", false}, "json-envelope": {"json", true}}

func filterOf(percent int) map[string]string {
	return map[string]string{"transforms": "f", "transforms.f.type": "cel-filter", "transforms.f.condition": fmt.Sprintf("value.field25 < %d", percent)}
}

// BenchmarkFilter measures a filter by the field in the middle of 50, for one
// record: whole decodes all records, fields reads that field of those that are dropped.
func BenchmarkFilter(b *testing.B) {
	for name, f := range wideFormats {
		for _, percent := range []int{0, 5, 50, 95} {
			for _, fields := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/keep=%d/fields=%t", name, percent, fields), func(b *testing.B) {
					w := newWideBatch(b, f.converter, f.schemas, fields, filterOf(percent))
					for range 40 {
						w.turn(b)
					}
					b.ReportAllocs()
					b.ResetTimer()
					start := cpuTime(b)
					for n := 0; n < b.N; n += rawRecords {
						w.turn(b)
					}
					b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
				})
			}
		}
	}
}

// TestFilterAllocations guards that a filter allocates nothing for a record, whether
// or not it reads fields alone, and keeps the same records.
func TestFilterAllocations(t *testing.T) {
	for name, f := range wideFormats {
		for _, fields := range []bool{false, true} {
			w := newWideBatch(t, f.converter, f.schemas, fields, filterOf(5))
			if got := w.turn(t); got != rawRecords*5/100 {
				t.Errorf("%s, fields %t: %d records are kept", name, fields, got)
			}
			for range 10 {
				w.turn(t)
			}
			// A pool may drop what it is given, and with the race detector often does.
			if per := testing.AllocsPerRun(20, func() { w.turn(t) }); per > rawRecords/50 && !raceEnabled {
				t.Errorf("%s, fields %t: %.1f allocations for a batch of %d records", name, fields, per, rawRecords)
			}
		}
	}
}

// BenchmarkReadFields measures the reading alone: all of a record, and its first, its
// middle and its last field.
func BenchmarkReadFields(b *testing.B) {
	for name, f := range wideFormats {
		w := newWideBatch(b, f.converter, f.schemas, true, nil)
		reader := w.codec.Converter.(connect.FieldReader)
		measure := func(what string, read func(raw []byte) bool) {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				start := cpuTime(b)
				for n := range b.N {
					if n%rawRecords == 0 {
						w.batch.Reset()
					}
					if !read(w.raws[n*7%100]) {
						b.Fatal("it cannot be read")
					}
				}
				b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
			})
		}
		measure("whole", func(raw []byte) bool {
			_, _, err := reader.ToConnect(&w.batch.Arena, "in", raw)
			return err == nil
		})
		for _, field := range []string{"field00", "field25", "field49"} {
			fields := connect.NewFields(field)
			measure(field, func(raw []byte) bool {
				_, _, ok := reader.ReadFields(&w.batch.Arena, "in", raw, fields)
				return ok
			})
		}
	}
}
