// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package customers holds the records of P5: what a number's record is, what it is in
// Avro, and what a sink must have counted. dev.penstock.bench.Customers has the same
// for Kafka Connect. Nothing here uses the converters that are measured.
package customers

import (
	"encoding/binary"
	"math"
	"strconv"

	"penstock.dev/runtime/connect"
)

// AvroSchema is the schema of the records, as a converter must register it, but for
// documentation, defaults and Connect's own attributes.
const AvroSchema = `{"type":"record","name":"Customer","namespace":"dev.penstock.bench","fields":[` +
	`{"name":"id","type":"long"},` +
	`{"name":"created","type":{"type":"long","logicalType":"timestamp-millis"}},` +
	`{"name":"name","type":"string"},` +
	`{"name":"email","type":"string"},` +
	`{"name":"city","type":"string"},` +
	`{"name":"amount","type":"double"},` +
	`{"name":"rate","type":"float"},` +
	`{"name":"visits","type":"int"},` +
	`{"name":"active","type":"boolean"},` +
	`{"name":"level","type":["null","string"],"default":null},` +
	`{"name":"score","type":["null","long"],"default":null},` +
	`{"name":"tags","type":{"type":"array","items":"string"}},` +
	`{"name":"note","type":"string"}]}`

// Schema returns the Connect schema of the records.
func Schema() *connect.Schema {
	f := func(name string, s *connect.Schema) connect.Field { return connect.Field{Name: name, Schema: s} }
	return &connect.Schema{Type: connect.Struct, Name: "dev.penstock.bench.Customer", Fields: []connect.Field{
		f("id", connect.Int64Schema), f("created", connect.TimestampSchema), f("name", connect.StringSchema),
		f("email", connect.StringSchema), f("city", connect.StringSchema), f("amount", connect.Float64Schema),
		f("rate", connect.Float32Schema), f("visits", connect.Int32Schema), f("active", connect.BooleanSchema),
		f("level", connect.OptionalStringSchema), f("score", &connect.Schema{Type: connect.Int64, Optional: true}),
		f("tags", &connect.Schema{Type: connect.Array, Elem: connect.StringSchema}), f("note", connect.StringSchema),
	}}
}

// Created is the time of the first record, in milliseconds since 1970.
const Created = 1_700_000_000_000

const (
	people   = 10007
	tags     = 64
	textSize = 1 << 20
	// noteSize makes records of 1,024 bytes on average.
	noteSize = 926
)

// Customers makes records from texts that it makes once, so that making a record
// costs little beside converting it.
type Customers struct {
	names, emails, tags, cities, levels []string
	text                                string
}

// New makes the texts.
func New() *Customers {
	c := &Customers{
		cities: []string{"Amsterdam", "Bern", "Cairo", "Delhi", "Edinburgh", "Florence", "Geneva", "Hanoi"},
		levels: []string{"", "basic", "silver", "gold"},
		text:   string(letters(textSize)),
	}
	for i := range people {
		n := strconv.Itoa(i)
		c.names, c.emails = append(c.names, "customer-"+n), append(c.emails, "c"+n+"@example.org")
	}
	for i := range tags {
		c.tags = append(c.tags, "tag-"+strconv.Itoa(i))
	}
	return c
}

// letters returns n letters and blanks; they are the same in Java.
func letters(n int) []byte {
	out := make([]byte, n)
	x := uint64(1)
	for i := range out {
		x = x*6364136223846793005 + 1442695040888963407
		if k := x >> 33 % 32; k < 26 {
			out[i] = 'a' + byte(k)
		} else {
			out[i] = ' '
		}
	}
	return out
}

// fields are those of one record. A level "" and a score below 0 are null.
type fields struct {
	id, created, score   int64
	name, email, city    string
	level, note          string
	amount               float64
	rate                 float32
	visits               int32
	active               bool
	first, second, third string // tags
}

func (c *Customers) fields(i int64) fields {
	f := fields{
		id: i, created: Created + i, name: c.names[i%people], email: c.emails[i%people], city: c.cities[i%8],
		amount: float64(1000+i%9000) + 0.25, rate: float32(i%64) / 64, visits: int32(i % 1000), active: i%3 == 0,
		level: c.levels[i%4], score: -1, first: c.tags[i%7], second: c.tags[i%11], third: c.tags[i%tags],
	}
	if i%5 != 0 {
		f.score = 31 * i
	}
	at := i * 7919 % (textSize - noteSize)
	f.note = c.text[at : at+noteSize]
	return f
}

// Value returns the record of a number. It refers to texts that do not change.
func (c *Customers) Value(a *connect.Arena, i int64) connect.Value {
	f := c.fields(i)
	list := a.Values(3)
	list[0], list[1], list[2] = connect.StringValue(f.first), connect.StringValue(f.second), connect.StringValue(f.third)
	v := a.Values(13)
	v[0], v[1], v[2] = connect.Int64Value(f.id), connect.Int64Value(f.created), connect.StringValue(f.name)
	v[3], v[4], v[5] = connect.StringValue(f.email), connect.StringValue(f.city), connect.Float64Value(f.amount)
	v[6], v[7], v[8] = connect.Float32Value(f.rate), connect.Int32Value(f.visits), connect.BooleanValue(f.active)
	v[9], v[10] = connect.NullValue(), connect.NullValue()
	if f.level != "" {
		v[9] = connect.StringValue(f.level)
	}
	if f.score >= 0 {
		v[10] = connect.Int64Value(f.score)
	}
	v[11], v[12] = connect.ArrayValue(list), connect.StringValue(f.note)
	return connect.StructValue(v)
}

// AppendAvro appends the record of a number in Avro's binary encoding.
func (c *Customers) AppendAvro(dst []byte, i int64) []byte {
	f := c.fields(i)
	dst = binary.AppendVarint(binary.AppendVarint(dst, f.id), f.created)
	dst = text(text(text(dst, f.name), f.email), f.city)
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f.amount))
	dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(f.rate))
	dst = binary.AppendVarint(dst, int64(f.visits))
	dst = append(dst, map[bool]byte{true: 1}[f.active])
	if f.level == "" {
		dst = append(dst, 0)
	} else {
		dst = text(append(dst, 2), f.level)
	}
	if f.score < 0 {
		dst = append(dst, 0)
	} else {
		dst = binary.AppendVarint(append(dst, 2), f.score)
	}
	dst = text(text(text(append(dst, 6), f.first), f.second), f.third)
	return text(append(dst, 0), f.note)
}

func text(dst []byte, s string) []byte {
	return append(binary.AppendVarint(dst, int64(len(s))), s...)
}
