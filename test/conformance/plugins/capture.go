// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"penstock.dev/runtime/connect"
)

// CaptureConfig is what the sink is told.
type CaptureConfig struct {
	// The file to append to.
	File string `config:"file" importance:"high"`
	// Records of this text are reported as errant.
	FailValue string `config:"fail.value" default:"" importance:"low"`
	// Whether schemas are written: the text of one that holds itself has no end.
	Schemas bool `config:"schemas" default:"true" importance:"low"`
}

func capturePlugin() connect.Plugin {
	return connect.Sink[CaptureConfig]{
		Name: "conformance-capture", Version: "1", Aliases: []string{"dev.penstock.conformance.CaptureSink"},
		Doc: "Writes down all that a sink is told of each record, one a line.",
		Open: func(_ context.Context, _ connect.Env, c CaptureConfig) (connect.SinkTask, error) {
			conv, err := envelopes(c.Schemas)
			if err != nil {
				return nil, err
			}
			f, err := os.OpenFile(c.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
			if err != nil {
				return nil, fmt.Errorf("opening the file: %w", err)
			}
			return &capture{conv: conv, file: f, fail: c.FailValue}, nil
		},
	}.Plugin()
}

type capture struct {
	conv connect.Converter
	file *os.File
	fail string
}

// line is a record as it is written down.
type line struct {
	Topic     string          `json:"topic"`
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	Timestamp int64           `json:"timestamp"`
	Key       json.RawMessage `json:"key"`
	Value     json.RawMessage `json:"value"`
	Headers   []header        `json:"headers"`
}

type header struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Put implements connect.SinkTask.
func (t *capture) Put(_ context.Context, b *connect.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		_, v, err := r.Value.Get()
		if err == nil && t.fail != "" && v.Type() == connect.String && v.Str() == t.fail {
			err = errors.New("the value is " + t.fail)
		}
		var text []byte
		if err == nil {
			text, err = t.line(r)
		}
		if err != nil {
			b.Fail(i, err)
			continue
		}
		if _, err := t.file.Write(append(text, '\n')); err != nil {
			return fmt.Errorf("writing the file: %w", err)
		}
	}
	return nil
}

func (t *capture) line(r *connect.Record) ([]byte, error) {
	l := line{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp, Headers: []header{}}
	var err error
	if l.Key, err = t.data(&r.Key); err != nil {
		return nil, err
	}
	if l.Value, err = t.data(&r.Value); err != nil {
		return nil, err
	}
	for i := range r.Headers {
		h := header{Key: r.Headers[i].Key}
		if h.Value, err = t.data(&r.Headers[i].Value); err != nil {
			return nil, err
		}
		l.Headers = append(l.Headers, h)
	}
	return json.Marshal(l)
}

func (t *capture) data(d *connect.Datum) (json.RawMessage, error) {
	s, v, err := d.Get()
	if err != nil {
		return nil, err
	}
	return t.conv.FromConnect([]byte{}, "", s, v)
}

// Close implements connect.SinkTask.
func (t *capture) Close(context.Context) error { return t.file.Close() }
