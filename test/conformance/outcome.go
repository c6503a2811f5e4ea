// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Outcome is what has come of a case on one system, an aspect a text: what is
// compared. Names that differ from system to system are replaced.
type Outcome map[string]string

// differences returns the aspects in which two outcomes differ, in order.
func differences(a, b Outcome) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(union(a, b))) {
		if a[k] != b[k] {
			out = append(out, k)
		}
	}
	return out
}

func union(a, b Outcome) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}

// Verdict is the result of a case.
type Verdict struct {
	Case Case
	// Listed are the aspects whose difference is listed in the case, Unlisted those
	// whose is not, and Equal those listed that do not differ.
	Listed, Unlisted, Equal []string
	Theirs, Ours            Outcome
	Err                     error
}

// judge compares the outcomes of a case.
func judge(c Case, theirs, ours Outcome) Verdict {
	v := Verdict{Case: c, Theirs: theirs, Ours: ours}
	found := differences(theirs, ours)
	if c.Expect != nil { // which says what is looked at
		found = slices.DeleteFunc(found, func(aspect string) bool { _, ok := c.Expect[aspect]; return !ok })
	}
	for _, aspect := range found {
		if c.Differs[aspect] != "" {
			v.Listed = append(v.Listed, aspect)
		} else {
			v.Unlisted = append(v.Unlisted, aspect)
		}
	}
	for _, aspect := range slices.Sorted(maps.Keys(c.Differs)) {
		if !slices.Contains(found, aspect) {
			v.Equal = append(v.Equal, aspect)
		}
	}
	return v
}

// ok reports whether nothing differs that is not listed, and all differs that is.
func (v Verdict) ok() bool { return v.Err == nil && len(v.Unlisted) == 0 && len(v.Equal) == 0 }

// explain says what is wrong with a case.
func (v Verdict) explain() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n", v.Case.id())
	if v.Err != nil {
		fmt.Fprintf(&out, "  %v\n", v.Err)
	}
	peer := "Kafka Connect:"
	if v.Case.Expect != nil {
		peer = "expected:     "
	}
	for _, aspect := range v.Unlisted {
		fmt.Fprintf(&out, "  %s\n    %s %s\n    Penstock:      %s\n", aspect, peer, indent(v.Theirs[aspect]), indent(v.Ours[aspect]))
	}
	for _, aspect := range v.Equal {
		fmt.Fprintf(&out, "  %s is listed as different (%s) and is equal\n", aspect, v.Case.Differs[aspect])
	}
	return out.String()
}

func indent(text string) string {
	if text == "" {
		return "(none)"
	}
	return strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n                   ")
}

// anchor finds the entries of docs/compatibility.md that cases refer to.
var anchor = regexp.MustCompile(`<a id="([a-z0-9-]+)"></a>`)

// unexplained returns the differences that cases name and the page has not.
func unexplained(cases []Case, page string) []string {
	known := map[string]bool{}
	for _, m := range anchor.FindAllStringSubmatch(page, -1) {
		known[m[1]] = true
	}
	var out []string
	for _, c := range cases {
		for _, aspect := range slices.Sorted(maps.Keys(c.Differs)) {
			if !known[c.Differs[aspect]] {
				out = append(out, fmt.Sprintf("%s: %s: docs/compatibility.md has no entry %s", c.id(), aspect, c.Differs[aspect]))
			}
		}
	}
	return out
}

// report is the table: area, cases, equal, listed differences, failed.
func report(verdicts []Verdict) string {
	type row struct{ cases, equal, listed, failed int }
	rows := map[string]*row{}
	var sum row
	for _, v := range verdicts {
		r := rows[v.Case.area]
		if r == nil {
			r = &row{}
			rows[v.Case.area] = r
		}
		for _, r := range []*row{r, &sum} {
			r.cases++
			switch {
			case !v.ok():
				r.failed++
			case len(v.Listed) > 0:
				r.listed++
			default:
				r.equal++
			}
		}
	}
	var out strings.Builder
	line := func(name string, r row) {
		fmt.Fprintf(&out, "%-14s %6d %6d %6d %6d\n", name, r.cases, r.equal, r.listed, r.failed)
	}
	fmt.Fprintf(&out, "%-14s %6s %6s %6s %6s\n", "area", "cases", "equal", "listed", "failed")
	for _, area := range slices.Sorted(maps.Keys(rows)) {
		line(area, *rows[area])
	}
	line("all", sum)
	return out.String()
}
