// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1_test

import (
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"penstock.dev/api/v1alpha1"
)

// What a value becomes by way of the API server. Standalone's manifests are tried
// with the same file.
func TestScalarsThroughTheServer(t *testing.T) {
	data, err := os.ReadFile("testdata/scalars.yaml")
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
	ns := namespace(t)
	for _, tc := range cases {
		t.Run(tc.Written, func(t *testing.T) {
			u := create(t, ns, connectorManifest, "spec: {config: {k: "+tc.Written+"}}")
			var c v1alpha1.Connector
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(u), &c); err != nil {
				t.Fatal(err)
			}
			got, err := c.Spec.Config.Properties()
			if tc.Refused {
				if err == nil || !strings.Contains(err.Error(), "spec.config: k is a number beyond 64 bits") {
					t.Errorf("it is %q, %v; want it refused", got["k"], err)
				}
				return
			}
			if err != nil || got["k"] != tc.Text {
				t.Errorf("it is %q, %v; want %q", got["k"], err, tc.Text)
			}
		})
	}
}
