// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// InsertFieldConfig are the keys of InsertField. A field's name may end in "!" to
// make it a required field of the schema, or in "?" to keep it optional, which it
// is without either.
type InsertFieldConfig struct {
	// The field that gets the topic. It is optional in the schema, or required if
	// the name ends in "!".
	TopicField *string `config:"topic.field" optional:"true"`
	// The field that gets the Kafka partition, if the record has one: that of a
	// source mostly has none. It is optional in the schema, or required if the name
	// ends in "!".
	PartitionField *string `config:"partition.field" optional:"true"`
	// The field that gets the Kafka offset; for sinks only. It is optional in the
	// schema, or required if the name ends in "!".
	OffsetField *string `config:"offset.field" optional:"true"`
	// The field that gets the record's timestamp, if it has one: a Timestamp with a
	// schema, milliseconds since 1970 without. It is optional in the schema, or
	// required if the name ends in "!".
	TimestampField *string `config:"timestamp.field" optional:"true"`
	// The field that gets static.value. It is optional in the schema, or required if
	// the name ends in "!".
	StaticField *string `config:"static.field" optional:"true"`
	// What static.field gets, as a text.
	StaticValue *string `config:"static.value" optional:"true"`
	// Whether a null field that has a default is replaced by the default.
	ReplaceNull bool `config:"replace.null.with.default" default:"true"`
}

// InsertField returns the transform that adds fields about the record to its key
// or its value.
func InsertField(side Side) connect.TransformPlugin {
	return connect.TransformClass[InsertFieldConfig]{
		Name:    "insert-field-" + side.String(),
		Aliases: []string{side.class("InsertField")},
		Doc:     "Adds fields to the record's " + side.String() + ": its topic, partition, offset or timestamp, or a text that is always the same.",
		Example: `transforms: where
transforms.where.type: insert-field-` + side.String() + `
transforms.where.topic.field: topic
transforms.where.timestamp.field: at!
transforms.where.static.field: region
transforms.where.static.value: eu-west
`,
		Check: InsertFieldConfig.check,
		New: func(c InsertFieldConfig, kind connect.Kind) (connect.Transform, error) {
			return newInsertField(c, kind, side), nil
		},
	}.Plugin()
}

// named returns the fields that are set, by their keys.
func (c InsertFieldConfig) named() map[string]*string {
	return map[string]*string{
		"topic.field": c.TopicField, "partition.field": c.PartitionField, "offset.field": c.OffsetField,
		"timestamp.field": c.TimestampField, "static.field": c.StaticField,
	}
}

func (c InsertFieldConfig) check(kind connect.Kind) []configdef.Problem {
	var out []configdef.Problem
	set := false
	for _, key := range []string{"topic.field", "partition.field", "offset.field", "timestamp.field", "static.field"} {
		name := c.named()[key]
		if name == nil {
			continue
		}
		set = true
		if strings.TrimRight(*name, "!?") == "" {
			out = append(out, configdef.Problem{Key: key, Message: "names no field; set it to the name of the new field, or remove it"})
		}
	}
	switch {
	case !set:
		out = append(out, configdef.Problem{Key: "type", Message: "No field insertion configured; set topic.field, partition.field, offset.field, timestamp.field, or static.field and static.value"})
	case c.StaticField != nil && c.StaticValue == nil:
		out = append(out, configdef.Problem{Key: "static.value", Message: "No value specified for static field: set it, or remove static.field"})
	}
	if c.OffsetField != nil && kind == connect.SourceKind {
		out = append(out, configdef.Problem{Key: "offset.field", Message: "is for sink connectors only, a source's records have no Kafka offset yet; remove it"})
	}
	return out
}

// insertion is a field to be added.
type insertion struct {
	what   inserted
	name   string
	schema *connect.Schema
}

// inserted says what a field gets.
type inserted uint8

const (
	topicInserted inserted = iota
	partitionInserted
	offsetInserted
	timestampInserted
	staticInserted
)

type insertField struct {
	side        Side
	kind        connect.Kind
	fields      []insertion
	static      connect.Value
	replaceNull bool
	schemas     derived[insertPlan]
}

// insertPlan is what is known of an input schema.
type insertPlan struct {
	schema *connect.Schema
	strict []int
	err    error
}

func newInsertField(c InsertFieldConfig, kind connect.Kind, side Side) *insertField {
	t := &insertField{side: side, kind: kind, replaceNull: c.ReplaceNull}
	t.add(topicInserted, c.TopicField, connect.StringSchema)
	t.add(partitionInserted, c.PartitionField, connect.Int32Schema)
	t.add(offsetInserted, c.OffsetField, connect.Int64Schema)
	t.add(timestampInserted, c.TimestampField, connect.TimestampSchema)
	t.add(staticInserted, c.StaticField, connect.StringSchema)
	if c.StaticValue != nil {
		t.static = connect.StringValue(*c.StaticValue)
	}
	return t
}

func (t *insertField) add(what inserted, name *string, schema *connect.Schema) {
	if name == nil {
		return
	}
	field, required := strings.CutSuffix(*name, "!")
	if !required {
		field, schema = strings.TrimSuffix(*name, "?"), schema.AsOptional()
	}
	t.fields = append(t.fields, insertion{what: what, name: field, schema: schema})
}

// Apply implements connect.Transform.
func (t *insertField) Apply(s *connect.Selection) { edit(s, t.side, t) }

func (t *insertField) purpose() string { return "field insertion" }

// value returns what a field gets of a record; null is nothing.
func (t *insertField) value(f *insertion, r *connect.Record) (v connect.Value, err error) {
	switch f.what {
	case topicInserted:
		v = connect.StringValue(r.Topic)
	case partitionInserted:
		if r.Partition != connect.ByKey {
			v = connect.Int32Value(r.Partition)
		}
	case offsetInserted:
		if t.kind == connect.SourceKind {
			return v, javaError("Only SinkRecord supported for [%s], found: org.apache.kafka.connect.source.SourceRecord", t.purpose())
		}
		v = connect.Int64Value(r.Offset)
	case timestampInserted:
		if r.Timestamp != connect.NoTimestamp {
			v = connect.Int64Value(r.Timestamp)
		}
	default:
		v = t.static
	}
	return v, nil
}

func (t *insertField) plan(s *connect.Schema) *insertPlan {
	fields := slices.Clone(s.Fields)
	for _, f := range t.fields {
		fields = append(fields, connect.Field{Name: f.name, Schema: f.schema})
	}
	p := &insertPlan{strict: strict(s.Fields)}
	p.schema, p.err = structLike(s, fields)
	return p
}

func (t *insertField) record(a *connect.Arena, r *connect.Record, s *connect.Schema, fields []connect.Value) (*connect.Schema, connect.Value, error) {
	p := t.schemas.of(s, t.plan)
	if p.err != nil {
		return nil, connect.Value{}, p.err
	}
	n := len(fields)
	out := a.Values(n + len(t.fields))
	copy(out, fields)
	if err := settle(out, p.strict, s.Fields, t.replaceNull); err != nil {
		return nil, connect.Value{}, err
	}
	for i := range t.fields {
		var err error
		if out[n+i], err = t.value(&t.fields[i], r); err != nil {
			return nil, connect.Value{}, err
		}
	}
	return p.schema, connect.StructValue(out), nil
}

func (t *insertField) object(a *connect.Arena, r *connect.Record, entries []connect.Entry) (connect.Value, error) {
	n := len(entries)
	out := a.Entries(n + len(t.fields))
	copy(out, entries)
	for i := range t.fields {
		f := &t.fields[i]
		v, err := t.value(f, r)
		switch {
		case err != nil:
			return connect.Value{}, err
		case v.IsNull():
			continue
		}
		at := find(out[:n], f.name)
		if at == n {
			out[n].Key = connect.StringValue(f.name)
			n++
		}
		out[at].Value = v
	}
	return connect.MapValue(out[:n]), nil
}

// findNear is find for who has a guess where the entry is: maps of a stream mostly
// have the same fields in the same order.
func findNear(entries []connect.Entry, name string, guess int) int {
	if guess < len(entries) {
		if k := &entries[guess].Key; k.Len() == len(name) && k.Type() == connect.String && k.Str() == name {
			return guess
		}
	}
	return find(entries, name)
}

// find returns the place of the entry with that name, or the number of entries.
func find(entries []connect.Entry, name string) int {
	for i := range entries {
		if k := &entries[i].Key; k.Len() == len(name) && k.Type() == connect.String && k.Str() == name {
			return i
		}
	}
	return len(entries)
}
