// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// The smallest manifest of each kind; tests change it.
const (
	clusterManifest = `
apiVersion: connect.penstock.dev/v1alpha1
kind: ConnectCluster
metadata: {generateName: c-}
spec:
  kafka: {bootstrapServers: ["kafka:9092"]}
`
	connectorManifest = `
apiVersion: connect.penstock.dev/v1alpha1
kind: Connector
metadata: {generateName: c-}
spec:
  clusterRef: {name: main}
  class: file-source
`
	taskManifest = `
apiVersion: connect.penstock.dev/v1alpha1
kind: Task
metadata: {generateName: t-}
spec:
  clusterName: main
  connectorRef: {name: orders, uid: u-1}
  connectorName: orders
  class: file-source
  type: source
  index: 0
  count: 1
  configRevision: r1
  desiredState: Running
`
)

// manifest reads a manifest and merges a change into it, null removes.
func manifest(t *testing.T, base, change string) *unstructured.Unstructured {
	t.Helper()
	return &unstructured.Unstructured{Object: merge(parse(t, base), parse(t, change))}
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("parsing %s: %v", text, err)
	}
	u := map[string]any{}
	if string(data) == "null" {
		return u
	}
	if err := json.Unmarshal(data, &u); err != nil {
		t.Fatalf("parsing %s: %v", text, err)
	}
	return u
}

func merge(into, change map[string]any) map[string]any {
	for k, v := range change {
		switch v := v.(type) {
		case nil:
			delete(into, k)
		case map[string]any:
			inner, _ := into[k].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
			}
			into[k] = merge(inner, v)
		default:
			into[k] = v
		}
	}
	return into
}

// refusal is a change of a manifest that the API server refuses, with what its
// message must say; accepted if there is nothing to say.
type refusal struct {
	change string
	want   []string
}

// checkCreate creates the manifest of each case, in its own namespace, strictly
// as kubectl does.
func checkCreate(t *testing.T, base string, cases map[string]refusal) {
	t.Helper()
	ns := namespace(t)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u := manifest(t, base, tc.change)
			u.SetNamespace(ns)
			checkError(t, client.WithFieldValidation(api, "Strict").Create(t.Context(), u), tc.want)
		})
	}
}

// update is a change of a resource that exists.
type update struct {
	before, change string
	want           []string
}

func checkUpdate(t *testing.T, base string, cases map[string]update) {
	t.Helper()
	ns := namespace(t)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u := manifest(t, base, tc.before)
			u.SetNamespace(ns)
			if err := api.Create(t.Context(), u); err != nil {
				t.Fatalf("creating it: %v", err)
			}
			u.Object = merge(u.Object, parse(t, tc.change))
			checkError(t, client.WithFieldValidation(api, "Strict").Update(t.Context(), u), tc.want)
		})
	}
}

func checkError(t *testing.T, err error, want []string) {
	t.Helper()
	if len(want) == 0 {
		if err != nil {
			t.Errorf("it is refused: %v", err)
		}
		return
	}
	if err == nil {
		t.Errorf("it is accepted, want a refusal that says %q", want)
		return
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the refusal is %q, want %q in it", err, w)
		}
	}
}

// keys is a config with that many keys.
func keys(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "key.%d: %d, ", i, i)
	}
	return "{" + text.String() + "}"
}

func a(n int) string { return strings.Repeat("a", n) }
