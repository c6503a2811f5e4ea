// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
	"penstock.dev/runtime/connect"
)

// backend is the connectors of a namespace, or of all, as the shared commands see
// them.
type backend struct {
	c client.WithWatch
	// namespace is "" for all of them.
	namespace string
	selector  labels.Selector
	selected  bool // selector was given
	now       clock.PassiveClock
	registry  connect.Registry
}

var (
	_ cli.Backend   = (*backend)(nil)
	_ cli.Selecting = (*backend)(nil)
	_ cli.Watcher   = (*backend)(nil)
	_ cli.Eventer   = (*backend)(nil)
)

// Selected reports whether connectors were selected by their labels.
func (b *backend) Selected() bool { return b.selected }

// Names lists the connectors.
func (b *backend) Names(ctx context.Context) ([]string, error) {
	list, err := b.list(ctx)
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].Name
	}
	return out, err
}

// Connectors returns all connectors without their configs.
func (b *backend) Connectors(ctx context.Context) ([]cli.Connector, error) {
	list, err := b.list(ctx)
	if err != nil {
		return nil, err
	}
	tasks, err := b.tasks(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]cli.Connector, len(list))
	for i := range list {
		out[i] = toConnector(&list[i], tasks[client.ObjectKeyFromObject(&list[i])])
		out[i].Config = nil
	}
	return out, nil
}

// Connector returns a connector with its config.
func (b *backend) Connector(ctx context.Context, name string) (cli.Connector, error) {
	c, err := b.get(ctx, name)
	if err != nil {
		return cli.Connector{}, err
	}
	tasks, err := b.tasks(ctx, client.MatchingLabels{v1alpha1.ConnectorLabel: name})
	if err != nil {
		return cli.Connector{}, err
	}
	out := toConnector(c, tasks[client.ObjectKeyFromObject(c)])
	// The operator says in a condition what is wrong with a config that cannot be
	// read; what else there is to see is shown.
	if config, err := settings(c); err == nil {
		out.Config = cli.Hide(config, passwords(b.registry, c.Spec.Class, config))
	}
	return out, nil
}

func (b *backend) get(ctx context.Context, name string) (*v1alpha1.Connector, error) {
	if b.namespace == "" {
		return nil, errors.New("a resource cannot be retrieved by name across all namespaces")
	}
	var c v1alpha1.Connector
	err := b.c.Get(ctx, types.NamespacedName{Namespace: b.namespace, Name: name}, &c)
	return &c, b.plain(err)
}

// list returns the connectors that are meant, sorted.
func (b *backend) list(ctx context.Context) ([]v1alpha1.Connector, error) {
	var list v1alpha1.ConnectorList
	err := b.c.List(ctx, &list, client.InNamespace(b.namespace), client.MatchingLabelsSelector{Selector: b.selector})
	slices.SortFunc(list.Items, func(a, b v1alpha1.Connector) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list.Items, b.plain(err)
}

// tasks returns tasks by their connectors, each connector's in order.
func (b *backend) tasks(ctx context.Context, opts ...client.ListOption) (map[types.NamespacedName][]v1alpha1.Task, error) {
	var list v1alpha1.TaskList
	if err := b.c.List(ctx, &list, append(opts, client.InNamespace(b.namespace))...); err != nil {
		return nil, b.plain(err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Task) int { return cmp.Compare(a.Spec.Index, b.Spec.Index) })
	out := map[types.NamespacedName][]v1alpha1.Task{}
	for _, t := range list.Items {
		key := types.NamespacedName{Namespace: t.Namespace, Name: t.Spec.ConnectorRef.Name}
		out[key] = append(out[key], t)
	}
	return out, nil
}

// Events returns what happened to a connector lately, the oldest first.
func (b *backend) Events(ctx context.Context, name string) ([]cli.Event, error) {
	var list corev1.EventList
	err := b.c.List(ctx, &list, client.InNamespace(b.namespace), client.MatchingFields{
		"involvedObject.kind": v1alpha1.ConnectorKind, "involvedObject.name": name,
	})
	if apierrors.IsForbidden(err) { // who may read connectors need not be allowed to read events
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading its events: %w", err)
	}
	var out []cli.Event
	for i := range list.Items {
		out = append(out, toEvent(&list.Items[i]))
	}
	slices.SortStableFunc(out, func(a, b cli.Event) int { return a.Last.Compare(b.Last) })
	return out, nil
}

// plain says in plain words what the API server means.
func (b *backend) plain(err error) error {
	switch {
	case err == nil:
		return nil
	case meta.IsNoMatchError(err):
		return errors.New("this cluster has no Connectors: install Penstock in it first, or choose another with --context")
	case apierrors.IsNotFound(err):
		return fmt.Errorf("%w in namespace %s", cli.ErrNotFound, b.namespace)
	}
	return err
}
