// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package transforms lists the transforms and predicates of this build, one file
// each. They do what Kafka Connect's classes of the same names do; the golden
// file in testdata, written by hack/conformance/transforms, holds what those do.
//
// They differ in this. A map without schema keeps the order of its fields, where
// Java has a hash map's; so of two fields that get the same name the later one
// wins, where in Java it is the one that the hash map gives last. A field with the
// empty name cannot be inserted. A config that must fail with the first record is
// refused before there is one: offset.field for a source, a replacement that
// refers to a group that is not there.
package transforms

import "penstock.dev/runtime/connect"

//go:generate go run penstock.dev/hack/configdoc structs .
//go:generate go run penstock.dev/hack/configdoc transforms ../../docs/reference/transforms

// packageName is where Kafka Connect keeps its transforms.
const packageName = "org.apache.kafka.connect.transforms."

// All returns every transform of this build.
func All() []connect.TransformPlugin {
	return []connect.TransformPlugin{
		InsertField(KeySide),
		InsertField(ValueSide),
		RegexRouter(),
		ReplaceField(KeySide),
		ReplaceField(ValueSide),
	}
}

// Predicates returns every predicate of this build.
func Predicates() []connect.PredicatePlugin {
	return []connect.PredicatePlugin{
		HasHeaderKey(),
		RecordIsTombstone(),
		TopicNameMatches(),
	}
}
