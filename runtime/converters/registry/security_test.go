// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry_test

import (
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"penstock.dev/runtime/converters/registry"
)

func TestCredentials(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:pass:word"))
	tests := map[string]struct {
		want  string // the header
		extra []string
		url   bool // user and password in the URL
	}{
		"user info":     {basic, []string{"basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info", "ada:pass:word"}, false},
		"its old name":  {basic, []string{"basic.auth.credentials.source", "user_info", "schema.registry.basic.auth.user.info", "ada:pass:word"}, false},
		"URL":           {basic, nil, true},
		"token":         {"Bearer t0ken", []string{"bearer.auth.token", "t0ken"}, false},
		"named token":   {"Bearer t0ken", []string{"bearer.auth.credentials.source", "STATIC_TOKEN", "bearer.auth.token", "t0ken"}, false},
		"wrong, so 401": {"Bearer other", []string{"basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info", "ada:pass:word"}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, srfake.WithAuth(tc.want))
			u, err := url.Parse(f.URL())
			if err != nil {
				t.Fatal(err)
			}
			if tc.url {
				u.User = url.UserPassword("ada", "pass:word")
			}
			_, err = client(t, u.String(), tc.extra...).Writer("t-value", sr.Schema{Schema: user})
			switch wrong := strings.HasPrefix(name, "wrong"); {
			case !wrong && err != nil:
				t.Error(err)
			case wrong && (err == nil || !strings.Contains(err.Error(), "basic.auth.user.info")):
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	const secret = "s3cr3t/+ö"
	echo := func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusBadRequest)
		_, password, _ := r.BasicAuth()
		_, _ = w.Write([]byte(`{"error_code":400,"message":"bad request with ` + r.Header.Get("Authorization") + ` and ` + password + `"}`))
		return true
	}
	for name, extra := range map[string][]string{
		"user info": {"basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info", "ada:" + secret},
		"token":     {"bearer.auth.token", secret},
		"URL":       nil,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.Intercept(echo)
			urls := []string{f.URL(), "http://127.0.0.1:1"}
			for i, text := range urls {
				if name != "URL" {
					break
				}
				u, err := url.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				u.User = url.UserPassword("ada", secret)
				urls[i] = u.String()
			}
			for _, u := range urls {
				_, err := client(t, u, append(extra, "max.retries", "0")...).Writer("t-value", sr.Schema{Schema: user})
				if err == nil {
					t.Fatal("no error")
				}
				for _, form := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte("ada:" + secret)), "s3cr3t"} {
					if strings.Contains(err.Error(), form) {
						t.Errorf("the error shows the secret: %v", err)
					}
				}
			}
		})
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(srfake.NewRegistry().Handler())
	t.Cleanup(server.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	if _, err := client(t, server.URL, "schema.registry.ssl.truststore.certificates", ca).Writer("t-value", sr.Schema{Schema: user}); err != nil {
		t.Error(err)
	}
	if _, err := client(t, server.URL, "max.retries", "0").Writer("t-value", sr.Schema{Schema: user}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody is trusted: %v", err)
	}
	_, problems := registry.New(decode(t, map[string]string{"schema.registry.url": server.URL, "schema.registry.ssl.truststore.location": "/does/not/exist"}), registry.Options{})
	if len(problems) != 1 || problems[0].Key != "schema.registry.ssl.truststore.location" {
		t.Errorf("problems %v", problems)
	}
}

func TestProxy(t *testing.T) {
	f := newFake(t)
	var seen atomic.Pointer[string]
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.URL.Host
		seen.Store(&host)
		f.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, "http://registry.invalid:8081", "proxy.host", at.Hostname(), "proxy.port", at.Port())
	if _, err := c.Writer("t-value", sr.Schema{Schema: user}); err != nil {
		t.Fatal(err)
	}
	if host := seen.Load(); host == nil || *host != "registry.invalid:8081" {
		t.Errorf("the proxy was asked for %v", host)
	}
}

// From https nobody sends the password on to http.
func TestRedirects(t *testing.T) {
	f := newFake(t)
	var shown atomic.Bool
	f.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		_, _, ok := r.BasicAuth()
		shown.Store(shown.Load() || ok)
		return false
	})
	to := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, f.URL()+r.URL.Path, http.StatusTemporaryRedirect)
	})
	secure := httptest.NewTLSServer(to)
	t.Cleanup(secure.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	login := []string{"basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info", "ada:secret", "max.retries", "0", "schema.registry.ssl.truststore.certificates", ca}
	_, err := client(t, secure.URL, login...).Writer("t-value", sr.Schema{Schema: user})
	if err == nil || !strings.Contains(err.Error(), "https to http") || shown.Load() {
		t.Errorf("sent on: %v, error %v", shown.Load(), err)
	}
	plain := httptest.NewServer(to)
	t.Cleanup(plain.Close)
	if _, err := client(t, plain.URL, login...).Writer("t-value", sr.Schema{Schema: user}); err != nil {
		t.Errorf("it is not followed: %v", err)
	}
}
