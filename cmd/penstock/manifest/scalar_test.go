// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package manifest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	kjson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"penstock.dev/api/v1alpha1"
)

// A value has the text that it gets by way of the API server, which is tried with
// the same file.
func TestScalars(t *testing.T) {
	data, err := os.ReadFile("../../../api/v1alpha1/testdata/scalars.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Written, Text string
		Refused       bool
	}
	if err := yaml.UnmarshalStrict(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, tc := range cases {
		t.Run(tc.Written, func(t *testing.T) {
			text := connector("a", "  class: x\n  config: {k: "+tc.Written+"}\n") + "---\n" + cluster("  config: {k: "+tc.Written+"}\n")
			m, err := Load(t.Context(), []string{"-"}, strings.NewReader(text))
			if tc.Refused {
				if err == nil || strings.Count(err.Error(), "spec.config: k is a number beyond 64 bits") != 2 {
					t.Errorf("the error is %v, want a refusal of both documents", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Connectors[0].Config["k"]; got != tc.Text {
				t.Errorf("a connector has %q, want %q", got, tc.Text)
			}
			if got := m.Cluster.Config["k"]; got != tc.Text {
				t.Errorf("a worker has %q, want %q", got, tc.Text)
			}
		})
	}
}

// Whatever JSON value is written: the API server decodes and encodes it, and the
// text is the same as without it.
func FuzzScalarText(f *testing.F) {
	for _, seed := range []string{`1`, `-0.0`, `1e6`, `0.10`, `9223372036854775808`, `1e-400`, `true`, `null`, `"a"`, `[1]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		var direct v1alpha1.ConnectorConfig
		doc := `{"k":` + written + `}`
		if json.Unmarshal([]byte(doc), &direct) != nil || len(direct.Values) != 1 {
			t.Skip("no JSON value")
		}
		var kept map[string]any
		if kjson.Unmarshal([]byte(doc), &kept) != nil {
			t.Skip("the API server does not decode it")
		}
		stored, err := json.Marshal(kept)
		if err != nil {
			t.Fatal(err)
		}
		var read v1alpha1.ConnectorConfig
		if err := json.Unmarshal(stored, &read); err != nil {
			t.Fatal(err)
		}
		want, wantErr := direct.Properties()
		got, gotErr := read.Properties()
		if got["k"] != want["k"] || (gotErr == nil) != (wantErr == nil) {
			t.Errorf("%s is %q, %v; by way of the API server, as %s, it is %q, %v", written, want["k"], wantErr, stored, got["k"], gotErr)
		}
	})
}
