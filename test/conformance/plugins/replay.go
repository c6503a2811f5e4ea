// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package plugins holds the connectors of the conformance suite: Kafka Connect runs
// the same ones, written in Java (../java). They are in no binary that users have.
package plugins

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"penstock.dev/runtime/connect"
	"penstock.dev/runtime/converters"
)

// All returns the connectors.
func All() []connect.Plugin { return []connect.Plugin{replayPlugin(), capturePlugin()} }

// envelopes returns the converter of what the connectors are told and write down.
func envelopes(schemas bool) (connect.Converter, error) {
	plugin, ok := connect.Registry{Converters: converters.All()}.Converter("json")
	if !ok {
		return nil, fmt.Errorf("there is no json converter")
	}
	return plugin.New(map[string]string{"schemas.enable": strconv.FormatBool(schemas), "replace.null.with.default": "false"}, false)
}

// ReplayConfig is what the source is told.
type ReplayConfig struct {
	// The records, as JSON.
	Records string `config:"records" importance:"high"`
	// The file to make when all are done with.
	DoneFile string `config:"done.file" importance:"high"`
}

func replayPlugin() connect.Plugin {
	return connect.Source[ReplayConfig]{
		Name: "conformance-replay", Version: "1", Aliases: []string{"dev.penstock.conformance.ReplaySource"},
		Doc:   "Makes the records that its config spells out.",
		Tasks: func(ReplayConfig, int) int { return 1 },
		Open:  openReplay,
	}.Plugin()
}

// record is a record of the config; keys, values and headers are envelopes.
type record struct {
	Topic     string          `json:"topic"`
	Partition *int32          `json:"partition"`
	Timestamp *int64          `json:"timestamp"`
	Key       json.RawMessage `json:"key"`
	Value     json.RawMessage `json:"value"`
	Headers   []struct {
		Key   string          `json:"key"`
		Value json.RawMessage `json:"value"`
	} `json:"headers"`
}

type replay struct {
	records []record
	conv    connect.Converter
	part    *connect.SourcePartition
	done    string
	next    int
}

func openReplay(ctx context.Context, env connect.Env, c ReplayConfig) (connect.SourceTask, error) {
	t := &replay{done: c.DoneFile, part: &connect.SourcePartition{Key: map[string]any{"replay": "0"}, Fields: []string{"n"}}}
	var err error
	if t.conv, err = envelopes(true); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(c.Records), &t.records); err != nil {
		return nil, fmt.Errorf("reading the records: %w", err)
	}
	offset, err := env.Offsets.Offset(ctx, t.part.Key)
	if err != nil {
		return nil, err
	}
	if n, ok := offset["n"].(int64); ok {
		t.next = int(n)
	}
	return t, t.finish(int64(t.next))
}

// Poll implements connect.SourceTask.
func (t *replay) Poll(ctx context.Context, b *connect.Batch) error {
	if t.next == len(t.records) {
		<-ctx.Done()
		return ctx.Err()
	}
	for t.next < len(t.records) && !b.Full() {
		if err := t.add(b, t.records[t.next]); err != nil {
			b.Records = b.Records[:len(b.Records)-1] // those before it are written
			return err
		}
		t.next++
	}
	return nil
}

func (t *replay) add(b *connect.Batch, in record) error {
	r := b.Add()
	r.Topic = in.Topic
	if in.Partition != nil {
		r.Partition = *in.Partition
	}
	if in.Timestamp != nil {
		r.Timestamp = *in.Timestamp
	}
	if err := t.set(b, &r.Key, in.Key); err != nil {
		return err
	}
	if err := t.set(b, &r.Value, in.Value); err != nil {
		return err
	}
	for _, h := range in.Headers {
		header := connect.Header{Key: h.Key}
		if err := t.set(b, &header.Value, h.Value); err != nil {
			return err
		}
		r.Headers = append(r.Headers, header)
	}
	r.Source, r.SourceOffset = t.part, b.Offset(connect.Int64Value(int64(t.next)+1))
	return nil
}

func (t *replay) set(b *connect.Batch, d *connect.Datum, envelope json.RawMessage) error {
	if len(envelope) == 0 || string(envelope) == "null" {
		d.Set(nil, connect.NullValue())
		return nil
	}
	s, v, err := t.conv.ToConnect(&b.Arena, "", envelope)
	if err != nil {
		return fmt.Errorf("reading %s: %w", envelope, err)
	}
	d.Set(s, v)
	return nil
}

// Commit implements connect.Committer.
func (t *replay) Commit(_ context.Context, committed []connect.CommittedOffset) error {
	for _, c := range committed {
		if err := t.finish(c.Offset[0].Int()); err != nil {
			return err
		}
	}
	return nil
}

// finish makes the file once the last record is done with.
func (t *replay) finish(n int64) error {
	if n < int64(len(t.records)) {
		return nil
	}
	return os.WriteFile(t.done, nil, 0o644)
}

// Close implements connect.SourceTask.
func (t *replay) Close(context.Context) error { return nil }
