// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"math"
	"reflect"
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"penstock.dev/runtime/connect"
)

// object shows a Struct, a Map or headers as a map of CEL.
type object struct {
	scope  *scope
	schema *connect.Schema // nil if there is none
	value  connect.Value
	// headers are shown if value is null.
	headers []connect.Header
}

// list shows an Array as a list of CEL.
type list struct {
	scope  *scope
	schema *connect.Schema
	value  connect.Value
}

var (
	_ traits.Mapper = (*object)(nil)
	_ traits.Lister = (*list)(nil)
)

// Find implements traits.Mapper.
func (o *object) Find(key ref.Val) (ref.Val, bool) {
	switch o.value.Type() {
	case connect.Null:
		return o.header(key)
	case connect.Struct:
		return o.field(key)
	}
	for i := range o.value.Entries() {
		if e := &o.value.Entries()[i]; is(&e.Key, key) {
			return o.scope.show(elem(o.schema), e.Value), true
		}
	}
	return nil, false
}

// field finds a field of a Struct.
func (o *object) field(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok || o.schema == nil {
		return nil, false
	}
	i := o.schema.FieldIndex(string(name))
	if i < 0 || i >= o.value.Len() {
		return nil, false
	}
	return o.scope.show(o.schema.Fields[i].Schema, o.value.Items()[i]), true
}

// header finds the last header of that key.
func (o *object) header(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	for i := len(o.headers) - 1; i >= 0; i-- {
		h := &o.headers[i]
		if h.Key != string(name) {
			continue
		}
		s, v, err := h.Get()
		if err != nil {
			return o.scope.fail(err), true
		}
		return o.scope.show(s, v), true
	}
	return nil, false
}

// is reports whether a key of a Map is the one that is asked for.
func is(k *connect.Value, key ref.Val) bool {
	switch key := key.(type) {
	case types.String:
		return k.Type() == connect.String && k.Len() == len(key) && k.Str() == string(key)
	case types.Bool:
		return k.Type() == connect.Boolean && k.Bool() == bool(key)
	case types.Int:
		return isInteger(k.Type()) && k.Int() == int64(key)
	case types.Uint:
		return isInteger(k.Type()) && k.Int() >= 0 && uint64(k.Int()) == uint64(key)
	case types.Double:
		return isInteger(k.Type()) && math.Trunc(float64(key)) == float64(key) && float64(k.Int()) == float64(key)
	default:
		return false
	}
}

func isInteger(t connect.Type) bool { return t >= connect.Int8 && t <= connect.Int64 }

func elem(s *connect.Schema) *connect.Schema {
	if s == nil {
		return nil
	}
	return s.Elem
}

// Get implements traits.Indexer.
func (o *object) Get(key ref.Val) ref.Val {
	if v, ok := o.Find(key); ok {
		return v
	}
	return types.NewErr("no such key: %v", key)
}

// Contains implements traits.Container.
func (o *object) Contains(key ref.Val) ref.Val {
	_, ok := o.Find(key)
	return types.Bool(ok)
}

// Size implements traits.Sizer.
func (o *object) Size() ref.Val { return types.Int(o.len()) }

func (o *object) len() int {
	n := o.value.Len()
	for i := range o.headers {
		if o.isFirst(i) {
			n++
		}
	}
	return n
}

// isFirst reports whether a header is the first one of its key.
func (o *object) isFirst(i int) bool {
	return !slices.ContainsFunc(o.headers[:i], func(h connect.Header) bool { return h.Key == o.headers[i].Key })
}

// Iterator implements traits.Iterable; it gives keys.
func (o *object) Iterator() traits.Iterator { return &iterator{size: o.len(), at: o.key} }

func (o *object) key(i int) ref.Val {
	for at := range o.headers {
		if o.isFirst(at) {
			if i == 0 {
				return types.String(o.headers[at].Key)
			}
			i--
		}
	}
	if o.value.Type() == connect.Struct {
		if o.schema == nil || i >= len(o.schema.Fields) {
			return types.NewErr("a struct has more values than its schema has fields")
		}
		return types.String(o.schema.Fields[i].Name)
	}
	var key *connect.Schema
	if o.schema != nil {
		key = o.schema.Key
	}
	return o.scope.show(key, o.value.Entries()[i].Key)
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (o *object) Value() any { return o.value }

// Equal implements ref.Val.
func (o *object) Equal(other ref.Val) ref.Val {
	m, ok := other.(traits.Mapper)
	if !ok || m.Size() != o.Size() {
		return types.False
	}
	for i := range o.len() {
		key := o.key(i)
		mine, _ := o.Find(key)
		theirs, found := m.Find(key)
		if !found || types.Equal(mine, theirs) != types.True {
			return types.False
		}
	}
	return types.True
}

// copied is the object as CEL itself has it.
func (o *object) copied() traits.Mapper {
	m := make(map[ref.Val]ref.Val, o.len())
	for i := range o.len() {
		key := o.key(i)
		m[key], _ = o.Find(key)
	}
	return types.NewRefValMap(types.DefaultTypeAdapter, m)
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(t reflect.Type) (any, error) { return o.copied().ConvertToNative(t) }

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return o
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("type conversion error from 'map' to '%s'", t)
}

// Get implements traits.Indexer.
func (l *list) Get(index ref.Val) ref.Val {
	i, err := types.IndexOrError(index)
	if err != nil {
		return types.WrapErr(err)
	}
	if i < 0 || i >= l.value.Len() {
		return types.NewErr("index '%d' out of range in list size '%d'", i, l.value.Len())
	}
	return l.at(i)
}

func (l *list) at(i int) ref.Val { return l.scope.show(elem(l.schema), l.value.Items()[i]) }

// Contains implements traits.Container.
func (l *list) Contains(v ref.Val) ref.Val {
	for i := range l.value.Len() {
		if types.Equal(v, l.at(i)) == types.True {
			return types.True
		}
	}
	return types.False
}

// Size implements traits.Sizer.
func (l *list) Size() ref.Val { return types.Int(l.value.Len()) }

// Iterator implements traits.Iterable.
func (l *list) Iterator() traits.Iterator { return &iterator{size: l.value.Len(), at: l.at} }

// Add implements traits.Adder.
func (l *list) Add(other ref.Val) ref.Val { return l.copied().Add(other) }

// copied is the list as CEL itself has it.
func (l *list) copied() traits.Lister {
	items := make([]ref.Val, l.value.Len())
	for i := range items {
		items[i] = l.at(i)
	}
	return types.NewRefValList(types.DefaultTypeAdapter, items)
}

// Type implements ref.Val.
func (l *list) Type() ref.Type { return types.ListType }

// Value implements ref.Val.
func (l *list) Value() any { return l.value }

// Equal implements ref.Val.
func (l *list) Equal(other ref.Val) ref.Val {
	m, ok := other.(traits.Lister)
	if !ok || m.Size() != l.Size() {
		return types.False
	}
	for i := range l.value.Len() {
		if types.Equal(l.at(i), m.Get(types.Int(i))) != types.True {
			return types.False
		}
	}
	return types.True
}

// ConvertToNative implements ref.Val.
func (l *list) ConvertToNative(t reflect.Type) (any, error) { return l.copied().ConvertToNative(t) }

// ConvertToType implements ref.Val.
func (l *list) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.ListType:
		return l
	case types.TypeType:
		return types.ListType
	}
	return types.NewErr("type conversion error from 'list' to '%s'", t)
}
