// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"hash/maphash"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters"
	"penstock.dev/runtime/javatext"
)

func TestEnvelopesHaveTheirSizeAndAreWhatSinksPrint(t *testing.T) {
	plugin, _ := connect.Registry{Converters: converters.All()}.Converter("json")
	json, err := plugin.New(map[string]string{"schemas.enable": "true"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{100, 1024, 10240} {
		s := newShape(size)
		for _, id := range []int64{0, 9, 10, 123456, 3_000_000} {
			r := record{id: id, created: created}
			data := s.envelope(nil, r)
			if len(data) != size {
				t.Errorf("record %d has %d bytes, want %d", id, len(data), size)
			}
			schema, v, err := json.ToConnect(&connect.Arena{}, "t", data)
			if err != nil {
				t.Fatalf("%s: %v", data, err)
			}
			if got, want := string(javatext.AppendText(nil, schema, v)), string(s.printed(nil, r)); got != want {
				t.Errorf("printed as\n%s, want\n%s", got, want)
			}
		}
	}
}

func TestRecordsDiffer(t *testing.T) {
	s := newShape(1024)
	seen := map[string]bool{}
	for i := range int64(1000) {
		seen[string(s.filler(i, 500))] = true
	}
	if len(seen) != 1000 {
		t.Errorf("1000 records have %d fillers", len(seen))
	}
}

func TestLinesHaveTheirSize(t *testing.T) {
	for _, size := range []int{100, 1024, 10240} {
		line := newShape(size).line(nil, record{id: 77, created: created})
		if len(line) != size-1 || strings.ContainsAny(string(line), "\r\n") {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
		if got := number(line); got != created {
			t.Errorf("it was made at %d, want %d", got, int64(created))
		}
	}
}

func TestTransformed(t *testing.T) {
	s := newShape(1024)
	got := string(s.transformed(nil, "routed", record{id: 3, created: created}))
	for _, want := range []string{`routed {"schema":`, `"customer":"customer-3"`, `"source":"bench"}}`, `"optional":true,"field":"source"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	for _, not := range []string{"active", `"name"`} {
		if strings.Contains(got, not) {
			t.Errorf("%s holds %s", got, not)
		}
	}
}

func TestChecksum(t *testing.T) {
	seed := maphash.MakeSeed()
	sum := func(records ...string) (c checksum) {
		for _, r := range records {
			c.add(seed, []byte(r))
		}
		return c
	}
	for name, tc := range map[string]struct {
		got  checksum
		want string
	}{
		"the same":        {sum("a", "b", "c"), ""},
		"another order":   {sum("c", "a", "b"), ""},
		"one lost":        {sum("a", "b"), "2 records"},
		"one twice":       {sum("a", "b", "c", "c"), "4 records"},
		"one cut":         {sum("a", "b", ""), "2 bytes"},
		"one in place of": {sum("a", "b", "b"), "content"},
	} {
		t.Run(name, func(t *testing.T) {
			err := sum("a", "b", "c").diff(tc.got)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("diff is %v, want %q", err, tc.want)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(path, []byte("b\na\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := sumLines(seed, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := sum("a", "b", "c").diff(got); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("b\na"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sumLines(seed, path); err == nil {
		t.Error("a line without an end was taken")
	}
}
