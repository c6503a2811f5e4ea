// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"errors"
	"fmt"
	"maps"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/internal/definition"
)

// maker creates connectors.
type maker struct {
	f   *createFlags
	cmd *cobra.Command
	k   *kube

	c client.WithWatch // nil if nobody is asked
	// Of the ConnectCluster, as far as it was asked: the workers' defaults, and what
	// they can run.
	defaults map[string]string
	plugins  []v1alpha1.PluginStatus
}

// connect finds the cluster that is to run the connectors.
func (m *maker) connect() error {
	if m.f.dryRun == dryClient {
		namespace, given, err := m.k.flags.ToRawKubeConfigLoader().Namespace()
		if given { // or else it is left to whoever applies it
			m.f.namespace = namespace
		}
		return err
	}
	var err error
	if m.c, m.f.namespace, err = m.k.connect(m.cmd); err != nil {
		return err
	}
	found, err := clusters(m.cmd, m.c, m.f.namespace, m.f.cluster)
	if err != nil {
		return err
	}
	m.plugins = found[0].Status.Plugins
	if m.defaults, err = found[0].Spec.Config.Properties(); err != nil {
		return aboutCluster(m.f.cluster, err)
	}
	return nil
}

// convertAll makes Connectors of all configs. Nothing is created unless all can be.
func (m *maker) convertAll(definitions []definition.Definition) ([]converted, error) {
	list := make([]converted, len(definitions))
	origins := map[string]string{}
	errs := []error{m.f.unused(definitions)}
	for i, d := range definitions {
		var err error
		if list[i], err = m.convert(d); err != nil {
			errs = append(errs, err)
			continue
		}
		name := list[i].connector.Name
		if before := origins[name]; before != "" {
			errs = append(errs, fmt.Errorf("%s: connector %s: its resource would be called %s, as that of %s; create one of them by itself, with a NAME", d.Origin, d.Name, name, before))
		}
		origins[name] = "connector " + d.Name
	}
	return list, errors.Join(errs...)
}

// convert makes a Connector of a config and checks it.
func (m *maker) convert(d definition.Definition) (converted, error) {
	out, err := convert(m.k.registry, d, m.f.wanted)
	if err != nil {
		return out, err
	}
	for _, text := range out.warnings {
		m.warn(d, text)
	}
	class := out.connector.Spec.Class
	if _, built := m.k.registry.Lookup(class); !built && m.has(class) {
		m.warn(d, fmt.Sprintf("connector.class: the workers have %s, and this plugin for kubectl has not: the operator checks the config", class))
		return out, nil
	}
	if !m.f.check {
		return out, nil
	}
	props, err := settings(out.connector)
	if err != nil {
		return out, err
	}
	v := m.k.registry.Validate(class, props, m.defaults)
	for _, p := range v.Warnings {
		m.warn(d, p.Error())
	}
	var errs []error
	for _, p := range v.Problems {
		errs = append(errs, fmt.Errorf("%s: connector %s: %w", d.Origin, d.Name, p))
	}
	return out, errors.Join(errs...)
}

func (m *maker) has(class string) bool {
	for _, p := range m.plugins {
		if p.Class == class {
			return true
		}
	}
	return false
}

func (m *maker) warn(d definition.Definition, text string) {
	fmt.Fprintf(m.cmd.ErrOrStderr(), "warning: %s: connector %s: %s\n", d.Origin, d.Name, text)
}

// create creates what is to be created, the Secret first.
func (m *maker) create(list []converted) error {
	if m.c == nil {
		return nil
	}
	ctx := m.cmd.Context()
	for _, c := range list { // a Connector that is refused must leave no Secret behind
		if err := m.c.Create(ctx, c.connector.DeepCopy(), client.DryRunAll, client.FieldOwner(owner)); err != nil {
			return m.said(c.connector.Name, err)
		}
	}
	opts := []client.CreateOption{client.FieldOwner(owner)}
	if m.f.dryRun == dryServer {
		opts = append(opts, client.DryRunAll)
	}
	if s := m.secret(list); s != nil {
		if err := m.c.Create(ctx, s, opts...); apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("secret/%s exists already: give --secrets-to another name, or take what it has with --from-secret", s.Name)
		} else if err != nil {
			return fmt.Errorf("secret/%s: %w", s.Name, err)
		}
	}
	for _, c := range list {
		if err := m.c.Create(ctx, c.connector, opts...); err != nil {
			return m.said(c.connector.Name, err)
		}
	}
	return nil
}

func (m *maker) said(name string, err error) error {
	b := backend{namespace: m.f.namespace}
	return fmt.Errorf("%s/%s: %w", resource, name, b.plain(err))
}

// secret is the Secret for the secrets of all configs; nil if there are none.
func (m *maker) secret(list []converted) *corev1.Secret {
	s := &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: m.f.namespace, Name: m.f.secret},
		StringData: map[string]string{},
	}
	for _, c := range list {
		maps.Copy(s.StringData, c.secret)
	}
	if len(s.StringData) == 0 {
		return nil
	}
	return s
}

// report prints what was created, or would be, and waits if it should.
func (m *maker) report(list []converted) error {
	out := m.cmd.OutOrStdout()
	if m.f.output != cli.Table {
		return m.print(list)
	}
	how := map[string]string{dryNone: "", dryClient: " (dry run)", dryServer: " (server dry run)"}[m.f.dryRun]
	if s := m.secret(list); s != nil {
		if _, err := fmt.Fprintf(out, "secret/%s created%s\n", s.Name, how); err != nil {
			return err
		}
	}
	b := &backend{c: m.c, namespace: m.f.namespace, selector: labels.Everything(), now: m.k.now, registry: m.k.registry}
	var errs []error
	for _, c := range list {
		said := resource + "/" + c.connector.Name + " created" + how
		if m.f.dryRun == dryNone {
			errs = append(errs, m.f.wait.Finish(m.cmd, m.k.source(), b, c.connector.Name, cli.Intended, said))
			continue
		}
		_, err := fmt.Fprintln(out, said)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// print writes the resources for kubectl apply, the Secret with what it holds.
func (m *maker) print(list []converted) error {
	var all []any
	if s := m.secret(list); s != nil {
		all = append(all, s)
	}
	for _, c := range list {
		c.connector.ManagedFields = nil
		c.connector.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.ConnectorKind)) // the server's answer has none
		if c.connector.Status.ObservedGeneration < 0 {                                          // the server's default
			c.connector.Status.ObservedGeneration = 0
		}
		all = append(all, c.connector)
	}
	out := m.cmd.OutOrStdout()
	if m.f.output == cli.JSON && len(all) > 1 {
		return m.f.output.Print(out, map[string]any{"apiVersion": "v1", "kind": "List", "items": all}, nil)
	}
	for i, o := range all {
		if i > 0 {
			if _, err := fmt.Fprintln(out, "---"); err != nil {
				return err
			}
		}
		if err := m.f.output.Print(out, o, nil); err != nil {
			return err
		}
	}
	return nil
}
