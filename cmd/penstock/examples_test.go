// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each folder of examples does what its README and the reference pages say, as it is
// called there.
func TestExamplesRun(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob(filepath.Join(root, "examples", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string]func(t *testing.T){
		"file-copy": func(t *testing.T) {
			if got, want := read(t, "penstock-data/lines-out.txt"), read(t, "examples/file-copy/lines.txt"); got != want {
				t.Errorf("the copy is %q", got)
			}
		},
		"datagen": func(t *testing.T) {
			if n := strings.Count(read(t, "penstock-data/orders.json"), "\n"); n != 1000 {
				t.Errorf("%d orders, want 1000", n)
			}
		},
		"errors": func(t *testing.T) {
			good, dead := read(t, "penstock-data/measurements.txt"), read(t, "penstock-data/measurements-dead.txt")
			if n := strings.Count(good+dead, "\n"); n != strings.Count(read(t, "examples/errors/measurements.txt"), "\n") || dead == "" || good == "" {
				t.Errorf("good are %q, dead %q", good, dead)
			}
		},
		"transforms": func(t *testing.T) {
			got := read(t, "penstock-data/shop-orders.json")
			if strings.Count(got, "\n") != 100 || strings.Count(got, "eu-west") != 100 || strings.Contains(got, "address") {
				t.Errorf("the orders are %s", got)
			}
		},
	}
	for _, file := range folders {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			check := checks[name]
			if check == nil {
				t.Fatal("nothing is known of this example")
			}
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS(filepath.Join(root, "examples"))); err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			var e execution
			if err := e.run(t.Context(), "", "standalone", "-f", "examples/"+name, "--until-idle", "1s", "--metrics-addr", ""); err != nil {
				broken(t, &e, err)
			}
			check(t)
		})
	}
}
