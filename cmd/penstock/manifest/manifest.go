// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package manifest reads the custom resources that `penstock standalone` runs
// from files, strictly: what it does not know it refuses, by name.
package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/runtime/standalone"
)

// Manifest is what was read.
type Manifest struct {
	Connectors []standalone.Connector
	// Cluster is nil without a ConnectCluster document.
	Cluster *Cluster
	// Secrets are the Secret documents.
	Secrets Secrets
}

// Cluster is a ConnectCluster as worker properties.
type Cluster struct {
	// Origin says where it stands: "orders.yaml, document 2".
	Origin string
	// Config is its spec.config.
	Config map[string]string
	// Properties are the rest, as Kafka Connect's worker properties.
	Properties map[string]string
}

// loader collects a manifest.
type loader struct {
	m        Manifest
	deferred []func() error // what needs all Secrets to be known
	// inCluster: Secrets are not looked for, and other groups are passed over.
	inCluster bool
}

// Load reads all documents of the sources: files, directories, addresses, or "-"
// for stdin. Everything that is wrong is reported, each with the file and the
// document's number.
func Load(ctx context.Context, sources []string, stdin io.Reader) (Manifest, error) {
	return load(ctx, sources, stdin, &loader{m: Manifest{Secrets: Secrets{}}})
}

// LoadForCluster does the same for what is to run in a cluster: Secrets need not be
// among the documents, and documents of other groups may be.
func LoadForCluster(ctx context.Context, sources []string, stdin io.Reader) (Manifest, error) {
	return load(ctx, sources, stdin, &loader{m: Manifest{Secrets: Secrets{}}, inCluster: true})
}

func load(ctx context.Context, sources []string, stdin io.Reader, l *loader) (Manifest, error) {
	var errs []error
	for _, source := range sources {
		docs, err := read(ctx, source, stdin)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, d := range docs {
			if err := l.take(d); err != nil {
				errs = append(errs, located(d, err))
			}
		}
	}
	for _, finish := range l.deferred {
		errs = append(errs, finish())
	}
	if err := errors.Join(errs...); err != nil {
		return Manifest{}, err
	}
	return l.m, nil
}

// located puts the document's place before each error.
func located(d document, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, located(d, e))
		}
		return errors.Join(errs...)
	}
	return fmt.Errorf("%s: %w", d.origin(), err)
}

func (l *loader) take(d document) error {
	h, err := d.head()
	if err != nil {
		return err
	}
	group := v1alpha1.GroupVersion.String()
	switch {
	case h.Kind == v1alpha1.ConnectorKind && h.APIVersion == group:
		return l.connector(d)
	case h.Kind == v1alpha1.ConnectClusterKind && h.APIVersion == group:
		return l.cluster(d)
	case h.Kind == "Secret" && h.APIVersion == "v1":
		return l.secret(d)
	}
	if l.inCluster && !strings.HasPrefix(h.APIVersion, v1alpha1.GroupVersion.Group+"/") {
		return nil
	}
	return fmt.Errorf("%s %s: this kind cannot be run here; use %s and %s of %s, and Secret of v1",
		h.APIVersion, h.Kind, v1alpha1.ConnectorKind, v1alpha1.ConnectClusterKind, group)
}
