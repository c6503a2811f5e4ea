// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// headerPrefix begins the keys whose rest is the name of an HTTP header.
const headerPrefix = "request.header."

// Families are the keys of which a config may have any number, as
// AbstractKafkaSchemaSerDeConfig of io.confluent.kafka.serializers has them.
func Families() []configdef.Key {
	return []configdef.Key{{
		Name: headerPrefix, Type: "PASSWORD", Importance: "LOW",
		Doc: "A header of every request to the registry: the rest of the key is its name, the value its value. It is sent in the place of one that the converter would send, except for the types of what is sent and wanted.",
	}}
}

// Headers returns the headers that a config names.
func Headers(props map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range props {
		if name, ok := strings.CutPrefix(k, headerPrefix); ok {
			out[name] = v
		}
	}
	return out
}

// headerSecrets are the values of headers that must not be shown.
func (c Config) headerSecrets() []string {
	var out []string
	for _, v := range c.Headers {
		if len(v) >= connect.LeastSecret {
			out = append(out, v)
		}
	}
	return out
}

// reserved are headers that say how a request is sent, and are the client's.
var reserved = []string{"Connection", "Content-Length", "Host", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func checkHeaders(headers map[string]string, add func(key, format string, args ...any)) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		switch {
		case !isToken(name):
			add(headerPrefix+name, "%q is no name of an HTTP header; use letters, digits and hyphens", name)
		case slices.Contains(reserved, textproto.CanonicalMIMEHeaderKey(name)):
			add(headerPrefix+name, "is a header that says how a request is sent; remove it")
		case strings.ContainsFunc(headers[name], func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			add(headerPrefix+name, "the value holds characters that cannot stand in a header, such as ends of lines")
		}
	}
}

// isToken tells the names of headers (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// headed is a transport that adds headers to requests to the registry, and not to
// where those may be redirected: they may be secrets.
type headed struct {
	next    http.RoundTripper
	headers map[string]string
	hosts   []string // of the registry, with ports
}

// RoundTrip implements http.RoundTripper.
func (h headed) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(h.headers) == 0 || !slices.Contains(h.hosts, r.URL.Host) {
		return h.next.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	for name, value := range h.headers {
		key := textproto.CanonicalMIMEHeaderKey(name)
		if (key == "Accept" || key == "Content-Type") && r.Header.Get(key) != "" {
			continue
		}
		r.Header.Set(key, value)
	}
	return h.next.RoundTrip(r)
}
