// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
)

const (
	hostIP    = "10.250.0.1" // the machine, as pods see it (hack/cluster)
	kafkaPort = "19092"
	image     = "local.test/penstock"
	release   = "penstock"
	system    = "penstock-system"
)

// suite is what all tests share: one Kubernetes, one Kafka.
type suite struct {
	root, work, cache, helm string
	kube                    client.Client
	keep                    bool
}

// shell runs a command of the repository and returns what it printed; it fails
// the test if the command does.
func (s *suite) shell(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := s.try(context.Background(), name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func (s *suite) try(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = s.root
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// stream runs a long command and shows what it prints.
func (s *suite) stream(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.root
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

func (s *suite) kubectl(t testing.TB, args ...string) string {
	t.Helper()
	return s.shell(t, filepath.Join(s.cache, "bin", "kubectl"), args...)
}

// apply is `kubectl apply -f -`.
func (s *suite) apply(t testing.TB, manifest string) {
	t.Helper()
	if out, err := s.tryApply(manifest); err != nil {
		t.Fatalf("kubectl apply: %v\n%s\n%s", err, out, manifest)
	}
}

func (s *suite) tryApply(manifest string) (string, error) {
	cmd := exec.Command(filepath.Join(s.cache, "bin", "kubectl"), "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(manifest)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *suite) kafka(t testing.TB, args ...string) string {
	t.Helper()
	return s.shell(t, filepath.Join(s.root, "hack/kafka/kafka.sh"), append(args, "--data", s.kafkaData())...)
}

func (s *suite) kafkaData() string { return filepath.Join(s.work, "kafka") }

// bootstrap is Kafka's address for pods.
func (s *suite) bootstrap(t testing.TB) string {
	t.Helper()
	return strings.TrimSpace(s.kafka(t, "bootstrap", "--pods"))
}

// start brings up everything that a user would have before Penstock: a
// Kubernetes and a Kafka; and the image, which replaces a registry.
func (s *suite) start() error {
	if err := os.RemoveAll(s.work); err != nil {
		return err
	}
	if err := os.MkdirAll(s.work, 0o755); err != nil {
		return err
	}
	kafka := filepath.Join(s.root, "hack/kafka/kafka.sh")
	for _, cmd := range [][]string{
		{"make", "build"},
		{"go", "run", "./hack/image", "-binary", "bin/penstock", "-tag", image + ":e2e", "-o", filepath.Join(s.work, "penstock.tar")},
		{"go", "build", "-modfile=go.tools.mod", "-o", s.helm, "helm.sh/helm/v3/cmd/helm"},
		{"hack/cluster/down.sh"},
		{"hack/cluster/up.sh"},
		{"hack/cluster/load.sh", filepath.Join(s.work, "penstock.tar")},
		{kafka, "start", "--data", s.kafkaData(), "--port", kafkaPort, "--host-ip", hostIP},
		{kafka, "wait", "--data", s.kafkaData()},
	} {
		fmt.Printf("e2e: %s\n", strings.Join(cmd, " "))
		if err := s.stream(cmd[0], cmd[1:]...); err != nil {
			return err
		}
	}
	return s.connect()
}

func (s *suite) connect() error {
	cfg, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	cfg.QPS = -1
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return err
	}
	s.kube, err = client.New(cfg, client.Options{Scheme: scheme})
	return err
}

func (s *suite) stop() {
	if s.keep {
		fmt.Println("e2e: kept; export KUBECONFIG=" + os.Getenv("KUBECONFIG"))
		return
	}
	for _, cmd := range [][]string{
		{filepath.Join(s.root, "hack/kafka/kafka.sh"), "clean", "--data", s.kafkaData()},
		{"hack/cluster/down.sh"},
	} {
		if err := s.stream(cmd[0], cmd[1:]...); err != nil {
			fmt.Println("e2e:", err)
		}
	}
}

// eventually polls until check is satisfied and returns how long that took; it
// fails the test with check's last word after the limit.
func eventually(t testing.TB, limit time.Duration, what string, check func() error) time.Duration {
	t.Helper()
	begin := time.Now()
	for {
		err := check()
		took := time.Since(begin)
		if err == nil {
			return took
		}
		if took > limit {
			t.Fatalf("%s: not within %s: %v", what, limit, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
