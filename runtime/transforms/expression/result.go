// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"penstock.dev/runtime/connect"
)

// ErrNoSchema says that a result is null where a schema is needed.
var ErrNoSchema = errors.New("the expression gives null, of which no schema follows; set result.type")

// Bare evaluates the expression and returns a value without schema. Points in time
// and durations become milliseconds. New memory comes from the arena, or is the
// value's own.
func (p *Program) Bare(a *connect.Arena, r *connect.Record) (connect.Value, error) {
	defer p.scope.end()
	v, err := p.eval(r)
	if err != nil {
		return connect.Value{}, err
	}
	return bare(a, v)
}

// Typed evaluates the expression and returns a value with a schema, the same one
// for results that are alike: want if there is one, or else old, the schema of what
// the result replaces, if the result is of its kind, or else one that follows from
// the result. From null none follows, and the schema is nil. Memory is as with
// Bare.
func (p *Program) Typed(a *connect.Arena, r *connect.Record, want, old *connect.Schema) (*connect.Schema, connect.Value, error) {
	defer p.scope.end()
	v, err := p.eval(r)
	if err != nil {
		return nil, connect.Value{}, err
	}
	return p.typed(a, unwrapped(v), want, old)
}

// Whole is Typed for a key or value: null has no schema unless there is one that is
// wanted, and is a tombstone; and the schema of what is replaced does not bind a
// map or a list.
func (p *Program) Whole(a *connect.Arena, r *connect.Record, want, old *connect.Schema) (*connect.Schema, connect.Value, error) {
	defer p.scope.end()
	v, err := p.eval(r)
	if err != nil {
		return nil, connect.Value{}, err
	}
	v = unwrapped(v)
	if old != nil && (old.Type == connect.Struct || old.Type == connect.Map || old.Type == connect.Array || v == types.NullValue) {
		old = nil
	}
	return p.typed(a, v, want, old)
}

func (p *Program) typed(a *connect.Arena, v ref.Val, want, old *connect.Schema) (*connect.Schema, connect.Value, error) {
	s := want
	switch {
	case want != nil:
	case old != nil && (v == types.NullValue || isOfKind(v, old)):
		s = old
	case v == types.NullValue:
		return nil, connect.NullValue(), nil
	default:
		var err error
		if s, err = p.shapes.of(v); err != nil {
			return nil, connect.Value{}, err
		}
	}
	out, err := fit(a, s, v)
	return s, out, err
}

// Text evaluates an expression that gives a string.
func (p *Program) Text(r *connect.Record) (string, error) {
	defer p.scope.end()
	v, err := p.eval(r)
	if err != nil {
		return "", err
	}
	text, ok := unwrapped(v).(types.String)
	if !ok {
		return "", fmt.Errorf("the expression gives %s where a string is wanted; use string(x)", kindOf(v))
	}
	return string(text), nil
}

// unwrapped returns what an optional value holds, or null.
func unwrapped(v ref.Val) ref.Val {
	o, ok := v.(*types.Optional)
	switch {
	case !ok:
		return v
	case !o.HasValue():
		return types.NullValue
	default:
		return o.GetValue()
	}
}

func kindOf(v ref.Val) string { return v.Type().TypeName() }

// bare makes a value without schema.
func bare(a *connect.Arena, v ref.Val) (connect.Value, error) {
	switch v := unwrapped(v).(type) {
	case *object:
		if v.schema == nil && v.value.Type() == connect.Map {
			return v.value, nil
		}
		return bareMap(a, v)
	case *list:
		if v.schema == nil {
			return v.value, nil
		}
		return bareList(a, v)
	case traits.Mapper:
		return bareMap(a, v)
	case traits.Lister:
		return bareList(a, v)
	case types.Timestamp:
		return connect.Int64Value(v.UnixMilli()), nil
	case types.Duration:
		return connect.Int64Value(v.Milliseconds()), nil
	default:
		return scalar(v)
	}
}

// scalar makes a value of one that CEL and Connect have both.
func scalar(v ref.Val) (connect.Value, error) {
	switch v := v.(type) {
	case types.Null:
		return connect.NullValue(), nil
	case types.Bool:
		return connect.BooleanValue(bool(v)), nil
	case types.Int:
		return connect.Int64Value(int64(v)), nil
	case types.Uint:
		if v > math.MaxInt64 {
			return connect.Value{}, fmt.Errorf("the expression gives %d, which is more than 64 bits with a sign can hold", v)
		}
		return connect.Int64Value(int64(v)), nil
	case types.Double:
		return connect.Float64Value(float64(v)), nil
	case types.String:
		return connect.StringValue(string(v)), nil
	case types.Bytes:
		return connect.BytesValue(v), nil
	default:
		return connect.Value{}, unholdable(v)
	}
}

func unholdable(v ref.Val) error {
	if err, ok := v.(*types.Err); ok {
		return fmt.Errorf("evaluating the expression: %w", err) // of a member that cannot be read
	}
	return fmt.Errorf("the expression gives %s, which a record cannot hold; give a number, a text, bytes, a time, a list or a map", kindOf(v))
}

func bareList(a *connect.Arena, l traits.Lister) (connect.Value, error) {
	out := a.Values(length(l))
	for i := range out {
		var err error
		if out[i], err = bare(a, l.Get(types.Int(i))); err != nil {
			return connect.Value{}, err
		}
	}
	return connect.ArrayValue(out), nil
}

func bareMap(a *connect.Arena, m traits.Mapper) (connect.Value, error) {
	names, err := keys(m)
	if err != nil {
		return connect.Value{}, err
	}
	out := a.Entries(len(names))
	for i, name := range names {
		out[i].Key = connect.StringValue(string(name))
		if out[i].Value, err = bare(a, m.Get(name)); err != nil {
			return connect.Value{}, err
		}
	}
	return connect.MapValue(out), nil
}

func length(s traits.Sizer) int {
	n, _ := s.Size().(types.Int)
	return int(n)
}

// keys returns the keys of a map, which must be texts: those of a record's own in
// their order, others sorted, because CEL has them in none.
func keys(m traits.Mapper) ([]types.String, error) {
	var out []types.String
	for it := m.Iterator(); it.HasNext() == types.True; {
		name, ok := it.Next().(types.String)
		if !ok {
			return nil, fmt.Errorf("the expression gives a map with keys that are no strings, which cannot be made a record; use string(x)")
		}
		out = append(out, name)
	}
	if _, own := m.(*object); !own {
		slices.Sort(out)
	}
	return out, nil
}

// fit makes a value of that schema.
func fit(a *connect.Arena, s *connect.Schema, v ref.Val) (connect.Value, error) {
	switch v := unwrapped(v).(type) {
	case types.Null:
		if !s.Optional {
			return connect.Value{}, fmt.Errorf("the expression gives null, and %s may not be null", describe(s))
		}
		return connect.NullValue(), nil
	case *object:
		if v.schema == s || sameBut(v.schema, s) {
			return v.value, nil
		}
		return fitMap(a, s, v)
	case *list:
		if v.schema == s || sameBut(v.schema, s) {
			return v.value, nil
		}
		return fitList(a, s, v)
	case traits.Mapper:
		return fitMap(a, s, v)
	case traits.Lister:
		return fitList(a, s, v)
	case types.Timestamp:
		return fitTimestamp(s, v)
	case types.Duration:
		return fitDuration(s, v)
	default:
		return fitScalar(s, v)
	}
}

// sameBut reports whether two schemas describe the same values, be they optional
// or not.
func sameBut(a, b *connect.Schema) bool {
	return a != nil && a.Type == b.Type && a.Name == b.Name && a.Key == b.Key && a.Elem == b.Elem && len(a.Fields) == len(b.Fields) &&
		(len(a.Fields) == 0 || &a.Fields[0] == &b.Fields[0])
}

func misfit(s *connect.Schema, v ref.Val) error {
	return fmt.Errorf("the expression gives %s where %s is wanted; convert it in the expression", kindOf(v), describe(s))
}

func describe(s *connect.Schema) string {
	if s.Name != "" {
		return s.Name[strings.LastIndexByte(s.Name, '.')+1:]
	}
	return s.Type.String()
}

func fitTimestamp(s *connect.Schema, v types.Timestamp) (connect.Value, error) {
	millis := v.UnixMilli()
	switch s.Name {
	case connect.TimestampName:
		return connect.Int64Value(millis), nil
	case connect.DateName:
		day := millis / millisPerDay
		if millis%millisPerDay < 0 {
			day--
		}
		if int64(int32(day)) != day {
			return connect.Value{}, fmt.Errorf("the expression gives a day of the year %d, which a Date cannot hold", v.UTC().Year())
		}
		return connect.Int32Value(int32(day)), nil
	}
	return connect.Value{}, misfit(s, v)
}

func fitDuration(s *connect.Schema, v types.Duration) (connect.Value, error) {
	millis := v.Milliseconds()
	switch {
	case s.Name == connect.TimeName && millis >= 0 && millis < millisPerDay:
		return connect.Int32Value(int32(millis)), nil
	case s.Name == connect.TimeName:
		return connect.Value{}, fmt.Errorf("the expression gives the duration %s, and a Time is from 0 to 24 hours", v.Duration)
	case s.Type == connect.Int64 && s.Name == "":
		return connect.Int64Value(millis), nil
	}
	return connect.Value{}, misfit(s, v)
}

// bits are the widths of the integer types.
var bits = map[connect.Type]int{connect.Int8: 8, connect.Int16: 16, connect.Int32: 32, connect.Int64: 64}

func fitScalar(s *connect.Schema, v ref.Val) (connect.Value, error) {
	out, err := scalar(v)
	switch {
	case err != nil:
		return out, err
	case isLogical(s):
		return out, misfit(s, v)
	case out.Type() == connect.Int64 && isInteger(s.Type):
		if n, width := out.Int(), bits[s.Type]; n<<(64-width)>>(64-width) != n {
			return out, fmt.Errorf("the expression gives %d, which %s cannot hold", n, describe(s))
		}
		return connect.IntValue(s.Type, out.Int()), nil
	case out.Type() == connect.Int64 && s.Type == connect.Float64:
		return connect.Float64Value(float64(out.Int())), nil
	case out.Type() == connect.Int64 && s.Type == connect.Float32:
		return connect.Float32Value(float32(out.Int())), nil
	case out.Type() == connect.Float64 && s.Type == connect.Float32:
		return connect.Float32Value(float32(out.Float())), nil
	case out.Type() != s.Type:
		return out, misfit(s, v)
	}
	return out, nil
}

func isLogical(s *connect.Schema) bool {
	return s.Name == connect.DecimalName || s.Name == connect.DateName || s.Name == connect.TimeName || s.Name == connect.TimestampName
}

func fitList(a *connect.Arena, s *connect.Schema, l traits.Lister) (connect.Value, error) {
	if s.Type != connect.Array || s.Elem == nil {
		return connect.Value{}, misfit(s, l)
	}
	out := a.Values(length(l))
	for i := range out {
		var err error
		if out[i], err = fit(a, s.Elem, l.Get(types.Int(i))); err != nil {
			return connect.Value{}, fmt.Errorf("item %d: %w", i, err)
		}
	}
	return connect.ArrayValue(out), nil
}

func fitMap(a *connect.Arena, s *connect.Schema, m traits.Mapper) (connect.Value, error) {
	if s.Type != connect.Struct && (s.Type != connect.Map || s.Key == nil || s.Key.Type != connect.String || s.Elem == nil) {
		return connect.Value{}, misfit(s, m)
	}
	names, err := keys(m)
	if err != nil {
		return connect.Value{}, err
	}
	if s.Type == connect.Struct {
		return fitStruct(a, s, m, names)
	}
	out := a.Entries(len(names))
	for i, name := range names {
		out[i].Key = connect.StringValue(string(name))
		if out[i].Value, err = fit(a, s.Elem, m.Get(name)); err != nil {
			return connect.Value{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return connect.MapValue(out), nil
}

func fitStruct(a *connect.Arena, s *connect.Schema, m traits.Mapper, names []types.String) (connect.Value, error) {
	for _, name := range names {
		if s.FieldIndex(string(name)) < 0 {
			return connect.Value{}, fmt.Errorf("the expression gives a map with the key %q, and the Struct there has no such field", name)
		}
	}
	out := a.Values(len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		v, ok := m.Find(types.String(f.Name))
		if !ok {
			v = types.NullValue
		}
		var err error
		if out[i], err = fit(a, f.Schema, v); err != nil {
			return connect.Value{}, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return connect.StructValue(out), nil
}
