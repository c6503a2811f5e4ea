// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package javavalues reads and writes values as text by the rules of Kafka
// Connect's org.apache.kafka.connect.data.Values, which is how its
// SimpleHeaderConverter writes headers and how InsertHeader reads its literal.
//
// Those rules lose text now and then; ParseWhole and AppendWhole are for who must
// not. Both pairs differ from Java where a value of ours could not be what Java's
// is: see loose and unify.
package javavalues

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
)

// maxDepth is how deep arrays and maps may nest. In Java it is the thread's stack
// that ends it, somewhat later.
const maxDepth = 1000

// ErrDepth is the error of a text whose arrays and maps nest too deep; in Java it
// is a StackOverflowError.
var ErrDepth = errors.New("arrays and maps nest deeper than 1000 levels")

// errNo says that a text is not what it was taken for.
var errNo = errors.New("not such a value")

// Parse returns the value that Values.parseString finds in text, which is UTF-8,
// and its schema: null; a Boolean; the smallest of Int8 to Int64 that holds a whole
// number, or else a Float32, a Float64 or a Decimal, the first that is finite and
// has a scale as needed; a Date, Time or Timestamp in ISO form, as in a JVM whose
// time zone is UTC; an Array or a Map of those and of quoted Strings; and for any
// other text the String itself. Schemas are not optional, and nil is that of null.
// The schema of an Array or Map has no Elem if its members have nothing in common.
//
// As in Java, what follows a number, a date or a closing bracket is ignored, and
// so is white space that is alone in a quoted string or before a quote or bracket
// that does not open a value. The only error is ErrDepth.
//
// The value is in the memory of a and may refer to text.
func Parse(a *connect.Arena, text string) (*connect.Schema, connect.Value, error) {
	return parse(a, text, false)
}

// ParseWhole is Parse, but ignores nothing: a text of which Parse ignores a part is
// a String, and a quoted string keeps its white space.
func ParseWhole(a *connect.Arena, text string) (*connect.Schema, connect.Value, error) {
	return parse(a, text, true)
}

func parse(a *connect.Arena, text string, whole bool) (*connect.Schema, connect.Value, error) {
	all := datum{connect.StringSchema, connect.StringValue(text)}
	if text == "" || isText(text[0]) {
		return all.schema, all.value, nil
	}
	p := parser{tokens: tokens{text: text}, arena: a, whole: whole}
	d, err := p.parse(false)
	if err != nil {
		return nil, connect.Value{}, err
	}
	if whole && !p.ended() {
		d = all
	}
	return d.schema, d.value, nil
}

// isText reports whether what begins with the byte can only be a String: it is no
// white space, begins no null, true or false, no number of any script, and opens
// neither an array nor a map.
func isText(first byte) bool {
	switch first {
	case 'n', 't', 'f', '+', '-', '[', '{':
		return false
	}
	return first > ' ' && first < utf8.RuneSelf && (first < '0' || first > '9')
}

// datum is a value and its schema. Null has none.
type datum struct {
	schema *connect.Schema
	value  connect.Value
}

type parser struct {
	tokens
	arena *connect.Arena
	whole bool
	depth int
}

var (
	trueDatum  = datum{connect.BooleanSchema, connect.BooleanValue(true)}
	falseDatum = datum{connect.BooleanSchema, connect.BooleanValue(false)}
)

// parse reads the next value. One that is embedded in an array or a map ends where
// it ends; one that is not is the whole text.
func (p *parser) parse(embedded bool) (datum, error) {
	switch {
	case !p.more():
		return datum{}, nil
	case embedded && p.take(`"`):
		return p.quoted(), nil
	case p.literal("null", embedded):
		return datum{}, nil
	case p.literal("true", embedded):
		return trueDatum, nil
	case p.literal("false", embedded):
		return falseDatum, nil
	}
	start := p.mark()
	if bracket := p.opens(); bracket != "" {
		d, err := p.container(bracket)
		if !errors.Is(err, errNo) {
			return d, err
		}
		p.rewind(start)
	}
	token := p.next()
	if isBlank(token) {
		return datum{connect.StringSchema, connect.StringValue(token)}, nil
	}
	return p.scalar(trim(token), embedded)
}

// literal takes the word, which must be all there is if it is not embedded.
func (p *parser) literal(word string, embedded bool) bool {
	start := p.mark()
	if p.take(word) && (embedded || !p.more()) {
		return true
	}
	p.rewind(start)
	return false
}

// opens takes an opening bracket and returns it, or nothing.
func (p *parser) opens() string {
	for _, bracket := range [...]string{"[", "{"} {
		if p.take(bracket) {
			return bracket
		}
	}
	return ""
}

// container reads an array or a map after its bracket.
func (p *parser) container(bracket string) (d datum, err error) {
	if p.depth++; p.depth > maxDepth {
		return datum{}, ErrDepth
	}
	if bracket == "[" {
		d, err = p.array()
	} else {
		d, err = p.object()
	}
	p.depth--
	return d, err
}

// quoted reads a string after its first quote. Escapes stay what they are.
func (p *parser) quoted() datum {
	start := p.mark()
	end, dropped := start, []byte(nil)
	for p.more() {
		if p.whole && p.peek() == `"` || !p.whole && p.take(`"`) {
			break
		}
		at := p.mark()
		token := p.next()
		switch {
		case dropped != nil:
			dropped = append(dropped, token...)
		case at != end: // Java has passed over white space
			dropped = append([]byte(p.text[start:end]), token...)
		}
		end = p.mark()
	}
	if p.whole {
		p.next()
	}
	text := p.text[start:end]
	if dropped != nil {
		text = string(dropped)
	}
	if d, ok := parseTemporal(text); ok {
		return d
	}
	return datum{connect.StringSchema, connect.StringValue(text)}
}

// scalar reads a number or a date that begins with the token. Anything else is a
// string if it is not embedded.
func (p *parser) scalar(token string, embedded bool) (datum, error) {
	first, _ := utf8.DecodeRuneInString(token)
	digit := isDigit(first)
	if digit {
		if d, ok := p.temporal(token); ok {
			return d, nil
		}
	}
	if digit || first == '+' || first == '-' {
		if d, ok := parseNumber(token); ok {
			return d, nil
		}
	}
	if embedded {
		return datum{}, errNo
	}
	p.end()
	return datum{connect.StringSchema, connect.StringValue(p.text)}, nil
}

// longestTemporal bounds the text that may be a date or a time, in bytes.
const longestTemporal = 8 * timestampLength

// temporal reads a date or a time. Its colons are tokens of their own.
func (p *parser) temporal(token string) (datum, bool) {
	start := p.mark()
	if rest, ok := p.nextTokens(4); ok && len(token)+len(rest) <= longestTemporal {
		if d, ok := parseTemporal(token + rest); ok {
			return d, true
		}
	}
	p.rewind(start)
	return parseTemporal(token)
}

// isDigit reports whether Java's Character.isDigit says so of a char.
func isDigit(r rune) bool {
	return r >= '0' && r <= '9' || r > utf8.RuneSelf && r <= 0xFFFF && unicode.IsDigit(r)
}
