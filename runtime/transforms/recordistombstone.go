// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"fmt"

	"penstock.dev/runtime/connect"
)

// RecordIsTombstone returns the predicate that looks for null values.
func RecordIsTombstone() connect.PredicatePlugin {
	return connect.PredicateClass[struct{}]{
		Name:    "record-is-tombstone",
		Aliases: []string{packageName + "predicates.RecordIsTombstone"},
		Doc:     "Is true for records whose value is null.",
		Example: `transforms: route
transforms.route.type: regex-router
transforms.route.regex: (.*)
transforms.route.replacement: $1-deleted
transforms.route.predicate: deleted
predicates: deleted
predicates.deleted.type: record-is-tombstone
`,
		New: func(struct{}) (connect.Predicate, error) {
			return recordIsTombstone{}, nil
		},
	}.Plugin()
}

type recordIsTombstone struct{}

// Test implements connect.Predicate.
func (recordIsTombstone) Test(r *connect.Record) (bool, error) {
	null, err := r.Value.IsNull()
	if err != nil {
		return false, fmt.Errorf("reading the value: %w", err)
	}
	return null, nil
}
