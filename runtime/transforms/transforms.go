// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package transforms lists the transforms and predicates of this build, one file
// each. They do what Kafka Connect's classes of the same names do; the golden
// files in testdata, written by hack/conformance/transforms, hold what those do.
// docs/compatibility.md lists where they differ, and why.
package transforms

import (
	"time"

	"penstock.dev/runtime/connect"
)

//go:generate go run penstock.dev/hack/configdoc structs .
//go:generate go run penstock.dev/hack/configdoc transforms ../../docs/reference/transforms testdata/examples.yaml

// packageName is where Kafka Connect keeps its transforms.
const packageName = "org.apache.kafka.connect.transforms."

// All returns every transform of this build.
func All() []connect.TransformPlugin {
	return []connect.TransformPlugin{
		Cast(KeySide),
		Cast(ValueSide),
		CELField(),
		CELFilter(),
		DropHeaders(),
		ExtractField(KeySide),
		ExtractField(ValueSide),
		Filter(),
		Flatten(KeySide),
		Flatten(ValueSide),
		HeaderFrom(KeySide),
		HeaderFrom(ValueSide),
		HoistField(KeySide),
		HoistField(ValueSide),
		InsertField(KeySide),
		InsertField(ValueSide),
		InsertHeader(),
		MaskField(KeySide),
		MaskField(ValueSide),
		RegexRouter(),
		ReplaceField(KeySide),
		ReplaceField(ValueSide),
		SetSchemaMetadata(KeySide),
		SetSchemaMetadata(ValueSide),
		TimestampConverter(KeySide, time.Now),
		TimestampConverter(ValueSide, time.Now),
		TimestampRouter(time.Now),
		ValueToKey(),
	}
}

// Predicates returns every predicate of this build.
func Predicates() []connect.PredicatePlugin {
	return []connect.PredicatePlugin{
		CELPredicate(),
		HasHeaderKey(),
		RecordIsTombstone(),
		TopicNameMatches(),
	}
}
