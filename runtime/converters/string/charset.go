// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package stringconv

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javatext"
)

// charset is a java.nio.charset.Charset.
type charset interface {
	// encode appends what String.getBytes gives for a text in UTF-8.
	encode(dst []byte, text string) []byte
	// decode returns what new String(data, charset) holds, in UTF-8. It may refer to
	// data.
	decode(a *connect.Arena, data []byte) []byte
}

type utf8Charset struct{}

func (utf8Charset) encode(dst []byte, text string) []byte { return append(dst, text...) }

func (utf8Charset) decode(a *connect.Arena, data []byte) []byte { return javatext.Decode(a, data) }

// unicode are the charsets of Unicode with their names in Java.
var unicode = []struct {
	names string
	charset
}{
	{"UTF-8 UTF8 unicode-1-1-utf-8", utf8Charset{}},
	{"UTF-16 UTF_16 UnicodeBig unicode utf16", utf16Charset{mark: true}},
	{"UTF-16BE ISO-10646-UCS-2 UTF_16BE UnicodeBigUnmarked X-UTF-16BE", utf16Charset{}},
	{"UTF-16LE UTF_16LE UnicodeLittleUnmarked X-UTF-16LE", utf16Charset{little: true}},
}

// singleBytes are the charsets of single bytes, as Java has them: the name, other
// names, and the text of the bytes 0 to 255 in UTF-8 in hexadecimal. It is written by
// hack/conformance/charsets.
//
//go:embed singlebyte.tsv
var singleBytes string

// findCharset returns the charset that Java knows by the name.
func findCharset(name string) (charset, error) {
	var all []string
	for _, u := range unicode {
		if isNamed(name, u.names) {
			return u.charset, nil
		}
		all = append(all, firstName(u.names))
	}
	for line := range strings.Lines(singleBytes) {
		row := strings.Split(strings.TrimSpace(line), "\t")
		if isNamed(name, row[0]+" "+row[1]) {
			text, err := hex.DecodeString(row[2])
			return newSingleByte(string(text)), err
		}
		all = append(all, row[0])
	}
	return nil, fmt.Errorf("encoding %s is not supported; use one of %s", name, strings.Join(all, ", "))
}

// isNamed reports whether one of the names is that name; case does not matter.
func isNamed(name, names string) bool {
	return slices.ContainsFunc(strings.Fields(names), func(n string) bool { return strings.EqualFold(n, name) })
}

func firstName(names string) string {
	first, _, _ := strings.Cut(names, " ")
	return first
}
