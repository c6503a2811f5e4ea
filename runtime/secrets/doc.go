// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package secrets resolves the references that a connector's config holds in
// place of secrets, `${provider:path:key}` or `${provider:key}`, as Kafka
// Connect's config providers do (KIP-297). Only a worker resolves them; specs,
// statuses and topics hold the references.
package secrets
