// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"slices"

	"penstock.dev/runtime/connect"
)

// DropHeadersConfig are the keys of DropHeaders.
type DropHeadersConfig struct {
	// The names of the headers; all headers of each go.
	Headers []string `config:"headers" importance:"high"`
}

// DropHeaders returns the transform that takes headers out.
func DropHeaders() connect.TransformPlugin {
	return connect.TransformClass[DropHeadersConfig]{
		Name:    "drop-headers",
		Aliases: []string{packageName + "DropHeaders"},
		Doc:     "Takes headers out of the record.",
		Example: `transforms: internal
transforms.internal.type: drop-headers
transforms.internal.headers: traceparent,x-debug
`,
		New: func(c DropHeadersConfig, _ connect.Kind) (connect.Transform, error) {
			return &dropHeaders{names: c.Headers}, nil
		},
	}.Plugin()
}

type dropHeaders struct{ names []string }

// Apply implements connect.Transform. It looks at no key, value or value of a
// header.
func (t *dropHeaders) Apply(s *connect.Selection) {
	a := s.Arena()
	for r := s.Next(); r != nil; r = s.Next() {
		if !slices.ContainsFunc(r.Headers, t.drops) {
			continue
		}
		out, n := a.Headers(len(r.Headers)), 0
		for i := range r.Headers {
			if !t.drops(r.Headers[i]) {
				out[n] = r.Headers[i]
				n++
			}
		}
		r.Headers = out[:n]
	}
}

func (t *dropHeaders) drops(h connect.Header) bool { return slices.Contains(t.names, h.Key) }
