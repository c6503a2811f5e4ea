// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"penstock.dev/api/v1alpha1"
)

// The API server of this package's tests, and a kubeconfig for it.
var (
	api        client.WithWatch
	kubeconfig string
)

// controllers/internal/testapi does the same for controllers; commands may not
// import it.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	env := &envtest.Environment{
		BinaryAssetsDirectory: assets(), CRDDirectoryPaths: []string{"../../config/crd/bases"}, ErrorIfCRDPathMissing: true,
	}
	config, err := env.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the API server (run make envtest once):", err)
		return 1
	}
	defer func() {
		if err := env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		}
	}()
	config.QPS = -1
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if api, err = client.NewWithWatch(config, client.Options{Scheme: scheme}); err != nil {
		fmt.Fprintln(os.Stderr, "building a client:", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "kubectl-penstock")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	kubeconfig = filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, env.KubeConfig, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func assets() string {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".cache/penstock/bin")
}

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// text is a writer that others may wait for.
type text struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed chan struct{} // closed by the next write, if somebody waits
}

func (w *text) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
	return w.b.Write(p)
}

func (w *text) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// until waits until the text contains want.
func (w *text) until(t *testing.T, want string) {
	t.Helper()
	late := time.After(patience)
	for {
		w.mu.Lock()
		if strings.Contains(w.b.String(), want) {
			w.mu.Unlock()
			return
		}
		if w.changed == nil {
			w.changed = make(chan struct{})
		}
		changed := w.changed
		w.mu.Unlock()
		select {
		case <-changed:
		case <-late:
			t.Fatalf("printed %q, want %q", w, want)
		}
	}
}

// noon is when the commands of tests run.
func noon() time.Time { return time.Date(2100, 1, 1, 12, 0, 0, 0, time.UTC) }

// execution is a command in this process.
type execution struct {
	out, err text
}

func (e *execution) run(ctx context.Context, namespace, stdin string, args ...string) error {
	cmd := root(testingclock.NewFakePassiveClock(noon()))
	cmd.SetArgs(append([]string{"--kubeconfig", kubeconfig, "-n", namespace}, args...))
	if len(args) > 0 && args[0] == "__complete" { // what follows is the line to complete
		cmd.SetArgs(append([]string{"__complete", "--kubeconfig", kubeconfig, "-n", namespace}, args[1:]...))
	}
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&e.out)
	cmd.SetErr(&e.err)
	return cmd.ExecuteContext(ctx)
}

func execute(t *testing.T, namespace, stdin string, args ...string) (out, stderr string, err error) {
	t.Helper()
	var e execution
	err = e.run(t.Context(), namespace, stdin, args...)
	return e.out.String(), e.err.String(), err
}

// start runs a command beside the test, which gets its error.
func start(t *testing.T, namespace string, args ...string) (*execution, <-chan error, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	var e execution
	done := make(chan error, 1)
	go func() { done <- e.run(ctx, namespace, "", args...) }()
	return &e, done, cancel
}

func namespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := api.Create(t.Context(), ns); err != nil {
		t.Fatalf("creating a namespace: %v", err)
	}
	return ns.Name
}

// made creates a Connector with its tasks in a state, all of it seen by the
// operator, as which tests act.
func made(t *testing.T, ns, name string, state string, tasks ...v1alpha1.TaskState) *v1alpha1.Connector {
	t.Helper()
	c := &v1alpha1.Connector{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: map[string]string{"app": name}},
		Spec: v1alpha1.ConnectorSpec{
			ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "file-source",
			Config: &v1alpha1.ConnectorConfig{Values: map[string]v1alpha1.Scalar{"file": `"/in.txt"`, "topic": `"lines"`, "a.password": `"geheim"`}},
			ConfigFrom: []v1alpha1.ConfigFrom{{
				Key: "b.password", SecretKeyRef: v1alpha1.SecretKeyRef{Name: "db", Key: "password"},
			}},
		},
	}
	if err := api.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for i, s := range tasks {
		task := &v1alpha1.Task{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: ns, Name: c.TaskName(i), Labels: map[string]string{v1alpha1.ConnectorLabel: name},
			},
			Spec: v1alpha1.TaskSpec{
				ClusterName: "main", ConnectorRef: v1alpha1.ConnectorRef{Name: name, UID: c.UID}, ConnectorName: name, Class: "file-source",
				Type: v1alpha1.SourceType, Index: int32(i), Count: int32(len(tasks)), ConfigRevision: "1", BoundRevision: "1",
				DesiredState: v1alpha1.TaskRunning, Worker: &v1alpha1.WorkerRef{Name: "main-worker-0", UID: "u"}, Epoch: 1,
			},
		}
		if err := api.Create(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		says(t, task, s)
	}
	operator(t, c, state, true)
	return c
}

// says writes a task's status.
func says(t *testing.T, task *v1alpha1.Task, s v1alpha1.TaskState) {
	t.Helper()
	task.Status = v1alpha1.TaskStatus{
		State: s, ObservedGeneration: task.Generation, Epoch: task.Spec.Epoch, Worker: "main-worker-0", Partitions: 40,
		RestartHandled: task.Annotations[v1alpha1.RestartAnnotation],
		Offsets:        []v1alpha1.PartitionOffset{{Partition: fmt.Sprintf(`{"filename":"/in%d.txt"}`, task.Spec.Index), Offset: `{"position":12345678901234567}`}},
	}
	if s == v1alpha1.TaskStateFailed {
		task.Status.LastError = "no file\nnowhere"
	}
	if err := api.Status().Update(t.Context(), task); err != nil {
		t.Fatal(err)
	}
}

// operator writes a connector's status for its present generation.
func operator(t *testing.T, c *v1alpha1.Connector, state string, ready bool) {
	t.Helper()
	now := metav1.NewTime(noon())
	c.Status.ObservedGeneration, c.Status.State, c.Status.Type = c.Generation, state, v1alpha1.SourceType
	c.Status.Conditions = []metav1.Condition{
		{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Running", LastTransitionTime: now},
		{Type: "Stalled", Status: metav1.ConditionFalse, Reason: "Running", LastTransitionTime: now},
		{Type: "Reconciling", Status: metav1.ConditionFalse, Reason: "Running", LastTransitionTime: now},
	}
	if !ready {
		c.Status.Conditions[0] = metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse, Reason: "ConfigInvalid", Message: "file: must be set", LastTransitionTime: now}
		c.Status.Conditions[1] = metav1.Condition{Type: "Stalled", Status: metav1.ConditionTrue, Reason: "ConfigInvalid", Message: "file: must be set", LastTransitionTime: now}
	}
	if err := api.Status().Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// changed waits until a connector is as the test wants it.
func changed(t *testing.T, ns, name string, is func(*v1alpha1.Connector) bool) *v1alpha1.Connector {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w, err := api.Watch(ctx, &v1alpha1.ConnectorList{}, client.InNamespace(ns), client.MatchingFields{"metadata.name": name})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		if c, ok := e.Object.(*v1alpha1.Connector); ok && is(c) {
			return c
		}
	}
	t.Fatalf("connector %s has not become what it should", name)
	return nil
}

func read(t *testing.T, ns, name string, into client.Object) {
	t.Helper()
	if err := api.Get(t.Context(), types.NamespacedName{Namespace: ns, Name: name}, into); err != nil {
		t.Fatal(err)
	}
}
