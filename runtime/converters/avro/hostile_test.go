// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// Each block of a list may hold one item only. To read it must not take memory that
// grows with the square of their number.
func TestManySmallBlocks(t *testing.T) {
	const blocks = 20_000
	one := func(item string) []byte { return []byte(strings.Repeat("\x02"+item, blocks) + "\x00") }
	null := strings.Repeat("\x00", len(anythingFields))
	for name, tc := range map[string]struct {
		schema string
		data   []byte
		want   int
	}{
		"array":   {`{"type":"array","items":"int"}`, one("\x04"), blocks},
		"nothing": {`{"type":"array","items":{"type":"record","name":"R","fields":[]}}`, one(""), blocks},
		"map":     {`{"type":"map","values":"int"}`, one("\x02k\x04"), 1},
	} {
		r := defaultRules(t)
		s := mustParse(t, tc.schema)
		c, err := r.toSchema(s, 0)
		if err != nil {
			t.Fatal(err)
		}
		n, err := r.reader(s, c)
		if err != nil {
			t.Fatal(err)
		}
		d := decoder{a: new(connect.Arena), data: tc.data, empty: maxEmpty}
		v, err := d.value(n, 0)
		if err != nil || v.Len() != tc.want {
			t.Errorf("%s: %d items, %v", name, v.Len(), err)
		}
		if held := d.a.Held(); held > 32<<20 {
			t.Errorf("%s: %d bytes of data take %d MiB", name, len(tc.data), held>>20)
		}
	}
	for name, tc := range map[string]struct {
		data string
		want int
	}{
		"array without schema": {strings.Repeat("\x00", anyArray) + "\x02" + string(one(null)) + "\x00", blocks},
		"map without schema":   {strings.Repeat("\x00", anyMap) + "\x02" + string(one("\x02\x01"+null[1:]+null)), 1},
	} {
		d := decoder{a: new(connect.Arena), data: []byte(tc.data), empty: maxEmpty}
		v, err := d.anything(0)
		if err != nil || v.Len() != tc.want {
			t.Errorf("%s: %d items, %v", name, v.Len(), err)
		}
		if held := d.a.Held(); held > 32<<20 {
			t.Errorf("%s: %d bytes of data take %d MiB", name, len(tc.data), held>>20)
		}
	}
}
