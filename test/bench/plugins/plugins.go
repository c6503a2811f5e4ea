// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package plugins holds connectors that only benchmarks need: a source that makes
// records up, a sink that discards them, a sink that writes JSON, and a source and a
// sink of structs. They are in no binary that users have.
package plugins

import (
	"context"
	"errors"
	"fmt"
	"os"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters"
	"penstock.dev/test/bench/bare"
)

// All returns the connectors.
func All() []connect.Plugin {
	return []connect.Plugin{sourcePlugin(), sinkPlugin(), jsonSinkPlugin(), customerSourcePlugin(), customerSinkPlugin()}
}

// SourceConfig is what bench-source is told.
type SourceConfig struct {
	// The topic to write to.
	Topic string `config:"topic" importance:"high"`
	// How many records to make.
	Records int `config:"records" min:"1" importance:"high"`
	// How many bytes a record has.
	Size int `config:"size" min:"8" importance:"high"`
}

func sourcePlugin() connect.Plugin {
	return connect.Source[SourceConfig]{
		Name: "bench-source", Version: "1", Doc: "Makes up records of bytes as fast as they are taken.",
		Tasks: func(SourceConfig, int) int { return 1 },
		Open: func(_ context.Context, _ connect.Env, c SourceConfig) (connect.SourceTask, error) {
			return &source{
				config: c, block: bare.Block(),
				part: &connect.SourcePartition{Key: map[string]any{"bench": "0"}, Fields: []string{"n"}},
			}, nil
		},
	}.Plugin()
}

type source struct {
	config SourceConfig
	block  []byte
	part   *connect.SourcePartition
	n      int64
}

// Poll implements connect.SourceTask.
func (s *source) Poll(ctx context.Context, b *connect.Batch) error {
	if s.n == int64(s.config.Records) {
		<-ctx.Done()
		return ctx.Err()
	}
	for s.n < int64(s.config.Records) && !b.Full() {
		r := b.Add()
		r.Topic = s.config.Topic
		r.Value.Set(connect.BytesSchema, connect.BytesValue(b.Arena.Take(bare.Append(b.Arena.Tail(s.config.Size), s.block, s.n, s.config.Size))))
		s.n++
		r.Source, r.SourceOffset = s.part, b.Offset(connect.Int64Value(s.n))
	}
	return ctx.Err()
}

// Close implements connect.SourceTask.
func (s *source) Close(context.Context) error { return nil }

// SinkConfig is what bench-sink is told.
type SinkConfig struct {
	// How many records will come.
	Records int `config:"records" min:"1" importance:"high"`
	// The file that takes the count when they have come.
	Report string `config:"report" importance:"high"`
}

func sinkPlugin() connect.Plugin {
	return connect.Sink[SinkConfig]{
		Name: "bench-sink", Version: "1", Doc: "Counts records and discards them.",
		Open: func(_ context.Context, _ connect.Env, c SinkConfig) (connect.SinkTask, error) {
			return &sink{bare.NewReporter(c.Report, int64(c.Records))}, nil
		},
	}.Plugin()
}

type sink struct{ *bare.Reporter }

// Put implements connect.SinkTask.
func (s *sink) Put(_ context.Context, b *connect.Batch) error {
	for i := range b.Records {
		_, v, err := b.Records[i].Value.Get()
		if err != nil {
			return err
		}
		if v.Type() != connect.Bytes {
			return fmt.Errorf("record %d is %s, not bytes", i, v.Type())
		}
		s.Add(v.Bytes())
	}
	return s.Report()
}

// Close implements connect.SinkTask.
func (s *sink) Close(context.Context) error { return nil }

// JSONSinkConfig is what json-file-sink is told.
type JSONSinkConfig struct {
	// The file to append to.
	File string `config:"file" importance:"high"`
}

func jsonSinkPlugin() connect.Plugin {
	return connect.Sink[JSONSinkConfig]{
		Name: "json-file-sink", Version: "1", Aliases: []string{"dev.penstock.bench.JsonFileSink"},
		Doc: "Writes each record as its topic, a blank and its value as JSON, one a line.",
		Open: func(_ context.Context, _ connect.Env, c JSONSinkConfig) (connect.SinkTask, error) {
			return openJSONSink(c)
		},
	}.Plugin()
}

type jsonSink struct {
	json connect.Converter
	f    *os.File
	buf  []byte
}

func openJSONSink(c JSONSinkConfig) (connect.SinkTask, error) {
	plugin, ok := connect.Registry{Converters: converters.All()}.Converter("json")
	if !ok {
		return nil, errors.New("there is no json converter in this build")
	}
	json, err := plugin.New(map[string]string{"schemas.enable": "true"}, false)
	if err != nil {
		return nil, fmt.Errorf("making the json converter: %w", err)
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	return &jsonSink{json: json, f: f, buf: make([]byte, 0, 1<<20)}, nil
}

// Put implements connect.SinkTask.
func (s *jsonSink) Put(_ context.Context, b *connect.Batch) error {
	s.buf = s.buf[:0]
	for i := range b.Records {
		r := &b.Records[i]
		schema, v, err := r.Value.Get()
		if err != nil {
			return err
		}
		s.buf = append(append(s.buf, r.Topic...), ' ')
		if s.buf, err = s.json.FromConnect(s.buf, r.Topic, schema, v); err != nil {
			return err
		}
		s.buf = append(s.buf, '\n')
	}
	_, err := s.f.Write(s.buf)
	return err
}

// Close implements connect.SinkTask.
func (s *jsonSink) Close(context.Context) error { return s.f.Close() }
