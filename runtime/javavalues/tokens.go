// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package javavalues

// tokens cuts a text at its delimiters, each of which is a token itself unless a
// backslash stands before it. A token that was looked at is pending until it is
// taken.
type tokens struct {
	text    string
	pos     int // behind the pending token
	pending string
	has     bool // a token is pending
}

// more reports whether there is another token.
func (t *tokens) more() bool { return t.has || t.pos < len(t.text) }

// ended reports whether nothing but white space follows.
func (t *tokens) ended() bool { return isBlank(t.text[t.mark():]) }

// end takes all that follows.
func (t *tokens) end() { t.rewind(len(t.text)) }

// mark returns where the next token begins.
func (t *tokens) mark() int { return t.pos - len(t.pending) }

// rewind goes back to, or on to, a place.
func (t *tokens) rewind(pos int) { t.pos, t.pending, t.has = pos, "", false }

// next takes the next token, which is empty at the end.
func (t *tokens) next() string {
	token := t.peek()
	t.pending, t.has = "", false
	return token
}

// peek looks at the next token.
func (t *tokens) peek() string {
	if !t.has {
		t.pending, t.has = t.scan(), true
	}
	return t.pending
}

// nextTokens takes n tokens, or none if there are fewer.
func (t *tokens) nextTokens(n int) (text string, ok bool) {
	start := t.mark()
	for range n {
		if !t.more() {
			t.rewind(start)
			return "", false
		}
		t.next()
	}
	return t.text[start:t.pos], true
}

// take takes the next token that is not blank if it is the wanted one, with or
// without white space. If it is another one, the blank ones before it are gone
// all the same.
func (t *tokens) take(want string) bool {
	if !t.more() {
		return false
	}
	for token := t.peek(); isBlank(token) && t.pos < len(t.text); {
		token = t.scan()
		t.pending = token
	}
	if trim(t.pending) != want {
		return false
	}
	t.pending, t.has = "", false
	return true
}

func (t *tokens) scan() string {
	start, escaped := t.pos, false
	for ; t.pos < len(t.text); t.pos++ {
		switch t.text[t.pos] {
		case '\\':
			escaped = !escaped
			continue
		case ':', ',', '{', '}', '[', ']', '"':
			if escaped {
				break
			}
			if t.pos == start {
				t.pos++
			}
			return t.text[start:t.pos]
		}
		escaped = false
	}
	return t.text[start:]
}

// trim cuts white space and control characters, as Java's String.trim does.
func trim(s string) string {
	for len(s) > 0 && s[0] <= ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}

func isBlank(s string) bool { return trim(s) == "" }
