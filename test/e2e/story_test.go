// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

const (
	ns = "data"
	// truth is how soon a status must tell what happened.
	truth = 5 * time.Second
)

// TestStory runs its chapters in order: each goes on from where the one before
// it stopped.
func TestStory(t *testing.T) {
	s := &shared
	files := shareDir(t, s.work, "files")
	for _, chapter := range []struct {
		name string
		run  func(*testing.T, *suite, string)
	}{
		{"install", install},
		{"cluster", connectCluster},
		{"file to file", fileToFile},
		{"generated to file", generatedToFile},
		{"what kubectl shows", whatKubectlShows},
		{"refused", refused},
		{"disturbed under load", disturbed},
		{"figures", figures},
		{"delete a connector", deleteConnector},
		{"uninstall", uninstall},
		{"without Helm", kustomized},
	} {
		if !t.Run(chapter.name, func(t *testing.T) { chapter.run(t, s, files) }) {
			diagnose(t, s)
			return
		}
	}
}

func install(t *testing.T, s *suite, _ string) {
	s.shell(t, s.helm, "install", release, "charts/penstock", "--namespace", system, "--create-namespace", "--wait", "--timeout", "2m",
		"--set", "image.repository="+image, "--set", "image.tag=e2e", "--set", "image.pullPolicy=Never")
	t.Log(s.shell(t, s.helm, "test", release, "--namespace", system))
}

func connectCluster(t *testing.T, s *suite, files string) {
	s.kubectl(t, "create", "namespace", ns)
	s.kubectl(t, "label", "namespace", ns, "pod-security.kubernetes.io/enforce=restricted")
	s.apply(t, volumeManifest(ns, files))
	s.apply(t, clusterManifest(ns, s.bootstrap(t), 2))
	s.kubectl(t, "-n", ns, "wait", "--for=condition=Ready", "connectcluster/main", "--timeout=120s")
}

func fileToFile(t *testing.T, s *suite, files string) {
	in, out := filepath.Join(files, "in.txt"), filepath.Join(files, "out.txt")
	writeLines(t, in, "line", 20000)
	s.apply(t, fileSource(ns, "file-in", "/files/in.txt", "copied"))
	s.apply(t, fileSink(ns, "file-out", "/files/out.txt", "copied", 1))
	s.kubectl(t, "-n", ns, "wait", "--for=condition=Ready", "connector/file-in", "connector/file-out", "--timeout=60s")
	want := lines(t, in)
	eventually(t, 60*time.Second, "every line arrives", func() error { return missing(want, lines(t, out)) })
	got := lines(t, out)
	if err := foreign(want, got); err != nil {
		t.Error(err)
	}
	if n := repeated(got); n != 0 {
		t.Errorf("%d lines came more than once though nothing was disturbed", n)
	}
	// An independent client must see the same in the topic.
	seen := countLines([]byte(s.kafka(t, "consume", "--topic", "copied", "--from-beginning", "--max", "20000", "--timeout-ms", "20000")))
	if err := missing(want, seen); err != nil {
		t.Errorf("Kafka's own consumer: %v", err)
	}
	eventually(t, truth, "the source's status shows the end of the file", func() error {
		for _, task := range s.tasks(t, ns, "file-in") {
			for _, p := range task.Status.Offsets {
				if n, err := position(p.Offset); err == nil && n == int64(20000*len("line-000000\n")) {
					return nil
				}
			}
		}
		return errors.New("it does not")
	})
}

func generatedToFile(t *testing.T, s *suite, files string) {
	s.apply(t, connectorManifest(ns, "gen-in", "datagen-source", 2,
		"{kafka.topic: generated, quickstart: orders, iterations: 3000, max.interval: 0, random.seed: 7, value.converter: json, value.converter.schemas.enable: false}"))
	s.apply(t, fileSink(ns, "gen-out", "/files/generated.txt", "generated", 2))
	s.kubectl(t, "-n", ns, "wait", "--for=condition=Ready", "connector/gen-in", "connector/gen-out", "--timeout=60s")
	seen := countLines([]byte(s.kafka(t, "consume", "--topic", "generated", "--from-beginning", "--max", "6000", "--timeout-ms", "20000")))
	n := 0
	for line, c := range seen {
		if strings.HasPrefix(line, "{") {
			n += c
		}
	}
	if n != 6000 {
		t.Errorf("the topic holds %d records, want 2 tasks × 3000", n)
	}
	out := filepath.Join(files, "generated.txt")
	eventually(t, 30*time.Second, "every generated record arrives", func() error {
		got := 0
		for _, c := range lines(t, out) {
			got += c
		}
		if got != 6000 {
			return fmt.Errorf("%d of 6000 lines", got)
		}
		return nil
	})
}

func whatKubectlShows(t *testing.T, s *suite, _ string) {
	for _, args := range [][]string{
		{"get", "connectors,tasks.connect.penstock.dev,connectclusters"},
		{"get", "connectors,tasks.connect.penstock.dev,connectclusters", "-o", "wide"},
		{"get", "pods"},
	} {
		t.Logf("kubectl %s\n%s", strings.Join(args, " "), s.kubectl(t, append([]string{"-n", ns}, args...)...))
	}
}

// refused tries what a user might get wrong; each answer must name the field.
func refused(t *testing.T, s *suite, _ string) {
	out, err := s.tryApply(connectorManifest(ns, "reserved", "file-source", 1, "{file: /files/x, topic: t, tasks.max: 3}"))
	if err == nil || !strings.Contains(out, "tasksMax") {
		t.Errorf("a reserved key is accepted, or its refusal does not name spec.tasksMax: %s", out)
	}
	for name, tc := range map[string]struct{ manifest, want string }{
		"class":     {connectorManifest(ns, "bad-class", "file-sorce", 1, "{file: /files/x, topic: t}"), "file-source"},
		"missing":   {connectorManifest(ns, "bad-missing", "file-source", 1, "{file: /files/x}"), "topic"},
		"not built": {connectorManifest(ns, "bad-avro", "file-source", 1, "{file: /files/x, topic: t, value.converter: io.apicurio.registry.utils.converter.AvroConverter}"), "AvroConverter"},
	} {
		s.apply(t, tc.manifest)
		eventually(t, truth, "a bad "+name+" is told", func() error {
			out := s.kubectl(t, "-n", ns, "get", "connectors", "bad-"+strings.ReplaceAll(strings.ReplaceAll(name, "not built", "avro"), " ", "-"),
				"-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.conditions[*].message}`)
			if !strings.HasPrefix(out, "False") || !strings.Contains(out, tc.want) {
				return fmt.Errorf("status says %q, want False and %q", out, tc.want)
			}
			return nil
		})
	}
	s.kubectl(t, "-n", ns, "delete", "connector", "bad-class", "bad-missing", "bad-avro", "--timeout=30s")
}

func deleteConnector(t *testing.T, s *suite, _ string) {
	// The worker that was killed last is on its way back, and tasks with it.
	s.kubectl(t, "-n", ns, "wait", "--for=condition=Ready", "connectcluster/main", "connector/file-in", "--timeout=60s")
	s.kubectl(t, "-n", ns, "delete", "connector", "gen-in", "gen-out", "--wait=false")
	eventually(t, 20*time.Second, "both connectors go", func() error {
		return errors.Join(s.gone(t, ns, "gen-in"), s.gone(t, ns, "gen-out"))
	})
	if n := len(s.tasks(t, ns, "gen-in")); n != 0 {
		t.Errorf("%d tasks outlive their connector", n)
	}
	// Of those that stay a task may move, because the workers share them out anew.
	eventually(t, 2*truth, "the others go on", func() error {
		return errors.Join(s.ready(t, ns, "file-in"), s.ready(t, ns, "file-out"), s.ready(t, ns, "load-in"), s.ready(t, ns, "load-out"))
	})
}

func uninstall(t *testing.T, s *suite, _ string) {
	t.Log(s.shell(t, s.helm, "uninstall", release, "--namespace", system, "--wait", "--timeout", "3m"))
	s.connector(t, ns, "file-in") // the user's resources stay
	s.kubectl(t, "delete", "namespace", ns, "--timeout=120s")
	s.kubectl(t, "delete", "namespace", system, "--timeout=60s")
	s.kubectl(t, "get", "crd", "connectors.connect.penstock.dev")
}

// diagnose prints what one would look at.
func diagnose(t *testing.T, s *suite) {
	for _, args := range []string{
		"get connectclusters,connectors,tasks.connect.penstock.dev,pods -A -o wide",
		"get events -A --sort-by=.lastTimestamp",
		"describe connectclusters,connectors -A",
		"get tasks.connect.penstock.dev -A -o yaml",
		"-n " + system + " logs deployment/" + release + " --tail=200",
		"-n " + ns + " logs -l app.kubernetes.io/component=worker --tail=150 --prefix",
		"-n " + samples + " logs -l app.kubernetes.io/component=worker --tail=150 --prefix",
	} {
		out, err := s.try(context.Background(), filepath.Join(s.cache, "bin/kubectl"), strings.Fields(args)...)
		t.Logf("kubectl %s (%v)\n%s", args, err, out)
	}
}

// workers are the pods that are not going away.
func (s *suite) workers(t testing.TB) []corev1.Pod {
	t.Helper()
	var list corev1.PodList
	err := s.kube.List(t.Context(), &list, client.InNamespace(ns), client.MatchingLabels{v1alpha1.ClusterLabel: "main"})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatalf("listing workers: %v", err)
	}
	var out []corev1.Pod
	for _, p := range list.Items {
		if p.DeletionTimestamp == nil {
			out = append(out, p)
		}
	}
	return out
}
