// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package stringconv

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

// TestCharsets compares with Java; hack/conformance/charsets writes the file.
func TestCharsets(t *testing.T) {
	raw, err := os.ReadFile("testdata/charsets.tsv")
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for line := range strings.Lines(string(raw)) {
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		c, err := findCharset(strings.ToLower(row[1]))
		if err != nil {
			t.Fatal(err)
		}
		cases++
		switch row[0] {
		case "names":
			for name := range strings.FieldsSeq(row[2]) {
				if found, err := findCharset(name); err != nil || found != c {
					t.Errorf("%s is not %s: %v", name, row[1], err)
				}
			}
		case "encode":
			if got := c.encode([]byte(">"), text(t, row[2])); string(got) != ">"+text(t, row[3]) {
				t.Errorf("%s: %q is written as %x, want %s", row[1], text(t, row[2]), got[1:], row[3])
			}
		case "decode":
			if got := c.decode(new(connect.Arena), []byte(text(t, row[2]))); string(got) != text(t, row[3]) {
				t.Errorf("%s: %s is read as %+q, want %+q", row[1], row[2], got, text(t, row[3]))
			}
		case "all":
			sum := sha256.Sum256(c.encode(nil, everyCharacter()))
			if got := hex.EncodeToString(sum[:]); got != row[2] {
				t.Errorf("%s: the characters are written in another way", row[1])
			}
		}
	}
	if cases < 2000 {
		t.Errorf("only %d cases", cases)
	}
}

func text(t *testing.T, hexadecimal string) string {
	t.Helper()
	b, err := hex.DecodeString(hexadecimal)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func everyCharacter() string {
	var b strings.Builder
	for r := range rune(0x10000) {
		if utf8.ValidRune(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}
