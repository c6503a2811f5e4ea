// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What README lets a new user apply must be taken without a warning, and whole.
func TestSamples(t *testing.T) {
	ns := namespace(t)
	files, err := filepath.Glob("../../config/samples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	listed := parse(t, read(t, "samples/kustomization.yaml"))["resources"].([]any)
	var names []any
	for _, f := range files {
		if name := filepath.Base(f); name != "kustomization.yaml" {
			names = append(names, name)
		}
	}
	if diff := cmp.Diff(names, slices.SortedFunc(slices.Values(listed), byText)); diff != "" {
		t.Errorf("kustomization.yaml does not list what is there (-there +listed):\n%s", diff)
	}
	for _, name := range names {
		t.Run(name.(string), func(t *testing.T) {
			for doc := range strings.SplitSeq(read(t, filepath.Join("samples", name.(string))), "\n---\n") {
				u := manifest(t, doc, "")
				if u.GetKind() != "PersistentVolume" {
					u.SetNamespace(ns)
				}
				if err := client.WithFieldValidation(api, "Strict").Create(t.Context(), u, client.DryRunAll); err != nil {
					t.Errorf("%s %s: %v", u.GetKind(), u.GetName(), err)
				}
			}
		})
	}
}

func byText(a, b any) int { return strings.Compare(a.(string), b.(string)) }
