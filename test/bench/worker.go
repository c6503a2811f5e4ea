// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connectors"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/standalone"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/transforms"
	"penstock.dev/runtime/worker"
	"penstock.dev/test/bench/plugins"
)

// registry is what the harness's own worker can run.
func registry() connect.Registry {
	return connect.Registry{Plugins: append(connectors.All(), plugins.All()...), Converters: converters.All(),
		Transforms: transforms.All(), Predicates: transforms.Predicates()}
}

// runWorker is `penstock standalone` with the benchmarks' connectors.
func runWorker(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	file := flags.String("f", "", "manifest")
	broker := flags.String("kafka", "", "broker")
	group := flags.String("group", "bench", "group id")
	profile := flags.String("cpuprofile", "", "file that takes a CPU profile")
	addr := flags.String("metrics-addr", "", "address of /metrics and probes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	stop, err := startProfile(*profile)
	if err != nil {
		return err
	}
	return errors.Join(serveConnectors(ctx, *file, *broker, *group, *addr), stop())
}

// startProfile profiles the processor time until stop is called.
func startProfile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("making the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("profiling: %w", err), f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// serveConnectors runs the connectors of a manifest until ctx is done.
func serveConnectors(ctx context.Context, file, broker, group, addr string) error {
	m, err := manifest.Load(ctx, []string{file}, os.Stdin)
	if err != nil {
		return err
	}
	r := registry()
	if problems, _ := standalone.Validate(r, m.Connectors, nil); len(problems) > 0 {
		return fmt.Errorf("the connectors are refused: %w", problems[0])
	}
	config, problems := kafka.ParseConfig(map[string]string{"bootstrap.servers": broker})
	if len(problems) > 0 {
		return problems[0]
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	w := worker.New(worker.Options{
		GroupID: group, WorkerID: "127.0.0.1:8083", Pod: "bench", PodUID: fmt.Sprint(os.Getpid()), Version: "bench",
		Kafka: config, Topics: storage.Topics{Offsets: group + "-offsets", Status: group + "-status"},
		Registry: r, Logger: log, Metrics: metrics,
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listening on -metrics-addr: %w", err)
	}
	server := &http.Server{Handler: worker.Handler(w, promhttp.HandlerFor(metrics, promhttp.HandlerOpts{})), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	err = standalone.New(standalone.Options{Engine: w, Registry: r, Desired: standalone.NewFixed(m.Connectors), Logger: log}).Run(ctx)
	err = errors.Join(err, server.Close())
	if serr := <-served; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

// connector is a connector in the words that Kafka Connect and Penstock share.
type connector struct {
	name, class string
	tasks       int
	stopped     bool
	config      map[string]string
}

// writeManifest writes connectors as the documents of one file.
func writeManifest(path string, connectors []connector) error {
	var out []byte
	for _, c := range connectors {
		spec := map[string]any{
			"clusterRef": map[string]string{"name": "bench"}, "class": c.class, "tasksMax": max(c.tasks, 1), "config": c.config,
		}
		if c.stopped {
			spec["state"] = "Stopped"
		}
		doc, err := json.MarshalIndent(map[string]any{
			"apiVersion": "connect.penstock.dev/v1alpha1", "kind": "Connector",
			"metadata": map[string]string{"name": c.name}, "spec": spec,
		}, "", "  ")
		if err != nil {
			return err
		}
		out = append(append(append(out, "---\n"...), doc...), '\n')
	}
	return os.WriteFile(path, out, 0o644)
}

// refused returns why the harness's worker does not take a connector; nil if it
// does.
func refused(c connector) error {
	problems, _ := standalone.Validate(registry(), []standalone.Connector{{
		Name: c.name, Class: c.class, TasksMax: max(c.tasks, 1), Config: c.config, Origin: "the harness",
	}}, nil)
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}
