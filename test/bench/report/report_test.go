// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func f(v float64) *float64 { return &v }

func sample() Report {
	return Report{
		Machine: Machine{CPU: "a <fast> one", Cores: 2, Versions: map[string]string{"Go": "go1"}},
		Results: []Result{
			Result{ID: "P1", Measure: "records_per_cpu_second", Unit: "records", Against: "kafka-connect", Ours: 600, Peer: f(100), Ratio: f(6), Goal: f(5), Rounds: 5, Spread: [2]float64{5.5, 7}, Better: "higher"}.Judge(),
			Result{ID: "P1", Measure: "records_per_second", Against: "kafka-connect", Ours: 150, Peer: f(100), Ratio: f(1.5), Goal: f(2), Rounds: 5, Spread: [2]float64{1, 2}, Better: "higher"}.Judge(),
			Result{ID: "P14/sink", Measure: "rss_kb_per_connector", Unit: "KB", Ours: 330, Goal: f(300), Rounds: 2, Better: "lower"}.Judge(),
			Result{ID: "P14/sink", Measure: "goroutines_per_connector", Ours: 9, Rounds: 2, Better: "lower"}.Judge(),
		},
		Skipped:  []Skipped{{"P4", "no transforms"}},
		Notes:    []string{"a note"},
		Settings: []Setting{{"The worker", "a=b"}},
		Series:   []Series{{"P14/sink", "rss_kb_per_connector", "KB", "connectors", []Point{{1, 40000}, {1000, 300000}}}},
	}
}

func TestVerdict(t *testing.T) {
	want := []string{"≥ 5.00: met", "≥ 2.00: missed by 25 %", "≤ 300: missed by 10 %", ""}
	for i, r := range sample().Results {
		if got := r.Verdict(); got != want[i] {
			t.Errorf("verdict %d is %q, want %q", i, got, want[i])
		}
	}
	none := Result{Ours: 1, Goal: f(0), Better: "lower"}.Judge()
	if got := none.Verdict(); got != "≤ 0: missed by 100 %" {
		t.Errorf("verdict on a goal of nothing is %q", got)
	}
}

func TestNumber(t *testing.T) {
	for want, v := range map[string]float64{"0": -0.00001, "123457": 123456.7, "12.3": 12.34, "1.23": 1.234, "0.05": 0.05, "0.1235": 0.12349, "-2.50": -2.5} {
		if got := Number(v); got != want {
			t.Errorf("%v is printed as %s, want %s", v, got, want)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	r := sample()
	if err := r.Write(dir, "## Findings\n\nIt is *fast*.\n"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "benchmarks.json"))
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Error(diff)
	}
	page, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| P1 | records_per_cpu_second | 600 records | 100 | kafka-connect | 6.00 (5.50–7.00) | 5 | ≥ 5.00: met |", "It is *fast*.", "P4 was not measured: no transforms", "a=b"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	plots, err := filepath.Glob(filepath.Join(dir, "benchmarks", "*.svg"))
	if err != nil || len(plots) != 3 {
		t.Fatalf("plots are %v, %v", plots, err)
	}
	for _, p := range plots {
		if !strings.Contains(string(page), "](benchmarks/"+filepath.Base(p)+")") {
			t.Errorf("the page does not show %s", p)
		}
		svg, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, p, string(svg))
	}
}

func wellFormed(t *testing.T, name, svg string) {
	t.Helper()
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || strings.Contains(svg, "%!") {
		t.Errorf("%s has a place that is no number", name)
	}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

func TestNoPlotWithoutFigures(t *testing.T) {
	if Ratios("x", "latency_p99_ms", sample().Results) != "" || Growth("x", "nothing", sample().Series) != "" {
		t.Error("there is a plot of nothing")
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	if err := sample().Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"missed by 25 %", "not measured: P4: no transforms", "note: a note"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
}
