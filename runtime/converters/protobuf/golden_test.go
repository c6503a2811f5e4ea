// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package protobufconv

import (
	"bufio"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

type goldenRow struct {
	md    protoreflect.MessageDescriptor
	data  []byte
	value string
}

// goldenRows are what Google's Python and C runtime has written, see
// hack/conformance/protobuf.
func goldenRows(t testing.TB) []goldenRow {
	t.Helper()
	file, err := os.Open("testdata/golden.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	compiled := map[string]protoreflect.FileDescriptor{}
	var rows []goldenRow
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		parts := strings.Split(scanner.Text(), "\t")
		if compiled[parts[0]] == nil {
			text, err := os.ReadFile("testdata/" + parts[0])
			if err != nil {
				t.Fatal(err)
			}
			compiled[parts[0]] = mustCompile(t, string(text))
		}
		data, err := hex.DecodeString(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		md := find(compiled[parts[0]].Messages(), protoreflect.FullName(parts[1]))
		rows = append(rows, goldenRow{md, data, parts[3]})
	}
	if err := scanner.Err(); err != nil || len(rows) < 100 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows
}

func TestReadsWhatGoogleWrites(t *testing.T) {
	for _, row := range goldenRows(t) {
		r := mustReader(t, defaults(), row.md)
		if got := describe(r.schema, mustRead(t, r, row.data)); got != row.value {
			t.Errorf("%s %x is read as\n%s, want\n%s", row.md.FullName(), row.data, got, row.value)
		}
	}
}

// TestWritesWhatGoogleWrites writes what was read with a schema of its own, and
// with the schema that it was read with.
func TestWritesWhatGoogleWrites(t *testing.T) {
	m := with(func(m *Mapping) { m.OptionalForNullables = true })
	for _, row := range goldenRows(t) {
		r := mustReader(t, m, row.md)
		v := mustRead(t, r, row.data)
		how, err := newWriter(m, r.schema, row.md)
		if err != nil {
			t.Fatal(err)
		}
		got, err := encoder{}.root([]byte{}, &how, v)
		if err != nil {
			t.Fatalf("%s: %v", row.md.FullName(), err)
		}
		a, b := dynamicpb.NewMessage(row.md), dynamicpb.NewMessage(row.md)
		if proto.Unmarshal(row.data, a) != nil || proto.Unmarshal(got, b) != nil || !proto.Equal(a, b) {
			t.Errorf("%s %x is written as\n%x", row.md.FullName(), row.data, got)
		}
		if row.md.Name() == "Old" {
			continue // groups and closed enums have no form in a schema of ours
		}
		_, md, own := writerOf(t, m, r.schema)
		if got, err = (encoder{}).root([]byte{}, &own, v); err != nil {
			t.Fatalf("%s: %v", row.md.FullName(), err)
		}
		again := mustReader(t, m, md)
		if text := describe(again.schema, mustRead(t, again, got)); text != describe(r.schema, v) {
			t.Errorf("%s %s is written by a schema of our own as\n%s", row.md.FullName(), row.value, text)
		}
	}
}
