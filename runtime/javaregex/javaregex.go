// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package javaregex compiles the regular expressions of java.util.regex that
// Kafka Connect's users write, for matching names: of topics, of fields.
//
// Go's expressions take time linear in the text, and for that lack what needs to
// go back: look-around, back-references, possessive quantifiers, atomic groups.
// Those are refused by name, and so is what a character class of Java can say and
// one of Go cannot. The others mean the same, with three exceptions that do not
// show in names: `$` without (?m) does not match before a line end at the end of
// the text, `.` leaves out \n only, and (?i) folds the case of all of Unicode.
package javaregex

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
)

// Pattern is a compiled expression. It is safe for concurrent use.
type Pattern struct {
	find, full *regexp.Regexp
}

// Compile compiles a Java expression. The error says what to change.
func Compile(java string) (*Pattern, error) {
	text, err := translate(java)
	if err != nil {
		return nil, err
	}
	find, err := regexp.Compile(text)
	if err != nil {
		return nil, refused(err)
	}
	full, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return nil, refused(err)
	}
	return &Pattern{find: find, full: full}, nil
}

func refused(err error) error {
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return fmt.Errorf("is not a regular expression that can be used here: %s: `%s`", e.Code, e.Expr)
	}
	return fmt.Errorf("is not a regular expression that can be used here: %w", err)
}

// Matches reports whether the whole of s matches, as Matcher.matches does.
func (p *Pattern) Matches(s string) bool { return p.full.MatchString(s) }

// FullText returns the expression of Go's that matches what Matches does.
func (p *Pattern) FullText() string { return p.full.String() }

// Replacement is what Matcher.replaceFirst is given, compiled.
type Replacement struct {
	pattern *Pattern
	pieces  []piece
}

// piece is a text, or a group if group is not negative.
type piece struct {
	text  string
	group int
}

// Replacement compiles a Java replacement text: $1 and ${name} are groups, a
// backslash takes the next character as it is.
func (p *Pattern) Replacement(java string) (*Replacement, error) {
	r := &Replacement{pattern: p}
	for rest := java; rest != ""; {
		at := strings.IndexAny(rest, `\$`)
		if at < 0 {
			r.add(rest)
			break
		}
		r.add(rest[:at])
		special, after := rest[at], rest[at+1:]
		if after == "" && special == '\\' {
			return nil, errors.New(`ends with a backslash; write \\ for one`)
		}
		if special == '\\' {
			size := len(after) - len(strings.TrimPrefix(after, string([]rune(after)[0])))
			r.add(after[:size])
			rest = after[size:]
			continue
		}
		group, size, err := p.reference(after)
		if err != nil {
			return nil, err
		}
		r.pieces = append(r.pieces, piece{group: group})
		rest = after[size:]
	}
	return r, nil
}

func (r *Replacement) add(text string) {
	if text != "" {
		r.pieces = append(r.pieces, piece{text: text, group: -1})
	}
}

// reference reads what follows a $: a number of as many digits as there are
// groups, or a name in braces.
func (p *Pattern) reference(text string) (group, size int, err error) {
	if name, ok := strings.CutPrefix(text, "{"); ok {
		name, _, found := strings.Cut(name, "}")
		if !found {
			return 0, 0, errors.New("has a ${ without }")
		}
		if group = p.find.SubexpIndex(name); group < 0 {
			return 0, 0, fmt.Errorf("refers to the group ${%s}, which the expression does not have", name)
		}
		return group, len(name) + 2, nil
	}
	if text == "" || text[0] < '0' || text[0] > '9' {
		return 0, 0, errors.New(`has a $ without the number of a group; write \$ for a dollar sign`)
	}
	groups := p.find.NumSubexp()
	if group = int(text[0] - '0'); group > groups {
		return 0, 0, fmt.Errorf("refers to the group $%d, and the expression has %d", group, groups)
	}
	for size = 1; size < len(text) && text[size] >= '0' && text[size] <= '9'; size++ {
		next, err := strconv.Atoi(text[:size+1])
		if err != nil || next > groups {
			break
		}
		group = next
	}
	return group, size, nil
}

// First replaces the first match in s, which is not always all of s even if the
// whole of it matches: of `a|ab`, Java too finds the a.
func (r *Replacement) First(s string) string {
	at := r.pattern.find.FindStringSubmatchIndex(s)
	if at == nil {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:at[0]])
	for _, p := range r.pieces {
		switch {
		case p.group < 0:
			b.WriteString(p.text)
		case at[2*p.group] >= 0:
			b.WriteString(s[at[2*p.group]:at[2*p.group+1]])
		}
	}
	b.WriteString(s[at[1]:])
	return b.String()
}
