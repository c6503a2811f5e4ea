// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/internal/definition"
	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/configdef"
)

type validateFlags struct {
	files   []string
	cluster string
	strict  bool
	output  cli.Output
}

func validateCommand(k *kube) *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use:   "validate -f FILE",
		Short: "Check connectors against the plugins of this version",
		Long: `Check connectors against the plugins of this version, without asking anybody:
Connector manifests, Kafka Connect's JSON and its properties files. Problems end
with exit status 1; warnings, such as a key that nobody knows, do not, unless
--strict makes problems of them.

The workers' defaults, such as converters, are those of the ConnectCluster among
the manifests, or of the one that --cluster names, which is read from the API
server. Secrets are not looked for, and resources of other groups are passed over.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.output.Check(); err != nil {
				return err
			}
			found, err := f.find(cmd, k)
			if err != nil {
				return err
			}
			return found.Report(cmd.OutOrStdout(), f.output, f.strict)
		},
	}
	cmd.Flags().StringArrayVarP(&f.files, "filename", "f", nil, "a `file`, a directory of manifests, an address, or - for stdin; may be repeated")
	_ = cmd.MarkFlagRequired("filename") // the flag exists
	cmd.Flags().BoolVar(&f.strict, "strict", false, "refuse what is only a warning otherwise, such as unknown config keys")
	k.addCluster(cmd, &f.cluster, "take the workers' defaults from this ConnectCluster")
	cli.AddOutput(cmd, &f.output)
	return cmd
}

func (f validateFlags) find(cmd *cobra.Command, k *kube) (cli.Findings, error) {
	in, err := definition.Load(cmd.Context(), f.files, cmd.InOrStdin(), manifest.LoadForCluster)
	if err != nil {
		return cli.Findings{}, err
	}
	connectors, err := in.Connectors()
	if err != nil {
		return cli.Findings{}, err
	}
	origin, defaults, err := f.defaults(cmd, k, in.Manifest)
	if err != nil {
		return cli.Findings{}, err
	}
	found := cli.Find(k.registry, connectors, defaults)
	problems, warnings := k.registry.ValidateWorker(defaults)
	found.Problems = append(found.Problems, fromWorker(origin, problems)...)
	found.Warnings = append(found.Warnings, fromWorker(origin, warnings)...)
	return found, nil
}

// defaults are the settings of the workers, and where they stand.
func (f validateFlags) defaults(cmd *cobra.Command, k *kube, m manifest.Manifest) (string, map[string]string, error) {
	switch {
	case f.cluster != "" && m.Cluster != nil:
		return "", nil, fmt.Errorf("both --cluster and the ConnectCluster in %s say what the workers' defaults are; leave one out", m.Cluster.Origin)
	case m.Cluster != nil:
		return m.Cluster.Origin, m.Cluster.Config, nil
	case f.cluster == "":
		return "", nil, nil
	}
	c, namespace, err := k.connect(cmd)
	if err != nil {
		return "", nil, err
	}
	found, err := clusters(cmd, c, namespace, f.cluster)
	if err != nil {
		return "", nil, err
	}
	config, err := found[0].Spec.Config.Properties()
	if err != nil {
		return "", nil, aboutCluster(f.cluster, err)
	}
	return "connectcluster.connect.penstock.dev/" + f.cluster, config, nil
}

func fromWorker(origin string, list []configdef.Problem) []cli.Finding {
	out := make([]cli.Finding, len(list))
	for i, p := range list {
		out[i] = cli.Finding{Origin: origin, Key: p.Key, Message: p.Message}
	}
	return out
}
