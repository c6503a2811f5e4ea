// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"runtime/debug"
	"strings"

	"penstock.dev/runtime/rest"
	"penstock.dev/runtime/standalone"
)

const (
	// anywhere is where Kafka Connect's workers listen unless they are told.
	anywhere = "http://:8083"
	// here is where a process listens that was given no worker config: whoever can
	// call the API can read and write files.
	here = "http://localhost:8083"
)

// restConfig reads how the REST API is served.
func (f standaloneFlags) restConfig(s settings) (rest.Config, error) {
	props := maps.Clone(s.rest)
	for k, v := range s.connection {
		if strings.HasPrefix(k, "ssl.") {
			props[k] = v
		}
	}
	fallback := here
	if f.config != "" {
		fallback = anywhere
	}
	c, problems := rest.ParseConfig(props, fallback)
	if err := join(problems); err != nil {
		return c, fmt.Errorf("%s: %w", s.origin, err)
	}
	return c, nil
}

// serveAPI serves the REST API. A job that ends by itself needs none unless it is
// asked for; beside files its default address may be taken, as by another
// penstock.
func (f standaloneFlags) serveAPI(j job, b rest.Backend) (func(), error) {
	nothing := func() {}
	_, asked := j.settings.rest["listeners"]
	if j.batch && !asked {
		return nothing, nil
	}
	api := rest.New(rest.Options{
		Backend: b, Registry: j.registry, Defaults: j.settings.defaults, Levels: j.levels, Logger: j.log, Redact: j.settings.redactor().Redact,
		Version: version, Commit: commit(), TopicTracking: j.rest.TopicTracking, TopicReset: j.rest.TopicReset,
	})
	server, err := rest.Listen(api, j.rest, j.log)
	if err != nil && len(f.files) > 0 && !asked {
		j.log.Warn("the REST API is not served", "error", err)
		return nothing, nil
	}
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(j.err, "REST API on %s\n", strings.Join(server.Addresses(), ","))
	return server.Close, nil
}

var _ rest.Backend = (*standalone.Backend)(nil)

// newLeveledLogger returns a logger whose levels can be changed while it is used.
func newLeveledLogger(w io.Writer, level string) (*slog.Logger, *rest.Levels, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, nil, fmt.Errorf("--log-level %s is unknown, use debug, info, warn or error", level)
	}
	levels := rest.NewLevels(l, nil)
	everything := slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.Level(math.MinInt)})
	return slog.New(levels.Handler(everything)), levels, nil
}

// commit is the revision that the binary was built from, as far as it is known.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
}
