// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javatext

import (
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

// Decode returns the text that Java's new String(data, UTF_8) holds: data itself if
// it is UTF-8, or else a copy in which a replacement character stands for each
// longest part that begins a UTF-8 sequence without completing it, and for each
// other wrong byte.
func Decode(a *connect.Arena, data []byte) []byte {
	if utf8.Valid(data) {
		return data
	}
	out := a.Tail(len(data) + 8*utf8.UTFMax)
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			n = broken(data)
		}
		out = utf8.AppendRune(out, r)
		data = data[n:]
	}
	return a.Take(out)
}

// broken returns the length of the wrong sequence at the start of data: as long
// as it could still become a right one.
func broken(data []byte) int {
	n := 1
	if data[0] == 0xED && len(data) > 1 && data[1]&0xE0 == 0xA0 { // Java takes the three bytes of a surrogate together
		n = 2
		if len(data) > 2 && data[2]&0xC0 == 0x80 {
			n = 3
		}
		return n
	}
	for n < len(data) && n < utf8.UTFMax && !utf8.FullRune(data[:n]) {
		n++
	}
	if n > 1 && utf8.FullRune(data[:n]) {
		n--
	}
	return n
}
