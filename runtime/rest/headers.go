// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package rest

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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

// cors lets pages of other origins call, as Jetty's CrossOriginFilter does with
// its defaults.
func cors(origins, methods []string, next http.Handler) http.Handler {
	if len(methods) == 0 {
		methods = []string{"GET", "POST", "HEAD"}
	}
	any := slices.Contains(origins, "*")
	patterns := make([]*regexp.Regexp, len(origins))
	for i, o := range origins {
		patterns[i] = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(o), `\*`, ".*") + "$")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		if !any {
			w.Header().Add("Vary", "Origin")
		}
		if any || slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(origin) }) {
			allow(w.Header(), r, origin, methods)
		}
		next.ServeHTTP(w, r)
	})
}

// allow answers a browser that asks whether a page may call.
func allow(h http.Header, r *http.Request, origin string, methods []string) {
	wanted := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || wanted == "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		return
	}
	if !slices.Contains(methods, wanted) {
		return
	}
	known := []string{"x-requested-with", "content-type", "accept", "origin"}
	for _, header := range list(r.Header.Get("Access-Control-Request-Headers")) {
		if header != "" && !slices.Contains(known, strings.ToLower(header)) {
			return
		}
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Max-Age", "1800")
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ","))
	h.Set("Access-Control-Allow-Headers", "X-Requested-With,Content-Type,Accept,Origin")
}
