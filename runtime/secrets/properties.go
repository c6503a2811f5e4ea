// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ParseProperties reads the text of a Java properties file as
// java.util.Properties.load does, in UTF-8: comments with # and !, `key=value`,
// `key: value` and `key value`, a backslash that continues a line or escapes a
// character, \uXXXX. The last of equal keys wins.
func ParseProperties(text string) (map[string]string, error) {
	props := map[string]string{}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	for i := 0; i < len(lines); i++ {
		line := trimBlank(lines[i])
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		for continues(line) {
			line = line[:len(line)-1]
			if i+1 == len(lines) {
				break
			}
			i++
			line += trimBlank(lines[i])
		}
		k, v := splitProperty(line)
		key, err := unescape(k)
		if err != nil {
			return nil, err
		}
		value, err := unescape(v)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", key, err)
		}
		props[key] = value
	}
	return props, nil
}

func trimBlank(s string) string { return strings.TrimLeft(s, " \t\f") }

// continues reports whether the line ends in an odd number of backslashes.
func continues(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

// splitProperty cuts a line at its first separator that is not escaped.
func splitProperty(line string) (key, value string) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '=', ':':
			return line[:i], trimBlank(line[i+1:])
		case ' ', '\t', '\f':
			value = trimBlank(line[i:])
			if value != "" && (value[0] == '=' || value[0] == ':') {
				value = trimBlank(value[1:])
			}
			return line[:i], value
		}
	}
	return line, ""
}

var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'f': '\f'}

func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			b.WriteByte(s[i])
		case i+1 == len(s):
		case s[i+1] == 'u':
			r, n, err := unicodeEscape(s[i:])
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			i += n - 1
		default:
			i++
			c, ok := escapes[s[i]]
			if !ok {
				c = s[i]
			}
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// unicodeEscape reads the \uXXXX that s starts with, or two of them if they are
// a pair of UTF-16 surrogates, and returns how many bytes it took.
func unicodeEscape(s string) (rune, int, error) {
	high, err := codeUnit(s)
	if err != nil || !utf16.IsSurrogate(high) || !strings.HasPrefix(s[6:], `\u`) {
		return high, 6, err
	}
	low, err := codeUnit(s[6:])
	if r := utf16.DecodeRune(high, low); err == nil && r != utf8.RuneError {
		return r, 12, nil
	}
	return high, 6, err
}

var errCodeUnit = errors.New(`\u needs four hexadecimal digits`)

func codeUnit(s string) (rune, error) {
	if len(s) < 6 {
		return 0, errCodeUnit
	}
	r, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return 0, errCodeUnit
	}
	return rune(r), nil
}
