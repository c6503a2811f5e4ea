// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package transforms

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// fieldSyntaxV1 is the version of the syntax in which a key names a field of the
// key or value itself. In the other one, V2, it names a field at any depth.
const fieldSyntaxV1 = "V1"

// fieldPath returns the names of the fields on the way to the one that the text
// names, from the outermost to the innermost.
func fieldPath(text, version string) ([]string, error) {
	if version == fieldSyntaxV1 {
		return []string{text}, nil
	}
	return parseFieldPath(text)
}

// parseFieldPath reads a path of version 2 of KIP-821, as Kafka Connect's
// SingleFieldPath does. Dots separate the steps. A step between backticks may
// contain dots; it ends with a backtick that a dot or nothing follows, unless a
// backslash stands before that backtick: then it belongs to the step, and the
// backslash does not. Any other backtick or backslash stands for itself.
func parseFieldPath(text string) ([]string, error) {
	var steps []string
	for rest := text; rest != ""; {
		var step string
		var err error
		if rest[0] == '`' {
			if step, rest, err = quotedStep(rest); err != nil {
				return nil, fmt.Errorf("Incomplete backtick pair in path: [%s], consider adding a backslash before backtick at position %d to escape it",
					text, units(text[:len(text)-len(rest)]))
			}
		} else {
			step, rest, _ = strings.Cut(rest, ".")
		}
		steps = append(steps, step)
	}
	if strings.HasSuffix(text, ".") {
		steps = append(steps, "")
	}
	return steps, nil
}

// quotedStep reads a step that begins with a backtick, and the dot behind it. It
// returns what follows, or with an error what it was given.
func quotedStep(text string) (step, rest string, err error) {
	var b strings.Builder
	for start, at := 1, 1; ; at++ {
		next := strings.IndexByte(text[at:], '`')
		if next < 0 {
			return "", text, errUnclosed
		}
		at += next
		escaped, end := text[at-1] == '\\', at == len(text)-1
		switch {
		case end && escaped:
			return "", text, errUnclosed
		case !end && text[at+1] != '.':
		case escaped:
			b.WriteString(text[start : at-1])
			b.WriteByte('`')
			start = at + 1
		default:
			b.WriteString(text[start:at])
			return b.String(), text[min(at+2, len(text)):], nil
		}
	}
}

var errUnclosed = errors.New("no closing backtick")

// units returns how many characters Java counts in a text.
func units(text string) int { return len(utf16.Encode([]rune(text))) }
