// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"os/exec"

	"penstock.dev/test/bench/report"
)

// machine describes where the harness runs.
func machine(o options) report.Machine {
	m := report.Machine{
		CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), OS: field("/etc/os-release", "PRETTY_NAME"),
		Kernel: read("/proc/sys/kernel/osrelease"), Load: read("/proc/loadavg"), Date: time.Now().UTC().Format(time.DateOnly),
		Command: "bench " + strings.Join(os.Args[1:], " "), Versions: map[string]string{"Go": runtime.Version()},
	}
	kb, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	m.MemoryMB = kb >> 10
	m.Versions["Penstock"] = output("git", "-C", o.root, "describe", "--tags", "--always", "--dirty")
	m.Versions["Java"] = strings.Split(output("java", "-version"), "\n")[0]
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/twmb/franz-go" {
				m.Versions["franz-go"] = d.Version
			}
		}
	}
	return m
}

func read(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(data))
}

// field returns what a file of names and values says of a name.
func field(path, name string) string {
	for line := range strings.Lines(read(path)) {
		i := strings.IndexAny(line, ":=")
		if i > 0 && strings.TrimSpace(line[:i]) == name {
			return strings.Trim(strings.TrimSpace(line[i+1:]), `"`)
		}
	}
	return "unknown"
}

func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// probeCompression returns how Penstock's producer compresses a topic of which
// nothing is said.
func (b *bench) probeCompression(ctx context.Context) (string, error) {
	const turn, topic = "probe", "probe"
	if err := os.MkdirAll(b.path(turn, ""), 0o755); err != nil {
		return "", err
	}
	in := b.path(turn, "in")
	var lines []byte
	s := newShape(1024)
	for i := range int64(1000) {
		lines = append(s.line(lines, record{id: i, created: created}), '\n')
	}
	if err := os.WriteFile(in, lines, 0o644); err != nil {
		return "", err
	}
	if err := b.broker.createTopic(ctx, topic, 1); err != nil {
		return "", err
	}
	r, err := b.launch(ctx, ours, turn, job{connectors: []connector{p2Connector("probe", in, topic, "none")}})
	if err != nil {
		return "", err
	}
	_, err = watch(ctx, r, transfer{
		records: 1000, look: 20 * time.Millisecond,
		progress: func(ctx context.Context) (int64, error) { return b.broker.count(ctx, topic) },
	})
	if serr := r.Stop(); err == nil {
		err = serr
	}
	if err != nil {
		return "", fmt.Errorf("trying %s: %w", filepath.Base(b.binary), err)
	}
	_, compression, err := b.broker.read(ctx, b.seed, topic)
	return compression, err
}
