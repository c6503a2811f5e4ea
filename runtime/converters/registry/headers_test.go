// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/sr"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/converters/registry"
)

// headed returns a client that sends the headers.
func headed(t *testing.T, url string, headers map[string]string, extra ...string) *registry.Client {
	t.Helper()
	props := map[string]string{"schema.registry.url": url, "max.retries": "0"}
	for k, v := range headers {
		props["request.header."+k] = v
	}
	for i := 0; i < len(extra); i += 2 {
		props[extra[i]] = extra[i+1]
	}
	c := decode(t, props)
	c.Headers = registry.Headers(props)
	client, problems := registry.New(c, registry.Options{Type: sr.TypeAvro})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return client
}

// Headers of the config are in every request, and go before those of our own.
func TestRequestHeaders(t *testing.T) {
	f := newFake(t)
	f.SeedSchema("t-value", 1, 1, sr.Schema{Schema: longSchema})
	var got http.Header
	f.Intercept(func(_ http.ResponseWriter, r *http.Request) bool { got = r.Header.Clone(); return false })
	c := headed(t, f.URL(), map[string]string{
		"x-tenant": "blue", "Authorization": "Custom t0ken", "accept": "text/html", "User-Agent": "me",
	}, "bearer.auth.token", "other")
	if _, err := c.Schema(1); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"X-Tenant": "blue", "Authorization": "Custom t0ken", "User-Agent": "me"}
	for k, v := range want {
		if got.Get(k) != v || len(got.Values(k)) != 1 {
			t.Errorf("%s is %q, want %q", k, got.Values(k), v)
		}
	}
	if a := got.Get("Accept"); strings.Contains(a, "html") {
		t.Errorf("Accept is %q", a)
	}
}

// What headers hold is in no error, not even if the registry repeats it.
func TestRequestHeadersStaySecret(t *testing.T) {
	f := newFake(t)
	f.refuse("/schemas", 403, 40301, "the key k3y-of-ours may not")
	_, err := headed(t, f.URL(), map[string]string{"X-Api-Key": "k3y-of-ours"}).Schema(1)
	if err == nil || strings.Contains(err.Error(), "k3y-of-ours") || !strings.Contains(err.Error(), "may not") {
		t.Errorf("error %v", err)
	}
}

func TestRequestHeaderProblems(t *testing.T) {
	for name, tc := range map[string]struct{ key, value, want string }{
		"fine":         {"X-A", "b", ""},
		"no name":      {"", "b", `request.header.: "" is no name of an HTTP header; use letters, digits and hyphens`},
		"a blank":      {"X A", "b", `request.header.X A: "X A" is no name of an HTTP header; use letters, digits and hyphens`},
		"the client's": {"content-length", "3", "request.header.content-length: is a header that says how a request is sent; remove it"},
		"two lines":    {"X-A", "s3cret\r\nX-B: c", "request.header.X-A: the value holds characters that cannot stand in a header, such as ends of lines"},
		"a reference":  {"X-A", "${file:/p:k}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			props := map[string]string{"schema.registry.url": "http://a:1", "request.header." + tc.key: tc.value}
			c, _ := configdef.Decode[registry.Config](props)
			got := ""
			for _, p := range c.Check(props) {
				got += p.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
