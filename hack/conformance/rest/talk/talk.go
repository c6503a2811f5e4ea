// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package talk holds a conversation with a REST API of Kafka Connect: requests
// from a file, one after the other, whose answers are written down or compared.
package talk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Request is one line of the conversation.
type Request struct {
	// Name is unique.
	Name   string            `json:"name"`
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Header map[string]string `json:"header,omitempty"`
	// Body is JSON, Raw a body as it is.
	Body json.RawMessage `json:"body,omitempty"`
	Raw  string          `json:"raw,omitempty"`
	// Until repeats the request until the answer holds each of these texts.
	Until []string `json:"until,omitempty"`
	// Status repeats the request until the answer has this status.
	Status int `json:"status,omitempty"`
	// Differs says why Penstock's answer is another one, and is not compared with
	// Kafka Connect's; docs/compatibility.md says more.
	Differs string `json:"differs,omitempty"`
	// Penstock is then the status of Penstock's answer; 0 is that of Kafka Connect.
	Penstock int `json:"penstock,omitempty"`
}

// Answer is what came of a request, with what differs from run to run taken out.
type Answer struct {
	Name     string `json:"name"`
	Status   int    `json:"status"`
	Type     string `json:"type,omitempty"`
	Location string `json:"location,omitempty"`
	Allow    string `json:"allow,omitempty"`
	// Body is the body if it is JSON, Text if not.
	Body json.RawMessage `json:"body,omitempty"`
	Text string          `json:"text,omitempty"`
}

// Place is where a conversation takes place.
type Place struct {
	// Base is the API's address, http://127.0.0.1:8083.
	Base string
	// Replace are texts that differ from run to run and what stands for them.
	Replace map[string]string
	// Fill are what stands in requests for what differs.
	Fill map[string]string
}

// Load reads requests or answers from a file.
func Load[T any](file string) ([]T, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list []T
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return list, nil
}

// patience is how long a request is repeated, pause how often.
const (
	patience = 60 * time.Second
	pause    = 100 * time.Millisecond
)

// Ask sends a request, and repeats it if it says so.
func (p Place) Ask(ctx context.Context, r Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		a, text, err := p.once(ctx, r)
		if err != nil {
			return a, fmt.Errorf("%s: %w", r.Name, err)
		}
		if r.met(a, text) {
			return a, nil
		}
		select {
		case <-ctx.Done():
			return a, fmt.Errorf("%s: the last answer was %d %s: %w", r.Name, a.Status, text, ctx.Err())
		case <-time.After(pause):
		}
	}
}

func (r Request) met(a Answer, text string) bool {
	for _, want := range r.Until {
		if !strings.Contains(text, want) {
			return false
		}
	}
	return r.Status == 0 || r.Status == a.Status
}

func (p Place) once(ctx context.Context, r Request) (Answer, string, error) {
	body := r.Raw
	if len(r.Body) > 0 {
		var compact bytes.Buffer
		if err := json.Compact(&compact, r.Body); err != nil {
			return Answer{}, "", err
		}
		body = compact.String()
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, p.Base+p.fill(r.Path), strings.NewReader(p.fill(body)))
	if err != nil {
		return Answer{}, "", err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range r.Header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, "", err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, "", err
	}
	text := p.replace(string(data))
	a := Answer{Name: r.Name, Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), Allow: resp.Header.Get("Allow"), Location: p.replace(resp.Header.Get("Location"))}
	switch {
	case text == "":
	case json.Valid([]byte(text)):
		a.Body = json.RawMessage(text)
	default:
		a.Text = text
	}
	return a, text, nil
}

func (p Place) fill(text string) string {
	for k, v := range p.Fill {
		text = strings.ReplaceAll(text, k, v)
	}
	return text
}

func (p Place) replace(text string) string {
	for k, v := range p.Replace {
		text = strings.ReplaceAll(text, k, v)
	}
	return text
}
