// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

// TestDockerfile lays out what Docker would be given and compares what the go
// command of the Dockerfile would compile there with what it compiles here. It
// compiles neither: the same files compile the same.
func TestDockerfile(t *testing.T) {
	context := t.TempDir()
	copyContext(t, context)
	for _, source := range copied(t) {
		if _, err := os.Stat(filepath.Join(context, source)); err != nil {
			t.Errorf("the Dockerfile copies %s, which .dockerignore leaves out", source)
		}
	}
	pkg := builtPackage(t)
	here, there := compiled(t, root, pkg), compiled(t, context, pkg)
	if diff := cmp.Diff(here, there); diff != "" {
		t.Errorf("what Docker would compile (-here +Docker):\n%s", diff)
	}
	if !slices.ContainsFunc(there, func(line string) bool { return strings.HasPrefix(line, "penstock.dev/cmd/penstock main [") }) {
		t.Errorf("no command is compiled: %q", there)
	}
}

func TestDockerfileRunsAsImageDoes(t *testing.T) {
	text := string(readFile(t, filepath.Join(root, "Dockerfile")))
	for _, want := range []string{"\nUSER 65532:65532\n", "\nENTRYPOINT [\"/penstock\"]\n", " /" + certificatesPath + "\n", "CGO_ENABLED=0"} {
		if !strings.Contains(text, want) {
			t.Errorf("the Dockerfile has no %q, unlike the image that this command writes", want)
		}
	}
}

var (
	copyLine = regexp.MustCompile(`(?m)^COPY ([^-\n].*) \S+$`)
	buildRun = regexp.MustCompile(`(?m)go build .* -o /out/penstock (\./\S+)$`)
)

// copied are the sources that the Dockerfile copies from the context.
func copied(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, m := range copyLine.FindAllStringSubmatch(string(readFile(t, filepath.Join(root, "Dockerfile"))), -1) {
		out = append(out, strings.Fields(m[1])...)
	}
	if !slices.Contains(out, ".") || !slices.Contains(out, "go.mod") {
		t.Fatalf("the Dockerfile copies %q; the module's file and everything are missing", out)
	}
	return out
}

func builtPackage(t *testing.T) string {
	t.Helper()
	m := buildRun.FindStringSubmatch(string(readFile(t, filepath.Join(root, "Dockerfile"))))
	if m == nil {
		t.Fatal("the Dockerfile has no go build of /out/penstock")
	}
	return m[1]
}

// compiled lists the module's packages that a build compiles, with their files.
func compiled(t *testing.T, dir, pkg string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-buildvcs=false", "-deps",
		"-f", `{{with .Module}}{{if .Main}}{{$.ImportPath}} {{$.Name}} {{$.GoFiles}} {{$.EmbedFiles}}{{end}}{{end}}`, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOWORK=off", "GOFLAGS=-mod=readonly")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s in %s: %v\n%s", pkg, dir, err, stderr.String())
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// copyContext copies what .dockerignore lets through.
func copyContext(t *testing.T, to string) {
	t.Helper()
	rules := ignoreRules(t)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		switch {
		case err != nil || rel == ".":
			return err
		case rules.ignored(t, rel) && d.IsDir():
			return filepath.SkipDir
		case rules.ignored(t, rel):
			return nil
		case d.IsDir():
			return os.Mkdir(filepath.Join(to, rel), 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o600)
	})
	if err != nil {
		t.Fatalf("copying the context: %v", err)
	}
}

// ignore is one line of .dockerignore; of those that match, the last one holds.
type ignore struct {
	pattern string
	keep    bool
}

type ignores []ignore

func ignoreRules(t *testing.T) ignores {
	t.Helper()
	var out ignores
	for line := range strings.Lines(string(readFile(t, filepath.Join(root, ".dockerignore")))) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, keep := strings.CutPrefix(line, "!")
		out = append(out, ignore{pattern, keep})
	}
	return out
}

// ignored knows the patterns that our file has: of one element, which names
// something at the root and all below it, and the same anywhere, behind **/.
func (r ignores) ignored(t *testing.T, rel string) bool {
	t.Helper()
	elements, out := strings.Split(filepath.ToSlash(rel), "/"), false
	for _, i := range r {
		pattern, anywhere := strings.CutPrefix(i.pattern, "**/")
		if strings.Contains(pattern, "/") {
			t.Fatalf(".dockerignore has %q: teach this test such patterns", i.pattern)
		}
		names := elements[:1]
		if anywhere {
			names = elements
		}
		for _, name := range names {
			match, err := filepath.Match(pattern, name)
			if err != nil {
				t.Fatalf(".dockerignore has %q: %v", i.pattern, err)
			}
			if match {
				out = !i.keep
			}
		}
	}
	return out
}
