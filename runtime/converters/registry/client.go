// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package registry lets converters use a schema registry that speaks the REST API
// of Confluent's: it finds the id with which a schema is written and the schema of
// an id that was read, and frames records as Confluent's serializers do.
//
// Answers are remembered, also those that refuse: a refusal for some seconds, so
// that a stream of bad records does not become a stream of requests. A registry
// that does not answer is asked again as often as max.retries says; then the error
// is one of connect.Retriable.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"golang.org/x/sync/singleflight"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/javassl"
	"penstock.dev/runtime/secrets"
)

// Options are what a converter adds to a Config.
type Options struct {
	// Type is the kind of schema that the converter knows.
	Type sr.SchemaType
	// IsKey says that the converter is for record keys.
	IsKey bool
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

// refusalTTL is how long a refusal is remembered. It bounds how often the registry
// is asked for what it does not have, and how long a task takes to see that it has.
const refusalTTL = 10 * time.Second

// Client is one converter's way to the registry. It is safe for concurrent use.
type Client struct {
	config   Config
	kind     sr.SchemaType
	side     string
	strategy strategy
	hosts    string // for errors
	redactor *secrets.Redactor
	now      func() time.Time
	api      *sr.Client
	open     context.Context // of all requests, until Close
	close    context.CancelFunc

	flights  singleflight.Group
	written  *Cache[string, answer[Registered]]
	schemas  *Cache[int, answer[Resolved]]
	versions *Cache[string, answer[int]]
}

// answer is what the registry has said, good until a time if that is not zero.
type answer[T any] struct {
	value T
	err   error
	until time.Time
}

// New returns a client. The problems name keys; the config must have passed Check.
func New(c Config, o Options) (*Client, []configdef.Problem) {
	v := &Client{config: c, kind: o.Type, side: connect.ValueSide, now: o.Now}
	v.open, v.close = context.WithCancel(context.Background())
	name := c.ValueStrategy
	if o.IsKey {
		v.side, name = connect.KeySide, c.KeyStrategy
	}
	v.strategy, _ = strategyOf(name)
	if v.now == nil {
		v.now = time.Now
	}
	v.written = NewCache[string, answer[Registered]](c.MaxSchemas)
	v.schemas = NewCache[int, answer[Resolved]](c.MaxSchemas)
	v.versions = NewCache[string, answer[int]](c.MaxSchemas)
	transport, problems := c.transport()
	if len(problems) > 0 {
		return nil, problems
	}
	opts, hidden := c.credentials()
	v.redactor = secrets.NewRedactor(append(hidden, c.headerSecrets()...))
	urls, hosts := c.plainURLs()
	v.hosts = hosts
	api, err := sr.NewClient(append(opts, sr.URLs(urls...), sr.UserAgent("penstock"),
		sr.HTTPClient(&http.Client{
			Transport:     bounded{headed{transport, c.Headers, strings.Split(hosts, ", ")}},
			CheckRedirect: mayRedirect, Timeout: c.ConnectTimeout + c.ReadTimeout,
		}))...)
	if err != nil {
		return nil, []configdef.Problem{{Key: "schema.registry.url", Message: v.redactor.Redact(err.Error())}}
	}
	v.api = api
	return v, nil
}

// transport keeps no connections: they are needed when a schema is new, and a
// converter is never closed.
func (c Config) transport() (*http.Transport, []configdef.Problem) {
	tls, problems := javassl.Config{
		Prefix: "schema.registry.", Truststore: c.Truststore, TruststoreLocation: c.TruststoreLocation,
		Certificate: c.Certificate, Key: c.Key, KeystoreLocation: c.KeystoreLocation, Endpoint: c.Endpoint,
	}.TLS()
	t := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: c.ConnectTimeout}).DialContext,
		TLSHandshakeTimeout:   c.ConnectTimeout,
		ResponseHeaderTimeout: c.ReadTimeout,
		TLSClientConfig:       tls,
		DisableKeepAlives:     true,
	}
	if c.ProxyHost != "" {
		t.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: net.JoinHostPort(c.ProxyHost, strconv.Itoa(c.ProxyPort))})
	}
	return t, problems
}

// credentials returns how requests prove who sends them, and what of it must not be
// shown.
func (c Config) credentials() (opts []sr.ClientOpt, hidden []string) {
	if token := c.BearerToken.Reveal(); token != "" {
		return []sr.ClientOpt{sr.BearerToken(token)}, []string{token}
	}
	info := c.OldUserInfo.Reveal()
	if info == "" {
		info = c.UserInfo.Reveal()
	}
	if !strings.EqualFold(c.BasicSource, fromUserInfo) {
		info = c.urlInfo()
	}
	if info == "" {
		return nil, nil
	}
	user, password, _ := strings.Cut(info, ":")
	return []sr.ClientOpt{sr.BasicAuth(user, password)}, []string{password, info}
}

// urlInfo is the user and the password of the first URL that has them, as
// user:password.
func (c Config) urlInfo() string {
	for _, text := range c.URLs {
		if u, err := url.Parse(text); err == nil && u.User != nil {
			password, _ := u.User.Password()
			return u.User.Username() + ":" + password
		}
	}
	return ""
}

// plainURLs returns the URLs without user and password, and their hosts.
func (c Config) plainURLs() (urls []string, hosts string) {
	var names []string
	for _, text := range c.URLs {
		u, err := url.Parse(text)
		if err != nil {
			continue // Check has refused it.
		}
		u.User = nil
		urls, names = append(urls, strings.TrimSuffix(u.String(), "/")), append(names, u.Host)
	}
	return urls, strings.Join(names, ", ")
}

// Close ends all requests, now and later, with connect.ErrInterrupted.
func (c *Client) Close() { c.close() }

// call makes a request, and again if it may succeed then.
func call[T any](c *Client, act string, request func(context.Context) (T, error)) (T, error) {
	wait := c.config.RetryWait
	for try := 0; ; try++ {
		// The HTTP client bounds the time.
		v, err := request(c.open)
		switch {
		case err != nil && c.open.Err() != nil:
			return v, fmt.Errorf("%s: %w", act, connect.ErrInterrupted)
		case err == nil || !transient(err) || try >= c.config.MaxRetries:
			return v, c.explain(act, err)
		}
		select {
		case <-time.After(min(wait, c.config.RetryMaxWait)):
		case <-c.open.Done():
		}
		wait = min(2*wait, c.config.RetryMaxWait)
	}
}

// remember returns what is known for the key, or else asks, once for all who ask
// for it at the same time.
func remember[K comparable, T any](c *Client, cache *Cache[K, answer[T]], key K, flight string, ask func() (T, error)) (T, error) {
	known := func() (answer[T], bool) {
		a, ok := cache.Get(key)
		return a, ok && (a.until.IsZero() || c.now().Before(a.until))
	}
	if a, ok := known(); ok {
		return a.value, a.err
	}
	got, _, _ := c.flights.Do(flight, func() (any, error) {
		a, ok := known() // Another flight may have landed meanwhile.
		if ok {
			return a, nil
		}
		if a.value, a.err = ask(); a.err != nil {
			a.until = c.now().Add(refusalTTL)
		}
		if a.err == nil || !connect.IsRetriable(a.err) && !errors.Is(a.err, connect.ErrInterrupted) {
			cache.Put(key, a)
		}
		return a, nil
	})
	a := got.(answer[T])
	return a.value, a.err
}
