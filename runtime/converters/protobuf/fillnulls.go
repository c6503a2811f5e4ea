// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"fmt"

	"penstock.dev/runtime/connect"
)

// filler makes generate.struct.for.nulls true: every field holds its default if it
// did not occur.
type filler struct {
	state map[*readMessage]bool // false: under way, true: done
	later []*readMessage        // those in lists and unions, which end an endless default
}

func fillNulls(root *readMessage) error {
	f := &filler{state: map[*readMessage]bool{}, later: []*readMessage{root}}
	for len(f.later) > 0 {
		m := f.later[len(f.later)-1]
		f.later = f.later[:len(f.later)-1]
		if err := f.message(m); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) message(m *readMessage) error {
	if done, ok := f.state[m]; ok {
		if !done {
			return fmt.Errorf("message %s holds itself: generate.struct.for.nulls has no end for it; set it to false", m.name)
		}
		return nil
	}
	f.state[m] = false
	filled := map[int]bool{}
	for _, x := range m.fill {
		filled[x.slot] = true
	}
	for i := range m.fields {
		field := &m.fields[i]
		alone := field.many == single && field.union < 0
		if sub := field.value.sub; sub != nil && !alone {
			f.later = append(f.later, sub)
		} else if sub != nil {
			if err := f.message(sub); err != nil {
				return err
			}
		}
		if !alone || filled[field.slot] {
			continue
		}
		if zero := absentValue(&field.value); !zero.IsNull() {
			m.fill = append(m.fill, fill{field.slot, zero})
		}
	}
	f.state[m] = true
	return nil
}

// absentValue returns the value of a message without bytes; that of a decimal or
// a date is none.
func absentValue(r *reading) connect.Value {
	switch r.form {
	case structure:
		fields := make([]connect.Value, r.sub.size)
		for _, f := range r.sub.fill {
			fields[f.slot] = f.value
		}
		return connect.StructValue(fields)
	case timestamp:
		return connect.Int64Value(0)
	case timeOfDay:
		return connect.Int32Value(0)
	case decimal, date:
		return connect.Value{}
	default:
		return r.zero
	}
}
