// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonschemaconv

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var write = flag.Bool("write-texts", false, "write testdata/texts.jsonl for hack/conformance/jsonschema")

// TestPrintedAsConfluentDoes compares with how everit-json-schema, the library of
// Confluent's converter, prints the same schemas.
func TestPrintedAsConfluentDoes(t *testing.T) {
	var texts []string
	for seed := range uint64(25) {
		m := defaults()
		m.ObjectAdditionalProperties = seed%3 > 0
		text, err := newText(m, newGenerator(seed+1000, m).root())
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if *write {
		if err := os.WriteFile("testdata/texts.jsonl", []byte(strings.Join(texts, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	printed, err := os.ReadFile("testdata/printed.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(printed)), "\n")
	if len(lines) != len(texts) {
		t.Fatalf("%d lines, want %d", len(lines), len(texts))
	}
	for i, want := range lines {
		if texts[i] != want {
			t.Errorf("schema %d:\n%s\nwant\n%s\n%s", i, texts[i], want, cmp.Diff(want, texts[i]))
		}
	}
}
