// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javaregex

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// translator rewrites an expression of Java as one of Go.
type translator struct {
	in  string
	pos int
	out strings.Builder
	// quantified says that a quantifier has just been written, after which + is
	// possessive.
	quantified bool
}

func translate(java string) (string, error) {
	if !utf8.ValidString(java) {
		return "", fmt.Errorf("is not valid UTF-8")
	}
	t := translator{in: java}
	for t.pos < len(t.in) {
		if err := t.step(); err != nil {
			return "", err
		}
	}
	return t.out.String(), nil
}

// step translates one element.
func (t *translator) step() error {
	after := t.quantified
	t.quantified = false
	switch c := t.in[t.pos]; c {
	case '\\':
		return t.escape()
	case '[':
		return t.class()
	case '(':
		return t.group()
	case '+':
		if after {
			return lacks("the possessive quantifier %s", t.in[t.pos-1:t.pos+1])
		}
		t.quantified = true
		t.copy(1)
	case '*', '?':
		t.quantified = !after // a second one is lazy, and not to be made possessive
		t.copy(1)
	case '{':
		return t.repeat()
	default:
		t.copy(1)
	}
	return nil
}

func (t *translator) copy(n int) {
	t.out.WriteString(t.in[t.pos : t.pos+n])
	t.pos += n
}

// put writes text for the next n bytes of the input.
func (t *translator) put(n int, text string) {
	t.out.WriteString(text)
	t.pos += n
}

func (t *translator) rest() string { return t.in[t.pos:] }

func lacks(format string, args ...any) error {
	return fmt.Errorf("uses "+format+", which cannot be had here; write the expression without it", args...)
}

// repeat translates {n}, {n,} and {n,m}. Java takes no other brace, Go takes them
// for characters.
func (t *translator) repeat() error {
	body, _, found := strings.Cut(t.rest()[1:], "}")
	low, high, _ := strings.Cut(body, ",")
	if !found || low == "" || strings.Trim(low+high, "0123456789") != "" {
		return fmt.Errorf(`has a { that begins no repetition like {1,3}; write \{ for a brace`)
	}
	t.quantified = true
	t.copy(len(body) + 2)
	return nil
}

// groups that Go lacks, by how they begin; longer ones first.
var lackedGroups = []struct{ prefix, what string }{
	{"(?=", "look-ahead, (?=…)"},
	{"(?!", "negative look-ahead, (?!…)"},
	{"(?<=", "look-behind, (?<=…)"},
	{"(?<!", "negative look-behind, (?<!…)"},
	{"(?>", "an atomic group, (?>…)"},
}

// group translates the beginning of a group.
func (t *translator) group() error {
	rest := t.rest()
	for _, g := range lackedGroups {
		if strings.HasPrefix(rest, g.prefix) {
			return lacks("%s", g.what)
		}
	}
	if !strings.HasPrefix(rest, "(?") || strings.HasPrefix(rest, "(?:") {
		t.copy(1)
		if strings.HasPrefix(rest, "(?:") {
			t.copy(2)
		}
		return nil
	}
	if strings.HasPrefix(rest, "(?<") {
		t.copy(len("(?<"))
		return nil
	}
	end := strings.IndexAny(rest, ":)")
	if end < 0 {
		return fmt.Errorf("has a group that does not end: %s", rest)
	}
	flags := rest[len("(?"):end]
	for _, f := range flags {
		if !strings.ContainsRune("ims-", f) {
			return lacks("the flag (?%c)", f)
		}
	}
	t.copy(end + 1)
	return nil
}

// The characters of Java's classes that Go writes otherwise, as they stand within
// brackets.
const (
	horizontalSpace = `\t \x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}`
	verticalSpace   = `\n\x0B\f\r\x{85}\x{2028}\x{2029}`
	space           = `\t\n\x0B\f\r `
)

// escape translates an escape outside of a class.
func (t *translator) escape() error {
	rest := t.rest()
	if len(rest) < 2 {
		return fmt.Errorf(`ends with a backslash; write \\ for one`)
	}
	switch c := rest[1]; c {
	case 'Q':
		return t.quote()
	case 'h', 'v', 's':
		t.put(2, "["+shorthand(c)+"]")
	case 'H', 'V', 'S':
		t.put(2, "[^"+shorthand(c|0x20)+"]")
	case 'R':
		t.put(2, `(?:\r\n|[`+verticalSpace+`])`)
	case 'b', 'B', 'A', 'z':
		t.copy(2)
	case '1', '2', '3', '4', '5', '6', '7', '8', '9', 'k':
		return lacks(`the back-reference \%c`, c)
	case 'G', 'Z', 'X', 'N':
		return lacks(`\%c`, c)
	default:
		return t.character()
	}
	return nil
}

func shorthand(c byte) string {
	switch c {
	case 'h':
		return horizontalSpace
	case 'v':
		return verticalSpace
	default:
		return space
	}
}

// quote translates \Q…\E.
func (t *translator) quote() error {
	body, _, ended := strings.Cut(t.rest()[2:], `\E`)
	size := 2 + len(body)
	if ended {
		size += 2
	}
	t.put(size, quoteMeta(body))
	return nil
}

func quoteMeta(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(`\.+*?()|[]{}^$-&~#`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// character translates the escapes that mean the same in a class and outside.
func (t *translator) character() error {
	rest := t.rest()
	switch c := rest[1]; c {
	case 'd', 'D', 'w', 'W', 't', 'n', 'f', 'r', 'a':
		t.copy(2)
	case 'x':
		return t.hex()
	case 'e':
		t.put(2, `\x1B`)
	case 'u':
		return t.hex4()
	case '0':
		return t.octal()
	case 'c':
		if len(rest) < 3 || rest[2] >= utf8.RuneSelf {
			return fmt.Errorf(`has a \c without a control character`)
		}
		t.put(3, fmt.Sprintf(`\x%02X`, rest[2]^0x40))
	case 'p', 'P':
		return t.property()
	default:
		if isLetter(c) {
			return fmt.Errorf(`has the unknown escape \%c`, c)
		}
		r, size := utf8.DecodeRuneInString(rest[1:])
		t.put(1+size, quoteMeta(string(r)))
	}
	return nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// hex translates \xhh and \x{h…h}.
func (t *translator) hex() error {
	body, size := t.rest()[2:], 4
	if strings.HasPrefix(body, "{") {
		inner, _, _ := strings.Cut(body[1:], "}")
		body, size = inner, len(inner)+len(`\x{}`)
	} else if len(body) >= 2 {
		body = body[:2]
	}
	if body == "" || size > len(t.rest()) || size == 4 && len(body) != 2 || strings.Trim(body, hexDigits) != "" {
		return fmt.Errorf(`has a \x without hexadecimal digits`)
	}
	t.put(size, `\x{`+body+`}`)
	return nil
}

const hexDigits = "0123456789abcdefABCDEF"

func (t *translator) hex4() error {
	rest := t.rest()
	if len(rest) < 6 || strings.Trim(rest[2:6], hexDigits) != "" {
		return fmt.Errorf(`has a \u without four hexadecimal digits`)
	}
	t.put(6, `\x{`+rest[2:6]+`}`)
	return nil
}

// octal translates \0n, \0nn and \0mnn with m up to 3.
func (t *translator) octal() error {
	rest, n, size := t.rest(), 0, 2
	for size < len(rest) && size < 5 && rest[size] >= '0' && rest[size] <= '7' && n*8 < 256 {
		n = n*8 + int(rest[size]-'0')
		size++
	}
	if size == 2 {
		return fmt.Errorf(`has a \0 without octal digits`)
	}
	t.put(size, fmt.Sprintf(`\x{%X}`, n))
	return nil
}

// posix are Java's names of properties of ASCII characters and what they are.
var posix = map[string]string{
	"Lower": "a-z", "Upper": "A-Z", "ASCII": `\x00-\x7F`, "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9",
	"Punct": "!-/:-@\\[-`{-~", "Graph": "!-~", "Print": " -~", "Blank": ` \t`, "Cntrl": `\x00-\x1F\x7F`,
	"XDigit": "0-9a-fA-F", "Space": space,
}

// property translates \p{…}. Go has Java's general categories and scripts, and
// spells Is before a script not at all.
func (t *translator) property() error {
	rest := t.rest()
	if len(rest) > 2 && rest[2] != '{' {
		if !isLetter(rest[2]) {
			return fmt.Errorf(`has a \%c without a property`, rest[1])
		}
		t.copy(3) // \pL
		return nil
	}
	name, _, found := strings.Cut(strings.TrimPrefix(rest[2:], "{"), "}")
	if !found {
		return fmt.Errorf(`has a \%c that does not end`, rest[1])
	}
	size := len(name) + len(`\p{}`)
	if chars, ok := posix[name]; ok {
		return t.chars(size, chars, rest[1] == 'P')
	}
	script := strings.TrimPrefix(name, "Is")
	if strings.HasPrefix(name, "java") || strings.HasPrefix(name, "In") || strings.Contains(name, "=") {
		return lacks(`the property %s`, rest[:size])
	}
	t.put(size, rest[:2]+"{"+script+"}")
	return nil
}

// chars writes characters of which class says how they stand.
func (t *translator) chars(size int, chars string, not bool) error {
	if not {
		t.put(size, "[^"+chars+"]")
	} else {
		t.put(size, "["+chars+"]")
	}
	return nil
}
