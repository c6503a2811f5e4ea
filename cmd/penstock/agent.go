// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"penstock.dev/controllers/agent"
	"penstock.dev/runtime/secrets"
)

// apiTimeout bounds a request to the API server that is no watch.
const apiTimeout = 10 * time.Second

// podAgent is the Assigner of a worker pod: it watches the Tasks that are bound
// to it.
type podAgent struct {
	id      identity
	dir     string
	rest    *rest.Config
	secrets *agent.Secrets
	log     logr.Logger
}

var _ Assigner = (*podAgent)(nil)

// newPodAgent reaches the API server with the pod's service account. It does not
// ask it anything yet.
func newPodAgent(id identity, dir string, log *slog.Logger) (Assigner, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the API server: %w", err)
	}
	config.UserAgent = "penstock-worker/" + version
	short := rest.CopyConfig(config)
	short.Timeout = apiTimeout
	client, err := kubernetes.NewForConfig(short)
	if err != nil {
		return nil, fmt.Errorf("building the client for Secrets: %w", err)
	}
	logger := logr.FromSlogHandler(log.Handler())
	return &podAgent{
		id: id, dir: dir, rest: config, log: logger,
		secrets: agent.NewSecrets(client.CoreV1().Secrets(id.Namespace), dir, logger),
	}, nil
}

// Run implements Assigner.
func (a *podAgent) Run(ctx context.Context, to Assignee) error {
	w, err := agent.New(agent.Options{
		REST: a.rest, Namespace: a.id.Namespace, Pod: a.id.Pod, PodUID: a.id.UID,
		Dir: a.dir, Logger: a.log, Assign: to.Assign,
	})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

// Provider implements Assigner.
func (a *podAgent) Provider() secrets.Provider { return a.secrets }
