// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package apache

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// InstallPython puts the Python packages that a requirements file names into the cache
// and returns what PYTHONPATH is to be. It needs Python 3.10 or newer with pip.
func InstallPython(ctx context.Context, requirements, cache, name string) (string, error) {
	text, err := os.ReadFile(requirements)
	if err != nil {
		return "", fmt.Errorf("looking for the Python packages: %w", err)
	}
	// Packages have machine code for one version of Python.
	version, err := exec.CommandContext(ctx, "python3", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("running python3, which is needed: %w", err)
	}
	dir := filepath.Join(cache, "python-"+name)
	return dir, onceFor(dir, sum(append(text, version...)), func(to string) error {
		fmt.Fprintf(os.Stderr, "fetching the Python packages of %s from PyPI\n", requirements)
		cmd := exec.CommandContext(ctx, "python3", "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check",
			"--no-deps", "--only-binary", ":all:", "--target", to, "-r", requirements)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("fetching Python packages with pip: %w\n%s", err, strings.TrimSpace(string(out)))
		}
		return nil
	})
}
