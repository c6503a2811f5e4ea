// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"fmt"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

const speedRecords = 500

// speedWork are transforms whose speed is measured, each of a record of 20 fields.
var speedWork = []struct {
	class string
	props map[string]string
}{
	{"Cast$Value", map[string]string{"spec": "field01:string,field02:int64,field05:float64"}},
	{"ExtractField$Value", map[string]string{"field": "field07"}},
	{"ExtractField$Value", map[string]string{"field": "inner.b", "field.syntax.version": "V2"}},
	{"Flatten$Value", map[string]string{}},
	{"HoistField$Value", map[string]string{"field": "record"}},
	{"MaskField$Value", map[string]string{"fields": "field03,field05", "replacement": "0"}},
	{"SetSchemaMetadata$Value", map[string]string{"schema.name": "x"}},
	{"ValueToKey", map[string]string{"fields": "field01,field03"}},
}

// wide is a Struct of 20 fields, one of them a Struct, and the same as a map.
func wide() (s *connect.Schema, v, m connect.Value) {
	var fields []connect.Field
	var values []connect.Value
	add := func(name string, s *connect.Schema, v connect.Value) {
		fields = append(fields, connect.Field{Name: name, Schema: s})
		values = append(values, v)
	}
	for i := range 19 {
		name := fmt.Sprintf("field%02d", i)
		switch i % 4 {
		case 1:
			add(name, connect.Int64Schema, connect.Int64Value(1_000_000_007*int64(i)))
		case 2:
			add(name, connect.Float64Schema, connect.Float64Value(float64(i)+0.25))
		default:
			add(name, connect.StringSchema.AsOptional(), connect.StringValue(strings.Repeat("abcdefgh", 8)))
		}
	}
	entries := make([]connect.Entry, len(values), 20)
	for i, f := range fields {
		entries[i] = connect.Entry{Key: connect.StringValue(f.Name), Value: values[i]}
	}
	inner := &connect.Schema{Type: connect.Struct, Fields: []connect.Field{{Name: "a", Schema: connect.Int32Schema}, {Name: "b", Schema: connect.Int32Schema}}}
	add("inner", inner, connect.StructValue([]connect.Value{connect.Int32Value(1), connect.Int32Value(2)}))
	entries = append(entries, connect.Entry{Key: connect.StringValue("inner"), Value: connect.MapValue([]connect.Entry{
		{Key: connect.StringValue("a"), Value: connect.Int64Value(1)}, {Key: connect.StringValue("b"), Value: connect.Int64Value(2)},
	})})
	return &connect.Schema{Type: connect.Struct, Fields: fields}, connect.StructValue(values), connect.MapValue(entries)
}

// speedBatch applies a transform to a batch, again and again.
type speedBatch struct {
	transform connect.Transform
	arena     connect.Arena
	records   []*connect.Record
	selection connect.Selection
	schema    *connect.Schema
	value     connect.Value
}

func newSpeedBatch(transform connect.Transform, s *connect.Schema, v connect.Value) *speedBatch {
	b := &speedBatch{transform: transform, schema: s, value: v}
	for range speedRecords {
		b.records = append(b.records, new(connect.Record))
	}
	return b
}

func (b *speedBatch) turn(tb testing.TB) {
	b.arena.Reset()
	for _, r := range b.records {
		r.Value.Set(b.schema, b.value)
	}
	b.selection.Start(&b.arena, b.records)
	b.transform.Apply(&b.selection)
	if f := b.selection.Failures(); len(f) > 0 {
		tb.Fatal(f[0].Err)
	}
}

// eachSpeed gives f every transform, with and without schema.
func eachSpeed(f func(name string, transform connect.Transform, s *connect.Schema, v connect.Value)) error {
	s, v, m := wide()
	for _, w := range speedWork {
		for _, schema := range []bool{true, false} {
			plugin, _ := registry().Transform(w.class)
			transform, err := plugin.New(w.props, connect.SinkKind)
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s/%s/schema=%t", w.class, w.props["field"], schema)
			switch {
			case schema:
				f(name, transform, s, v)
			case !strings.HasPrefix(w.class, "SetSchema"):
				f(name, transform, nil, m)
			}
		}
	}
	return nil
}

// BenchmarkFields measures a transform for one record that is decoded already.
func BenchmarkFields(b *testing.B) {
	if err := eachSpeed(func(name string, transform connect.Transform, s *connect.Schema, v connect.Value) {
		b.Run(name, func(b *testing.B) {
			batch := newSpeedBatch(transform, s, v)
			batch.turn(b)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += speedRecords {
				batch.turn(b)
			}
		})
	}); err != nil {
		b.Fatal(err)
	}
}

// TestFieldAllocations guards the transforms: nothing is allocated for a batch
// once it runs.
func TestFieldAllocations(t *testing.T) {
	if err := eachSpeed(func(name string, transform connect.Transform, s *connect.Schema, v connect.Value) {
		batch := newSpeedBatch(transform, s, v)
		batch.turn(t)
		batch.turn(t)
		if per := testing.AllocsPerRun(10, func() { batch.turn(t) }); per > 1 {
			t.Errorf("%s: %.1f allocations for a batch of %d records, want 1 at most", name, per, speedRecords)
		}
	}); err != nil {
		t.Fatal(err)
	}
}
