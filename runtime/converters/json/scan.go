// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package jsonconv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

// parser reads one message. It is kept for the next one, with its stacks.
type parser struct {
	data  []byte
	pos   int
	a     *connect.Arena
	rules rules
	left  int // how many fields of structs, and members of defaults, may still be made

	values  []connect.Value // the elements of the arrays that are open
	entries []connect.Entry // the entries of the objects that are open
	table   []uint32        // see unique
}

// A message of many empty objects whose schema has many fields needs much more
// memory than it has bytes. It may have this many, and this many more for each byte.
const minFields, fieldsPerByte = 1 << 22, 8

var errFields = errors.New("the message holds so many empty objects that it would not fit the memory")

// spend takes n of the fields that may still be made.
func (p *parser) spend(n int) error {
	if p.left -= n; p.left < 0 {
		return errFields
	}
	return nil
}

func (p *parser) reset(a *connect.Arena, data []byte, r rules) {
	p.a, p.data, p.pos, p.rules = a, data, 0, r
	p.left = minFields + fieldsPerByte*len(data)
	p.skipBOM()
}

// keepStack is how large the stacks of an idle parser may be.
const keepStack = 1 << 12

// release lets go of the message. Containers that were read to their end have
// already emptied their part of the stacks.
func (p *parser) release() {
	clear(p.values)
	clear(p.entries)
	p.values, p.entries = p.values[:0], p.entries[:0]
	if cap(p.values) > keepStack {
		p.values = nil
	}
	if cap(p.entries) > keepStack {
		p.entries = nil
	}
	if cap(p.table) > 4*keepStack {
		p.table = nil
	}
	p.data, p.a = nil, nil
}

// syntaxError is JSON that is not well formed.
type syntaxError struct {
	what string
	at   int
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("Converting byte[] to Kafka Connect data failed due to serialization error: %s at byte %d", e.what, e.at)
}

func (p *parser) fail(what string) error { return &syntaxError{what, p.pos} }

// unexpected is the error of a byte that cannot stand where the parser is.
func (p *parser) unexpected(want string) error {
	if p.pos >= len(p.data) {
		return p.fail("the text ends where " + want + " is expected")
	}
	return p.fail(fmt.Sprintf("found %q where %s is expected", p.data[p.pos], want))
}

func (p *parser) skipBOM() { p.literal("\xEF\xBB\xBF") }

// literal steps over s and reports whether it was there.
func (p *parser) literal(s string) bool {
	if len(p.data)-p.pos < len(s) || string(p.data[p.pos:p.pos+len(s)]) != s {
		return false
	}
	p.pos += len(s)
	return true
}

// next steps over white space and returns the byte there, 0 at the end.
func (p *parser) next() byte {
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; c {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

// end says that nothing but white space follows.
func (p *parser) end() error {
	if p.next(); p.pos < len(p.data) {
		return p.fail(fmt.Sprintf("found %q after the JSON value, where nothing may follow", p.data[p.pos]))
	}
	return nil
}

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// scan returns the place of the first quote, backslash or control character of b
// at or after i, len(b) if there is none, and whether it may have passed bytes
// outside ASCII. It looks at eight bytes at once.
func scan(b []byte, i int) (end int, wide bool) {
	var seen uint64
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^(lows*'"'), w^(lows*'\\')
		found := ((quote-lows)&^quote | (slash-lows)&^slash | (w-lows*' ')&^w) & highs
		seen |= w & highs
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8, seen != 0
		}
	}
	for ; i < len(b); i++ {
		c := b[i]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		seen |= uint64(c & 0x80)
	}
	return i, seen != 0
}

// isPlain reports whether s stands in JSON as it is. Jackson escapes characters
// of four bytes in UTF-8.
func isPlain(s string) bool {
	b := connect.StringValue(s).Bytes()
	end, wide := scan(b, 0)
	if end < len(b) {
		return false
	}
	return !wide || utf8.Valid(b) && !slices.ContainsFunc(b, func(c byte) bool { return c >= 0xF0 })
}

// str reads the string that begins at the quote where the parser is. The result
// refers to the data unless it has escapes.
func (p *parser) str() ([]byte, error) {
	start := p.pos + 1
	end, wide := scan(p.data, start)
	if end < len(p.data) && p.data[end] == '"' {
		p.pos = end + 1
		s := p.data[start:end:end]
		if wide && !utf8.Valid(s) {
			return nil, p.invalidUTF8(start)
		}
		return s, nil
	}
	if end < len(p.data) && p.data[end] == '\\' {
		return p.escaped(start)
	}
	return nil, p.badString(end)
}

// stringValue reads the string that begins at the quote where the parser is. A plain one
// is marked, for it to be written without a look.
func (p *parser) stringValue() (connect.Value, error) {
	start := p.pos + 1
	end, wide := scan(p.data, start)
	if !wide && end < len(p.data) && p.data[end] == '"' {
		p.pos = end + 1
		return connect.PlainString(p.data[start:end:end]), nil
	}
	s, err := p.str()
	return connect.StringOf(s), err
}

func (p *parser) invalidUTF8(start int) error {
	for i := start; i < len(p.data); {
		r, n := utf8.DecodeRune(p.data[i:])
		if r == utf8.RuneError && n == 1 {
			p.pos = i
			break
		}
		i += n
	}
	return p.fail("text is not valid UTF-8")
}

func (p *parser) badString(end int) error {
	p.pos = end
	if end >= len(p.data) {
		return p.fail("the text ends within a string")
	}
	return p.fail(fmt.Sprintf("found control character %q within a string, where it must be escaped", p.data[end]))
}

// escaped reads a string with escapes, whose text begins at start, into the
// arena.
func (p *parser) escaped(start int) ([]byte, error) {
	out := p.a.Tail(64)
	for i := start; ; {
		end, wide := scan(p.data, i)
		if wide && !utf8.Valid(p.data[i:end]) {
			return nil, p.invalidUTF8(i)
		}
		out = append(out, p.data[i:end]...)
		switch {
		case end < len(p.data) && p.data[end] == '"':
			p.pos = end + 1
			return p.a.Take(out), nil
		case end < len(p.data) && p.data[end] == '\\':
			p.pos = end + 1
			var err error
			if out, err = p.escape(out); err != nil {
				return nil, err
			}
			i = p.pos
		default:
			return nil, p.badString(end)
		}
	}
}

// escape appends what the escape after the backslash stands for.
func (p *parser) escape(out []byte) ([]byte, error) {
	if p.pos >= len(p.data) {
		return nil, p.badString(p.pos)
	}
	c := p.data[p.pos]
	p.pos++
	switch c {
	case '"', '\\', '/':
		return append(out, c), nil
	case 'b':
		return append(out, '\b'), nil
	case 'f':
		return append(out, '\f'), nil
	case 'n':
		return append(out, '\n'), nil
	case 'r':
		return append(out, '\r'), nil
	case 't':
		return append(out, '\t'), nil
	case 'u':
		return p.unicode(out)
	default:
		p.pos--
		return nil, p.unexpected("an escape")
	}
}

// unicode reads the digits of \u, and the second half of a surrogate pair. Half
// a pair alone becomes the replacement character.
func (p *parser) unicode(out []byte) ([]byte, error) {
	r, err := p.hex4()
	if err != nil {
		return nil, err
	}
	if r >= 0xD800 && r < 0xDC00 && p.pos+1 < len(p.data) && p.data[p.pos] == '\\' && p.data[p.pos+1] == 'u' {
		back := p.pos
		p.pos += 2
		low, err := p.hex4()
		if err != nil {
			return nil, err
		}
		if low >= 0xDC00 && low < 0xE000 {
			return utf8.AppendRune(out, 0x10000+(r-0xD800)<<10+(low-0xDC00)), nil
		}
		p.pos = back
	}
	return utf8.AppendRune(out, r), nil
}

func (p *parser) hex4() (rune, error) {
	var r rune
	for range 4 {
		if p.pos >= len(p.data) {
			return 0, p.badString(p.pos)
		}
		c := p.data[p.pos]
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, p.unexpected("a hexadecimal digit")
		}
		p.pos++
	}
	return r, nil
}
