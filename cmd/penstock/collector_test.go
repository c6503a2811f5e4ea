// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"runtime/debug"
	"testing"
)

func TestTuneCollector(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	tuneCollector(func(string) (string, bool) { return "80", true })
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("GOGC is set and was overruled: %d", got)
	}
	tuneCollector(func(string) (string, bool) { return "", false })
	if got := debug.SetGCPercent(100); got != gcPercent {
		t.Errorf("got %d, want %d", got, gcPercent)
	}
}
