// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package rest is Kafka Connect's REST API over a Backend: its paths, codes,
// bodies and texts, so that tools that were written for Kafka Connect work. What
// differs is listed in docs/compatibility.md, the API in
// docs/reference/openapi.yaml.
package rest
