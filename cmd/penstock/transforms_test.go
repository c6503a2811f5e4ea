// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// changed copies JSON lines from one file into another by a topic that a transform
// has chosen, and changes them on the way out.
func changed(dir string) string {
	return connector("in", "  class: FileStreamSource\n  config:\n    file: "+filepath.Join(dir, "in.txt")+`
    topic: lines
    value.converter: string
    transforms: route,never
    transforms.route.type: org.apache.kafka.connect.transforms.RegexRouter
    transforms.route.regex: l(.*)
    transforms.route.replacement: $1-out
    transforms.never.type: InsertField$Value
    transforms.never.topic.field: a line is no map
    transforms.never.predicate: routed
    transforms.never.negate: true
    predicates: routed
    predicates.routed.type: TopicNameMatches
    predicates.routed.pattern: ines-.*
`) + connector("out", "  class: file-sink\n  config:\n    file: "+filepath.Join(dir, "out.txt")+`
    topics: ines-out
    transforms: add,tidy
    transforms.add.type: insert-field-value
    transforms.add.offset.field: at
    transforms.tidy.type: replace-field-value
    transforms.tidy.exclude: secret
    transforms.tidy.renames: n:number
`)
}

func TestStandaloneTransforms(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.txt"), `{"n":1,"secret":"x"}`+"\n"+`{"n":2,"secret":"y"}`+"\n")
	args := []string{"standalone", "-f", "-", "--data-dir", filepath.Join(dir, "data"), "--metrics-addr", "", "--until-idle", "1s"}
	var e execution
	if err := e.run(t.Context(), changed(dir), args...); err != nil {
		broken(t, &e, err)
	}
	if got, want := read(t, filepath.Join(dir, "out.txt")), "{number=1, at=0}\n{number=2, at=1}\n"; got != want {
		t.Errorf("out is %q, want %q", got, want)
	}
	// A record that cannot be transformed ends the task with an error that says
	// which and where.
	add(t, filepath.Join(dir, "in.txt"), "[3]\n")
	err := new(execution).run(t.Context(), changed(dir), args...)
	want := `transform add: the record at offset 2 of partition 0 of topic "ines-out": Only Map objects supported in absence of schema for [field insertion], found: java.util.ArrayList`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %s", err, want)
	}
}
