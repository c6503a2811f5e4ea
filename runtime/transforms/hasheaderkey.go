// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import "penstock.dev/runtime/connect"

// HasHeaderKeyConfig are the keys of HasHeaderKey.
type HasHeaderKeyConfig struct {
	// The name of the header.
	Name string `config:"name"`
}

// HasHeaderKey returns the predicate that looks for a header.
func HasHeaderKey() connect.PredicatePlugin {
	return connect.PredicateClass[HasHeaderKeyConfig]{
		Name:    "has-header-key",
		Aliases: []string{packageName + "predicates.HasHeaderKey"},
		Doc:     "Is true for records that have a header of the given name.",
		Example: `transforms: route
transforms.route.type: regex-router
transforms.route.regex: (.*)
transforms.route.replacement: $1-traced
transforms.route.predicate: traced
predicates: traced
predicates.traced.type: has-header-key
predicates.traced.name: traceparent
`,
		New: func(c HasHeaderKeyConfig) (connect.Predicate, error) {
			return &hasHeaderKey{name: c.Name}, nil
		},
	}.Plugin()
}

type hasHeaderKey struct{ name string }

// Test implements connect.Predicate.
func (p *hasHeaderKey) Test(r *connect.Record) (bool, error) {
	for i := range r.Headers {
		if r.Headers[i].Key == p.name {
			return true, nil
		}
	}
	return false, nil
}
