// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"errors"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// iterator goes over the keys of an object or the items of a list.
type iterator struct {
	size, next int
	at         func(int) ref.Val
}

// HasNext implements traits.Iterator.
func (it *iterator) HasNext() ref.Val { return types.Bool(it.next < it.size) }

// Next implements traits.Iterator.
func (it *iterator) Next() ref.Val {
	it.next++
	return it.at(it.next - 1)
}

// Type implements ref.Val.
func (it *iterator) Type() ref.Type { return types.IteratorType }

// Value implements ref.Val.
func (it *iterator) Value() any { return nil }

// Equal implements ref.Val; iterators are not compared.
func (it *iterator) Equal(ref.Val) ref.Val { return types.NewErr("no such overload") }

// ConvertToType implements ref.Val; iterators are not converted.
func (it *iterator) ConvertToType(ref.Type) ref.Val { return types.NewErr("no such overload") }

// ConvertToNative implements ref.Val; iterators are not converted.
func (it *iterator) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("an iterator cannot be converted")
}
