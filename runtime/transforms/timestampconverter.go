// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"slices"
	"strings"
	"time"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javadate"
)

// TimestampConverterConfig are the keys of TimestampConverter.
type TimestampConverterConfig struct {
	// The field that holds the time; the whole key or value does if there is none.
	Field string `config:"field" default:"" importance:"high"`
	// What the time becomes: a text by format, a whole number by unix.precision,
	// or a Date, Time or Timestamp of Kafka Connect. A Date is the day without the
	// time of day, a Time the time of day without the day.
	TargetType string `config:"target.type" enum:"string,unix,Date,Time,Timestamp" importance:"high"`
	// The pattern of a text, in which a time is written or from which it is read:
	// one of java.text.SimpleDateFormat, in UTC and English. Letters z and Z read
	// UTC, GMT and offsets, but no names of other time zones.
	Format string `config:"format" default:""`
	// What a whole number counts since 1970, be it what the time becomes or what it
	// is read from. What is less than that is cut off.
	UnixPrecision string `config:"unix.precision" default:"milliseconds" enum:"nanoseconds,microseconds,milliseconds,seconds" importance:"low"`
	// Whether a null field that has a default is replaced by the default.
	ReplaceNull bool `config:"replace.null.with.default" default:"true"`
}

// TimestampConverter returns the transform that writes a time in another way. The
// clock says, when a task starts, which century a year of two digits is in.
func TimestampConverter(side Side, now func() time.Time) connect.TransformPlugin {
	return connect.TransformClass[TimestampConverterConfig]{
		Name:    "timestamp-converter-" + side.String(),
		Aliases: []string{side.class("TimestampConverter")},
		Doc:     "Converts a time in the record's " + side.String() + ", or in a field of it, between text, Unix time, Date, Time and Timestamp.",
		Example: `transforms: iso
transforms.iso.type: timestamp-converter-` + side.String() + `
transforms.iso.field: created_at
transforms.iso.target.type: string
transforms.iso.format: yyyy-MM-dd'T'HH:mm:ss.SSSX
`,
		Check: func(c TimestampConverterConfig, _ connect.Kind) []configdef.Problem {
			_, problems := newTimestampConverter(c, side, now())
			return problems
		},
		New: func(c TimestampConverterConfig, _ connect.Kind) (connect.Transform, error) {
			t, problems := newTimestampConverter(c, side, now())
			if len(problems) > 0 {
				return nil, problems[0]
			}
			return t, nil
		},
	}.Plugin()
}

type timestampConverter struct {
	side        Side
	field       string
	name        connect.Value // the field's
	replaceNull bool
	to          timeType
	times       times
	// required and optional are the schemas of what the time becomes.
	required, optional *connect.Schema
	schemas            derived[timestampPlan]
}

// timestampPlan is what is known of an input schema.
type timestampPlan struct {
	schema *connect.Schema
	// at is the place of the field, -1 for none, and from the type of the time there.
	at     int
	from   timeType
	strict []int
	// err refuses every record, fieldErr those that have fields.
	err, fieldErr error
}

func newTimestampConverter(c TimestampConverterConfig, side Side, now time.Time) (*timestampConverter, []configdef.Problem) {
	t := &timestampConverter{
		side: side, field: c.Field, name: connect.StringValue(c.Field), replaceNull: c.ReplaceNull,
		to: timeTypes[c.TargetType], times: times{unit: timeUnits[c.UnixPrecision]},
	}
	t.required = timeSchemas[t.to]
	t.optional = t.required.AsOptional()
	switch {
	case strings.TrimSpace(c.Format) != "":
		f, err := javadate.Compile(c.Format, now)
		if err != nil {
			return nil, []configdef.Problem{{Key: "format", Message: err.Error()}}
		}
		t.times.format = f
	case t.to == stringTime:
		return nil, []configdef.Problem{{Key: "format", Message: "TimestampConverter requires format option to be specified when using string timestamps; set it to a pattern such as yyyy-MM-dd"}}
	}
	return t, nil
}

// Apply implements connect.Transform.
func (t *timestampConverter) Apply(s *connect.Selection) { remake(s, t.side, t) }

func (t *timestampConverter) remake(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	var err error
	switch {
	case s == nil && (v.IsNull() || t.field == ""):
		v, err = t.bare(a, v)
		return nil, v, err
	case s != nil && t.field == "":
		return t.whole(a, s, v)
	case !v.IsNull():
		if err = requireFields(t.purpose(), s, v); err != nil {
			return nil, v, err
		}
	case s.Type != connect.Struct:
		return nil, v, javaError("Cannot list fields on non-struct type")
	}
	if s == nil {
		v, err = t.object(a, v.Entries())
		return nil, v, err
	}
	return t.record(a, s, v)
}

func (t *timestampConverter) purpose() string { return "converting timestamp formats" }

// bare converts a time without schema.
func (t *timestampConverter) bare(a *connect.Arena, v connect.Value) (connect.Value, error) {
	var from timeType
	switch v.Type() {
	case connect.Null:
		return v, nil
	case connect.Int64:
		from = unixTime
		if v.IsInstant() {
			from = timestampTime
		}
	case connect.String:
		from = stringTime
	default:
		return v, javaError("TimestampConverter does not support class %s objects as timestamps", objectClass(v))
	}
	millis, err := t.times.read(from, v)
	if err != nil {
		return v, err
	}
	return t.times.instant(a, t.to, millis), nil
}

// object converts a field of a map; Kafka Connect adds it, as null, if there is
// none.
func (t *timestampConverter) object(a *connect.Arena, entries []connect.Entry) (connect.Value, error) {
	at, n := find(entries, t.field), len(entries)
	var v connect.Value
	if at < n {
		v = entries[at].Value
	} else {
		n++
	}
	v, err := t.bare(a, v)
	if err != nil {
		return v, err
	}
	out := a.Entries(n)
	copy(out, entries)
	out[at] = connect.Entry{Key: t.name, Value: v}
	return connect.MapValue(out), nil
}

// whole converts a key or value that is a time.
func (t *timestampConverter) whole(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	from, err := timeTypeOf(s)
	if err != nil {
		return nil, v, err
	}
	to := t.required
	if s.Optional {
		to = t.optional
	}
	v, err = t.convert(a, from, v)
	return to, v, err
}

// convert makes a time what it is to be, if it has a schema.
func (t *timestampConverter) convert(a *connect.Arena, from timeType, v connect.Value) (connect.Value, error) {
	if v.IsNull() {
		return v, nil
	}
	millis, err := t.times.read(from, v)
	if err != nil {
		return v, err
	}
	return t.times.value(a, t.to, millis), nil
}

// record converts a field of a Struct.
func (t *timestampConverter) record(a *connect.Arena, s *connect.Schema, v connect.Value) (*connect.Schema, connect.Value, error) {
	p := t.schemas.of(s, t.plan)
	switch {
	case p.err != nil:
		return nil, v, p.err
	case v.IsNull():
		return p.schema, v, nil
	}
	v, err := t.fields(a, p, s, v)
	return p.schema, v, err
}

func (t *timestampConverter) fields(a *connect.Arena, p *timestampPlan, s *connect.Schema, v connect.Value) (connect.Value, error) {
	if p.fieldErr != nil {
		return v, p.fieldErr
	}
	items := v.Items()
	out := a.Values(len(items))
	copy(out, items)
	err := settle(out, p.strict, s.Fields, t.replaceNull)
	if err == nil && p.at >= 0 {
		out[p.at], err = t.convert(a, p.from, out[p.at])
	}
	return connect.StructValue(out), err
}

func (t *timestampConverter) plan(s *connect.Schema) *timestampPlan {
	p := &timestampPlan{at: s.FieldIndex(t.field), strict: strict(s.Fields)}
	fields := slices.Clone(s.Fields)
	if p.at >= 0 {
		f := &fields[p.at]
		p.from, p.fieldErr = timeTypeOf(f.Schema)
		if f.Schema.Optional {
			f.Schema = t.optional
		} else {
			f.Schema = t.required
		}
	}
	if p.schema, p.err = structLike(s, fields); p.err != nil {
		return p
	}
	p.schema.Optional = s.Optional
	if s.Default != nil && !s.Default.IsNull() {
		// The default lives as long as its schema: in memory of its own.
		v, err := t.fields(new(connect.Arena), p, s, *s.Default)
		p.schema.Default, p.err = &v, err
	}
	return p
}
