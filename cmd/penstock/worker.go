// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/worker"
)

// workerPort is what Kafka Connect's statuses name as a worker's port.
const workerPort = "8083"

// Assignee takes assignments; a *worker.Worker is one.
type Assignee interface {
	Assign(specs []worker.TaskSpec)
}

// Assigner decides which tasks a worker runs, and knows the secrets that their
// connectors name.
type Assigner interface {
	// Run hands assignments to the worker until ctx is done. An error ends the
	// worker.
	Run(ctx context.Context, to Assignee) error
	// Provider resolves `${secrets:name:key}`.
	Provider() secrets.Provider
}

// identity says which pod a worker is.
type identity struct{ Pod, UID, Namespace, IP string }

// assignerMaker makes the Assigner of a worker, which keeps its state in dir.
type assignerMaker func(id identity, dir string, log *slog.Logger) (Assigner, error)

type workerFlags struct {
	identity
	config      string
	stateDir    string
	metricsAddr string
	logLevel    string
}

func workerCommand(r connect.Registry, newAssigner assignerMaker) *cobra.Command {
	var f workerFlags
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Run the tasks that the operator binds to this pod",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), r, newAssigner, stdio{cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "worker properties `file`")
	flags.StringVar(&f.stateDir, "state-dir", "", "`directory` that lives as long as the pod, in memory: the last assignment and its secrets are kept there")
	flags.StringVar(&f.Pod, "pod-name", os.Getenv("POD_NAME"), "name of this pod (POD_NAME)")
	flags.StringVar(&f.UID, "pod-uid", os.Getenv("POD_UID"), "UID of this pod (POD_UID)")
	flags.StringVar(&f.Namespace, "pod-namespace", os.Getenv("POD_NAMESPACE"), "namespace of this pod (POD_NAMESPACE)")
	flags.StringVar(&f.IP, "pod-ip", os.Getenv("POD_IP"), "address of this pod (POD_IP)")
	flags.StringVar(&f.metricsAddr, "metrics-addr", ":9404", "`address` of /metrics, /livez and /readyz")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	for _, name := range []string{"config", "state-dir"} {
		_ = cmd.MarkFlagRequired(name) // the flag exists
	}
	return cmd
}

// check names what is missing, by flag and variable.
func (f workerFlags) check() error {
	var errs []error
	for _, v := range []struct{ value, flag, variable string }{
		{f.Pod, "--pod-name", "POD_NAME"}, {f.UID, "--pod-uid", "POD_UID"},
		{f.Namespace, "--pod-namespace", "POD_NAMESPACE"}, {f.IP, "--pod-ip", "POD_IP"},
	} {
		if v.value == "" {
			errs = append(errs, fmt.Errorf("%s or %s must be set", v.flag, v.variable))
		}
	}
	return errors.Join(errs...)
}

func (f workerFlags) run(ctx context.Context, r connect.Registry, newAssigner assignerMaker, std stdio) error {
	if err := f.check(); err != nil {
		return err
	}
	tuneCollector(os.LookupEnv)
	log, err := newLogger(std.err, f.logLevel)
	if err != nil {
		return err
	}
	assigner, err := newAssigner(f.identity, f.stateDir, log)
	if err != nil {
		return fmt.Errorf("starting the agent: %w", err)
	}
	metrics := newMetrics()
	o, providers, err := f.options(ctx, r, log)
	if err != nil {
		return err
	}
	providers[manifest.SecretsProvider] = assigner.Provider()
	o.Secrets, o.Metrics = secrets.New(providers), metrics
	w := worker.New(o)
	stop, err := serve(f.metricsAddr, worker.Handler(w, metricsHandler(metrics)), log)
	if err != nil {
		return err
	}
	defer stop()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.Run(gctx) })
	g.Go(func() error { return assigner.Run(gctx, w) })
	return g.Wait()
}

// options reads the worker's settings, and the config providers that they name.
func (f workerFlags) options(ctx context.Context, r connect.Registry, log *slog.Logger) (worker.Options, map[string]secrets.Provider, error) {
	s, warnings, err := loadSettings(ctx, r, manifest.Manifest{}, f.config)
	if err != nil {
		return worker.Options{}, nil, err
	}
	for _, w := range warnings {
		log.Warn("worker config", "key", w.Key, "problem", w.Message)
	}
	config, problems := kafka.ParseConfig(s.connection)
	if err := join(problems); err != nil {
		return worker.Options{}, nil, s.redactor().Error(fmt.Errorf("%s: %w", f.config, err))
	}
	return worker.Options{
		GroupID: s.groupID, WorkerID: net.JoinHostPort(f.IP, workerPort), Pod: f.Pod, PodUID: f.UID, Version: version,
		Kafka: config, Topics: s.topics, Registry: r, Defaults: s.defaults, Hidden: s.secrets, Logger: log,
		TrackTopics: s.rest["topic.tracking.enable"] != "false",
	}, s.providers, nil
}

func join(problems []configdef.Problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}
