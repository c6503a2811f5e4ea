// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import "penstock.dev/runtime/connect"

// Filter returns the transform that drops all records that it is applied to.
func Filter() connect.TransformPlugin {
	return connect.TransformClass[struct{}]{
		Name:    "filter",
		Aliases: []string{packageName + "Filter"},
		Doc:     "Drops every record; a predicate says which records it applies to.",
		Example: `transforms: live
transforms.live.type: filter
transforms.live.predicate: deleted
predicates: deleted
predicates.deleted.type: record-is-tombstone
`,
		New: func(struct{}, connect.Kind) (connect.Transform, error) { return filter{}, nil },
	}.Plugin()
}

type filter struct{}

// Apply implements connect.Transform.
func (filter) Apply(s *connect.Selection) {
	for r := s.Next(); r != nil; r = s.Next() {
		s.Drop()
	}
}
