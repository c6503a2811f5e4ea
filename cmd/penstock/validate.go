// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/cmd/internal/definition"
	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/connect"
)

type validateFlags struct {
	files  []string
	strict bool
	config string
	output cli.Output
	// ask is set if a server is to be asked.
	ask    bool
	server serverFlags
}

func validateCommand(r connect.Registry) *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use:   "validate -f FILE",
		Short: "Check connectors without running them",
		Long: `Check connectors without running them and without asking anything outside:
Connector manifests, Kafka Connect's JSON and its properties files. Problems end
with exit status 1; warnings, such as a key that nobody knows, do not, unless
--strict makes problems of them.

With --server a Connect server is asked instead, which knows its own plugins.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.ask = cmd.Flags().Changed("server")
			return validate(cmd.Context(), r, f, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	addFiles(cmd, &f.files)
	_ = cmd.MarkFlagRequired("filename") // the flag exists
	cmd.Flags().BoolVar(&f.strict, "strict", false, "refuse what is only a warning otherwise, such as unknown config keys")
	cmd.Flags().StringVar(&f.config, "config", "", "worker properties `file` with the workers' defaults")
	cli.AddOutput(cmd, &f.output)
	f.server.add(cmd)
	return cmd
}

func addFiles(cmd *cobra.Command, files *[]string) {
	cmd.Flags().StringArrayVarP(files, "filename", "f", nil, "manifests: a `file`, a directory, an address, or - for stdin; may be repeated")
}

func validate(ctx context.Context, r connect.Registry, f validateFlags, stdin io.Reader, out io.Writer) error {
	if err := f.output.Check(); err != nil {
		return err
	}
	found, err := find(ctx, r, f, stdin)
	if err != nil {
		return err
	}
	return found.Report(out, f.output, f.strict)
}

func find(ctx context.Context, r connect.Registry, f validateFlags, stdin io.Reader) (cli.Findings, error) {
	if f.ask {
		return f.askServer(ctx, stdin)
	}
	in, err := definition.Load(ctx, f.files, stdin, manifest.Load)
	if err != nil {
		return cli.Findings{}, err
	}
	connectors, err := in.Connectors()
	if err != nil {
		return cli.Findings{}, err
	}
	s, warnings, err := loadSettings(ctx, r, in.Manifest, f.config)
	if err != nil {
		return cli.Findings{}, err
	}
	found := cli.Find(r, connectors, s.defaults)
	for _, w := range warnings {
		found.Warnings = append(found.Warnings, cli.Finding{Origin: s.origin, Key: w.Key, Message: w.Message})
	}
	return found, nil
}

// askServer has a Connect server check what create would send.
func (f validateFlags) askServer(ctx context.Context, stdin io.Reader) (cli.Findings, error) {
	if f.config != "" {
		return cli.Findings{}, errors.New("--config has no effect with --server: the server has a config of its own; leave one out")
	}
	list, err := definition.Read(ctx, f.files, stdin)
	if err != nil {
		return cli.Findings{}, err
	}
	c, err := f.server.client()
	if err != nil {
		return cli.Findings{}, err
	}
	problems, err := remote{c}.ask(ctx, list)
	return cli.Findings{Connectors: len(list), Problems: problems, Warnings: []cli.Finding{}}, err
}
