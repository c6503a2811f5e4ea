// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"penstock.dev/api/v1alpha1"
)

const foreign = "example.com/keep"

// apiServer starts an API server that knows our kinds, and lets this process'
// commands find it.
func apiServer(t *testing.T) client.Client {
	t.Helper()
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache/penstock/bin")
	}
	env := &envtest.Environment{
		BinaryAssetsDirectory: dir,
		CRDDirectoryPaths:     []string{"../../config/crd/bases"}, ErrorIfCRDPathMissing: true,
	}
	cfg, err := env.Start()
	if err != nil {
		t.Fatalf("starting the API server of %s: %v: run make envtest once", dir, err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Errorf("stopping the API server: %v", err)
		}
	})
	kubeconfig(t, cfg)
	c, err := newClient()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func kubeconfig(t *testing.T, server *rest.Config) {
	t.Helper()
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters["c"] = &clientcmdapi.Cluster{Server: server.Host, CertificateAuthorityData: server.CAData}
	cfg.AuthInfos["u"] = &clientcmdapi.AuthInfo{ClientCertificateData: server.CertData, ClientKeyData: server.KeyData}
	cfg.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u"}
	cfg.CurrentContext = "x"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*cfg, path); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", path)
}

// owned are one resource of each kind that the operator keeps with a finalizer.
func owned(ns string) []client.Object {
	meta := func(name string, finalizers ...string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: ns, Name: name, Finalizers: finalizers}
	}
	return []client.Object{
		&v1alpha1.ConnectCluster{ObjectMeta: meta("main", v1alpha1.Finalizer, foreign), Spec: v1alpha1.ConnectClusterSpec{
			Kafka: v1alpha1.Kafka{BootstrapServers: []string{"b:9092"}},
		}},
		&v1alpha1.Connector{ObjectMeta: meta("orders", v1alpha1.Finalizer), Spec: v1alpha1.ConnectorSpec{
			ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "file-sink",
		}},
		&v1alpha1.Connector{ObjectMeta: meta("theirs", foreign), Spec: v1alpha1.ConnectorSpec{
			ClusterRef: v1alpha1.ClusterRef{Name: "main"}, Class: "file-sink",
		}},
		&v1alpha1.Task{ObjectMeta: meta("orders-0", foreign, v1alpha1.Finalizer), Spec: v1alpha1.TaskSpec{
			ClusterName: "main", ConnectorRef: v1alpha1.ConnectorRef{Name: "orders", UID: "u"}, ConnectorName: "orders",
			Class: "file-sink", Type: v1alpha1.SinkType, Count: 1, ConfigRevision: "r1", DesiredState: v1alpha1.TaskRunning,
		}},
	}
}

func deployment(ns string) *appsv1.Deployment {
	labels := map[string]string{"app": "penstock"}
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "penstock"}, Spec: appsv1.DeploymentSpec{
		Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "operator", Image: "x"}},
		}},
	}}
}

// controlDeployment does what the Deployment controller does about a scale to
// nothing: there is none at a bare API server.
func controlDeployment(ctx context.Context, c client.Client, key client.ObjectKey) error {
	for {
		var d appsv1.Deployment
		if err := c.Get(ctx, key, &d); err != nil {
			return err
		}
		if *d.Spec.Replicas == 0 {
			d.Status.ObservedGeneration, d.Status.Replicas = d.Generation, 0
			return c.Status().Update(ctx, &d)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestRelease(t *testing.T) {
	c := apiServer(t)
	ns := "default"
	want := [][]string{{foreign}, nil, {foreign}, {foreign}}
	objects := owned(ns)
	for _, o := range objects {
		if err := c.Create(t.Context(), o); err != nil {
			t.Fatalf("creating %s: %v", o.GetName(), err)
		}
	}
	d := deployment(ns)
	if err := c.Create(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 2}
	if err := c.Status().Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	controlled := make(chan error, 1)
	go func() { controlled <- controlDeployment(ctx, c, client.ObjectKeyFromObject(d)) }()
	out, _, err := execute(t, "", "release", "--namespace="+ns, "--deployment=penstock")
	if err != nil || !strings.Contains(out, "released 3 resources") {
		t.Fatalf("release says %q, %v", out, err)
	}
	if err := <-controlled; err != nil {
		t.Fatalf("the operator was not scaled to nothing: %v", err)
	}
	for i, o := range objects {
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
			t.Fatal(err)
		}
		if got := o.GetFinalizers(); !slices.Equal(got, want[i]) {
			t.Errorf("%T %s has the finalizers %q, want %q", o, o.GetName(), got, want[i])
		}
	}
	// A hook may run again, and the operator may be gone.
	out, _, err = execute(t, "", "release", "--namespace="+ns, "--deployment=gone")
	if err != nil || !strings.Contains(out, "released 0 resources") {
		t.Errorf("the second release says %q, %v", out, err)
	}
}

func TestReleaseWithoutAServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte("not: [a"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", path)
	if _, _, err := execute(t, "", "release"); err == nil || !strings.Contains(err.Error(), "finding the API server") {
		t.Errorf("release without a server gives %v", err)
	}
}
