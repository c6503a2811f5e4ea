// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"penstock.dev/cmd/internal/cli"
)

var update = flag.Bool("update", false, "write docs/reference/kubectl.md")

// TestReference keeps docs/reference/kubectl.md as the commands describe
// themselves.
func TestReference(t *testing.T) {
	const page = "../../docs/reference/kubectl.md"
	want := cli.Reference("Commands of kubectl penstock", root(clock.RealClock{}))
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Errorf("docs/reference/kubectl.md is not what make generate writes (-want +have):\n%s", diff)
	}
}
