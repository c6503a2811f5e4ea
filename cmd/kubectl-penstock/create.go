// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/internal/definition"
	"penstock.dev/cmd/penstock/manifest"
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

func createCommand(k *kube) *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Use:   "create [NAME] -f FILE --cluster CLUSTER",
		Short: "Create Connectors from Kafka Connect's configs",
		Long: `Create Connectors from Kafka Connect's configs: JSON ({"name": …, "config": {…}}
or a flat object of keys, or what GET /connectors?expand=info&expand=status
answers) or properties files.

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
		return create(cmd, k, &f)
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

func create(cmd *cobra.Command, k *kube, f *createFlags) error {
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
	m := maker{f: f, cmd: cmd, k: k}
	if err := m.connect(); err != nil {
		return err
	}
	list, err := m.convertAll(in.Definitions)
	if err != nil {
		return err
	}
	if err := m.create(list); err != nil {
		return err
	}
	return m.report(list)
}

// refuseManifests is for what is no config of Kafka Connect.
func refuseManifests(_ context.Context, sources []string, _ io.Reader) (manifest.Manifest, error) {
	for _, source := range sources {
		if _, err := os.Stat(source); source != "-" && err != nil {
			return manifest.Manifest{}, err
		}
	}
	return manifest.Manifest{}, fmt.Errorf("%s: this is no config of Kafka Connect; manifests are created with kubectl apply -f", strings.Join(sources, ", "))
}

// unused reports flags about keys that no config has.
func (f *createFlags) unused(definitions []definition.Definition) error {
	has := func(key string) bool {
		for _, d := range definitions {
			if _, ok := d.Config[key]; ok {
				return true
			}
		}
		return false
	}
	var errs []error
	for _, k := range f.plain {
		if !has(k) {
			errs = append(errs, fmt.Errorf("--plain %s: no config has such a key", k))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(f.fromSecret)) {
		if f.shared && !has(k) {
			errs = append(errs, fmt.Errorf("--from-secret %s: no config has such a key, and of several connectors none is meant", k))
		}
	}
	return errors.Join(errs...)
}
