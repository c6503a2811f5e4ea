// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"flag"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/cmd/internal/cli"
)

var update = flag.Bool("update", false, "write docs/reference/cli.md")

// TestReference keeps docs/reference/cli.md as the commands describe themselves.
func TestReference(t *testing.T) {
	const page = "../../docs/reference/cli.md"
	want := cli.Reference("Commands", root())
	if *update {
		write(t, page, want)
	}
	if diff := cmp.Diff(want, read(t, page)); diff != "" {
		t.Errorf("docs/reference/cli.md is not what make generate writes (-want +have):\n%s", diff)
	}
}
