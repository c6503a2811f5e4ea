// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/standalone"
)

type validateFlags struct {
	files  []string
	strict bool
	config string
	output string
	// ask is set if a server is to be asked.
	ask    bool
	server serverFlags
}

func validateCommand(r connect.Registry) *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use:   "validate -f FILE",
		Short: "Check connectors without running them",
		Long: `Check Connector manifests without running them and without asking anything
outside. Problems end with exit status 1; warnings, such as a key that nobody
knows, do not, unless --strict makes problems of them.

With --server a Connect server is asked instead, which knows its own plugins. It
checks what create takes: Kafka Connect's JSON and properties files, too.`,
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
	addOutput(cmd, &f.output)
	f.server.add(cmd)
	return cmd
}

func addFiles(cmd *cobra.Command, files *[]string) {
	cmd.Flags().StringArrayVarP(files, "filename", "f", nil, "manifests: a `file`, a directory, an address, or - for stdin; may be repeated")
}

// findings is what `penstock validate -o json` prints.
type findings struct {
	Connectors int       `json:"connectors"`
	Problems   []finding `json:"problems"`
	Warnings   []finding `json:"warnings"`
}

type finding struct {
	Origin    string `json:"origin,omitempty"`
	Connector string `json:"connector,omitempty"`
	Key       string `json:"key,omitempty"`
	Message   string `json:"message"`
}

func validate(ctx context.Context, r connect.Registry, f validateFlags, stdin io.Reader, out io.Writer) error {
	if f.output != "" && f.output != "json" {
		return outputError(f.output)
	}
	found, err := find(ctx, r, f, stdin)
	if err != nil {
		return err
	}
	if f.strict {
		found.Problems = append(found.Problems, found.Warnings...)
		found.Warnings = []finding{}
	}
	if f.output == "json" {
		err = printJSON(out, found)
	} else {
		err = printFindings(out, found)
	}
	if err == nil && len(found.Problems) > 0 {
		return errReported
	}
	return err
}

func find(ctx context.Context, r connect.Registry, f validateFlags, stdin io.Reader) (findings, error) {
	if f.ask {
		return f.askServer(ctx, stdin)
	}
	m, err := manifest.Load(ctx, f.files, stdin)
	if err != nil {
		return findings{}, err
	}
	s, warnings, err := loadSettings(ctx, r, m, f.config)
	if err != nil {
		return findings{}, err
	}
	problems, more := standalone.Validate(r, m.Connectors, s.defaults)
	found := findings{Connectors: len(m.Connectors), Problems: toFindings(problems), Warnings: toFindings(more)}
	for _, w := range warnings {
		found.Warnings = append(found.Warnings, finding{Origin: s.origin, Key: w.Key, Message: w.Message})
	}
	return found, nil
}

// askServer has a Connect server check what create would send.
func (f validateFlags) askServer(ctx context.Context, stdin io.Reader) (findings, error) {
	if f.config != "" {
		return findings{}, errors.New("--config has no effect with --server: the server has a config of its own; leave one out")
	}
	list, err := definitions(ctx, f.files, stdin)
	if err != nil {
		return findings{}, err
	}
	c, err := f.server.client()
	if err != nil {
		return findings{}, err
	}
	problems, err := remote{c}.ask(ctx, list)
	return findings{Connectors: len(list), Problems: problems, Warnings: []finding{}}, err
}

func toFindings(problems []standalone.Problem) []finding {
	out := make([]finding, len(problems))
	for i, p := range problems {
		out[i] = finding{p.Origin, p.Connector, p.Key, p.Message}
	}
	return out
}

func (f finding) String() string {
	text := ""
	if f.Origin != "" {
		text = f.Origin + ": "
	}
	if f.Connector != "" {
		text += "connector " + f.Connector + ": "
	}
	return text + f.Key + ": " + f.Message
}

func printFindings(w io.Writer, found findings) error {
	for _, p := range found.Problems {
		if _, err := fmt.Fprintln(w, "problem: "+p.String()); err != nil {
			return err
		}
	}
	for _, p := range found.Warnings {
		if _, err := fmt.Fprintln(w, "warning: "+p.String()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s, %s, %s\n", plural(found.Connectors, "connector"),
		plural(len(found.Problems), "problem"), plural(len(found.Warnings), "warning"))
	return err
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
