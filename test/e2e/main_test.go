// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

//go:build e2e

// Package e2e tells one whole story on a real Kubernetes and a real Kafka, the
// way a new user would live it: install, move data, disturb, upgrade, remove.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var shared suite

func TestMain(m *testing.M) {
	flag.BoolVar(&shared.keep, "keep", false, "leave the cluster and Kafka running")
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	home, err := os.UserHomeDir()
	if err != nil {
		fmt.Println("e2e:", err)
		return 1
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		fmt.Println("e2e:", err)
		return 1
	}
	shared.root = root
	shared.cache = filepath.Join(home, ".cache/penstock")
	shared.work = filepath.Join(shared.cache, "e2e")
	shared.helm = filepath.Join(shared.cache, "bin/helm")
	if err := os.Setenv("KUBECONFIG", filepath.Join(shared.cache, "cluster/kubeconfig")); err != nil {
		fmt.Println("e2e:", err)
		return 1
	}
	defer shared.stop()
	if err := shared.start(); err != nil {
		fmt.Println("e2e:", err)
		return 1
	}
	return m.Run()
}
