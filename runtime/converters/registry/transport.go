// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package registry

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer bounds an answer, in bytes. A registry keeps schemas in a topic, whose
// records are mostly bound to 1 MiB.
const maxAnswer = 16 << 20

// bounded is a transport whose answers end with an error where they are too long.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = &boundedBody{answer.Body, maxAnswer}
	}
	return answer, err
}

type boundedBody struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fmt.Errorf("the answer is longer than %d MiB", maxAnswer>>20)
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	return n, err
}

// maxRedirects is net/http's own bound.
const maxRedirects = 10

// mayRedirect lets requests be sent elsewhere, but not from https to http: they hold
// passwords.
func mayRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) >= maxRedirects:
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	case r.URL.Scheme != "https" && via[len(via)-1].URL.Scheme == "https":
		return errors.New("it redirects from https to http, where the password would be seen")
	default:
		return nil
	}
}
