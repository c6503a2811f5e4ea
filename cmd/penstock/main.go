// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Command penstock is Penstock's one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

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
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		if !errors.Is(err, errReported) {
			fmt.Fprintln(os.Stderr, "penstock: "+err.Error())
		}
		os.Exit(1)
	}
}

// errReported is the error of a command that has already said what is wrong.
var errReported = cli.ErrReported

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "penstock",
		Short:         "Kafka Connect for Kubernetes, native Go",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.AddCommand(commands(registry())...)
	cmd.AddCommand(cli.Commands(connectServer())...)
	return cmd
}

// commands is the one list of commands, beside those that kubectl-penstock has,
// too.
func commands(r connect.Registry) []*cobra.Command {
	return []*cobra.Command{
		standaloneCommand(r),
		operatorCommand(r),
		workerCommand(r, newPodAgent),
		pluginsCommand(r),
		createCommand(),
		validateCommand(r),
		tailCommand(r),
		loggersCommand(),
		versionCommand(),
		releaseCommand(),
		probeCommand(),
	}
}

// registry is what this binary can run.
func registry() connect.Registry {
	return connect.Registry{
		Plugins: connectors.All(), Converters: converters.All(),
		Transforms: transforms.All(), Predicates: transforms.Predicates(),
	}
}
