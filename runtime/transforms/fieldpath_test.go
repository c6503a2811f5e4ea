// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"penstock.dev/runtime/transforms"
)

// TestGoldenPaths compares with the steps that Kafka Connect's SingleFieldPath
// finds.
func TestGoldenPaths(t *testing.T) {
	lines := goldenFile(t, fieldsFile, "path")
	for _, l := range lines {
		got, err := transforms.ParseFieldPath(l[0])
		if err != nil {
			if "error:"+err.Error() != l[1] {
				t.Errorf("%s: ours %v, Java %s", l[0], err, l[1])
			}
			continue
		}
		var want []string
		if json.Unmarshal([]byte(l[1]), &want) != nil || !slices.Equal(got, want) {
			t.Errorf("%s: ours %q, Java %s", l[0], got, l[1])
		}
	}
	if len(lines) < 1000 {
		t.Errorf("%d paths", len(lines))
	}
}

// quoted writes a step so that it is read back, whatever is in it but backslashes.
func quoted(step string) string {
	var b strings.Builder
	b.WriteByte('`')
	for i, r := range step {
		if r == '`' && i+1 < len(step) && step[i+1] == '.' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String() + "`"
}

func FuzzFieldPath(f *testing.F) {
	for _, text := range []string{"", "a", "a.b", "`a.b`.c", "`a\\`.b`", "a.", "`a`b`.``", "ü.`ü", "``."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		steps, err := transforms.ParseFieldPath(text)
		if err != nil {
			if !strings.Contains(text, "`") || steps != nil {
				t.Fatalf("%q: steps %q, error %v", text, steps, err)
			}
			return
		}
		if !strings.Contains(text, "`") && text != "" && strings.Join(steps, ".") != text {
			t.Fatalf("%q: steps %q", text, steps)
		}
		if strings.Contains(text, `\`) || strings.ToValidUTF8(text, "") != text {
			return
		}
		var parts []string
		for _, s := range steps {
			parts = append(parts, quoted(s))
		}
		again, err := transforms.ParseFieldPath(strings.Join(parts, "."))
		if err != nil || !slices.Equal(steps, again) {
			t.Fatalf("%q: steps %q, written %q and read as %q, error %v", text, steps, parts, again, err)
		}
	})
}
