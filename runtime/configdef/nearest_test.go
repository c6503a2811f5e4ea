// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package configdef

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"topic", "topics", "batch.size", "max.interval", "connection.password", "file", "key.converter"}
	for name, tc := range map[string]struct{ name, want string }{
		"letter missing":   {"toic", "topic"},
		"letter too many":  {"topicc", "topic"},
		"letters swapped":  {"bacth.size", "batch.size"},
		"camel case":       {"batchSize", "batch.size"},
		"other separators": {"MAX_INTERVAL", "max.interval"},
		"two mistakes":     {"conection.pasword", "connection.password"},
		"plural":           {"files", "file"},
		"far away":         {"zookeeper.connect.timeout", ""},
		"nothing":          {"", ""},
		"itself is not it": {"topics", "topic"},
		"very long":        {strings.Repeat("topic", 100), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Nearest(tc.name, known); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func FuzzNearest(f *testing.F) {
	f.Add("topic", "topics", "file")
	f.Add("", "", "\xff")
	f.Fuzz(func(t *testing.T, name, a, b string) {
		if got := Nearest(name, []string{a, b}); got != "" && got != a && got != b {
			t.Errorf("%q is not known", got)
		}
	})
}
