// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javavalues"
)

// InsertHeaderConfig are the keys of InsertHeader.
type InsertHeaderConfig struct {
	// The name of the header. Headers of that name stay, the new one comes after
	// them.
	Header string `config:"header" importance:"high"`
	// The value, read as Kafka Connect does: null, true, a number in the smallest
	// type that holds it, a date, time or timestamp in ISO form, an array [1,2], a map
	// {"a":1}, or else a text. What follows such a value is left out: 12:34 is the
	// number 12.
	ValueLiteral *string `config:"value.literal" optional:"true" importance:"high"`
}

// InsertHeader returns the transform that adds a header that is always the same.
func InsertHeader() connect.TransformPlugin {
	return connect.TransformClass[InsertHeaderConfig]{
		Name:    "insert-header",
		Aliases: []string{packageName + "InsertHeader"},
		Doc:     "Adds a header that is always the same to the record.",
		Example: `transforms: region
transforms.region.type: insert-header
transforms.region.header: region
transforms.region.value.literal: eu-west
`,
		Check: func(c InsertHeaderConfig, _ connect.Kind) []configdef.Problem {
			_, problems := newInsertHeader(c)
			return problems
		},
		New: func(c InsertHeaderConfig, _ connect.Kind) (connect.Transform, error) {
			t, problems := newInsertHeader(c)
			if len(problems) > 0 {
				return nil, problems[0]
			}
			return t, nil
		},
	}.Plugin()
}

func newInsertHeader(c InsertHeaderConfig) (*insertHeader, []configdef.Problem) {
	if c.ValueLiteral == nil {
		return nil, []configdef.Problem{{Key: "value.literal", Message: "is required and has no default; set it to the value of the header"}}
	}
	s, v, err := javavalues.Parse(new(connect.Arena), *c.ValueLiteral)
	if err != nil {
		return nil, []configdef.Problem{{Key: "value.literal", Message: fmt.Sprintf("is no value of a header: %v; write one with fewer levels", err)}}
	}
	t := &insertHeader{header: connect.Header{Key: c.Header}}
	t.header.Value.Set(s, v)
	return t, nil
}

type insertHeader struct{ header connect.Header }

// Apply implements connect.Transform. It looks at no key, value or value of a
// header.
func (t *insertHeader) Apply(s *connect.Selection) {
	a := s.Arena()
	for r := s.Next(); r != nil; r = s.Next() {
		n := len(r.Headers)
		out := a.Headers(n + 1)
		copy(out, r.Headers)
		out[n] = t.header
		r.Headers = out
	}
}
