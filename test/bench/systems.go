// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"penstock.dev/test/bench/proc"
)

// system is one of those that are compared.
type system string

const (
	ours      system = "penstock"
	peer      system = "kafka-connect"
	tunedPeer system = "kafka-connect-tuned"
	bareKgo   system = "franz-go"
)

// job is the same work for every system.
type job struct {
	connectors []connector
	// own is set if the connectors are in package plugins, which are only in the
	// harness's own binary.
	own bool
	// plugins is the folder that Kafka Connect needs for the connectors, "" if none.
	plugins string
	// bare are the arguments for package bare.
	bare []string
}

// running is a system at work.
type running struct {
	*proc.Process
	system system
	// url is where its probes, metrics or REST API are; bare has none.
	url string
}

// jvm are the flags with which Kafka's own scripts start a worker: they are what
// "the default heap" is.
func jvm() []string {
	return strings.Fields("-Xms256M -Xmx2G -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 " +
		"-XX:+ExplicitGCInvokesConcurrent -XX:MaxInlineLevel=15 -Djava.awt.headless=true")
}

// tuning is what those who run Kafka Connect for throughput set. Compression is
// not in it: it is an axis of its own, the same for every system.
func tuning() map[string]string {
	return map[string]string{
		"producer.batch.size":                "200000",
		"producer.linger.ms":                 "50",
		"producer.buffer.memory":             "67108864",
		"consumer.max.poll.records":          "5000",
		"consumer.fetch.min.bytes":           "100000",
		"consumer.max.partition.fetch.bytes": "4194304",
	}
}

// launch starts a system. Its name makes its files, groups and ids its own.
func (b *bench) launch(ctx context.Context, s system, name string, j job) (*running, error) {
	dir := filepath.Join(b.dir, "runs", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	command, url, err := b.command(ctx, s, dir, j)
	if err != nil {
		return nil, err
	}
	command.Log = filepath.Join(dir, "log")
	p, err := proc.Start(command)
	if err != nil {
		return nil, err
	}
	return &running{Process: p, system: s, url: url}, nil
}

func (b *bench) command(ctx context.Context, s system, dir string, j job) (proc.Command, string, error) {
	if s == bareKgo {
		return proc.Command{Path: b.self, Args: append([]string{"bare"}, j.bare...)}, "", nil
	}
	port, err := freePort(ctx)
	if err != nil {
		return proc.Command{}, "", err
	}
	addr := "127.0.0.1:" + strconv.Itoa(port)
	var c proc.Command
	switch s {
	case ours:
		c, err = b.penstock(dir, addr, j)
	case peer:
		c, err = b.connect(dir, addr, j, nil)
	case tunedPeer:
		c, err = b.connect(dir, addr, j, tuning())
	}
	return c, "http://" + addr, err
}

// penstock runs the binary that users have, unless the job needs connectors that
// it has not.
func (b *bench) penstock(dir, addr string, j job) (proc.Command, error) {
	manifest := filepath.Join(dir, "connectors.yaml")
	if err := writeManifest(manifest, j.connectors); err != nil {
		return proc.Command{}, err
	}
	if j.own || b.profiles != "" {
		args := []string{"worker", "-f", manifest, "-kafka", b.broker.Address(), "-group", b.group, "-metrics-addr", addr}
		if b.profiles != "" {
			args = append(args, "-cpuprofile", filepath.Join(b.profiles, j.connectors[0].name+".pprof"))
		}
		return proc.Command{Path: b.self, Args: args}, nil
	}
	config := filepath.Join(dir, "worker.properties")
	err := writeProperties(config, map[string]string{"bootstrap.servers": b.broker.Address(), "group.id": b.group})
	return proc.Command{Path: b.binary, Args: []string{
		"standalone", "-f", manifest, "--config", config, "--metrics-addr", addr,
	}}, err
}

// connect runs ConnectStandalone: it is the leaner of Kafka Connect's two
// workers, without a group, a config topic and requests before a connector runs,
// and what `penstock standalone` stands beside. What is reached against it is
// reached against ConnectDistributed.
func (b *bench) connect(dir, addr string, j job, tuning map[string]string) (proc.Command, error) {
	worker := map[string]string{
		"bootstrap.servers": b.broker.Address(),
		"key.converter":     "org.apache.kafka.connect.json.JsonConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
		"offset.storage.file.filename": filepath.Join(dir, "offsets"),
		"listeners":                    "http://" + addr,
	}
	if j.plugins != "" {
		worker["plugin.path"] = j.plugins
	}
	maps.Copy(worker, tuning)
	files := []string{filepath.Join(dir, "worker.properties")}
	errs := []error{writeProperties(files[0], worker)}
	for _, c := range j.connectors {
		props := maps.Clone(c.config)
		props["name"], props["connector.class"], props["tasks.max"] = c.name, c.class, strconv.Itoa(max(c.tasks, 1))
		file := filepath.Join(dir, c.name+".properties")
		errs = append(errs, writeProperties(file, props))
		files = append(files, file)
	}
	args := append(jvm(), "-Dlog4j2.configurationFile="+filepath.Join(b.root, "hack/kafka/log4j2.xml"),
		"-cp", filepath.Join(b.peerDir, "*"), "org.apache.kafka.connect.cli.ConnectStandalone")
	return proc.Command{Path: "java", Args: append(args, files...)}, errors.Join(errs...)
}

func writeProperties(path string, props map[string]string) error {
	var out strings.Builder
	for _, k := range slices.Sorted(maps.Keys(props)) {
		fmt.Fprintf(&out, "%s=%s\n", k, strings.ReplaceAll(props[k], `\`, `\\`))
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

// freePort returns a port that nobody listens on now.
func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
