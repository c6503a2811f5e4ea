// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Configdoc brings the doc comments of config structs to where users read them.
//
//	configdoc structs DIR...         writes DIR/zz_generated.config.go
//	configdoc pages OUT EXAMPLES README...
//	                                 writes OUT/<connector>.md for each connector,
//	                                 with one of EXAMPLES/*/*.yaml, and the tables
//	                                 in the README files
//	configdoc reference OUT          writes OUT/worker.md and OUT/connector.md
//	configdoc transforms OUT EXAMPLES
//	                                 writes OUT/<transform>.md for each transform
//	                                 and predicate, with what its example does
//	configdoc converters OUT         writes OUT/<converter>.md for each converter
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"penstock.dev/runtime/connectors"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "configdoc:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) >= 2 && args[0] == "structs":
		for _, dir := range args[1:] {
			if err := writeStructs(dir); err != nil {
				return fmt.Errorf("documenting %s: %w", dir, err)
			}
		}
		return nil
	case len(args) >= 3 && args[0] == "pages":
		return writePages(args[1], args[2], args[3:])
	case len(args) == 2 && args[0] == "reference":
		return writeReference(args[1])
	case len(args) == 3 && args[0] == "transforms":
		return writeTransforms(args[1], args[2])
	case len(args) == 2 && args[0] == "converters":
		return writeConverters(args[1])
	default:
		return errors.New("usage: configdoc structs DIR... | configdoc pages OUT EXAMPLES README... | configdoc reference OUT | configdoc transforms OUT EXAMPLES | configdoc converters OUT")
	}
}

func writeStructs(dir string) error {
	pkg, structs, err := parseDir(dir)
	if err != nil {
		return err
	}
	source, err := generate(pkg, structs)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, generatedName), source, 0o644)
}

func writePages(out, examples string, readmes []string) error {
	plugins := connectors.All()
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, p := range plugins {
		example, err := exampleOf(p, examples)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, p.Name+".md"), []byte(page(p)+example), 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(out, "README.md"), []byte(index(plugins)), 0o644); err != nil {
		return err
	}
	for _, name := range readmes {
		old, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		filled, err := fill(string(old), plugins)
		if err != nil {
			return fmt.Errorf("filling %s: %w", name, err)
		}
		if err := os.WriteFile(name, []byte(filled), 0o644); err != nil {
			return err
		}
	}
	return nil
}
