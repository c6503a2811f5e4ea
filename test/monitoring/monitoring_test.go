// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package monitoring checks the alerts and the dashboard of config/prometheus.
package monitoring

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const root = "../.."

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	bin := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "promtool")
	if _, err := os.Stat(bin); err != nil {
		t.Skip("no promtool in $KUBEBUILDER_ASSETS; make test builds it")
	}
	if out, err := exec.CommandContext(t.Context(), bin, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
}

func TestRulesAreValid(t *testing.T) {
	promtool(t, "check", "rules", "--lint-fatal", filepath.Join(root, "config/prometheus/rules.yaml"))
}

func TestAlerts(t *testing.T) { promtool(t, "test", "rules", "testdata/alerts.yaml") }

type rules struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr string
			Annotations map[string]string
		}
	}
}

// expressions returns every string under the given keys of a document.
func expressions(of any, keys ...string) []string {
	var found []string
	switch v := of.(type) {
	case map[string]any:
		for k, item := range v {
			if text, ok := item.(string); ok && strings.Contains(" "+strings.Join(keys, " ")+" ", " "+k+" ") {
				found = append(found, text)
			}
			found = append(found, expressions(item, keys...)...)
		}
	case []any:
		for _, item := range v {
			found = append(found, expressions(item, keys...)...)
		}
	}
	return found
}

var metricName = regexp.MustCompile(`\b(?:kafka|penstock|controller_runtime|process|go)_[a-z0-9_]+`)

// Whatever a panel or an alert names is on the page of the metrics.
func TestMetricsAreDocumented(t *testing.T) {
	page := string(read(t, "docs/reference/metrics.md"))
	for _, file := range []string{"config/prometheus/dashboard.json", "config/prometheus/rules.yaml"} {
		var doc any
		if err := yaml.Unmarshal(read(t, file), &doc); err != nil {
			t.Fatal(err)
		}
		names := 0
		for _, expr := range expressions(doc, "expr", "query") {
			for _, name := range metricName.FindAllString(expr, -1) {
				names++
				base := strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")
				if !strings.Contains(page, "`"+name+"`") && !strings.Contains(page, "`"+base+"` | summary") {
					t.Errorf("%s: %s is not in docs/reference/metrics.md", file, name)
				}
			}
		}
		if names < 10 {
			t.Errorf("%s names %d metrics, want more", file, names)
		}
	}
}

func TestEveryAlertHasARunbook(t *testing.T) {
	var r rules
	if err := yaml.Unmarshal(read(t, "config/prometheus/rules.yaml"), &r); err != nil {
		t.Fatal(err)
	}
	page, tests := string(read(t, "docs/guides/runbooks.md")), string(read(t, "test/monitoring/testdata/alerts.yaml"))
	n := 0
	for _, g := range r.Groups {
		for _, a := range g.Rules {
			n++
			if !strings.Contains(page, "## "+a.Alert+"\n") || !strings.HasSuffix(a.Annotations["runbook"], "runbooks.md#"+strings.ToLower(a.Alert)) {
				t.Errorf("%s has no runbook", a.Alert)
			}
			if !strings.Contains(tests, "alertname: "+a.Alert+"\n") {
				t.Errorf("%s has no test", a.Alert)
			}
		}
	}
	if n == 0 {
		t.Error("there are no alerts")
	}
}

// The rules of the Prometheus operator and the chart's are the plain ones.
func TestCopiesAreTheSame(t *testing.T) {
	var plain, wrapped struct {
		Spec   map[string]any
		Groups any
	}
	for path, to := range map[string]any{"config/prometheus/rules.yaml": &plain, "config/prometheus/prometheusrule.yaml": &wrapped} {
		if err := yaml.Unmarshal(read(t, path), to); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(plain.Groups, wrapped.Spec["groups"]); diff != "" {
		t.Errorf("prometheusrule.yaml (-plain +wrapped):\n%s", diff)
	}
	for _, name := range []string{"rules.yaml", "dashboard.json"} {
		if diff := cmp.Diff(string(read(t, "config/prometheus/"+name)), string(read(t, "charts/penstock/files/"+name))); diff != "" {
			t.Errorf("the chart's %s is stale: run make generate", name)
		}
	}
	if !json.Valid(read(t, "config/prometheus/dashboard.json")) {
		t.Error("the dashboard is no JSON")
	}
}
