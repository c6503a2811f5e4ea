// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package avroconv

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock.dev/runtime/connect"
)

var update = flag.Bool("update", false, "write testdata/ours.tsv and testdata/connect.tsv")

// rows reads a file of columns.
func rows(t testing.TB, name string, columns int) [][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != columns {
			t.Fatalf("%s: %q has %d columns", name, line, len(row))
		}
		out = append(out, row)
	}
	return out
}

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decodeAll reads a value that takes all of data.
func decodeAll(t testing.TB, n *reader, data []byte) connect.Value {
	t.Helper()
	d := decoder{a: new(connect.Arena), data: data, empty: maxEmpty, useDefaults: true}
	var v connect.Value
	var err error
	if n == nil {
		v, err = d.anything(0)
	} else {
		v, err = d.value(n, 0)
	}
	if err != nil || d.pos != len(data) {
		t.Fatalf("error %v after %d of %d bytes", err, d.pos, len(data))
	}
	return v
}

// TestGolden compares with Apache Avro's Java library: it has printed the schemas and
// written the data, and what we write of what we read is the same.
func TestGolden(t *testing.T) {
	texts := map[string]string{}
	for _, row := range rows(t, "cases.tsv", 3) {
		texts[row[0]] = row[1]
	}
	r := defaultRules(t)
	golden := rows(t, "golden.tsv", 3)
	if len(golden) != len(texts) {
		t.Errorf("%d of %d cases are in golden.tsv", len(golden), len(texts))
	}
	for _, row := range golden {
		t.Run(row[0], func(t *testing.T) {
			s := mustParse(t, texts[row[0]])
			if printed, err := s.print(); err != nil || printed != row[1] {
				t.Errorf("the schema is printed as\n%s, %v\nand not as\n%s", printed, err, row[1])
			}
			data := fromHex(t, row[2])
			var out []byte
			var err error
			if isAnything(s) {
				out, err = encoder{}.anything([]byte{}, decodeAll(t, nil, data), 0)
			} else {
				c, wrong := r.toSchema(s, 0)
				if wrong != nil {
					t.Fatal(wrong)
				}
				n, wrong := r.reader(s, c)
				if wrong != nil {
					t.Fatal(wrong)
				}
				w, wrong := r.writer(c, s)
				if wrong != nil {
					t.Fatal(wrong)
				}
				out, err = encoder{useDefaults: true}.value([]byte{}, w, decodeAll(t, n, data), 0)
			}
			if err != nil || hex.EncodeToString(out) != row[2] {
				t.Errorf("written as %x, %v, and not as %s", out, err, row[2])
			}
		})
	}
}

// TestMapping says what each golden schema and value becomes, as the reading of
// Confluent's AvroData has it.
func TestMapping(t *testing.T) {
	r := defaultRules(t)
	var lines []string
	for _, row := range rows(t, "golden.tsv", 3) {
		s := mustParse(t, row[1])
		if isAnything(s) {
			lines = append(lines, row[0]+"\tnone\t"+show(decodeAll(t, nil, fromHex(t, row[2]))))
			continue
		}
		c, err := r.toSchema(s, 0)
		if err != nil {
			t.Fatalf("%s: %v", row[0], err)
		}
		n, err := r.reader(s, c)
		if err != nil {
			t.Fatalf("%s: %v", row[0], err)
		}
		lines = append(lines, row[0]+"\t"+showSchema(c)+"\t"+show(decodeAll(t, n, fromHex(t, row[2]))))
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		writeFile(t, "connect.tsv", got)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "connect.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	wanted := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(wanted) || wanted[i] != line {
			t.Errorf("line %d is\n%s", i+1, line)
		}
	}
}

func writeFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("testdata", name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestOursIsRead compares what Java's library has read of what we have written.
func TestOursIsRead(t *testing.T) {
	read := map[string]string{}
	if !*update {
		for _, row := range rows(t, "read.tsv", 2) {
			read[row[0]] = row[1]
		}
	}
	known := map[string]string{}
	if !*update {
		for _, row := range rows(t, "ours.tsv", 3) {
			known[row[0]] = row[1] + "\t" + row[2]
		}
	}
	var file strings.Builder
	file.WriteString("# name, schema and data as we write them; hack/conformance/avro writes read.tsv of them\n")
	for _, tc := range ourCases() {
		t.Run(tc.name, func(t *testing.T) {
			r := defaultRules(t, tc.extra...)
			s, err := r.fromSchema(tc.schema)
			if err != nil {
				t.Fatal(err)
			}
			text, err := s.print()
			if err != nil {
				t.Fatal(err)
			}
			var out []byte
			if tc.schema == nil {
				out, err = encoder{}.anything([]byte{}, tc.value, 0)
			} else {
				w, wrong := r.writer(tc.schema, s)
				if wrong != nil {
					t.Fatal(wrong)
				}
				out, err = encoder{useDefaults: r.useDefaults}.value([]byte{}, w, tc.value, 0)
			}
			if err != nil {
				t.Fatal(err)
			}
			line := text + "\t" + hex.EncodeToString(out)
			file.WriteString(tc.name + "\t" + line + "\n")
			if *update {
				return
			}
			if known[tc.name] != line {
				t.Errorf("written as\n%s\nand not as\n%s", line, known[tc.name])
			}
			if text != tc.avro {
				t.Errorf("the schema is\n%s\nand not\n%s", text, tc.avro)
			}
			if read[tc.name] != tc.json {
				t.Errorf("Java reads\n%s\nand not\n%s", read[tc.name], tc.json)
			}
		})
	}
	if *update {
		writeFile(t, "ours.tsv", file.String())
	}
}
