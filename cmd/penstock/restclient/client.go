// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package restclient is a client of Kafka Connect's REST API, of Apache Kafka
// Connect's own servers as well as of ours.
package restclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 64 << 20
	// shownAnswer is how much of an answer that is not JSON an error shows.
	shownAnswer = 200
	// A conflict is tried again after this long, then after twice as long, and so
	// on, conflicts times.
	firstPause = 250 * time.Millisecond
	conflicts  = 6
)

// Options are what a Client needs to know.
type Options struct {
	// Server is the address: http://localhost:8083, with a path if the server stands
	// behind one.
	Server string
	// User and Password are sent with every request if User is set.
	User, Password string
	// Transport sends the requests; nil is the usual one.
	Transport http.RoundTripper
}

// Client talks to one server. It is safe for concurrent use.
type Client struct {
	base           *url.URL
	user, password string
	http           *http.Client
}

// Error is a refusal in Kafka Connect's words.
type Error struct {
	// Code is the HTTP status, which is the error_code of the body as well.
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

// Error returns the message and the code.
func (e *Error) Error() string { return fmt.Sprintf("%s (error %d)", e.Message, e.Code) }

// IsNotFound reports whether the server said that there is no such thing.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == http.StatusNotFound
}

// New returns a client. It connects when it is first used.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.Server)
	if err != nil {
		// The error of Parse would show a password in the address.
		return nil, errors.New("the server's address cannot be read, use http://host:port")
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("the server's address %q must begin with http:// or https:// and name a host", base.Redacted())
	}
	user, password := o.User, o.Password
	if base.User != nil && user == "" {
		user = base.User.Username()
		password, _ = base.User.Password()
	}
	base.User = nil
	if base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("the server's address %q must have neither a query nor a fragment", base)
	}
	c := &http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Client{base: base, user: user, password: password, http: c}, nil
}

// request is one request.
type request struct {
	method string
	path   []string // its parts, not escaped
	query  url.Values
	body   any // nil is none
}

// do sends a request, again if the server has a rebalance under way, and decodes
// the answer into out, unless that is nil or the answer is empty. It returns the
// answer's status.
func (c *Client) do(ctx context.Context, r request, out any) (int, error) {
	pause := firstPause
	for try := 1; ; try++ {
		code, err := c.once(ctx, r, out)
		if err == nil || !passing(err) || try > conflicts {
			return code, err
		}
		select {
		case <-ctx.Done():
			return code, fmt.Errorf("%w, the last answer was: %w", context.Cause(ctx), err)
		case <-time.After(pause):
		}
		pause *= 2
	}
}

// passing reports whether an error is a conflict that will be over soon. A name
// that is taken stays so.
func passing(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == http.StatusConflict && !strings.HasSuffix(e.Message, "already exists")
}

func (c *Client) once(ctx context.Context, r request, out any) (int, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return 0, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("asking the Connect server: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return resp.StatusCode, fmt.Errorf("reading the answer of %s: %w", req.URL, err)
	case len(data) > maxAnswer:
		return resp.StatusCode, fmt.Errorf("the answer of %s is larger than %d MiB", req.URL, maxAnswer>>20)
	case resp.StatusCode >= http.StatusMultipleChoices:
		return resp.StatusCode, refusal(req.URL, resp, data)
	case out == nil || len(bytes.TrimSpace(data)) == 0:
		return resp.StatusCode, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(out); err != nil {
		return resp.StatusCode, fmt.Errorf("%s does not answer as Kafka Connect does (%w): %s", req.URL, err, shorten(data))
	}
	return resp.StatusCode, nil
}

func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	path, err := escaped(r.path)
	if err != nil {
		return nil, err
	}
	address := c.base.JoinPath(path...)
	address.RawQuery = r.query.Encode()
	var body io.Reader
	if r.body != nil {
		data, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("writing the body for %s: %w", address, err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password)
	}
	return req, nil
}

// escaped escapes the parts of a path. It refuses those that no address can name,
// because they would lead to another place.
func escaped(path []string) ([]string, error) {
	out := make([]string, len(path))
	for i, p := range path {
		if p == "" || p == "." || p == ".." {
			return nil, fmt.Errorf("the name %q cannot stand in an address", p)
		}
		out[i] = url.PathEscape(p)
	}
	return out, nil
}

// refusal reads an error's body. What stands before a server may answer in words
// of its own.
func refusal(u *url.URL, resp *http.Response, data []byte) error {
	e := &Error{}
	if err := json.Unmarshal(data, e); err == nil && e.Message != "" {
		e.Code = resp.StatusCode
		return e
	}
	switch text := shorten(data); {
	case resp.StatusCode == http.StatusUnauthorized:
		return &Error{Code: resp.StatusCode, Message: "the server wants a user and a password that it knows"}
	case text != "" && !strings.HasPrefix(text, "<"):
		return &Error{Code: resp.StatusCode, Message: text}
	}
	return &Error{Code: resp.StatusCode, Message: fmt.Sprintf("%s answered %s", u, resp.Status)}
}

func shorten(data []byte) string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(data), "?")), " ")
	if r := []rune(text); len(r) > shownAnswer {
		return string(r[:shownAnswer]) + "…"
	}
	return text
}
