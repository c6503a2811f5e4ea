// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority counts the tokens that it gives.
func authority(t *testing.T, status int, body string) (*httptest.Server, *int) {
	t.Helper()
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		user, password, _ := r.BasicAuth()
		if user != "id/1" || password != "s3+cret" || r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("scope") != "kafka" {
			t.Errorf("asked as %s with %v", user, r.PostForm)
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, strings.ReplaceAll(body, "N", fmt.Sprint(n)))
	}))
	t.Cleanup(s.Close)
	return s, &n
}

func tokensOf(t *testing.T, endpoint string) *tokens {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	tok := newTokens(&SASL{Username: "id/1", Password: "s3+cret", Scope: "kafka"}, u)
	t.Cleanup(tok.client.CloseIdleConnections)
	return tok
}

func TestTokensAreKeptWhileTheyAreGood(t *testing.T) {
	s, asked := authority(t, http.StatusOK, `{"access_token":"token-N","token_type":"Bearer","expires_in":300}`)
	tok := tokensOf(t, s.URL)
	now := time.Unix(0, 0)
	tok.now = func() time.Time { return now }
	for _, step := range []struct {
		at   time.Duration
		want string
	}{{0, "token-1"}, {200 * time.Second, "token-1"}, {269 * time.Second, "token-1"}, {270 * time.Second, "token-2"}, {500 * time.Second, "token-2"}} {
		now = time.Unix(0, 0).Add(step.at)
		got, err := tok.auth(within(t))
		if err != nil || got.Token != step.want {
			t.Errorf("at %s the token is %q, %v; want %s", step.at, got.Token, err, step.want)
		}
	}
	if *asked != 2 {
		t.Errorf("the endpoint was asked %d times, want 2", *asked)
	}
}

func TestTokensFail(t *testing.T) {
	for name, tc := range map[string]struct {
		status     int
		body, want string
	}{
		"refused":  {http.StatusUnauthorized, `{"error":"invalid_client"}`, "the answer is 401 Unauthorized"},
		"no token": {http.StatusOK, `{}`, "the answer has no access_token"},
		"no json":  {http.StatusOK, `<html>`, "reading the answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := authority(t, tc.status, tc.body)
			_, err := tokensOf(t, s.URL).auth(within(t))
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "s3+cret") {
				t.Errorf("error %v, want %s", err, tc.want)
			}
		})
	}
}

func TestTokensFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	tok := tokensOf(t, "file://"+file)
	if _, err := tok.auth(within(t)); err == nil {
		t.Error("a file that is not there gives a token")
	}
	for _, want := range []string{"one", "two"} { // it is rotated
		if err := os.WriteFile(file, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := tok.auth(within(t)); err != nil || got.Token != want {
			t.Errorf("the token is %q, %v; want %s", got.Token, err, want)
		}
	}
}

func TestMechanisms(t *testing.T) {
	for _, s := range []SASL{{Mechanism: saslPlain}, {Mechanism: saslScram256}, {Mechanism: saslScram512}, {Mechanism: saslOAuth, TokenEndpoint: "https://x/y"}} {
		m, err := s.mechanism()
		if err != nil || m.Name() != s.Mechanism {
			t.Errorf("%s makes %v, %v", s.Mechanism, m, err)
		}
	}
}

// The client id and secret are sent as Kafka's own clients send them.
func TestCredentialsForTokens(t *testing.T) {
	for encode, want := range map[bool]string{false: "id/1 s3+cret", true: "id%2F1 s3%2Bcret"} {
		var got string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			got = user + " " + password
			_, _ = fmt.Fprint(w, `{"access_token":"t"}`)
		}))
		tok := tokensOf(t, s.URL)
		tok.encode, tok.extensions = encode, map[string]string{"pool": "p"}
		a, err := tok.auth(within(t))
		s.Close()
		if err != nil || got != want || a.Extensions["pool"] != "p" {
			t.Errorf("asked as %s, %v, and got %+v; want %s", got, err, a, want)
		}
	}
}

// A lifetime beyond any number is a long one, not none.
func TestTokenThatLivesForever(t *testing.T) {
	tokens := newTokens(&SASL{}, &url.URL{Scheme: "https", Host: "id"})
	tokens.client = &http.Client{Transport: answering{200, `{"access_token":"t","expires_in":1e300}`}}
	if err := tokens.ask(t.Context()); err != nil || tokens.usableUntil.Before(time.Now().Add(time.Hour)) {
		t.Errorf("the token is good until %s, error %v", tokens.usableUntil, err)
	}
}

// answering is a transport that gives one answer.
type answering struct {
	code int
	body string
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.code, Status: http.StatusText(a.code), Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// FuzzTokenAnswer: whatever an endpoint answers, there is a token or an error, and
// none that is over is used again.
func FuzzTokenAnswer(f *testing.F) {
	f.Add(200, `{"access_token":"t","expires_in":3600}`)
	f.Add(200, `{"access_token":"t","expires_in":1e300}`)
	f.Add(200, `{"access_token":"t","expires_in":-1e300}`)
	f.Add(200, `{"access_token":7}`)
	f.Add(401, `{"error":"invalid_client"}`)
	f.Fuzz(func(t *testing.T, code int, body string) {
		tokens := newTokens(&SASL{Username: "u", Password: "s3cret s3cret"}, &url.URL{Scheme: "https", Host: "id"})
		tokens.client = &http.Client{Transport: answering{code, body}}
		auth, err := tokens.auth(t.Context())
		if (auth.Token == "") != (err != nil) || err == nil && code != http.StatusOK {
			t.Errorf("the answer %d %q gives the token %q and the error %v", code, body, auth.Token, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") && !strings.Contains(body, "s3cret") {
			t.Errorf("the error shows the secret: %v", err)
		}
	})
}
