// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Command kubectl-penstock is the kubectl plugin that shows and steers connectors:
// kubectl penstock.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"penstock.dev/cmd/internal/cli"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connectors"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/transforms"
)

//go:generate go test -run ^TestReference$ . -update

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	err := root(clock.RealClock{}).ExecuteContext(ctx)
	stop()
	if err != nil {
		if !errors.Is(err, cli.ErrReported) {
			fmt.Fprintln(os.Stderr, "error: "+err.Error())
		}
		os.Exit(1)
	}
}

func root(now clock.PassiveClock) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kubectl-penstock",
		Short: "Show and steer the connectors of Penstock",
		// kubectl runs this binary as its own subcommand.
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl penstock"},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	k := newKube(now, registry())
	k.flags.AddFlags(cmd.PersistentFlags())
	k.addCompletions(cmd)
	cmd.AddCommand(commands(k)...)
	cmd.AddCommand(cli.Commands(k.source())...)
	return cmd
}

// commands is the list of commands beside those that penstock has, too.
func commands(k *kube) []*cobra.Command {
	return []*cobra.Command{
		createCommand(k),
		validateCommand(k),
		pluginsCommand(k),
		versionCommand(),
	}
}

// registry is what workers can run that are of this version.
func registry() connect.Registry {
	return connect.Registry{
		Plugins: connectors.All(), Converters: converters.All(),
		Transforms: transforms.All(), Predicates: transforms.Predicates(),
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "kubectl-penstock "+version)
			return err
		},
	}
}
