// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/rest"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/standalone"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/worker"
)

// minIdle is the least --until-idle: a sink hears of new records within a
// second.
const minIdle = time.Second

// batchRestarts is how often a task of a batch job is restarted, unless its
// manifest says otherwise: somebody waits for the answer.
const batchRestarts = 3

// A batch job commits more often than others, because it waits for the last
// commit before it ends.
const (
	flushKey   = "offset.flush.interval.ms"
	batchFlush = "1000"
)

type standaloneFlags struct {
	files       []string
	config      string
	kafka       string
	dataDir     string
	untilIdle   time.Duration
	output      string
	metricsAddr string
	metricsSet  bool // metricsAddr was given by the user
	logLevel    string
}

func standaloneCommand(r connect.Registry) *cobra.Command {
	var f standaloneFlags
	cmd := &cobra.Command{
		Use:   "standalone [-f FILE]",
		Short: "Run connectors in this process, without Kubernetes",
		Long: `Run connectors in this process, without Kubernetes.

With -f the files hold Connector documents; clusterRef is ignored. Secret
documents satisfy configFrom. Without -f connectors are made through Kafka
Connect's REST API, which answers on http://localhost:8083, and are kept in
Kafka, so that a second run has them again. With -f the REST API shows and
pauses, stops and restarts them; what they are is for the files to say.

A ConnectCluster document, or --config, says how to reach Kafka and gives the
worker's defaults. Without both, and without --kafka, an embedded broker runs in
this process and keeps its data under --data-dir, so that a second run goes on
where the first has stopped.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.metricsSet = cmd.Flags().Changed("metrics-addr")
			return runStandalone(cmd.Context(), r, f, stdio{cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()})
		},
	}
	addFiles(cmd, &f.files)
	cmd.Flags().StringVar(&f.config, "config", "", "worker properties `file`, as Kafka Connect's")
	cmd.Flags().StringVar(&f.kafka, "kafka", "", "brokers as `host:port,…`, or embedded[:port] for one in this process")
	cmd.Flags().StringVar(&f.dataDir, "data-dir", "penstock-data", "`directory` in which the embedded broker keeps its data")
	cmd.Flags().DurationVar(&f.untilIdle, "until-idle", 0, "end once every connector had nothing to do for that long, with exit status 1 if a task failed")
	cmd.Flags().StringVar(&f.metricsAddr, "metrics-addr", ":9404", "`address` of /metrics, /livez and /readyz; empty for none")
	cmd.Flags().StringVar(&f.logLevel, "log-level", "warn", "debug, info, warn or error")
	addOutput(cmd, &f.output)
	return cmd
}

// stdio are the streams of a command.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

func (f standaloneFlags) check() error {
	if f.output != "" && f.output != "json" {
		return outputError(f.output)
	}
	if f.untilIdle != 0 && f.untilIdle < minIdle {
		return fmt.Errorf("--until-idle %s is too short, the least is %s", f.untilIdle, minIdle)
	}
	if f.dataDir == "" {
		return errors.New("--data-dir must not be empty")
	}
	if f.untilIdle > 0 && len(f.files) == 0 {
		return errors.New("--until-idle needs -f: connectors that come through the REST API may always come")
	}
	return nil
}

// runStandalone prepares what `penstock standalone` needs, runs it, and puts it
// away.
func runStandalone(ctx context.Context, r connect.Registry, f standaloneFlags, std stdio) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	m, s, err := f.load(ctx, r, std)
	if err != nil {
		return err
	}
	view := newView(f.output, std.out)
	log, levels, err := newLeveledLogger(view.logWriter(std.err), f.logLevel)
	if err != nil {
		return err
	}
	api, err := f.restConfig(s)
	if err != nil {
		return s.redactor().Error(err)
	}
	config, stop, err := f.reach(s, std)
	if err != nil {
		return s.redactor().Error(err)
	}
	defer func() { err = errors.Join(err, stop()) }()
	s.secrets = append(s.secrets, config.Secrets()...)
	start := time.Now()
	result := f.run(ctx, job{
		registry: r, manifest: m, settings: s, kafka: config, rest: api, batch: f.untilIdle > 0,
		log: s.redactor().Logger(log), levels: levels, view: view, err: std.err,
	})
	return view.end(outcome(ctx, s.redactor().Error(result), time.Since(start)))
}

// load reads the manifests and the settings and refuses what cannot run.
func (f standaloneFlags) load(ctx context.Context, r connect.Registry, std stdio) (manifest.Manifest, settings, error) {
	m, err := manifest.Load(ctx, f.files, std.in)
	if err != nil {
		return m, settings{}, err
	}
	if len(m.Connectors) == 0 && len(f.files) > 0 {
		return m, settings{}, fmt.Errorf("there is no Connector in %s", strings.Join(f.files, ", "))
	}
	s, warnings, err := loadSettings(ctx, r, m, f.config)
	if err != nil {
		return m, s, err
	}
	problems, more := standalone.Validate(r, m.Connectors, s.defaults)
	for _, w := range warnings {
		fmt.Fprintf(std.err, "warning: %s: %s\n", s.origin, w.Error())
	}
	for _, w := range more {
		fmt.Fprintln(std.err, "warning: "+w.Error())
	}
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return m, s, errors.Join(errs...)
}

// reach says how Kafka is reached, and starts the embedded broker if that is it.
func (f standaloneFlags) reach(s settings, std stdio) (kafka.Config, func() error, error) {
	nothing := func() error { return nil }
	props := s.connection
	port, embedded, err := embeddedPort(f.kafka)
	if err != nil {
		return kafka.Config{}, nil, err
	}
	switch {
	case embedded, f.kafka == "" && props["bootstrap.servers"] == "":
		b, err := startBroker(f.dataDir, port, std.err)
		if err != nil {
			return kafka.Config{}, nil, err
		}
		fmt.Fprintf(std.err, "embedded Kafka on %s, data in %s\n", strings.Join(b.addresses(), ","), f.dataDir)
		return kafka.Config{Brokers: b.addresses()}, b.stop, nil
	case f.kafka != "":
		props["bootstrap.servers"] = f.kafka
	}
	config, problems := kafka.ParseConfig(props)
	err = join(problems)
	if err != nil && s.origin != "" {
		err = fmt.Errorf("%s: %w", s.origin, err)
	}
	return config, nothing, err
}

// job is what one run of `penstock standalone` is about.
type job struct {
	registry connect.Registry
	manifest manifest.Manifest
	settings settings
	kafka    kafka.Config
	rest     rest.Config
	batch    bool // it ends when there is nothing to do
	log      *slog.Logger
	levels   *rest.Levels
	view     view
	err      io.Writer // for people
}

func (f standaloneFlags) run(ctx context.Context, j job) error {
	tuneCollector(os.LookupEnv)
	metrics := newMetrics()
	o := j.workerOptions(metrics)
	var backend *standalone.Backend
	if len(f.files) == 0 {
		o.Topics.Config = j.settings.configTopic
		o.OnConfig = func(c storage.ConfigChange) { backend.OnConfig(c) }
	}
	w := worker.New(o)
	stop, err := f.serve(w, metrics, j.log)
	if err != nil {
		return err
	}
	defer stop()
	restart := standalone.DefaultRestartPolicy()
	if f.untilIdle > 0 {
		restart.MaxRestarts = batchRestarts
	}
	options := standalone.Options{
		Engine: w, Registry: j.registry, Defaults: o.Defaults, Restart: restart,
		UntilIdle: f.untilIdle, Observe: j.view.update, Logger: j.log,
	}
	b := standalone.BackendOptions{Kafka: w, Registry: j.registry, Files: f.files, SetLevel: func(logger, level string) { j.setLevel(logger, level) }, Logger: j.log}
	if len(f.files) == 0 {
		b.Kept = standalone.NewKept(j.registry, j.log)
		options.Desired = b.Kept
	} else {
		b.Fixed = standalone.NewFixed(j.manifest.Connectors)
		options.Desired = b.Fixed
	}
	s := standalone.New(options)
	b.Standalone = s
	backend = standalone.NewBackend(b)
	closeAPI, err := f.serveAPI(j, backend)
	if err != nil {
		return err
	}
	defer closeAPI()
	follow, done := context.WithCancel(ctx)
	followed := make(chan struct{})
	go func() { backend.Follow(follow); close(followed) }()
	err = s.Run(ctx)
	done()
	<-followed
	return err
}

// setLevel takes a level that another worker of the group may have asked for.
func (j job) setLevel(logger, level string) {
	if !j.levels.Valid(level) {
		j.log.Warn("a log level is not known", "logger", logger, "level", level)
		return
	}
	j.levels.Set(logger, level)
}

func (j job) workerOptions(metrics prometheus.Registerer) worker.Options {
	defaults := maps.Clone(j.settings.defaults)
	if _, ok := defaults[flushKey]; !ok && j.batch {
		defaults[flushKey] = batchFlush
	}
	providers := maps.Clone(j.settings.providers)
	providers[manifest.SecretsProvider] = j.manifest.Secrets
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return worker.Options{
		GroupID: j.settings.groupID, WorkerID: j.rest.Advertised(host), Pod: host, PodUID: fmt.Sprintf("%s-%d", host, os.Getpid()),
		Version: version, Kafka: j.kafka, Topics: j.settings.topics, Registry: j.registry,
		Secrets: secrets.New(providers), Defaults: defaults, Hidden: j.settings.secrets,
		Logger: j.log, Metrics: metrics, TrackTopics: j.rest.TopicTracking,
	}
}

// serve answers probes and metrics. The default address may be taken, by another
// penstock for one; an address that was asked for may not.
func (f standaloneFlags) serve(w *worker.Worker, metrics *prometheus.Registry, log *slog.Logger) (func(), error) {
	if f.metricsAddr == "" {
		return func() {}, nil
	}
	stop, err := serve(f.metricsAddr, worker.Handler(w, metricsHandler(metrics)), log)
	if err != nil && !f.metricsSet {
		log.Warn("metrics and probes are not served", "error", err)
		return func() {}, nil
	}
	return stop, err
}

func newLogger(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level %s is unknown, use debug, info, warn or error", level)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})), nil
}
