// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// maxFile bounds what is read of a file: a secret is small, and a device or a
// log by mistake must not fill the memory.
const maxFile = 4 << 20

var errNoPath = errors.New("needs a path, as in ${provider:/path:key}")

// File reads `${file:/path:key}` from a Java properties file, as
// org.apache.kafka.common.config.provider.FileConfigProvider does. The file is
// read at every look-up.
type File struct{}

// Get returns the value of key in the properties file at path.
func (File) Get(_ context.Context, path, key string) (string, error) {
	if path == "" {
		return "", errNoPath
	}
	data, err := readFile(path)
	if err != nil {
		return "", err
	}
	props, err := ParseProperties(string(data))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	v, ok := props[key]
	if !ok {
		return "", fmt.Errorf("%s has no key %q", path, key)
	}
	return v, nil
}

// Dir reads `${dir:/path:file}`, the content of one file of a directory, as
// DirectoryConfigProvider does: a mounted Kubernetes secret, byte for byte.
type Dir struct{}

// Get returns the content of the file named key in the directory path.
func (Dir) Get(_ context.Context, path, key string) (string, error) {
	if path == "" {
		return "", errNoPath
	}
	if key == "" || key != filepath.Base(key) || key == "." || key == ".." {
		return "", fmt.Errorf("%q is not the name of a file in %s", key, path)
	}
	data, err := readFile(filepath.Join(path, key))
	return string(data), err
}

// Env reads `${env:VAR}`, as EnvVarConfigProvider does.
type Env struct{}

// Get returns the environment variable key, which must be set.
func (Env) Get(_ context.Context, path, key string) (string, error) {
	if path != "" {
		return "", errors.New("takes no path, as in ${env:VAR}")
	}
	v, ok := os.LookupEnv(key)
	if !ok {
		return "", fmt.Errorf("the environment variable %s is not set", key)
	}
	return v, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes, the limit is %d", path, info.Size(), maxFile)
	}
	return os.ReadFile(path)
}
