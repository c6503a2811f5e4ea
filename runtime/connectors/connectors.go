// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package connectors lists the connectors of this build.
package connectors

import (
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connectors/datagen"
	"penstock.dev/runtime/connectors/filesink"
	"penstock.dev/runtime/connectors/filesource"
)

//go:generate go run penstock.dev/hack/configdoc structs ./datagen ./filesink ./filesource
//go:generate go run penstock.dev/hack/configdoc structs ../connect ../clientkeys ../rest ../converters/json ../converters/string ../converters/registry ../converters/avro
//go:generate go run penstock.dev/hack/configdoc reference ../../docs/reference
//go:generate go run penstock.dev/hack/configdoc pages ../../docs/reference/connectors ../../examples ./datagen/README.md ./filesink/README.md ./filesource/README.md

// All returns every connector of this build.
func All() []connect.Plugin {
	return []connect.Plugin{
		datagen.Plugin(),
		filesink.Plugin(),
		filesource.Plugin(),
	}
}
