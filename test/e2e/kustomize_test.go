// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"penstock.dev/api/v1alpha1"
)

// samples is where config/samples is applied.
const samples = "samples"

// kustomized lives the story's beginning and end again without Helm: config/default
// and config/samples, of which nothing is changed but the image, Kafka's port and
// the folder; and their removal as config/README.md tells it.
func kustomized(t *testing.T, s *suite, _ string) {
	files := shareDir(t, s.work, "samples")
	operator := s.overlay(t, "config/default", fmt.Sprintf(`
images: [{name: ghcr.io/penstock/penstock, newName: %s, newTag: e2e}]
patches:
  - target: {kind: Deployment, name: penstock}
    patch: '- {op: add, path: /spec/template/spec/containers/0/imagePullPolicy, value: Never}'
`, image))
	resources := s.overlay(t, "config/samples", fmt.Sprintf(`
namespace: %s
patches:
  - target: {kind: ConnectCluster}
    patch: '- {op: replace, path: /spec/kafka/bootstrapServers/0, value: "%s"}'
  - target: {kind: PersistentVolume}
    patch: '- {op: replace, path: /spec/hostPath/path, value: "%s"}'
`, samples, s.bootstrap(t), files))

	s.kubectl(t, "apply", "--server-side", "-k", operator)
	s.kubectl(t, "-n", system, "rollout", "status", "deployment/penstock", "--timeout=60s")
	s.kubectl(t, "create", "namespace", samples)
	s.kubectl(t, "label", "namespace", samples, "pod-security.kubernetes.io/enforce=restricted")
	writeLines(t, filepath.Join(files, "in.txt"), "sample", 1000)
	s.kubectl(t, "apply", "-k", resources)
	s.kubectl(t, "-n", samples, "wait", "--for=condition=Ready", "connectclusters,connectors", "--all", "--timeout=60s")
	t.Log(s.kubectl(t, "-n", samples, "get", "connectclusters,connectors"))

	samplesMoveData(t, s, files)
	tasksAreGuarded(t, s)
	chartGuardsTheSame(t, s)

	s.kubectl(t, "delete", "-k", resources, "--timeout=60s")
	nothingIsLeft(t, s, "-n", samples, "get", "connectclusters,connectors,tasks.connect.penstock.dev,statefulsets,persistentvolumeclaims,poddisruptionbudgets", "-o", "name")
	s.kubectl(t, "delete", "-k", operator, "--timeout=60s")
	s.kubectl(t, "delete", "namespace", samples, "--timeout=60s")
	nothingIsLeft(t, s, "get", "customresourcedefinitions,clusterroles,clusterrolebindings,validatingadmissionpolicies,"+
		"validatingadmissionpolicybindings,namespaces,persistentvolumes", "-o", "name")
}

// overlay writes a kustomization on top of a folder of the repository and returns
// its own folder.
func (s *suite) overlay(t *testing.T, base, changes string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.EvalSymlinks(s.root)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(dir, filepath.Join(root, base))
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [%q]\n%s", rel, changes)
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func samplesMoveData(t *testing.T, s *suite, files string) {
	want, err := os.ReadFile(filepath.Join(files, "in.txt"))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the file that comes out is the one that went in", func() error {
		got, err := os.ReadFile(filepath.Join(files, "out.txt"))
		if err == nil && !bytes.Equal(want, got) {
			err = fmt.Errorf("%d bytes of %d, or others", len(got), len(want))
		}
		return err
	})
	n := 0
	for line, c := range countLines([]byte(s.kafka(t, "consume", "--topic", "orders", "--from-beginning", "--max", "20", "--timeout-ms", "20000"))) {
		var order struct {
			ID *int64 `json:"orderid"`
		}
		if json.Unmarshal([]byte(line), &order) == nil && order.ID != nil {
			n += c
		}
	}
	if n != 20 {
		t.Errorf("%d of 20 records of the topic orders are orders", n)
	}
}

// tasksAreGuarded tries to change a Task as an administrator and as somebody with
// the cluster's own role edit, who may have it restarted.
func tasksAreGuarded(t *testing.T, s *suite) {
	before := s.tasks(t, samples, "lines-out")
	if len(before) != 1 {
		t.Fatalf("lines-out has %d tasks", len(before))
	}
	task := "tasks.connect.penstock.dev/" + before[0].Name
	s.kubectl(t, "-n", samples, "create", "rolebinding", "anna", "--clusterrole=edit", "--user=anna")
	kubectl := filepath.Join(s.cache, "bin", "kubectl")
	for _, args := range [][]string{
		{"patch", task, "--type=merge", "-p", `{"spec":{"desiredState":"Paused"}}`},
		{"patch", task, "--type=merge", "-p", `{"spec":{"desiredState":"Paused"}}`, "--as=anna"},
		{"delete", task},
	} {
		out, err := s.try(context.Background(), kubectl, append([]string{"-n", samples}, args...)...)
		if err == nil || !strings.Contains(out, "change its Connector instead") {
			t.Errorf("kubectl %s: %v, want a refusal that says what to do:\n%s", strings.Join(args, " "), err, out)
		}
	}
	s.kubectl(t, "-n", samples, "annotate", task, v1alpha1.RestartAnnotation+"=now", "--as=anna")
	eventually(t, 2*truth, "the task has a new epoch and runs", func() error {
		after := s.tasks(t, samples, "lines-out")
		if len(after) != 1 || after[0].Spec.Epoch <= before[0].Spec.Epoch {
			return fmt.Errorf("still epoch %d", before[0].Spec.Epoch)
		}
		return s.allRunning(t, samples, "lines-out")
	})
}

// chartGuardsTheSame compares the chart's guard with the one of config, for the
// same name and namespace.
func chartGuardsTheSame(t *testing.T, s *suite) {
	rendered := s.shell(t, s.helm, "template", release, "charts/penstock", "--namespace", system, "--kube-version", "1.30.0",
		"--show-only", "templates/taskguard.yaml")
	configured := s.kubectl(t, "kustomize", "config/admission")
	if diff := cmp.Diff(namesAndSpecs(t, configured), namesAndSpecs(t, rendered)); diff != "" {
		t.Errorf("the chart's guard differs from config/admission (-config +chart):\n%s", diff)
	}
}

// namesAndSpecs are the specs of a manifest's documents by kind and name.
func namesAndSpecs(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	for doc := range strings.SplitSeq(text, "---\n") {
		var u struct {
			Kind     string
			Metadata struct{ Name string }
			Spec     any
		}
		if err := yaml.Unmarshal([]byte(doc), &u); err != nil {
			t.Fatalf("parsing %s: %v", doc, err)
		}
		if u.Kind != "" {
			out[u.Kind+" "+u.Metadata.Name] = u.Spec
		}
	}
	return out
}

// nothingIsLeft fails for each of our objects that a command still lists.
func nothingIsLeft(t *testing.T, s *suite, args ...string) {
	t.Helper()
	all := len(args) > 1 && args[0] == "-n"
	for line := range strings.Lines(s.kubectl(t, args...)) {
		if line = strings.TrimSpace(line); line != "" && (all || strings.Contains(line, "penstock")) {
			t.Errorf("%s is left", line)
		}
	}
}
