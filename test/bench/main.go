// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Command bench measures Penstock beside Apache Kafka Connect and beside bare
// franz-go, on one broker, in turns, and writes what came out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/maphash"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"penstock.dev/test/apache"
	"penstock.dev/test/bench/bare"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		os.Exit(1)
	}
}

// command runs the harness, or one of the processes that it measures.
func command(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "bare":
			return bare.Run(ctx, args[1:])
		case "worker":
			return runWorker(ctx, args[1:])
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	return run(ctx, o)
}

type options struct {
	root, cache, binary, out string
	profiles                 string
	only                     []string
	rounds, port             int
	scale                    float64
	quick, full              bool
}

func parse(args []string) (options, error) {
	var o options
	home, err := os.UserHomeDir()
	if err != nil {
		return o, err
	}
	var only string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.root, "root", ".", "the repository")
	flags.StringVar(&o.cache, "cache", filepath.Join(home, ".cache/penstock"), "where jars and, while it runs, data are")
	flags.StringVar(&o.binary, "binary", "bin/penstock", "the penstock to measure")
	flags.StringVar(&o.out, "o", "", "folder that takes benchmarks.json, benchmarks.md and the plots; none writes to the terminal only")
	flags.StringVar(&o.profiles, "profiles", "", "folder that takes a CPU profile of Penstock in each turn; it is not for figures to be published")
	flags.StringVar(&only, "only", "", "works to do, for example P1,P3 (default all)")
	flags.IntVar(&o.rounds, "rounds", 5, "rounds of each work")
	flags.IntVar(&o.port, "port", 19392, "port of the broker; the next one is used too")
	flags.Float64Var(&o.scale, "scale", 1, "share of the records to move")
	flags.BoolVar(&o.quick, "quick", false, "few records and one round: fails on wrong results and on allocations, measures nothing well")
	flags.BoolVar(&o.full, "full", false, "each axis of P1 and P2 too")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	if o.quick {
		o.rounds, o.scale = 1, o.scale/10
	}
	for _, path := range []*string{&o.root, &o.cache, &o.binary} {
		if *path, err = filepath.Abs(*path); err != nil {
			return o, err
		}
	}
	return o, o.check()
}

func (o options) check() error {
	var known []string
	for _, w := range works() {
		known = append(known, w.id)
	}
	for _, id := range o.only {
		if !slices.Contains(known, id) {
			return fmt.Errorf("-only %s is unknown, use some of %s", id, strings.Join(known, ","))
		}
	}
	if o.rounds < 1 || o.scale <= 0 {
		return errors.New("-rounds and -scale must be more than 0")
	}
	return nil
}

// wants reports whether a work is to be done: P1 means P1-latency too.
func (o options) wants(id string) bool {
	family, _, _ := strings.Cut(id, "-")
	return len(o.only) == 0 || slices.Contains(o.only, id) || slices.Contains(o.only, family)
}

// work is one line of the table in which the goals are.
type work struct {
	id  string
	run func(ctx context.Context, b *bench) error
}

// How many records a work moves: enough that the start of a JVM does not count
// for much.
const (
	p1Records = 1_000_000
	p2Records = 1_000_000
	p3Records = 3_000_000
	p4Records = 600_000
	p5Records = 600_000
)

func works() []work {
	matrix := func(records int64, f func(context.Context, *bench, variant) error) func(context.Context, *bench) error {
		return func(ctx context.Context, b *bench) error {
			all := []variant{base(b.records(records))}
			if b.full {
				all = append(all, axes(b.records(records))...)
			}
			for _, v := range all {
				if err := f(ctx, b, v); err != nil {
					return err
				}
			}
			return nil
		}
	}
	one := func(records int64, f func(context.Context, *bench, variant) error) func(context.Context, *bench) error {
		return func(ctx context.Context, b *bench) error { return f(ctx, b, base(b.records(records))) }
	}
	return []work{
		{"P1", matrix(p1Records, p1)},
		{"P2", matrix(p2Records, p2)},
		{"P1-latency", func(ctx context.Context, b *bench) error { return latency(ctx, b, "P1", latencyOfSink) }},
		{"P2-latency", func(ctx context.Context, b *bench) error { return latency(ctx, b, "P2", latencyOfSource) }},
		{"P3", one(p3Records, p3)},
		{"P4", one(p4Records, p4)},
		{"P5", one(p5Records, p5)},
		{"P8", p8},
		{"P9", p9},
		{"P14", p14},
	}
}

func run(ctx context.Context, o options) (err error) {
	started := time.Now()
	b := &bench{
		root: o.root, cache: o.cache, binary: o.binary, dir: filepath.Join(o.cache, fmt.Sprintf("bench-%d", o.port)), group: "bench", rounds: o.rounds, profiles: o.profiles,
		quick: o.quick, full: o.full, scale: o.scale, seed: maphash.MakeSeed(), book: newBook(),
		log: func(line string) { fmt.Fprintln(os.Stderr, line) },
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	b.book.Machine = machine(o)
	if err := b.start(ctx, o); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.broker.stop(), os.RemoveAll(b.dir)) }()
	for _, w := range works() {
		if !o.wants(w.id) {
			continue
		}
		begun := time.Now()
		if err := w.run(ctx, b); err != nil {
			return errors.Join(err, b.book.Table(os.Stdout)) // what there is already
		}
		b.say("%s took %s", w.id, time.Since(begun).Round(time.Second))
	}
	b.book.Machine.Minutes = time.Since(started).Minutes()
	return b.publish(o)
}

// start brings the broker and the peer, and finds out what Penstock's producer
// does to bytes.
func (b *bench) start(ctx context.Context, o options) error {
	if err := os.RemoveAll(b.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	var err error
	if b.broker, err = startBroker(ctx, o.root, filepath.Join(b.dir, "kafka"), o.port); err != nil {
		return err
	}
	var version string
	if b.peerDir, version, err = apache.Install(ctx, o.root, o.cache); err != nil {
		return errors.Join(err, b.broker.stop())
	}
	b.book.Machine.Versions["Apache Kafka and Kafka Connect"] = version
	if b.produces, err = b.probeCompression(ctx); err != nil {
		return errors.Join(err, b.broker.stop())
	}
	return nil
}
