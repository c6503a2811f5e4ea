// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"penstock.dev/runtime/connect"
)

// exampleOf returns the part of a connector's page that shows it at work: the
// shortest document of that class in the folders of dir, all of which a test runs.
func exampleOf(p connect.Plugin, dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.yaml"))
	if err != nil {
		return "", err
	}
	var shortest, folder string
	class := regexp.MustCompile(`(?m)^  class: ` + regexp.QuoteMeta(p.Name) + `$`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		for document := range strings.SplitSeq(string(data), "---\n") {
			if class.MatchString(document) && (shortest == "" || len(document) < len(shortest)) {
				shortest, folder = document, filepath.Base(filepath.Dir(file))
			}
		}
	}
	if shortest == "" {
		return "", fmt.Errorf("no file in %s/* has a Connector of the class %s; add one", dir, p.Name)
	}
	return fmt.Sprintf("\n## Example\n\n```yaml\n%s```\n\nIt is part of [`examples/%s`](../../../examples/%s), which runs as it stands, from the repository's root:\n\n"+
		"    bin/penstock standalone -f examples/%s --until-idle 2s\n", shortest, folder, folder, folder), nil
}
