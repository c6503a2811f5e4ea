// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"penstock.dev/runtime/connect"
)

type connectPair struct{ a, b *connect.Schema }

// sameSchema reports whether two schemas are equal as ConnectSchema.equals has it,
// but for being optional at the top if optional says so.
func sameSchema(a, b *connect.Schema, optional bool, seen map[connectPair]bool) bool {
	if a == b || seen[connectPair{a, b}] {
		return true
	}
	if a == nil || b == nil || !optional && a.Optional != b.Optional || !alikeSchema(a, b) {
		return false
	}
	if seen == nil {
		seen = map[connectPair]bool{}
	}
	seen[connectPair{a, b}] = true
	for i := range a.Fields {
		if a.Fields[i].Name != b.Fields[i].Name || !sameSchema(a.Fields[i].Schema, b.Fields[i].Schema, false, seen) {
			return false
		}
	}
	return sameSchema(a.Key, b.Key, false, seen) && sameSchema(a.Elem, b.Elem, false, seen)
}

// alikeSchema compares all but the parts.
func alikeSchema(a, b *connect.Schema) bool {
	return a.Type == b.Type && a.Name == b.Name && a.Version == b.Version && a.Doc == b.Doc &&
		len(a.Fields) == len(b.Fields) && sameParameters(a, b) && sameDefault(a.Default, b.Default)
}

func sameDefault(a, b *connect.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

func sameParameters(a, b *connect.Schema) bool {
	if len(a.Parameters) != len(b.Parameters) {
		return false
	}
	for _, p := range a.Parameters {
		if v, ok := b.Parameter(p.Name); !ok || v != p.Value {
			return false
		}
	}
	return true
}
