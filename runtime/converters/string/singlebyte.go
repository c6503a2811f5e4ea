// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package stringconv

import (
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

// singleByte is a charset of at most 256 characters.
type singleByte struct {
	runes [256]rune // U+FFFD for bytes that are none
	bytes map[rune]byte
	ascii bool // the bytes below 0x80 are those of ASCII
}

// newSingleByte makes a charset of the text of the bytes 0 to 255.
func newSingleByte(text string) *singleByte {
	c := &singleByte{bytes: make(map[rune]byte, 256), ascii: true}
	i := 0
	for _, r := range text {
		c.runes[i] = r
		if _, ok := c.bytes[r]; !ok && r != utf8.RuneError {
			c.bytes[r] = byte(i)
		}
		if i < utf8.RuneSelf && r != rune(i) {
			c.ascii = false
		}
		i++
	}
	if _, ok := c.bytes[nextLine]; !ok && !c.ascii { // IBM037, IBM01140
		c.bytes[nextLine] = c.bytes['\n']
	}
	return c
}

// nextLine is a line feed in Unicode that EBCDIC has.
const nextLine = '\u0085'

// encode writes the byte 0x3F for what the charset does not have, as Java does, also
// where it is no question mark.
func (c *singleByte) encode(dst []byte, text string) []byte {
	for _, r := range text {
		if c.ascii && r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			continue
		}
		b, ok := c.bytes[r]
		if !ok {
			b = '?'
		}
		dst = append(dst, b)
	}
	return dst
}

// decode gives the replacement character for what is no character.
func (c *singleByte) decode(a *connect.Arena, data []byte) []byte {
	if c.ascii && isASCII(data) {
		return data
	}
	out := a.Tail(3 * len(data)) // none is beyond the Basic Multilingual Plane
	for _, b := range data {
		out = utf8.AppendRune(out, c.runes[b])
	}
	return a.Take(out)
}

func isASCII(data []byte) bool {
	for _, b := range data {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
