// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package converters is the list of the converters that are built in.
package converters

import (
	"penstock.dev/runtime/connect"
	avroconv "penstock.dev/runtime/converters/avro"
	bytesconv "penstock.dev/runtime/converters/bytes"
	jsonconv "penstock.dev/runtime/converters/json"
	jsonschemaconv "penstock.dev/runtime/converters/jsonschema"
	primitiveconv "penstock.dev/runtime/converters/primitive"
	protobufconv "penstock.dev/runtime/converters/protobuf"
	simpleconv "penstock.dev/runtime/converters/simple"
	stringconv "penstock.dev/runtime/converters/string"
)

//go:generate go run penstock.dev/hack/configdoc converters ../../docs/reference/converters
//go:generate go run penstock.dev/hack/configdoc structs ./jsonschema ./protobuf

// All returns the converters in the order in which they are shown.
func All() []connect.ConverterPlugin {
	return []connect.ConverterPlugin{
		jsonconv.Plugin(),
		stringconv.Plugin(),
		bytesconv.Plugin(),
		primitiveconv.Boolean(),
		primitiveconv.Short(),
		primitiveconv.Integer(),
		primitiveconv.Long(),
		primitiveconv.Float(),
		primitiveconv.Double(),
		avroconv.Plugin(),
		jsonschemaconv.Plugin(),
		protobufconv.Plugin(),
		simpleconv.Plugin(),
	}
}
