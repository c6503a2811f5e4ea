// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Command conformance does the same work on Apache Kafka Connect and on Penstock,
// side by side on one broker, driven by the same requests and the same input, and
// compares what comes out. Converters with a schema registry stand beside Apicurio's
// Avro converter and Confluent's client for Python, with a registry of Apicurio.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance: "+err.Error())
		os.Exit(1)
	}
}

// command runs the harness, or the worker that it compares.
func command(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == "worker" {
		return runWorker(ctx, args[1])
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	cases, err := o.cases()
	if err != nil {
		return err
	}
	if o.list {
		for _, c := range cases {
			fmt.Println(c.id())
		}
		return nil
	}
	return compare(ctx, o, cases)
}

type options struct {
	root, cache string
	only        string
	port        int
	parallel    int
	list, keep  bool
}

func parse(args []string) (options, error) {
	var o options
	home, err := os.UserHomeDir()
	if err != nil {
		return o, err
	}
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.StringVar(&o.root, "root", ".", "the repository")
	flags.StringVar(&o.cache, "cache", filepath.Join(home, ".cache/penstock"), "where jars and, while it runs, data are")
	flags.StringVar(&o.only, "only", "", "cases whose area/name begins with this (default all)")
	flags.IntVar(&o.port, "port", 19592, "port of the broker; the next three are used too")
	flags.IntVar(&o.parallel, "parallel", 8, "cases at a time")
	flags.BoolVar(&o.list, "list", false, "print the cases only")
	flags.BoolVar(&o.keep, "keep", false, "keep the systems' folders, with their logs")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for _, path := range []*string{&o.root, &o.cache} {
		if *path, err = filepath.Abs(*path); err != nil {
			return o, err
		}
	}
	if o.parallel < 1 {
		return o, errors.New("-parallel must be more than 0")
	}
	return o, nil
}

// cases loads the cases that are wanted and looks whether their differences are
// explained.
func (o options) cases() ([]Case, error) {
	all, err := loadCases(filepath.Join(o.root, "test/conformance/cases"))
	if err != nil {
		return nil, err
	}
	page, err := os.ReadFile(filepath.Join(o.root, "docs/compatibility.md"))
	if err != nil {
		return nil, err
	}
	if missing := unexplained(all, string(page)); len(missing) > 0 {
		return nil, errors.New(strings.Join(missing, "\n"))
	}
	var wanted []Case
	for _, c := range all {
		if strings.HasPrefix(c.id(), o.only) {
			wanted = append(wanted, c)
		}
	}
	if len(wanted) == 0 {
		return nil, fmt.Errorf("-only %s: there is no such case", o.only)
	}
	return wanted, nil
}

// compare does all cases and prints the table; it fails if there is a difference
// that is not listed.
func compare(ctx context.Context, o options, cases []Case) (err error) {
	b, err := setUp(ctx, o, cases)
	defer func() { err = errors.Join(err, b.tearDown()) }()
	if err != nil {
		return err
	}
	began := time.Now()
	verdicts, err := b.judgeAll(ctx, cases)
	if err != nil {
		return err
	}
	bad := 0
	for _, v := range verdicts {
		if !v.ok() {
			bad++
			fmt.Println(v.explain())
		}
	}
	fmt.Printf("%s\n%d cases in %s\n", report(verdicts), len(verdicts), time.Since(began).Round(time.Second))
	if bad > 0 {
		return fmt.Errorf("%d of %d cases differ in what docs/compatibility.md does not list", bad, len(verdicts))
	}
	return nil
}

// judgeAll does the cases, several at a time.
func (b *bench) judgeAll(ctx context.Context, cases []Case) ([]Verdict, error) {
	verdicts := make([]Verdict, len(cases))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(b.o.parallel)
	for i, c := range cases {
		group.Go(func() error {
			verdicts[i] = b.judge(ctx, c)
			return ctx.Err()
		})
	}
	return verdicts, group.Wait()
}

// judge does a case on both systems at the same time.
func (b *bench) judge(ctx context.Context, c Case) Verdict {
	var theirs, ours Outcome
	var errs [2]error
	var group errgroup.Group
	if c.Expect != nil {
		theirs = c.Expect
	} else {
		group.Go(func() error { theirs, errs[0] = run(ctx, b.theirs, c); return nil })
	}
	group.Go(func() error { ours, errs[1] = run(ctx, b.ours, c); return nil })
	_ = group.Wait() // the errors are in errs
	if err := errors.Join(errs[:]...); err != nil {
		return Verdict{Case: c, Err: err}
	}
	return judge(c, theirs, ours)
}
