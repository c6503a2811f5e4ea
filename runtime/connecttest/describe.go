// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connecttest

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

func testDocumentation(t *testing.T, p connect.Plugin) {
	if p.Name == "" || p.Version == "" || !strings.HasSuffix(p.Doc, ".") {
		t.Errorf("a connector has a name, a version and a doc that is a sentence: %q %q %q", p.Name, p.Version, p.Doc)
	}
	if (p.OpenSource == nil) != (p.Kind == connect.SinkKind) || (p.OpenSink == nil) != (p.Kind == connect.SourceKind) {
		t.Errorf("a %s opens what it is", p.Kind)
	}
	for _, k := range p.Keys {
		if !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s: its doc %q is no sentence; write a doc comment and run go generate", k.Name, k.Doc)
		}
		if k.Required && k.HasDefault {
			t.Errorf("%s: is required and has a default", k.Name)
		}
	}
}

func testReadme(t *testing.T, p connect.Plugin) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(data)
	_, rest, _ := strings.Cut(readme, "<!-- begin config "+p.Name+" -->\n")
	table, _, found := strings.Cut(rest, "<!-- end config -->")
	if !found || table != configdef.Markdown(p.Keys) {
		t.Errorf("README.md does not have the table of %s's keys as it is now; run go generate", p.Name)
	}
	sample := sampleOf(readme)
	if class := sample["connector.class"]; class != p.Name {
		t.Errorf("README.md has no properties of a connector of class %s, but of %q", p.Name, class)
	}
	own := maps.Clone(sample)
	for _, key := range []string{"name", "connector.class", "tasks.max", "topics", "key.converter", "value.converter", "header.converter"} {
		delete(own, key)
	}
	for key := range own {
		if _, ok := configdef.Find(p.Keys, key); !ok {
			t.Errorf("README.md sets %s, which is no key", key)
		}
	}
	wantNoProblem(t, p.Check(sample))
}

// sampleOf returns the first block of properties of a page.
func sampleOf(readme string) map[string]string {
	_, rest, _ := strings.Cut(readme, "```properties\n")
	block, _, _ := strings.Cut(rest, "```")
	props := map[string]string{}
	for line := range strings.Lines(block) {
		key, value, ok := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); ok && !strings.HasPrefix(key, "#") {
			props[key] = strings.TrimSpace(value)
		}
	}
	return props
}

func testConfig(t *testing.T, s Suite) {
	p := s.Plugin
	props := s.Config(t)
	wantNoProblem(t, p.Check(props))
	t.Run("tasks", func(t *testing.T) {
		for limit := 1; limit <= 8; limit++ {
			if n := p.Tasks(props, limit); n < 1 || n > limit {
				t.Errorf("%d of at most %d tasks", n, limit)
			}
		}
	})
	t.Run("nothing set", func(t *testing.T) {
		wantProblems(t, p.Check(nil), p.Keys, func(k configdef.Key) bool { return k.Required })
	})
	t.Run("everything wrong", func(t *testing.T) {
		const wrong = "no such value"
		all := map[string]string{}
		for _, k := range p.Keys {
			all[k.Name] = wrong
		}
		problems := p.Check(all)
		wantProblems(t, problems, p.Keys, func(k configdef.Key) bool {
			return len(k.Enum) > 0 || slices.Contains([]string{"INT", "LONG", "DOUBLE", "BOOLEAN"}, k.Type)
		})
		for _, problem := range problems {
			if k, ok := configdef.Find(p.Keys, problem.Key); !ok || k.Type == "PASSWORD" && strings.Contains(problem.Message, wrong) {
				t.Errorf("%q names no key, or tells a secret", problem)
			}
		}
	})
	for key := range props {
		t.Run("not resolved: "+key, func(t *testing.T) {
			with := maps.Clone(props)
			with[key] = "${file:/somewhere:else}"
			wantNoProblem(t, p.Check(with))
			p.Tasks(with, 2)
		})
	}
}

func wantNoProblem(t *testing.T, problems []configdef.Problem) {
	t.Helper()
	for _, problem := range problems {
		t.Error(problem)
	}
}

// wantProblems wants a problem of each key that is expected to have one.
func wantProblems(t *testing.T, problems []configdef.Problem, keys []configdef.Key, expected func(configdef.Key) bool) {
	t.Helper()
	for _, k := range keys {
		if expected(k) && !slices.ContainsFunc(problems, func(p configdef.Problem) bool { return p.Key == k.Name }) {
			t.Errorf("%s: no problem is reported, only %v", k.Name, problems)
		}
	}
}
