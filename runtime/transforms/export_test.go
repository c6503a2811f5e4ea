// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

// ParseFieldPath is parseFieldPath, for tests.
var ParseFieldPath = parseFieldPath
