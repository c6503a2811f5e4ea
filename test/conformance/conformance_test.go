// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every case can be read, and every difference that one names is explained.
func TestCases(t *testing.T) {
	cases, err := loadCases("cases")
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 200 {
		t.Errorf("%d cases, want at least 200", len(cases))
	}
	page, err := os.ReadFile("../../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range unexplained(cases, string(page)) {
		t.Error(line)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"a field misspelt":         {"- name: a\n  konfig: {}\n", "konfig"},
		"a name with blanks":       {"- name: a b\n  config: {}\n", "lower-case"},
		"two kinds of connector":   {"- name: a\n  config: {}\n  records: []\n  input: []\n", "give one"},
		"nothing to do":            {"- name: a\n", "neither config nor steps"},
		"an unknown way to settle": {"- name: a\n  config: {}\n  settle: soon\n", "done or none"},
		"two truths":               {"- name: a\n  config: {}\n  expect: {}\n  differs: {}\n", "give one"},
		"two values":               {"- name: a\n  config: {}\n  input: [{value: x, writeValue: {as: avro, data: 1}}]\n", "give one"},
		"schemas and no registry":  {"- name: a\n  config: {}\n  schemas: []\n", "registry-"},
		"a name twice":             {"- name: a\n  config: {}\n- name: a\n  config: {}\n", "two cases"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "area")
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "x.yaml"), []byte(tc.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := loadCases(filepath.Dir(dir)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	for name, tc := range map[string]struct {
		theirs, ours            Outcome
		differs                 map[string]string
		listed, unlisted, equal []string
		ok                      bool
	}{
		"equal":             {Outcome{"a": "1"}, Outcome{"a": "1"}, nil, nil, nil, nil, true},
		"different":         {Outcome{"a": "1", "b": "2"}, Outcome{"a": "1", "b": "3"}, nil, nil, []string{"b"}, nil, false},
		"only theirs":       {Outcome{"a": "1"}, Outcome{}, nil, nil, []string{"a"}, nil, false},
		"only ours":         {Outcome{}, Outcome{"a": "1"}, nil, nil, []string{"a"}, nil, false},
		"listed":            {Outcome{"a": "1"}, Outcome{"a": "2"}, map[string]string{"a": "why"}, []string{"a"}, nil, nil, true},
		"listed, but equal": {Outcome{"a": "1"}, Outcome{"a": "1"}, map[string]string{"a": "why"}, nil, nil, []string{"a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := judge(Case{area: "x", Name: "y", Differs: tc.differs}, tc.theirs, tc.ours)
			if diff := cmp.Diff([][]string{tc.listed, tc.unlisted, tc.equal}, [][]string{v.Listed, v.Unlisted, v.Equal}); diff != "" {
				t.Error(diff)
			}
			if v.ok() != tc.ok {
				t.Errorf("ok is %t", v.ok())
			}
		})
	}
}

// A case with Expect is compared in what that says, and in nothing else.
func TestJudgeExpected(t *testing.T) {
	c := Case{area: "registry-x", Name: "y", Expect: map[string]string{"read out": "1", "schemas": "s"}}
	if v := judge(c, c.Expect, Outcome{"read out": "1", "schemas": "s", "state": "RUNNING"}); !v.ok() {
		t.Errorf("not as expected: %s", v.explain())
	}
	v := judge(c, c.Expect, Outcome{"read out": "2", "state": "RUNNING"})
	if diff := cmp.Diff([]string{"read out", "schemas"}, v.Unlisted); diff != "" {
		t.Error(diff)
	}
	if text := v.explain(); !strings.Contains(text, "expected:      1") || strings.Contains(text, "Kafka Connect") {
		t.Errorf("explained as %s", text)
	}
}

func TestUnexplained(t *testing.T) {
	cases := []Case{{area: "a", Name: "b", Differs: map[string]string{"state": "known", "steps": "unknown"}}}
	got := unexplained(cases, "# Compatibility\n\n- <a id=\"known\"></a>Because.\n")
	if want := []string{"a/b: steps: docs/compatibility.md has no entry unknown"}; !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestReport(t *testing.T) {
	got := report([]Verdict{
		{Case: Case{area: "rest"}}, {Case: Case{area: "rest"}, Listed: []string{"a"}}, {Case: Case{area: "errors"}, Unlisted: []string{"a"}},
	})
	want := "area            cases  equal listed failed\n" +
		"errors              1      0      0      1\n" +
		"rest                2      1      1      0\n" +
		"all                 3      1      1      1\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNormalize(t *testing.T) {
	start := time.UnixMilli(1800000000000)
	n := normalizer{prefix: "zkc-", dir: "/cache/kc-system/cases", worker: "127.0.0.1:8083", start: start}
	for name, tc := range map[string]struct{ got, want string }{
		"names":           {n.text("zkc-rest-get in /cache/kc-system/cases/x on 127.0.0.1:8083"), "${system}-rest-get in ${dir}/x on ${worker}"},
		"words":           {n.text("zkc_rest_get"), "${system}_rest_get"},
		"a time of now":   {n.millis(start.UnixMilli() + 5), "now"},
		"another time":    {n.millis(1700000000000), "1700000000000"},
		"no time":         {n.millis(-1), "-1"},
		"members":         {n.answer([]byte(`{"b":1.0,"a":["<x>"],"version":"4.3.1"}`)), `{"a":["<x>"],"b":1.0,"version":"${version}"}`},
		"a trace":         {n.answer([]byte(`{"trace":"boom\n\tat x"}`)), `{"trace":"${trace}"}`},
		"no JSON":         {n.answer([]byte("plain zkc-x")), "plain ${system}-x"},
		"null":            {n.octets(nil), "null"},
		"text":            {n.octets([]byte("zkc-é")), `"${system}-é"`},
		"binary":          {n.octets([]byte{0, 255}), `"\x00\xff"`},
		"no bytes at all": {n.octets([]byte{}), `""`},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.got != tc.want {
				t.Errorf("got %s, want %s", tc.got, tc.want)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	a := &attempt{system: &system{}, name: "zps-area-x", dir: "/d"}
	if got, want := a.expand("${name} ${word} ${topic:in} ${dir}/f ${file:/p:k}"), "zps-area-x zps_area_x zps-area-x--in /d/f ${file:/p:k}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
