// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javaregex

import (
	"fmt"
	"strings"
)

// class translates a character class in brackets. Java's may be nested, joined
// and cut with each other; Go's may not.
func (t *translator) class() error {
	start := t.pos
	t.copy(1)
	if strings.HasPrefix(t.rest(), "^") {
		t.copy(1)
	}
	for first := true; t.pos < len(t.in); first = false {
		rest := t.rest()
		switch c := rest[0]; {
		case c == ']' && !first:
			t.copy(1)
			return nil
		case c == '[':
			return lacks("a character class within another, %s", t.in[start:])
		case strings.HasPrefix(rest, "&&"):
			return lacks("the intersection of character classes, &&")
		case c == '\\':
			if err := t.classEscape(); err != nil {
				return err
			}
		case c == ']':
			t.put(1, `\]`)
		default:
			t.copy(1)
		}
	}
	return fmt.Errorf("has a character class that does not end: %s", t.in[start:])
}

func (t *translator) classEscape() error {
	rest := t.rest()
	if len(rest) < 2 {
		return fmt.Errorf(`ends with a backslash; write \\ for one`)
	}
	switch c := rest[1]; c {
	case 'h', 'v', 's':
		t.put(2, shorthand(c))
	case 'H', 'V', 'S':
		return lacks(`\%c within a character class`, c)
	case 'Q':
		return t.quote()
	case 'p', 'P':
		return t.classProperty()
	default:
		return t.character()
	}
	return nil
}

func (t *translator) classProperty() error {
	rest := t.rest()
	if body, braced := strings.CutPrefix(rest[2:], "{"); braced {
		name, _, ended := strings.Cut(body, "}")
		chars, ok := posix[name]
		switch {
		case ok && ended && rest[1] == 'P':
			return lacks(`\P{%s} within a character class`, name)
		case ok && ended:
			t.put(len(name)+len(`\p{}`), chars)
			return nil
		}
	}
	return t.property()
}
