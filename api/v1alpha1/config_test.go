// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

func TestConfigKeepsScalars(t *testing.T) {
	ns := namespace(t)
	u := manifest(t, connectorManifest, `{spec: {config: {text: a b, quoted: "3", empty: "", int: 500, negative: -1, "true": true, "false": false,
		float: 0.25, zero: 0, max: 9223372036854775807, min: -9223372036854775808, unicode: "héllo \u2028 <&>", "a.dotted-key": "${secrets:s:k}"}}}`)
	u.SetNamespace(ns)
	if err := client.WithFieldValidation(api, "Strict").Create(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	var c v1alpha1.Connector
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(u), &c); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"text": "a b", "quoted": "3", "empty": "", "int": "500", "negative": "-1", "true": "true", "false": "false",
		"float": "0.25", "zero": "0", "max": "9223372036854775807", "min": "-9223372036854775808", "unicode": "héllo \u2028 <&>", "a.dotted-key": "${secrets:s:k}",
	}
	checkProperties(t, c.Spec.Config, want)

	// A client of ours that writes the resource again must not change a value.
	if err := api.Update(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	if c.Generation != 1 {
		t.Errorf("writing what was read makes generation %d, want 1: a value changed", c.Generation)
	}
	checkProperties(t, c.Spec.Config, want)
}

func checkProperties(t *testing.T, c *v1alpha1.ConnectorConfig, want map[string]string) {
	t.Helper()
	got, err := c.Properties()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

func TestWorkerConfigKeepsScalars(t *testing.T) {
	ns := namespace(t)
	u := manifest(t, clusterManifest, `{spec: {config: {value.converter: json, value.converter.schemas.enable: false, offset.flush.interval.ms: 5000}}}`)
	u.SetNamespace(ns)
	if err := client.WithFieldValidation(api, "Strict").Create(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	var c v1alpha1.ConnectCluster
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(u), &c); err != nil {
		t.Fatal(err)
	}
	got, err := c.Spec.Config.Properties()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"value.converter": "json", "value.converter.schemas.enable": "false", "offset.flush.interval.ms": "5000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

func TestScalarText(t *testing.T) {
	for name, tc := range map[string]struct{ in, want, err string }{
		"text":            {in: `"a"`, want: "a"},
		"escapes":         {in: `"a\"\\\nbé"`, want: "a\"\\\nbé"},
		"an integer":      {in: `3`, want: "3"},
		"beyond 64 bits":  {in: `123456789012345678901234567890`, err: "spec.config: k is a number beyond 64 bits, which the API server would round: write it in quotes"},
		"beyond a float":  {in: `-1e400`, err: "spec.config: k is a number beyond 64 bits"},
		"a float":         {in: `1.50`, want: "1.5"},
		"an exponent":     {in: `1e3`, want: "1000"},
		"next to nothing": {in: `1e-400`, want: "0"},
		"a boolean":       {in: `true`, want: "true"},
		"null":            {in: `null`, err: "spec.config: k is null: give a value, or remove the key"},
		"a list":          {in: `["a"]`, err: "spec.config: k is not a string, number or boolean: write lists as text, a,b,c"},
		"an object":       {in: `{"a": 1}`, err: "spec.config: k is not a string, number or boolean"},
	} {
		t.Run(name, func(t *testing.T) {
			var c v1alpha1.ConnectorConfig
			if err := json.Unmarshal([]byte(`{"k":`+tc.in+`}`), &c); err != nil {
				t.Fatal(err)
			}
			got, err := c.Properties()
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("the error is %v, want %q in it", err, tc.err)
				}
				return
			}
			if err != nil || got["k"] != tc.want {
				t.Errorf("it is %q, %v; want %q", got["k"], err, tc.want)
			}
		})
	}
}

func TestEveryBadValueIsNamed(t *testing.T) {
	var c v1alpha1.ConnectorConfig
	if err := json.Unmarshal([]byte(`{"b": null, "a": [], "c": 1}`), &c); err != nil {
		t.Fatal(err)
	}
	_, err := c.Properties()
	if err == nil || !strings.Contains(err.Error(), "a is not a string") || !strings.Contains(err.Error(), "b is null") {
		t.Errorf("the error is %v, want a and b in it", err)
	}
}

func TestNoConfig(t *testing.T) {
	var c *v1alpha1.ConnectorConfig
	checkProperties(t, c, map[string]string{})
	var w *v1alpha1.WorkerConfig
	if got, err := w.Properties(); err != nil || got == nil || len(got) != 0 {
		t.Errorf("no config has the properties %v, %v; want none", got, err)
	}
	if data, err := json.Marshal(v1alpha1.ConnectorConfig{}); err != nil || string(data) != "{}" {
		t.Errorf("an empty config is %s, %v; want {}", data, err)
	}
}

// What config.Values and the marshaller do together must be a copy of its own.
func TestConfigIsCopied(t *testing.T) {
	c := v1alpha1.ConnectorConfig{Values: map[string]v1alpha1.Scalar{"a": v1alpha1.ScalarOf("x")}}
	d := c.DeepCopy()
	d.Values["a"] = v1alpha1.ScalarOf(`y "<`)
	if c.Values["a"] != `"x"` {
		t.Errorf("changing a copy makes the original %v", c.Values)
	}
	if text, err := d.Values["a"].Text(); err != nil || text != `y "<` {
		t.Errorf("the copy has %q, %v", text, err)
	}
}
