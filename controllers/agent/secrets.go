// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package agent

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/typed/core/v1"

	"penstock.dev/runtime/secrets"
)

// SecretsProvider is the name of the config provider that reads Secrets:
// `${secrets:<name>:<key>}`.
const SecretsProvider = "secrets"

// secretTimeout bounds one read of a Secret.
const secretTimeout = 5 * time.Second

// Secrets reads Secrets of one namespace. What it has read it keeps in a file
// beside the assignment, and falls back to it while the API server is away.
type Secrets struct {
	client v1.SecretInterface
	file   string
	logger logr.Logger

	mu    sync.Mutex
	known map[string]map[string][]byte
}

var _ secrets.Provider = (*Secrets)(nil)

// NewSecrets returns a provider that keeps what it has read in dir.
func NewSecrets(client v1.SecretInterface, dir string, logger logr.Logger) *Secrets {
	s := &Secrets{client: client, file: filepath.Join(dir, "secrets.json"), logger: logger, known: map[string]map[string][]byte{}}
	if err := readJSON(s.file, &s.known); err != nil {
		logger.Error(err, "Starting without the kept secrets")
	}
	if s.known == nil { // the file held null, or half of what it should
		s.known = map[string]map[string][]byte{}
	}
	return s
}

// Get implements secrets.Provider: path is the Secret's name.
func (s *Secrets) Get(ctx context.Context, path, key string) (string, error) {
	data, err := s.read(ctx, path)
	if err != nil {
		return "", err
	}
	v, ok := data[key]
	if !ok {
		return "", fmt.Errorf("the Secret %s has no key %q", path, key)
	}
	return string(v), nil
}

func (s *Secrets) read(ctx context.Context, name string) (map[string][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTimeout)
	defer cancel()
	secret, err := s.client.Get(ctx, name, metav1.GetOptions{})
	switch {
	case err == nil:
		s.keep(name, secret.Data)
		return secret.Data, nil
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("the Secret %s does not exist", name)
	case apierrors.IsForbidden(err):
		return nil, fmt.Errorf("the worker may not read the Secret %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.known[name]; ok {
		s.logger.Info("Using a kept secret, the API server does not answer", "secret", name, "reason", err.Error())
		return data, nil
	}
	return nil, fmt.Errorf("reading the Secret %s: %w", name, err)
}

func (s *Secrets) keep(name string, data map[string][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[name] = data
	if err := writeJSON(s.file, s.known); err != nil {
		s.logger.Error(err, "Secrets are not kept and will not survive a restart without the API server")
	}
}
