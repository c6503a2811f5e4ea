// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javadate

import (
	"bufio"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

// century is where the hundred years of the golden file begin.
const century = -783370432911

// golden returns the lines of one kind of what java.text.SimpleDateFormat does. To
// write the file again, in the repository:
//
//	java hack/conformance/dates/Dates.java runtime/javadate/testdata/golden.tsv
func golden(t *testing.T, kind string) [][]string {
	t.Helper()
	f, err := os.Open("testdata/golden.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines [][]string
	s := bufio.NewScanner(f)
	for s.Scan() {
		if parts := strings.Split(s.Text(), "\t"); parts[0] == kind {
			lines = append(lines, parts[1:])
		}
	}
	if s.Err() != nil || len(lines) == 0 {
		t.Fatalf("%d lines of kind %s, error %v", len(lines), kind, s.Err())
	}
	return lines
}

func compiled(t *testing.T, pattern string) *Format {
	t.Helper()
	f, err := compile(pattern, century, 0)
	if err != nil {
		t.Fatalf("%q %v", pattern, err)
	}
	return f
}

func TestGoldenCompile(t *testing.T) {
	for _, l := range golden(t, "compile") {
		if _, err := compile(l[0], century, 0); (err == nil) != (l[1] == "ok") {
			t.Errorf("%q: Java %s, ours %v", l[0], l[1], err)
		}
	}
}

func TestGoldenFormat(t *testing.T) {
	lines := golden(t, "format")
	for _, l := range lines {
		millis, err := strconv.ParseInt(l[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(compiled(t, l[0]).Append(nil, millis)); got != l[2] {
			t.Errorf("%q of %d: ours %q, Java %q", l[0], millis, got, l[2])
		}
	}
	if len(lines) < 3000 {
		t.Errorf("only %d lines", len(lines))
	}
}

func TestGoldenParse(t *testing.T) {
	unescape := strings.NewReplacer(`\\`, `\`, `\t`, "\t")
	lines := golden(t, "parse")
	names := 0
	for _, l := range lines {
		pattern, text := unescape.Replace(l[0]), unescape.Replace(l[1])
		millis, err := compiled(t, pattern).Parse(text)
		got := strconv.FormatInt(millis, 10)
		switch {
		case errors.Is(err, ErrZoneName):
			names++
			got = "error"
		case err != nil:
			got = "error"
		}
		if got != l[2] {
			t.Errorf("%q of %q: ours %s (%v), Java %s", pattern, text, got, err, l[2])
		}
	}
	if len(lines) < 2000 || names == 0 {
		t.Errorf("only %d lines, %d names of zones", len(lines), names)
	}
}
