// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package restclient

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answers are given in turn; the last one stays.
type answers struct {
	list []answer
	seen []*http.Request
}

type answer struct {
	code int
	body string
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	next := a.list[min(len(a.seen), len(a.list)-1)]
	a.seen = append(a.seen, r)
	return &http.Response{StatusCode: next.code, Status: http.StatusText(next.code), Body: io.NopCloser(strings.NewReader(next.body)), Request: r}, nil
}

func client(t *testing.T, a *answers) *Client {
	t.Helper()
	c, err := New(Options{Server: "http://u:p@connect:8083/behind/", Transport: a})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const rebalance = `{"error_code":409,"message":"Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)"}`

func TestConflicts(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []answer
		tries   int
		took    time.Duration
		err     string
	}{
		"over soon":       {[]answer{{409, rebalance}, {409, rebalance}, {202, ""}}, 3, 750 * time.Millisecond, ""},
		"never over":      {[]answer{{409, rebalance}}, 7, 15750 * time.Millisecond, "concurrent config change) (error 409)"},
		"a name is taken": {[]answer{{409, `{"error_code":409,"message":"Connector in already exists"}`}}, 1, 0, "Connector in already exists (error 409)"},
		"another error":   {[]answer{{500, `{"error_code":500,"message":"Request timed out."}`}}, 1, 0, "Request timed out. (error 500)"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: tc.answers}
				start := time.Now()
				err := client(t, a).Pause(t.Context(), "in")
				if (err == nil) != (tc.err == "") || err != nil && !strings.HasSuffix(err.Error(), tc.err) {
					t.Errorf("error %v, want %q", err, tc.err)
				}
				if len(a.seen) != tc.tries || time.Since(start) != tc.took {
					t.Errorf("%d tries in %s, want %d in %s", len(a.seen), time.Since(start), tc.tries, tc.took)
				}
			})
		})
	}
}

func TestRequests(t *testing.T) {
	a := &answers{list: []answer{{200, `{"name":"a b?c/d","config":{},"tasks":[],"type":"source"}`}}}
	if _, err := client(t, a).Connector(t.Context(), "a b?c/d"); err != nil {
		t.Fatal(err)
	}
	r := a.seen[0]
	if got := r.URL.String(); got != "http://connect:8083/behind/connectors/a%20b%3Fc%2Fd" {
		t.Errorf("asked for %s", got)
	}
	if user, password, ok := r.BasicAuth(); !ok || user != "u" || password != "p" {
		t.Errorf("user %q, password %q", user, password)
	}
	for _, name := range []string{"", ".", ".."} {
		if err := client(t, a).Stop(t.Context(), name); err == nil {
			t.Errorf("the name %q was sent", name)
		}
	}
	if len(a.seen) != 1 {
		t.Errorf("%d requests", len(a.seen))
	}
}

func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		answer answer
		want   string
	}{
		"in its words":    {answer{404, `{"error_code":404,"message":"Connector missing not found"}`}, "Connector missing not found (error 404)"},
		"a proxy's page":  {answer{502, "<html>no</html>"}, "http://connect:8083/behind/connectors answered Bad Gateway (error 502)"},
		"plain text":      {answer{503, "no\n\tserver"}, "no server (error 503)"},
		"no user":         {answer{401, ""}, "the server wants a user and a password that it knows (error 401)"},
		"another service": {answer{200, "hello"}, "does not answer as Kafka Connect does"},
		"a redirect":      {answer{302, ""}, "answered Found (error 302)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client(t, &answers{list: []answer{tc.answer}}).Names(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %s", err, tc.want)
			}
			var e *Error
			if errors.As(err, &e) && e.Code != tc.answer.code || IsNotFound(err) != (tc.answer.code == 404) {
				t.Errorf("error %#v", err)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"connect:8083": "must begin with http", "ftp://a": "must begin with http", "http://a?b=c": "neither a query", "http://u:geheim@a b": "cannot be read", "": "must begin",
	} {
		_, err := New(Options{Server: address})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: error %v, want %s", address, err, want)
		}
	}
}
