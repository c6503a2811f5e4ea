// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/configdef"
)

// Keys of a family are known by their beginning, and secret unless they are short.
func TestFamilies(t *testing.T) {
	p := ConverterPlugin{
		Name: "avro", Keys: []configdef.Key{{Name: "url", Type: "STRING"}}, Families: []configdef.Key{{Name: "header.", Type: "PASSWORD"}},
		Check: func(map[string]string) []configdef.Problem { return nil },
	}
	props := map[string]string{"header.b": "a long secret", "header.a": "1", "url": "x", "headers": "y"}
	want := []configdef.Key{{Name: "url", Type: "STRING"}, {Name: "header.a", Type: "STRING"}, {Name: "header.b", Type: "PASSWORD"}}
	if diff := cmp.Diff(want, p.KeysIn(props)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	r := Registry{Converters: []ConverterPlugin{p}}
	c := r.ConverterFor(ValueSide, map[string]string{"value.converter": "avro", "value.converter.header.b": "x", "value.converter.headers": "y"}, nil)
	if len(c.Warnings) != 1 || c.Warnings[0].Key != "value.converter.headers" {
		t.Errorf("warnings %v, want one about headers", c.Warnings)
	}
}
