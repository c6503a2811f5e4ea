// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"

	"penstock.dev/runtime/connect"
)

// numbers gives the fields of one message their numbers: that of the parameter
// Tag, or the position among those without it. Where a position's number is
// another field's Tag, the next free number is taken.
type numbers struct {
	next  int32
	taken map[int32]string // by Tag: the parameter's text
	used  map[int32]bool
}

func newNumbers(s *connect.Schema) *numbers {
	n := &numbers{next: 1, taken: map[int32]string{}, used: map[int32]bool{}}
	n.take(s)
	return n
}

func (n *numbers) take(s *connect.Schema) {
	for _, f := range s.Fields {
		if isUnion(f.Schema) {
			n.take(f.Schema)
		} else if text, ok := f.Schema.Parameter(tagParam); ok {
			if tag, ok := number(text); ok {
				n.taken[tag] = text
			}
		}
	}
}

// The numbers that a field can have; those between are protobuf's own.
const (
	maxNumber                   = 1<<29 - 1
	firstReserved, lastReserved = 19000, 19999
)

func (n *numbers) of(s *connect.Schema) (int32, error) {
	if text, ok := s.Parameter(tagParam); ok {
		tag, ok := number(text)
		if !ok || tag < 1 || tag > maxNumber || tag >= firstReserved && tag <= lastReserved {
			return 0, fmt.Errorf("parameter %s=%s is no number that a protobuf field can have", tagParam, text)
		}
		if n.used[tag] {
			return 0, fmt.Errorf("parameter %s=%s is another field's too", tagParam, text)
		}
		n.used[tag] = true
		return tag, nil
	}
	for n.taken[n.next] != "" || n.used[n.next] || n.next >= firstReserved && n.next <= lastReserved {
		n.next++
	}
	n.used[n.next] = true
	n.next++
	return n.next - 1, nil
}
