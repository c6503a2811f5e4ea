// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package connect

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"penstock.dev/runtime/configdef"
)

// keysGolden returns the lines of one kind of what Kafka Connect says of keys. The
// file is written by
//
//	cd hack/conformance/clients
//	mvn -q compile exec:java -Dexec.args="connect ../../../runtime/connect/testdata/keys.tsv"
func keysGolden(t *testing.T, kind string, least int) [][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/keys.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(data)) {
		if parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); parts[0] == kind {
			out = append(out, parts[1:])
		}
	}
	if len(out) < least {
		t.Fatalf("%d lines of %s", len(out), kind)
	}
	return out
}

func parsed[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func messages(problems []configdef.Problem) map[string][]string {
	out := map[string][]string{}
	for _, p := range problems {
		out[p.Key] = append(out[p.Key], p.Message)
	}
	return out
}

func TestPoliciesAreKafkaConnects(t *testing.T) {
	for _, l := range keysGolden(t, "policy", 28) {
		got := messages(forbidden("producer", map[string]string{l[1]: "x"}, map[string]string{policyKey: l[0], allowlistKey: "linger.ms, acks"}))
		want := parsed[[]string](t, l[2])
		if diff := cmp.Diff(want, append([]string{}, got["producer.override."+l[1]]...)); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", l[0], l[1], diff)
		}
	}
}

func TestTopicKeysAreKafkaConnects(t *testing.T) {
	for _, l := range keysGolden(t, "sink", 9) {
		props := parsed[map[string]string](t, l[0])
		if props[TopicsKey] == "," {
			continue // docs/compatibility.md: a list of nothing
		}
		if diff := cmp.Diff(parsed[map[string][]string](t, l[1]), messages(topicProblems(SinkKind, props))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", l[0], diff)
		}
	}
}

func TestTopicCreationIsKafkaConnects(t *testing.T) {
	for _, l := range keysGolden(t, "source", 60) {
		rules, problems, _ := TopicCreationFor(parsed[map[string]string](t, l[0]))
		if l[1] == "error" {
			// What is wrong with an expression, Go says in other words.
			want, _, _ := strings.Cut(l[2], "Syntax error in regular expression: ")
			if len(problems) == 0 || !strings.HasPrefix(problems[0].Message, want) {
				t.Errorf("%s: problems %v, want %s", l[0], problems, l[2])
			}
			continue
		}
		if len(problems) > 0 {
			t.Errorf("%s: problems %v", l[0], problems)
			continue
		}
		got := rules.For(l[1])
		if diff := cmp.Diff(l[2:5], []string{got.Group, strconv.Itoa(int(got.Partitions)), strconv.Itoa(int(got.Replication))}); diff != "" {
			t.Errorf("%s, %s (-want +got):\n%s", l[0], l[1], diff)
		}
		if diff := cmp.Diff(parsed[map[string]string](t, l[5]), got.Config); diff != "" {
			t.Errorf("%s, %s: settings (-want +got):\n%s", l[0], l[1], diff)
		}
	}
}
