// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import "runtime/debug"

// gcPercent is GOGC of a process that runs tasks, unless the user has set it. A
// record costs next to no allocation, so there is little to collect, and a heap
// that grows by half before it is collected instead of doubling is memory saved
// for nothing: most of it is what a scrape of the metrics leaves behind.
const gcPercent = 50

// tuneCollector sets the collector up for tasks. environ looks a variable of the
// environment up.
func tuneCollector(environ func(string) (string, bool)) {
	if _, set := environ("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
}
