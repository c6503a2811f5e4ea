// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build tools

// Package tools holds etcd in this module's graph, for build.sh.
package tools

import _ "go.etcd.io/etcd/server/v3"
