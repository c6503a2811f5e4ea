// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/cmd/penstock/manifest"
	"penstock.dev/runtime/standalone"
)

func TestManifest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.yaml")
	stopped := p2Connector("in", "/f", "t", "none")
	stopped.stopped = true
	if err := writeManifest(path, []connector{stopped, p1Connector("r1", "t", "/out", 4)}); err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Load(t.Context(), []string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Connectors) != 2 || m.Connectors[0].State != standalone.Stopped || m.Connectors[1].TasksMax != 4 ||
		m.Connectors[1].Config["value.converter.schemas.enable"] != "true" {
		t.Errorf("read back as %+v", m.Connectors)
	}
}

func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		c    connector
		want string
	}{
		"good":           {p1Connector("r1", "t", "/out", 1), ""},
		"a bench plugin": {connector{name: "x", class: "bench-sink", config: map[string]string{"topics": "t", "records": "1", "report": "/r"}}, ""},
		"compressed":     {p2Connector("r2", "/in", "t", "zstd"), ""},
		"a missing key":  {connector{name: "x", class: "bench-sink", config: map[string]string{"topics": "t"}}, "records"},
	} {
		t.Run(name, func(t *testing.T) {
			err := refused(tc.c)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("refused is %v, want %q", err, tc.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct {
		args  []string
		wants string // of P1, P1-latency, P14
		err   string
	}{
		"all":          {nil, "yes yes yes", ""},
		"some":         {[]string{"-only", "P1"}, "yes yes no", ""},
		"latency only": {[]string{"-only", "P1-latency,P14"}, "no yes yes", ""},
		"unknown":      {[]string{"-only", "P6"}, "", "P6 is unknown"},
		"no rounds":    {[]string{"-rounds", "0"}, "", "more than 0"},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parse(tc.args)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("error is %v, want %q", err, tc.err)
			}
			if err != nil {
				return
			}
			var got []string
			for _, id := range []string{"P1", "P1-latency", "P14"} {
				got = append(got, map[bool]string{true: "yes", false: "no"}[o.wants(id)])
			}
			if s := strings.Join(got, " "); s != tc.wants {
				t.Errorf("wants %s, want %s", s, tc.wants)
			}
		})
	}
	if o, err := parse([]string{"-quick"}); err != nil || o.rounds != 1 || o.scale >= 1 {
		t.Errorf("quick is %+v, %v", o, err)
	}
}

func TestAxesChangeOneThing(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range axes(1000) {
		changed := 0
		b := base(1000)
		for _, differs := range []bool{v.size != b.size, v.partitions != b.partitions, v.tasks != b.tasks, v.compression != b.compression} {
			if differs {
				changed++
			}
		}
		if changed != 1 || seen[v.id("P1")] {
			t.Errorf("%s changes %d things", v.id("P1"), changed)
		}
		seen[v.id("P1")] = true
	}
	if base(1).id("P1") != "P1" || !seen["P1/lz4"] {
		t.Errorf("ids are %v", seen)
	}
}

func TestGoals(t *testing.T) {
	for name, tc := range map[string]struct {
		id, measure string
		against     system
		want        float64 // 0 is none
	}{
		"an axis has its work's goal": {"P1/lz4", "records_per_cpu_second", peer, 5},
		"a tuned peer counts too":     {"P2", "records_per_second", tunedPeer, 2},
		"bare, where it is the peer":  {"P3/sink", "records_per_cpu_second", bareKgo, 0.8},
		"bare, where it is not":       {"P1", "records_per_cpu_second", bareKgo, 0},
		"both directions of Avro":     {"P5/sink", "records_per_cpu_second", tunedPeer, 3},
		"no goal":                     {"P1", "peak_rss_mb", peer, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := 0.0
			if g := goalOf(tc.id, tc.measure, tc.against); g != nil {
				got = *g
			}
			if got != tc.want {
				t.Errorf("goal is %v, want %v", got, tc.want)
			}
		})
	}
}

func round(perSecond float64, cpu time.Duration, records int64) measured {
	return measured{
		records: records, bytes: records * 1000, flow: time.Duration(float64(records) / perSecond * float64(time.Second)), cpu: cpu,
		halfRecords: records / 2, halfTime: time.Second, halfCPU: cpu / 4, peak: 1e6, allocations: 0.25,
	}
}

func TestTransfersAreCompared(t *testing.T) {
	b := newBook()
	b.transfers("P1", map[system][]measured{
		ours: {round(1000, time.Second, 6000), round(3000, time.Second, 6000), round(2000, time.Second, 6000)},
		peer: {round(500, 10*time.Second, 6000), round(500, 10*time.Second, 6000), round(500, 10*time.Second, 6000)},
	})
	for _, r := range b.Results {
		switch r.Measure {
		case "records_per_second":
			if math.Abs(*r.Ratio-4) > 1e-6 || math.Abs(r.Spread[0]-2) > 1e-6 || math.Abs(r.Spread[1]-6) > 1e-6 || !*r.Met || r.Rounds != 3 {
				t.Errorf("%+v with ratio %v", r, *r.Ratio)
			}
		case "records_per_cpu_second":
			if math.Abs(*r.Ratio-10) > 1e-6 || r.Verdict() != "≥ 5.00: met" {
				t.Errorf("%+v: %s", r, r.Verdict())
			}
		}
	}
	if len(b.Results) != len(measures())+1 || b.allocations["P1"] != 0.25 {
		t.Errorf("%d results, allocations %v", len(b.Results), b.allocations)
	}
	if rate := halfLoad(map[system][]measured{ours: {round(1000, 1, 6000)}, peer: {round(600, 1, 6000)}}); math.Abs(rate-300) > 1e-6 {
		t.Errorf("half load is %v, want half of the slowest", rate)
	}
}

func TestAPeerOfNothing(t *testing.T) {
	b := newBook()
	b.compare("P8", "idle_cpu_percent", "%", lower, []float64{1, 2, 3}, peer, []float64{0, 0, 1})
	var out strings.Builder
	if err := b.JSON(&out); err != nil {
		t.Error(err)
	}
	if r := b.Results[0]; r.Ratio != nil || r.Ours != 2 || len(b.Notes) != 1 {
		t.Errorf("%+v, notes %v", r, b.Notes)
	}
}

func TestTooManyAllocations(t *testing.T) {
	if err := tooMany(map[string]float64{"P1": limits()["P1"], "P1/100B": 1000}); err != nil {
		t.Errorf("within the limits: %v", err)
	}
	if err := tooMany(map[string]float64{"P2": limits()["P2"] + 1}); err == nil || !strings.Contains(err.Error(), "P2") {
		t.Errorf("beyond the limits: %v", err)
	}
}

func TestGrowth(t *testing.T) {
	b := &bench{book: newBook()}
	at := func(n int) idle {
		i := idle{rss: 1e6 + 40_000*float64(n), goroutines: 2 * float64(n)}
		if n == 1000 {
			i.rss *= 2
		}
		return i
	}
	costs := map[int]idle{1: at(1), 100: at(100), 1000: at(1000)}
	b.bookGrowth(kinds()[0], []int{1, 100, 1000}, []map[int]idle{costs})
	got := map[string]float64{}
	for _, r := range b.book.Results {
		got[r.Measure] = r.Ours
		if r.Measure == "rss_kb_per_connector" && (r.Met == nil || *r.Met) {
			t.Errorf("%+v meets the goal of 50 KB", r)
		}
	}
	if v := got["goroutines_per_connector"]; math.Abs(v-2) > 1e-9 {
		t.Errorf("%v goroutines each, want 2", v)
	}
	if all, end := got["rss_kb_per_connector"], got["rss_kb_per_connector_from_100"]; end <= all {
		t.Errorf("memory grows by %v KB, and %v KB at the end, which should be more", all, end)
	}
	want := []float64{1, 100, 1000}
	var xs []float64
	for _, p := range b.book.Series[0].Points {
		xs = append(xs, p.X)
	}
	if diff := cmp.Diff(want, xs); diff != "" {
		t.Error(diff)
	}
}

func TestPoll(t *testing.T) {
	n := 0
	err := poll(t.Context(), time.Minute, time.Microsecond, func() error {
		if n++; n < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || n != 3 {
		t.Errorf("%v after %d calls", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := poll(ctx, time.Minute, time.Hour, func() error { return errors.New("never") }); err == nil || !strings.Contains(err.Error(), "never") {
		t.Errorf("error is %v, want the last one", err)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	s := newShape(1024)
	data := append(s.envelope(nil, record{id: 1, created: 111}), '\n')
	data = append(s.printed(data, record{id: 2, created: 222}), '\n')
	if err := os.WriteFile(path, append(data, "Struct{created=333"...), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var got []int64
	err := tail(ctx, path, func(created int64) {
		if got = append(got, created); len(got) == 2 {
			cancel()
		}
	})
	if diff := cmp.Diff([]int64{111, 222}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestTurns(t *testing.T) {
	systems := []system{ours, peer, bareKgo}
	want := [][]system{{ours, peer, bareKgo}, {bareKgo, peer, ours}, {ours, peer, bareKgo}}
	for round, w := range want {
		if got := inTurn(systems, round); !slices.Equal(got, w) {
			t.Errorf("round %d: %v, want %v", round, got, w)
		}
	}
}
