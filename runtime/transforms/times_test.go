// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms_test

import (
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

// timesGolden returns the lines of one kind of what Kafka Connect's transforms of
// times do. To write the file again, in hack/conformance/transforms:
//
//	mvn -q compile exec:java -Dexec.mainClass=TimeGolden -Dexec.args=../../../runtime/transforms/testdata/times.tsv
func timesGolden(t *testing.T, kind string) [][]string {
	t.Helper()
	return goldenFile(t, "times.tsv", kind)
}

func TestGoldenTimestampConverter(t *testing.T) {
	lines := timesGolden(t, "apply")
	for _, l := range lines {
		got, java := transformed(t, l), l[8]
		switch {
		case got == java, l[6] == "false" && sameObject(t, got, java):
		case java == "config error" && strings.HasPrefix(got, java):
		case strings.HasPrefix(java, "error:") && strings.HasPrefix(got, "error:") && strings.Contains(got, strings.TrimPrefix(java, "error:")):
		case strings.Contains(l[7], "-9223372036854775808") && strings.Contains(java, "time fields set to non-zero values"):
			// Where the first day that there is would begin, there is no time.
		case strings.Contains(java, `"config.format" is null`) && strings.Contains(got, "because format is not set"):
		default:
			t.Errorf("%s\nours %s\nJava %s", strings.Join(l[:8], " "), got, java)
		}
	}
	if len(lines) < 500 {
		t.Errorf("only %d lines", len(lines))
	}
}

func TestGoldenTimestampRouter(t *testing.T) {
	for _, l := range timesGolden(t, "route") {
		transform, got := fresh(t, "TimestampRouter", config(t, l[0]), connect.Kind(l[1]))
		if got == "" {
			r := recordAt(t, "orders", l[2], l[3], l[4])
			if err := apply(transform, new(connect.Arena), r); err != nil {
				got = "error:" + err.Error()
			} else {
				got = r.Topic
			}
		}
		java := l[5]
		switch {
		case got == java:
		case strings.HasPrefix(java, "error:Timestamp missing on record: ") && strings.HasPrefix(got, "error:Timestamp missing on record; "):
		// Java finds a bad pattern when it writes the first timestamp.
		case strings.HasPrefix(got, "config error: timestamp.format: has ") && (strings.Contains(java, "pattern character") || strings.Contains(java, "Unterminated") || strings.HasPrefix(java, "error:Timestamp missing")):
		default:
			t.Errorf("%s\nours %s\nJava %s", strings.Join(l[:5], " "), got, java)
		}
	}
}

func TestFilter(t *testing.T) {
	transform, refused := fresh(t, "filter", nil, connect.SinkKind)
	if refused != "" {
		t.Fatal(refused)
	}
	r := &connect.Record{Topic: "t"}
	if err := apply(transform, new(connect.Arena), r); err != nil || !r.Dropped() {
		t.Errorf("dropped %t, error %v", r.Dropped(), err)
	}
}
