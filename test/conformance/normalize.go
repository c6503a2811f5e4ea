// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// normalizer replaces what has to differ between two systems, or between two runs
// of one, by words.
type normalizer struct {
	// prefix begins the names of all that is the system's own; dir is its folder.
	prefix, dir string
	// worker is its address, and start when the run began: later times are "now".
	worker string
	start  time.Time
}

// text replaces names in any text, also in binary ones.
func (n normalizer) text(s string) string {
	return strings.NewReplacer(n.dir, "${dir}", n.worker, "${worker}", n.prefix, "${system}-",
		strings.ReplaceAll(n.prefix, "-", "_"), "${system}_").Replace(s)
}

// millis returns a time of the run as "now", any other as it is.
func (n normalizer) millis(ms int64) string {
	if t := time.UnixMilli(ms); ms > 0 && !t.Before(n.start.Add(-time.Minute)) && t.Before(n.start.Add(24*time.Hour)) {
		return "now"
	}
	return strconv.FormatInt(ms, 10)
}

// volatile are members of answers that differ from run to run, such as a stack
// trace, or have to differ: the documentation of a key is in our own words.
var volatile = map[string]bool{"trace": true, "version": true, "commit": true, "last_modified": true, "documentation": true}

// answer returns the body of an answer with sorted members, if it is JSON.
func (n normalizer) answer(body []byte) string {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return n.text(string(body))
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(blank(v)); err != nil {
		return n.text(string(body))
	}
	return strings.TrimSuffix(n.text(out.String()), "\n")
}

func blank(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			if _, text := member.(string); text && volatile[k] {
				v[k] = "${" + k + "}"
				continue
			}
			v[k] = blank(member)
			if list, ok := v[k].([]any); ok && k == "offsets" {
				sortJSON(list) // the order is that of a hash map
			}
		}
	case []any:
		for i := range v {
			v[i] = blank(v[i])
		}
	}
	return v
}

func sortJSON(list []any) {
	slices.SortFunc(list, func(a, b any) int {
		x, _ := json.Marshal(a) // it was JSON before
		y, _ := json.Marshal(b)
		return bytes.Compare(x, y)
	})
}

// stackTraceHeader is the dead-letter header that holds a stack trace.
const stackTraceHeader = "__connect.errors.exception.stacktrace"

var printable = regexp.MustCompile(`^[\x20-\x7e\p{L}]*$`)

// octets returns bytes as text if that is readable, or else in hexadecimal digits.
func (n normalizer) octets(b []byte) string {
	if b == nil {
		return "null"
	}
	if s := n.text(string(b)); printable.MatchString(s) {
		return strconv.Quote(s)
	}
	return strconv.QuoteToASCII(n.text(string(b)))
}
