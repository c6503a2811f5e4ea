// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock.dev/runtime/javaregex"
)

// Header is a header of every answer.
type Header struct {
	// Add puts it beside others of that name instead of in their place.
	Add         bool
	Name, Value string
}

// headers reads response.http.headers.config: `[action] [name]:[value]`, separated
// by commas; an entry in double quotes may hold commas itself. The actions are
// set, add, setDate and addDate, whose value is in milliseconds since 1970.
func (p *parser) headers(text string) []Header {
	const key = "response.http.headers.config"
	var out []Header
	for _, entry := range splitQuoted(text) {
		action, rest, _ := strings.Cut(strings.TrimSpace(entry), " ")
		name, value, ok := strings.Cut(rest, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			p.problem(key, "%q is not of the form [action] [name]:[value]", entry)
			continue
		}
		h := Header{Add: strings.HasPrefix(strings.ToLower(action), "add"), Name: name, Value: value}
		switch strings.ToLower(action) {
		case "set", "add":
		case "setdate", "adddate":
			ms, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				p.problem(key, "the value of %q is no number of milliseconds", entry)
				continue
			}
			h.Value = time.UnixMilli(ms).UTC().Format(http.TimeFormat)
		default:
			p.problem(key, "the action of %q is not set, add, setDate or addDate", entry)
			continue
		}
		out = append(out, h)
	}
	return out
}

// splitQuoted splits at commas that stand outside of quotes.
func splitQuoted(text string) []string {
	var out []string
	quoted, start := false, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && text[i] == '"':
			quoted = !quoted
		case i == len(text) || text[i] == ',' && !quoted:
			if entry := strings.Trim(strings.TrimSpace(text[start:i]), `"`); entry != "" {
				out = append(out, entry)
			}
			start = i + 1
		}
	}
	return out
}

func withHeaders(headers []Header, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, h := range headers {
			if h.Add {
				w.Header().Add(h.Name, h.Value)
			} else {
				w.Header().Set(h.Name, h.Value)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// origins reads access.control.allow.origin.
func (p *parser) origins(text string) []*javaregex.Pattern {
	var out []*javaregex.Pattern
	for _, origin := range list(text) {
		if origin == "*" {
			origin = ".*"
		}
		pattern, err := javaregex.Compile("(?i)" + origin)
		if err != nil {
			p.problem("access.control.allow.origin", "%q is neither * nor a regular expression: %v", origin, err)
			continue
		}
		out = append(out, pattern)
	}
	return out
}

// cors lets pages of other origins call, as Jetty's CrossOriginHandler does with
// its defaults. They may not use what a browser knows of a user: no answer allows
// credentials.
func cors(origins []*javaregex.Pattern, methods []string, next http.Handler) http.Handler {
	if len(methods) == 0 {
		methods = []string{"GET", "POST", "HEAD"}
	}
	allowed := strings.Join(methods, ",")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, origin := w.Header(), r.Header.Get("Origin")
		h.Add("Vary", "Origin")
		if origin != "" && slices.ContainsFunc(origins, func(p *javaregex.Pattern) bool { return p.Matches(origin) }) {
			h.Set("Access-Control-Allow-Origin", origin)
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				// What of this the page may do, its browser sees itself.
				h.Set("Access-Control-Allow-Methods", allowed)
				h.Set("Access-Control-Allow-Headers", "Content-Type")
				h.Set("Access-Control-Max-Age", "60")
			}
		}
		next.ServeHTTP(w, r)
	})
}
