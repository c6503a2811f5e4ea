// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package stringconv

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

// utf16Charset is UTF-16 in one order of bytes, or in the order that a mark at the
// beginning says.
type utf16Charset struct {
	little bool
	// mark writes one before a text that is not empty, and reads it.
	mark bool
}

// byteOrderMark stands before a text; in the other order it is no character.
const byteOrderMark, swappedMark = 0xFEFF, 0xFFFE

// lowSurrogates is the first of the second halves of surrogate pairs.
const lowSurrogates = 0xDC00

func (c utf16Charset) encode(dst []byte, text string) []byte {
	if c.mark && text != "" {
		dst = c.appendUnit(dst, byteOrderMark)
	}
	for _, r := range text {
		if r <= 0xFFFF {
			dst = c.appendUnit(dst, uint16(r))
			continue
		}
		high, low := utf16.EncodeRune(r)
		dst = c.appendUnit(c.appendUnit(dst, uint16(high)), uint16(low))
	}
	return dst
}

func (c utf16Charset) appendUnit(dst []byte, unit uint16) []byte {
	if c.little {
		return binary.LittleEndian.AppendUint16(dst, unit)
	}
	return binary.BigEndian.AppendUint16(dst, unit)
}

func (c utf16Charset) unit(data []byte) uint16 {
	if c.little {
		return binary.LittleEndian.Uint16(data)
	}
	return binary.BigEndian.Uint16(data)
}

// decode gives one replacement character for what is none, as in Java: for the second
// half of a surrogate pair, for a first half together with what follows in the place
// of a second, and for an end that is cut off.
func (c utf16Charset) decode(a *connect.Arena, data []byte) []byte {
	if c.mark && len(data) >= 2 {
		switch c.unit(data) {
		case byteOrderMark:
			data = data[2:]
		case swappedMark:
			c.little = true
			data = data[2:]
		}
	}
	out := a.Tail(utf8.UTFMax * (len(data) + 1))
	for len(data) >= 2 {
		r := rune(c.unit(data))
		data = data[2:]
		switch {
		case !utf16.IsSurrogate(r) || r >= lowSurrogates:
		case len(data) < 2:
			return a.Take(utf8.AppendRune(out, utf8.RuneError))
		default:
			r = utf16.DecodeRune(r, rune(c.unit(data)))
			data = data[2:]
		}
		out = utf8.AppendRune(out, r)
	}
	if len(data) > 0 {
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	return a.Take(out)
}
