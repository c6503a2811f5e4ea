// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"penstock.dev/runtime/connect"
)

// maxShapes bounds what is remembered of schemas.
const maxShapes = 1000

// The schemas of results that are no list and no map.
var (
	booleanSchema   = connect.BooleanSchema.AsOptional()
	int64Schema     = connect.Int64Schema.AsOptional()
	float64Schema   = connect.Float64Schema.AsOptional()
	timestampSchema = connect.TimestampSchema.AsOptional()
)

// shapes makes schemas of results, the same one for results that are alike, so
// that converters know them again.
type shapes struct {
	// optional are the copies of the record's own schemas, made the same by text.
	optional map[*connect.Schema]*connect.Schema
	made     map[string]*connect.Schema
}

// isOfKind reports whether a value can take the place of one of that schema.
func isOfKind(v ref.Val, s *connect.Schema) bool {
	switch v.(type) {
	case types.Bool:
		return s.Type == connect.Boolean
	case types.Int, types.Uint:
		return isInteger(s.Type) && !isLogical(s)
	case types.Double:
		return s.Type == connect.Float32 || s.Type == connect.Float64
	case types.String:
		return s.Type == connect.String
	case types.Bytes:
		return s.Type == connect.Bytes && !isLogical(s)
	case types.Timestamp:
		return s.Name == connect.TimestampName || s.Name == connect.DateName
	case types.Duration:
		return s.Name == connect.TimeName
	default:
		return isContainer(v, s)
	}
}

// isContainer is isOfKind for maps and lists.
func isContainer(v ref.Val, s *connect.Schema) bool {
	switch v := v.(type) {
	case *object:
		return sameBut(v.schema, s)
	case *list:
		return sameBut(v.schema, s)
	case traits.Mapper:
		return s.Type == connect.Struct || s.Type == connect.Map
	case traits.Lister:
		return s.Type == connect.Array
	default:
		return false
	}
}

// schemaOf returns the schema that follows from a type, or nil if none does.
func schemaOf(t *types.Type) *connect.Schema {
	switch t.Kind() {
	case types.BoolKind:
		return booleanSchema
	case types.IntKind, types.UintKind, types.DurationKind:
		return int64Schema
	case types.DoubleKind:
		return float64Schema
	case types.StringKind:
		return connect.OptionalStringSchema
	case types.BytesKind:
		return connect.OptionalBytesSchema
	case types.TimestampKind:
		return timestampSchema
	default:
		return nil
	}
}

// of returns the schema of a result. It is optional.
func (m *shapes) of(v ref.Val) (*connect.Schema, error) {
	switch v := unwrapped(v).(type) {
	case *object:
		if v.schema != nil {
			return m.optionalOf(v.schema), nil
		}
		return m.structOf(v)
	case *list:
		if v.schema != nil {
			return m.optionalOf(v.schema), nil
		}
		return m.arrayOf(v)
	case traits.Mapper:
		return m.structOf(v)
	case traits.Lister:
		return m.arrayOf(v)
	case types.Null:
		return nil, errors.New("it is null there, of which no schema follows")
	default:
		if t, ok := v.Type().(*types.Type); ok {
			if s := schemaOf(t); s != nil {
				return s, nil
			}
		}
		return nil, unholdable(v)
	}
}

func (m *shapes) optionalOf(s *connect.Schema) *connect.Schema {
	o, ok := m.optional[s]
	if !ok {
		if m.optional == nil || len(m.optional) >= maxShapes {
			m.optional = make(map[*connect.Schema]*connect.Schema)
		}
		o = s.AsOptional()
		m.optional[s] = o
	}
	return o
}

// make returns the schema that has been made for a text, or makes it.
func (m *shapes) make(text string, build func() *connect.Schema) *connect.Schema {
	s, ok := m.made[text]
	if !ok {
		if m.made == nil || len(m.made) >= maxShapes {
			m.made = make(map[string]*connect.Schema)
		}
		s = build()
		m.made[text] = s
	}
	return s
}

// arrayOf returns an Array of what the first item is that is not null. Whole
// numbers among others become those.
func (m *shapes) arrayOf(l traits.Lister) (*connect.Schema, error) {
	var item *connect.Schema
	for i := range length(l) {
		v := unwrapped(l.Get(types.Int(i)))
		if v == types.NullValue {
			continue
		}
		s, err := m.of(v)
		switch {
		case err != nil:
			return nil, fmt.Errorf("item %d of the list: %w", i, err)
		case item == nil || item == int64Schema && s == float64Schema:
			item = s
		case s != item && (item != float64Schema || s != int64Schema):
			return nil, fmt.Errorf("item %d of the list is %s, and others are %s; a list with a schema has items of one type", i, describe(s), describe(item))
		}
	}
	if item == nil {
		return nil, errors.New("the expression gives a list without items, of which no schema follows")
	}
	return m.make(fmt.Sprintf("[%p", item), func() *connect.Schema {
		return &connect.Schema{Type: connect.Array, Optional: true, Elem: item}
	}), nil
}

// structOf returns a Struct whose fields are the keys of a map.
func (m *shapes) structOf(o traits.Mapper) (*connect.Schema, error) {
	names, err := keys(o)
	if err != nil {
		return nil, err
	}
	fields := make([]connect.Field, len(names))
	var text strings.Builder
	for i, name := range names {
		s, err := m.of(o.Get(name))
		if err != nil {
			return nil, fmt.Errorf("the key %q of the map: %w", name, err)
		}
		fields[i] = connect.Field{Name: string(name), Schema: s}
		fmt.Fprintf(&text, "{%q%p", name, s)
	}
	return m.make(text.String(), func() *connect.Schema {
		return &connect.Schema{Type: connect.Struct, Optional: true, Fields: fields}
	}), nil
}
