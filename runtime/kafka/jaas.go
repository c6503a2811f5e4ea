// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// parseJAAS reads the options of the one login module of sasl.jaas.config:
// `module flag key="value" …;`, as Kafka's JaasConfig does with Java's
// StreamTokenizer. A number is no value there unless it is quoted.
func parseJAAS(text string) (map[string]string, bool) {
	t := jaasTokens{text}
	if module := t.next(); module.kind != jaasWord {
		return nil, false
	}
	if flag := t.next(); flag.kind != jaasWord || !slices.Contains([]string{"required", "requisite", "sufficient", "optional"}, strings.ToLower(flag.text)) {
		return nil, false
	}
	options := map[string]string{}
	for {
		key := t.next()
		if key.kind == ';' {
			return options, t.next().kind == jaasEnd
		}
		if key.kind != jaasWord || t.next().kind != '=' {
			return nil, false
		}
		value := t.next()
		if value.kind != jaasWord {
			return nil, false
		}
		options[key.text] = value.text
	}
}

// The kinds of tokens beside characters that stand for themselves. A word may have
// been quoted.
const (
	jaasEnd  rune = -1
	jaasWord rune = -2
)

type jaasToken struct {
	kind rune
	text string
}

// jaasTokens are the tokens of the rest of a text.
type jaasTokens struct{ rest string }

func (t *jaasTokens) next() jaasToken {
	for {
		t.rest = strings.TrimLeftFunc(t.rest, func(r rune) bool { return r <= ' ' })
		if !strings.HasPrefix(t.rest, "/") {
			break
		}
		end, begin := "\n", 1
		if strings.HasPrefix(t.rest, "/*") {
			end, begin = "*/", 2
		}
		_, t.rest, _ = strings.Cut(t.rest[begin:], end)
	}
	if t.rest == "" {
		return jaasToken{kind: jaasEnd}
	}
	first, size := utf8.DecodeRuneInString(t.rest)
	switch {
	case first == '"' || first == '\'':
		return jaasToken{jaasWord, t.quoted(byte(first))}
	case !isJAASLetter(first):
		t.rest = t.rest[size:]
		return jaasToken{kind: first}
	}
	end := strings.IndexFunc(t.rest, func(r rune) bool {
		return !isJAASLetter(r) && (r < '0' || r > '9') && r != '.' && r != '-'
	})
	if end < 0 {
		end = len(t.rest)
	}
	word := t.rest[:end]
	t.rest = t.rest[end:]
	return jaasToken{jaasWord, word}
}

// isJAASLetter reports whether a word may begin with r.
func isJAASLetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '$' || r >= 0xa0
}

// quoted takes a quoted text, which ends with its line if nothing else ends it.
func (t *jaasTokens) quoted(quote byte) string {
	var b strings.Builder
	i := 1
	for ; i < len(t.rest) && t.rest[i] != quote && t.rest[i] != '\n' && t.rest[i] != '\r'; i++ {
		if t.rest[i] != '\\' || i+1 == len(t.rest) {
			b.WriteByte(t.rest[i])
			continue
		}
		r, size := jaasEscape(t.rest[i+1:])
		b.WriteString(r)
		i += size
	}
	if i < len(t.rest) && t.rest[i] == quote {
		i++
	}
	t.rest = t.rest[i:]
	return b.String()
}

// jaasEscape returns what stands for the escape after a backslash, and its length:
// up to three octal digits below 400, or one character.
func jaasEscape(s string) (string, int) {
	most := 3
	if s[0] > '3' {
		most = 2
	}
	code, n := rune(0), 0
	for n < most && n < len(s) && s[n] >= '0' && s[n] <= '7' {
		code = code*8 + rune(s[n]-'0')
		n++
	}
	if n > 0 {
		return string(code), n
	}
	if at := strings.IndexByte("abfnrtv", s[0]); at >= 0 {
		return "\a\b\f\n\r\t\v"[at : at+1], 1
	}
	return s[:1], 1
}
