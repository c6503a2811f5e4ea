// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"penstock.dev/test/apache"
	"penstock.dev/test/bench/proc"
)

// bench is a broker and the two systems on it.
type bench struct {
	o            options
	dir          string
	broker       *apache.Broker
	cl           *kgo.Client
	theirs, ours *system
	reg          *registries // nil without cases that need it
}

// setUp starts everything. What it returns is to be torn down, also with an error.
func setUp(ctx context.Context, o options, cases []Case) (*bench, error) {
	b := &bench{o: o, dir: filepath.Join(o.cache, "conformance-"+strconv.Itoa(o.port))}
	if err := os.RemoveAll(b.dir); err != nil {
		return b, err
	}
	jars, _, err := apache.Install(ctx, o.root, o.cache)
	if err != nil {
		return b, err
	}
	plugins := ""
	if slices.ContainsFunc(cases, Case.registry) {
		if plugins, err = apache.InstallAvroConverter(ctx, o.root, o.cache); err != nil {
			return b, err
		}
	}
	classes, err := compile(ctx, o.root, jars, filepath.Join(b.dir, "classes"))
	if err != nil {
		return b, err
	}
	if b.broker, err = apache.StartBroker(ctx, o.root, filepath.Join(b.dir, "kafka"), o.port); err != nil {
		return b, err
	}
	if b.cl, err = kgo.NewClient(kgo.SeedBrokers(b.broker.Address()), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MetadataMinAge(50*time.Millisecond), kgo.UnknownTopicRetries(200)); err != nil { // a new topic may be told of late
		return b, fmt.Errorf("building the harness's client: %w", err)
	}
	// Cases have records of long ago, which are to stay.
	forever := "-1"
	if _, err := kadm.NewClient(b.cl).AlterBrokerConfigs(ctx, []kadm.AlterConfig{{Name: "log.retention.ms", Value: &forever}}); err != nil {
		return b, fmt.Errorf("keeping old records: %w", err)
	}
	if plugins != "" {
		if b.reg, err = startRegistries(ctx, o, b.dir); err != nil {
			return b, err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return b, err
	}
	if b.theirs, err = b.system(ctx, "Kafka Connect", theirPrefix, o.port+2, plugins, func(config string) proc.Command {
		return connectCommand(o.root, jars, classes, config)
	}); err != nil {
		return b, err
	}
	b.ours, err = b.system(ctx, "Penstock", ourPrefix, o.port+3, "", func(config string) proc.Command {
		return proc.Command{Path: self, Args: []string{"worker", config}}
	})
	return b, err
}

// system starts one of the two.
func (b *bench) system(ctx context.Context, name, prefix string, port int, plugins string, command func(config string) proc.Command) (*system, error) {
	addr := "127.0.0.1:" + strconv.Itoa(port)
	s := &system{name: name, prefix: prefix, url: "http://" + addr, dir: filepath.Join(b.dir, prefix+"system"), broker: b.broker.Address(),
		cl: b.cl, adm: kadm.NewClient(b.cl), reg: b.reg}
	s.norm = normalizer{prefix: prefix, dir: filepath.Join(s.dir, "cases"), worker: addr, start: time.Now()}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return s, err
	}
	config := filepath.Join(s.dir, "worker.properties")
	if err := writeProperties(config, settings(prefix, b.broker.Address(), addr, plugins)); err != nil {
		return s, err
	}
	return s, s.start(ctx, command(config))
}

func (b *bench) tearDown() error {
	var errs []error
	for _, s := range []*system{b.theirs, b.ours} {
		if s != nil {
			errs = append(errs, s.stop())
		}
	}
	errs = append(errs, b.reg.stop())
	if b.cl != nil {
		b.cl.Close()
	}
	if b.broker != nil {
		errs = append(errs, b.broker.Stop())
	}
	if !b.o.keep {
		errs = append(errs, os.RemoveAll(b.dir))
	}
	return errors.Join(errs...)
}

// services are the lists by which Kafka Connect finds our connectors.
var services = map[string]string{
	"org.apache.kafka.connect.source.SourceConnector": "dev.penstock.conformance.ReplaySource",
	"org.apache.kafka.connect.sink.SinkConnector":     "dev.penstock.conformance.CaptureSink",
}

// compile makes the classes of the harness's own connectors for Kafka Connect.
func compile(ctx context.Context, root, jars, to string) (string, error) {
	sources, err := filepath.Glob(filepath.Join(root, "test/conformance/java/dev/penstock/conformance/*.java"))
	if err != nil {
		return "", err
	}
	lists := filepath.Join(to, "META-INF/services")
	if err := os.MkdirAll(lists, 0o755); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "javac", append([]string{"-nowarn", "-d", to, "-cp", filepath.Join(jars, "*")}, sources...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling the connectors for Kafka Connect: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	for name, class := range services {
		if err := os.WriteFile(filepath.Join(lists, name), []byte(class+"\n"), 0o644); err != nil {
			return "", err
		}
	}
	return to, nil
}
