// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package secrets

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const mask = "****"

// Redactor takes secrets out of texts that leave the worker. A nil Redactor
// changes nothing.
type Redactor struct{ replacer *strings.Replacer }

// NewRedactor returns a redactor for these values and for the forms in which
// libraries quote them in errors: URL, Go, JSON, base64. Empty values are left
// out; without any other it returns nil.
func NewRedactor(values []string) *Redactor {
	var forms []string
	for _, v := range values {
		if v != "" {
			forms = append(forms, variants(v)...)
		}
	}
	// The longest comes first, so that a secret which holds another one is not
	// left in part; the replacer takes them in this order.
	slices.SortFunc(forms, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	forms = slices.Compact(forms)
	if len(forms) == 0 {
		return nil
	}
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range forms {
		pairs = append(pairs, f, mask)
	}
	return &Redactor{replacer: strings.NewReplacer(pairs...)}
}

func variants(v string) []string {
	quoted := strconv.Quote(v)
	out := []string{
		v, url.QueryEscape(v), url.PathEscape(v), url.UserPassword("", v).String()[1:],
		quoted[1 : len(quoted)-1], base64.StdEncoding.EncodeToString([]byte(v)),
	}
	if j, err := json.Marshal(v); err == nil {
		out = append(out, string(j[1:len(j)-1]))
	}
	if t := strings.TrimSpace(v); t != "" && t != v {
		out = append(out, t)
	}
	return out
}

// Redact returns text with every secret replaced by ****.
func (r *Redactor) Redact(text string) string {
	if r.empty() {
		return text
	}
	return r.replacer.Replace(text)
}

func (r *Redactor) empty() bool { return r == nil || r.replacer == nil }

// Error returns err with a text without secrets; errors.Is and errors.As see
// through it. Nil stays nil.
func (r *Redactor) Error(err error) error {
	if err == nil || r.empty() {
		return err
	}
	text := err.Error()
	if clean := r.Redact(text); clean != text {
		return &redacted{clean, err}
	}
	return err
}

// redacted is an error that says something else than its cause.
type redacted struct {
	text  string
	cause error
}

// Error returns the text without secrets.
func (e *redacted) Error() string { return e.text }

// Unwrap returns the error as it was.
func (e *redacted) Unwrap() error { return e.cause }

// Shorten cuts text to at most n bytes, at the end of a character, and says so.
func Shorten(text string, n int) string {
	const more = " …"
	if len(text) <= n {
		return text
	}
	if n < len(more) {
		return ""
	}
	cut := n - len(more)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + more
}
