// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/transforms/expression"
)

// CELFieldConfig are the keys of the CEL field.
type CELFieldConfig struct {
	// What gets the result: topic, key, value, a field of one of the latter, such as
	// value.total, or a header, such as header.trace. What follows the first dot is
	// the name, dots and all. A field that is there is replaced, another is added; a
	// key or value that is null has no fields and passes as it is. A header replaces
	// all headers of its name.
	Target string `config:"target" importance:"high"`
	// The CEL expression of key, value, topic, partition, timestamp, headers, and
	// for sinks offset. A record of which it gives no result, or none that fits, fails
	// and goes to the error policy.
	Expression string `config:"expression" importance:"high"`
	// The type of the result, which a whole key or value gets as its schema, or nothing:
	// then, where there is a schema, what is replaced keeps its schema if the result is of its kind, and otherwise the
	// schema follows from the result, optional always: bool, string and bytes are
	// what they are, int is int64, double float64, timestamp Timestamp, duration
	// int64 in milliseconds, a list an Array of its first item's type, a map a Struct
	// with fields in the order of their names. Null fits where null may be, and makes
	// a whole key or value null without schema, a tombstone. Without schema, times are
	// int64 in milliseconds.
	ResultType string `config:"result.type" optional:"true" enum:"boolean,int8,int16,int32,int64,float32,float64,string,bytes,Date,Time,Timestamp"`
}

// CELField returns the transform that sets a part of a record by an expression.
func CELField() connect.TransformPlugin {
	return connect.TransformClass[CELFieldConfig]{
		Name: "cel-field",
		Doc:  "Sets a field, the key, the value, the topic or a header to the result of an expression.",
		Example: `transforms: total
transforms.total.type: cel-field
transforms.total.target: value.total
transforms.total.expression: double(value.price) * double(value.quantity)
`,
		Check: func(c CELFieldConfig, kind connect.Kind) []configdef.Problem {
			_, problems := newCELField(c, kind)
			return problems
		},
		New: func(c CELFieldConfig, kind connect.Kind) (connect.Transform, error) {
			t, problems := newCELField(c, kind)
			if len(problems) > 0 {
				return nil, problems[0]
			}
			return t, nil
		},
	}.Plugin()
}

// resultTypes are the schemas of result.type.
var resultTypes = map[string]*connect.Schema{
	"boolean": connect.BooleanSchema.AsOptional(), "int8": connect.Int8Schema.AsOptional(), "int16": connect.Int16Schema.AsOptional(),
	"int32": connect.Int32Schema.AsOptional(), "int64": connect.Int64Schema.AsOptional(), "float32": connect.Float32Schema.AsOptional(),
	"float64": connect.Float64Schema.AsOptional(), "string": connect.OptionalStringSchema, "bytes": connect.OptionalBytesSchema,
	"Date": connect.DateSchema.AsOptional(), "Time": connect.TimeSchema.AsOptional(), "Timestamp": connect.TimestampSchema.AsOptional(),
}

func newCELField(c CELFieldConfig, kind connect.Kind) (connect.Transform, []configdef.Problem) {
	p, err := expression.Compile(c.Expression, kind)
	if err != nil {
		return nil, []configdef.Problem{{Key: "expression", Message: err.Error()}}
	}
	part, field, isField := strings.Cut(c.Target, ".")
	side := ValueSide
	if part == connect.KeySide {
		side = KeySide
	}
	switch {
	case part == "topic" && !isField:
		return &celTopic{p, newTopicMemo[checkedTopic]()}, nil
	case part == "header" && field != "":
		return &celHeader{p, field, resultTypes[c.ResultType]}, nil
	case part != connect.KeySide && part != connect.ValueSide || isField && field == "":
		return nil, []configdef.Problem{{Key: "target", Message: fmt.Sprintf("%q is nothing that can be set; use topic, key, value, key.<field>, value.<field> or header.<name>", c.Target)}}
	case isField:
		return &celField{program: p, side: side, name: field, key: connect.StringValue(field), want: resultTypes[c.ResultType]}, nil
	default:
		return &celDatum{program: p, side: side, want: resultTypes[c.ResultType]}, nil
	}
}

// celTopic sets the topic. Clients keep topics, and a result may lie in the memory of
// a batch; so it keeps those that it has set.
type celTopic struct {
	program *expression.Program
	topics  topicMemo[checkedTopic]
}

// checkedTopic is a topic that is its own, and why it cannot be one.
type checkedTopic struct {
	name string
	err  error
}

func checkTopic(name string) checkedTopic { return checkedTopic{name, connect.CheckTopic(name)} }

// Apply implements connect.Transform.
func (t *celTopic) Apply(s *connect.Selection) {
	for r := s.Next(); r != nil; r = s.Next() {
		var topic checkedTopic
		text, err := t.program.Text(r)
		if err == nil {
			topic = t.topics.of(text, checkTopic)
			err = topic.err
		}
		if err != nil {
			s.Fail(fmt.Errorf("setting the topic: %w", err))
			continue
		}
		r.Topic = topic.name
	}
}

// celHeader sets a header.
type celHeader struct {
	program *expression.Program
	name    string
	want    *connect.Schema
}

// Apply implements connect.Transform.
func (t *celHeader) Apply(s *connect.Selection) {
	a := s.Arena()
	for r := s.Next(); r != nil; r = s.Next() {
		schema, v, err := t.program.Typed(a, r, t.want, nil)
		if err == nil && schema == nil {
			err = expression.ErrNoSchema
		}
		if err != nil {
			s.Fail(fmt.Errorf("setting the header %s: %w", t.name, err))
			continue
		}
		headers := a.Headers(len(r.Headers) + 1)
		n := 0
		for i := range r.Headers {
			if r.Headers[i].Key != t.name {
				headers[n] = r.Headers[i]
				n++
			}
		}
		headers[n].Key = t.name
		headers[n].Value.Set(schema, v)
		r.Headers = headers[:n+1]
	}
}

// celDatum sets the key or the value.
type celDatum struct {
	program *expression.Program
	side    Side
	want    *connect.Schema
}

// Apply implements connect.Transform.
func (t *celDatum) Apply(s *connect.Selection) {
	for r := s.Next(); r != nil; r = s.Next() {
		d := t.side.of(r)
		schema, _, err := d.Get()
		if err != nil {
			s.Fail(fmt.Errorf("reading the %s: %w", t.side, err))
			continue
		}
		var v connect.Value
		if schema == nil && t.want == nil {
			v, err = t.program.Bare(s.Arena(), r)
		} else {
			schema, v, err = t.program.Whole(s.Arena(), r, t.want, schema)
		}
		if err != nil {
			s.Fail(fmt.Errorf("setting the %s: %w", t.side, err))
			continue
		}
		d.Set(schema, v)
	}
}

// celField sets a field. It is an editor.
type celField struct {
	program *expression.Program
	side    Side
	name    string
	key     connect.Value // the name
	want    *connect.Schema
	schemas derived[celFieldPlan]
}

// celFieldPlan is what is known of an input schema.
type celFieldPlan struct {
	from *connect.Schema
	// at is the place of the field, the number of fields if it is not there.
	at  int
	old *connect.Schema
	// made are the new schemas, by that of the field, of which mostly there is one.
	made derived[celFieldResult]
	with func(field *connect.Schema) *celFieldResult
}

type celFieldResult struct {
	schema *connect.Schema
	err    error
}

// Apply implements connect.Transform.
func (t *celField) Apply(s *connect.Selection) { edit(s, t.side, t) }

func (t *celField) purpose() string { return "setting the field " + t.name + " by an expression" }

func (t *celField) explain(err error) error {
	return fmt.Errorf("setting the field %s of the %s: %w", t.name, t.side, err)
}

func (t *celField) record(a *connect.Arena, r *connect.Record, s *connect.Schema, fields []connect.Value) (*connect.Schema, connect.Value, error) {
	p := t.schemas.of(s, t.plan)
	field, v, err := t.program.Typed(a, r, t.want, p.old)
	if err == nil && field == nil {
		err = expression.ErrNoSchema
	}
	if err != nil {
		return nil, connect.Value{}, t.explain(err)
	}
	to := p.made.of(field, p.with)
	if to.err != nil {
		return nil, connect.Value{}, to.err
	}
	out := a.Values(len(to.schema.Fields))
	copy(out, fields)
	out[p.at] = v
	return to.schema, connect.StructValue(out), nil
}

func (t *celField) plan(s *connect.Schema) *celFieldPlan {
	p := &celFieldPlan{from: s, at: s.FieldIndex(t.name)}
	if p.at < 0 {
		p.at = len(s.Fields)
	} else {
		p.old = s.Fields[p.at].Schema
	}
	p.with = func(field *connect.Schema) *celFieldResult { return p.result(t.name, field) }
	return p
}

// result makes the schema of the Struct for one of the field.
func (p *celFieldPlan) result(name string, field *connect.Schema) *celFieldResult {
	if p.old == field {
		return &celFieldResult{schema: p.from}
	}
	fields := slices.Clone(p.from.Fields)
	if p.at == len(fields) {
		fields = append(fields, connect.Field{})
	}
	fields[p.at] = connect.Field{Name: name, Schema: field}
	s, err := structLike(p.from, fields)
	if err == nil {
		s.Optional = p.from.Optional
	}
	return &celFieldResult{s, err}
}

func (t *celField) object(a *connect.Arena, r *connect.Record, entries []connect.Entry) (connect.Value, error) {
	var v connect.Value
	var err error
	if t.want == nil {
		v, err = t.program.Bare(a, r)
	} else {
		_, v, err = t.program.Typed(a, r, t.want, nil)
	}
	if err != nil {
		return connect.Value{}, t.explain(err)
	}
	at, n := find(entries, t.name), len(entries)
	if at == n {
		n++
	}
	out := a.Entries(n)
	copy(out, entries)
	out[at] = connect.Entry{Key: t.key, Value: v}
	return connect.MapValue(out), nil
}
