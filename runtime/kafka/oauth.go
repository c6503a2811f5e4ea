// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sasl/oauth"
)

const (
	// tokenTimeout bounds one request for a token.
	tokenTimeout = 10 * time.Second
	// tokenReserve is how long before its end a token is not used any more.
	tokenReserve = 30 * time.Second
	// longestToken is how long a token is used at most, whatever is said of it.
	longestToken = 10 * 365 * 24 * time.Hour
	// maxTokenBytes bounds what an endpoint may answer.
	maxTokenBytes = 1 << 20
)

// tokens gets the tokens of OAUTHBEARER (KIP-768): from a file, which is read each
// time, or with the client credentials grant of RFC 6749, section 4.4.
type tokens struct {
	endpoint    *url.URL
	id, secret  string
	scope       string
	encode      bool // id and secret
	extensions  map[string]string
	client      *http.Client
	now         func() time.Time
	mu          sync.Mutex
	token       string
	usableUntil time.Time
}

func newTokens(s *SASL, endpoint *url.URL) *tokens {
	return &tokens{
		endpoint: endpoint, id: s.Username, secret: s.Password, scope: s.Scope, extensions: s.Extensions, encode: s.URLEncode,
		client: &http.Client{Timeout: tokenTimeout}, now: time.Now,
	}
}

// auth is called for every connection.
func (t *tokens) auth(ctx context.Context) (oauth.Auth, error) {
	if t.endpoint.Scheme == "file" {
		data, err := os.ReadFile(t.endpoint.Path)
		if err != nil {
			return oauth.Auth{}, fmt.Errorf("reading the OAUTHBEARER token: %w", err)
		}
		return oauth.Auth{Token: strings.TrimSpace(string(data)), Extensions: t.extensions}, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == "" || !t.now().Before(t.usableUntil) {
		if err := t.ask(ctx); err != nil {
			return oauth.Auth{}, fmt.Errorf("asking %s for an OAUTHBEARER token: %w", t.endpoint.Redacted(), err)
		}
	}
	return oauth.Auth{Token: t.token, Extensions: t.extensions}, nil
}

func (t *tokens) ask(ctx context.Context) error {
	form := url.Values{"grant_type": {"client_credentials"}}
	if t.scope != "" {
		form.Set("scope", t.scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.endpoint.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	id, secret := t.id, t.secret
	if t.encode {
		id, secret = url.QueryEscape(id), url.QueryEscape(secret)
	}
	req.SetBasicAuth(id, secret)
	resp, err := t.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it was read, or the answer is an error anyway
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", resp.Status)
	}
	var answer struct {
		Token   string  `json:"access_token"`
		Expires float64 `json:"expires_in"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxTokenBytes)).Decode(&answer); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if answer.Token == "" {
		return errors.New("the answer has no access_token")
	}
	t.token = answer.Token
	t.usableUntil = t.now().Add(time.Duration(min(max(answer.Expires, 0), longestToken.Seconds())*float64(time.Second)) - tokenReserve)
	return nil
}
