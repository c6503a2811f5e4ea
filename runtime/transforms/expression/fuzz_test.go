// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package expression

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// FuzzEvaluate looks for panics, which CEL itself would report as an error.
func FuzzEvaluate(f *testing.F) {
	for _, text := range []string{
		`value.ship.city == "Bern"`, `value.tags.map(t, [t, value.sizes])`, `{"a": value, "b": headers, "c": key}`, `value.?x.?y`, `[key, value.ship] + value.tags`, `value in [value]`, `headers.transformList(k, v, v)`,
		`string(value.raw)`, `type(value)`, `value.sizes[value.tags.size()]`, `timestamp - value.at`, `optional.none()`, `value.tags.slice(0, 1)`, `sets.intersects([value.tags], [value.tags])`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Compile(text, connect.SinkKind)
		if err != nil {
			return
		}
		var a connect.Arena
		for _, r := range []*connect.Record{typed(), {Partition: connect.ByKey, Timestamp: connect.NoTimestamp}} {
			_, bareErr := p.Bare(&a, r)
			s, v, typedErr := p.Typed(&a, r, nil, nil)
			if typedErr == nil && s != nil && !v.IsNull() && v.Type() != s.Type {
				t.Errorf("%q gives %s with the schema of %s", text, v.Type(), s.Type)
			}
			for _, err := range []error{bareErr, typedErr} {
				if err != nil && strings.Contains(err.Error(), "internal error") {
					t.Errorf("%q: %v", text, err)
				}
			}
		}
	})
}
