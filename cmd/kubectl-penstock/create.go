// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"penstock.dev/api/v1alpha1"
	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/internal/definition"
	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/connect"
)

// The values of --dry-run.
const (
	dryNone   = "none"
	dryClient = "client"
	dryServer = "server"
)

type createFlags struct {
	files  []string
	refs   []string // --from-secret
	check  bool
	dryRun string
	output cli.Output
	wait   cli.Waiting
	wanted
}

func createCommand(k *kube, r connect.Registry) *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Use:   "create [NAME] -f FILE --cluster CLUSTER",
		Short: "Create Connectors from Kafka Connect's configs",
		Long: `Create Connectors from Kafka Connect's configs: JSON ({"name": …, "config": {…}}
or a flat object of keys) or properties files.

The connector's name in Kafka stays, and with it its consumer group and, if the
ConnectCluster uses the same topics, its offsets. The resource gets that name in
lower case, or NAME.

Passwords are not put into a Connector. --secrets-to makes a Secret of them, and
--from-secret takes one from a Secret that is there. References to Secrets in the
config, ${secrets:NAMESPACE/NAME:KEY}, become spec.configFrom.

  kubectl penstock create -f orders.json --cluster main --secrets-to orders \
    --dry-run=client -o yaml > orders.yaml`,
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringArrayVarP(&f.files, "filename", "f", nil, "`file` of a connector's config, or - for stdin; may be repeated")
	k.addCluster(cmd, &f.cluster, "the ConnectCluster that is to run it")
	cmd.Flags().StringVar(&f.secret, "secrets-to", "", "create a Secret of this `name` for the secrets in the config")
	cmd.Flags().StringArrayVar(&f.refs, "from-secret", nil, "take the value of a key from a Secret: `KEY=SECRET/KEY`; may be repeated")
	cmd.Flags().StringArrayVar(&f.plain, "plain", nil, "leave the value of this `key` in the Connector though it looks like a secret; may be repeated")
	cmd.Flags().BoolVar(&f.check, "validate", true, "refuse configs that the plugins of this version refuse")
	cmd.Flags().StringVar(&f.dryRun, "dry-run", dryNone, "none; client creates nothing and asks nobody; server has the API server check it and creates nothing")
	for _, flag := range []string{"filename", "cluster"} {
		_ = cmd.MarkFlagRequired(flag) // the flag exists
	}
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{dryNone, dryClient, dryServer}, cobra.ShellCompDirectiveNoFileComp))
	cli.AddOutput(cmd, &f.output)
	f.wait.AddFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			f.name = args[0]
		}
		return create(cmd, k, r, &f)
	}
	return cmd
}

func (f *createFlags) checkFlags() error {
	switch f.dryRun {
	case dryNone, dryClient, dryServer:
	default:
		return fmt.Errorf("--dry-run %q is unknown, use none, client or server", f.dryRun)
	}
	if err := errors.Join(f.output.Check(), f.wait.Check()); err != nil {
		return err
	}
	if f.wait.On() && (f.dryRun != dryNone || f.output != cli.Table) {
		return errors.New("--wait waits for what was created and says in words how it goes; leave it out with --dry-run and --output")
	}
	var err error
	f.fromSecret, err = parseRefs(f.refs)
	return err
}

func create(cmd *cobra.Command, k *kube, r connect.Registry, f *createFlags) error {
	if err := f.checkFlags(); err != nil {
		return err
	}
	in, err := definition.Load(cmd.Context(), f.files, cmd.InOrStdin(), refuseManifests)
	if err != nil {
		return err
	}
	if n := len(in.Definitions); f.name != "" && n != 1 {
		return fmt.Errorf("NAME is the name of one Connector, and the files hold %d", n)
	}
	f.shared = len(in.Definitions) > 1
	m := maker{f: f, cmd: cmd, k: k, r: r}
	if err := m.connect(); err != nil {
		return err
	}
	// Nothing is created unless all can be.
	list := make([]converted, len(in.Definitions))
	for i, d := range in.Definitions {
		if list[i], err = m.convert(d); err != nil {
			return err
		}
	}
	if err := m.create(list); err != nil {
		return err
	}
	return m.report(list)
}

// refuseManifests is for what is no config of Kafka Connect.
func refuseManifests(_ context.Context, sources []string, _ io.Reader) (manifest.Manifest, error) {
	return manifest.Manifest{}, fmt.Errorf("%s: this is no config of Kafka Connect; manifests are created with kubectl apply -f", strings.Join(sources, ", "))
}

// maker creates connectors.
type maker struct {
	f   *createFlags
	cmd *cobra.Command
	k   *kube
	r   connect.Registry

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

// convert makes a Connector of a config and checks it.
func (m *maker) convert(d definition.Definition) (converted, error) {
	out, err := convert(m.r, d, m.f.wanted)
	if err != nil {
		return out, err
	}
	for _, text := range out.warnings {
		m.warn(d, text)
	}
	class := out.connector.Spec.Class
	if _, built := m.r.Lookup(class); !built && m.has(class) {
		m.warn(d, fmt.Sprintf("connector.class: the workers have %s, and this plugin for kubectl has not: the operator checks the config", class))
		return out, nil
	}
	if !m.f.check {
		return out, nil
	}
	props, err := settings(out.connector, false)
	if err != nil {
		return out, err
	}
	v := m.r.Validate(class, props, m.defaults)
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
	b := &backend{c: m.c, namespace: m.f.namespace, selector: labels.Everything(), now: m.k.now}
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
