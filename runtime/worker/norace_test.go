// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build !race

package worker

const raceEnabled = false
