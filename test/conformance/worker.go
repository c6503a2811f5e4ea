// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/connectors"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/kafka"
	"penstock.dev/runtime/rest"
	"penstock.dev/runtime/secrets"
	"penstock.dev/runtime/standalone"
	"penstock.dev/runtime/storage"
	"penstock.dev/runtime/transforms"
	"penstock.dev/runtime/worker"
	"penstock.dev/test/conformance/plugins"
)

// registry is what the harness's worker can run: what Penstock has, and the
// harness's own connectors.
func registry() connect.Registry {
	return connect.Registry{Plugins: append(connectors.All(), plugins.All()...), Converters: converters.All(),
		Transforms: transforms.All(), Predicates: transforms.Predicates()}
}

// defaults are the worker's keys that are of connectors.
var defaults = []string{"key.converter", "value.converter", "offset.flush.interval.ms"}

// runWorker is `penstock standalone --config FILE` with the harness's connectors.
func runWorker(ctx context.Context, config string) error {
	props, err := readProperties(config)
	if err != nil {
		return err
	}
	own := map[string]string{}
	for _, k := range defaults {
		own[k] = props[k]
	}
	broker, problems := kafka.ParseConfig(map[string]string{"bootstrap.servers": props["bootstrap.servers"]})
	api, more := rest.ParseConfig(map[string]string{"listeners": props["listeners"]}, "http://127.0.0.1:8083")
	if problems = append(problems, more...); len(problems) > 0 {
		return problems[0]
	}
	levels := rest.NewLevels(slog.LevelWarn, nil) // as log4j2.xml says for the other one
	log := slog.New(levels.Handler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))
	return serveWorker(ctx, served{props: props, defaults: own, kafka: broker, rest: api, levels: levels, log: log})
}

// served is what the worker is made of.
type served struct {
	props, defaults map[string]string
	kafka           kafka.Config
	rest            rest.Config
	levels          *rest.Levels
	log             *slog.Logger
}

func serveWorker(ctx context.Context, v served) error {
	r := registry()
	var backend *standalone.Backend
	w := worker.New(worker.Options{
		GroupID: v.props["group.id"], WorkerID: v.rest.Advertised("127.0.0.1"), Pod: "conformance", PodUID: fmt.Sprint(os.Getpid()), Version: "conformance",
		Kafka: v.kafka, Registry: r, Defaults: maps.Clone(v.defaults), Secrets: secrets.New(secrets.Defaults()),
		Topics: storage.Topics{Offsets: v.props["offset.storage.topic"], Status: v.props["status.storage.topic"], Config: v.props["config.storage.topic"],
			OffsetsPartitions: 1, StatusPartitions: 1, ReplicationFactor: 1},
		Logger: v.log, Metrics: prometheus.NewRegistry(), TrackTopics: true,
		OnConfig: func(c storage.ConfigChange) { backend.OnConfig(c) },
	})
	kept := standalone.NewKept(r, v.log)
	s := standalone.New(standalone.Options{Engine: w, Registry: r, Defaults: v.defaults, Desired: kept, Logger: v.log,
		Restart: standalone.RestartPolicy{Never: true}}) // as in Kafka Connect
	backend = standalone.NewBackend(standalone.BackendOptions{Kafka: w, Registry: r, Kept: kept, Standalone: s, Logger: v.log,
		SetLevel: func(logger, level string) { v.levels.Set(logger, level) }})
	server, err := rest.Listen(rest.New(rest.Options{
		Backend: backend, Registry: r, Defaults: v.defaults, Levels: v.levels, Logger: v.log, Version: "conformance", Commit: "none",
		TopicTracking: true, TopicReset: true,
	}), v.rest, v.log)
	if err != nil {
		return err
	}
	defer server.Close()
	follow, done := context.WithCancel(ctx)
	followed := make(chan struct{})
	go func() { backend.Follow(follow); close(followed) }()
	err = s.Run(ctx)
	done()
	<-followed
	return err
}

// readProperties reads what writeProperties has written.
func readProperties(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	props := map[string]string{}
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			return nil, fmt.Errorf("%s: a line without =", path)
		}
		props[key] = strings.ReplaceAll(value, `\\`, `\`)
	}
	return props, nil
}
