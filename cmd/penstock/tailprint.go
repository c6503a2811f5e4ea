// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/kafka"
)

// recordPrinter prints the records of a topic.
type recordPrinter struct {
	topic string
	out   io.Writer
	json  bool
	// keys and values decode; nil is text.
	keys, values connect.Converter
	// encode writes what was decoded as JSON.
	encode connect.Converter
	arena  connect.Arena
}

// shownRecord is a record as -o json prints it.
type shownRecord struct {
	Topic     string          `json:"topic"`
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	Timestamp string          `json:"timestamp"`
	Key       json.RawMessage `json:"key"`
	Value     json.RawMessage `json:"value"`
	Headers   []shownHeader   `json:"headers,omitempty"`
}

type shownHeader struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

func (p *recordPrinter) print(r kafka.TailRecord) error {
	p.arena.Reset()
	key, err := p.show(p.keys, r.Key)
	if err != nil {
		return p.broken(r, "key", err)
	}
	value, err := p.show(p.values, r.Value)
	if err != nil {
		return p.broken(r, "value", err)
	}
	if !p.json {
		return p.line(r, key, value)
	}
	s := shownRecord{
		Topic: p.topic, Partition: r.Partition, Offset: r.Offset,
		Timestamp: r.Timestamp.UTC().Format(time.RFC3339Nano), Key: key, Value: value,
	}
	for _, h := range r.Headers {
		v, err := p.show(nil, h.Value)
		if err != nil {
			return err
		}
		s.Headers = append(s.Headers, shownHeader{h.Key, v})
	}
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	return e.Encode(s)
}

func (p *recordPrinter) broken(r kafka.TailRecord, side string, err error) error {
	return fmt.Errorf("the %s of the record at offset %d of partition %d cannot be decoded: %w", side, r.Offset, r.Partition, err)
}

// line prints a record for people: where it is, the key, and the value.
func (p *recordPrinter) line(r kafka.TailRecord, key, value json.RawMessage) error {
	_, err := fmt.Fprintf(p.out, "%d:%d\t%s\t%s\n", r.Partition, r.Offset, plain(key), plain(value))
	return err
}

// plain takes the quotes off a JSON string unless it holds what would spoil the
// line or the terminal.
func plain(data json.RawMessage) string {
	var s string
	if len(data) == 0 || data[0] != '"' || json.Unmarshal(data, &s) != nil || s == "" || s == "null" {
		return string(data)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }) {
		return string(data)
	}
	return s
}

// show returns data as JSON. What has no converter is text, or else
// {"base64": "…"}.
func (p *recordPrinter) show(c connect.Converter, data []byte) (json.RawMessage, error) {
	switch {
	case c != nil:
		s, v, err := c.ToConnect(&p.arena, p.topic, data)
		if err != nil {
			return nil, err
		}
		out, err := p.encode.FromConnect(make([]byte, 0, len(data)), p.topic, s, v)
		if out == nil && err == nil {
			out = []byte("null")
		}
		return out, err
	case data == nil:
		return json.RawMessage("null"), nil
	case utf8.Valid(data):
		return quoted(string(data))
	}
	return json.Marshal(map[string]string{"base64": base64.StdEncoding.EncodeToString(data)})
}

// quoted is a JSON string without the escapes for HTML.
func quoted(text string) (json.RawMessage, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(text)
	return json.RawMessage(strings.TrimSuffix(b.String(), "\n")), err
}
