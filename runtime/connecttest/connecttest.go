// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package connecttest is the acceptance suite that every connector passes, and
// what tests of connectors need: an Env and offsets in memory.
package connecttest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"penstock.dev/runtime/connect"
)

// Suite says how to test a connector.
type Suite struct {
	Plugin connect.Plugin
	// Config returns a config with which the connector can be opened here. It is
	// called for each test; a source must find at least two records.
	Config func(t *testing.T) map[string]string
	// Records fills a batch for a sink; nil is three lines of text. The suite
	// gives the records their origins.
	Records func(b *connect.Batch)
	// Replays says that a source gives the same records again from the same
	// offset.
	Replays bool
}

// Run runs the suite. The test stands in the connector's folder, beside its
// README.md.
func Run(t *testing.T, s Suite) {
	t.Helper()
	t.Run("documentation", func(t *testing.T) { testDocumentation(t, s.Plugin) })
	t.Run("readme", func(t *testing.T) { testReadme(t, s.Plugin) })
	t.Run("config", func(t *testing.T) { testConfig(t, s) })
	t.Run("open and close", func(t *testing.T) { testOpenClose(t, s) })
	if s.Plugin.Kind == connect.SourceKind {
		t.Run("records", func(t *testing.T) { testRecords(t, s) })
		t.Run("cancel", func(t *testing.T) { testCancel(t, s) })
		if s.Replays {
			t.Run("resume", func(t *testing.T) { testResume(t, s) })
		}
		return
	}
	t.Run("put twice", func(t *testing.T) { testPutTwice(t, s) })
	t.Run("undecodable", func(t *testing.T) { testUndecodable(t, s) })
}

// Limits of the batches that the suite uses.
const (
	batchRecords = 500
	batchBytes   = 1 << 20
)

// patience bounds what a connector does at once; it is only spent by a
// connector that hangs.
const patience = 20 * time.Second

// Env returns an Env of the only task of a connector, which logs to t.
func Env(t testing.TB, offsets Offsets) connect.Env {
	return connect.Env{
		Connector: "test", Index: 0, Count: 1,
		Logger:  slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Offsets: offsets,
		Now:     time.Now,
	}
}

// Offsets are source offsets in memory, by the JSON of their partition. It is an
// OffsetReader.
type Offsets map[string]map[string]any

// Offset implements connect.OffsetReader.
func (o Offsets) Offset(_ context.Context, partition map[string]any) (map[string]any, error) {
	key, err := json.Marshal(partition)
	if err != nil {
		return nil, fmt.Errorf("writing the partition: %w", err)
	}
	return o[string(key)], nil
}

// Commit keeps the offset of a source record.
func (o Offsets) Commit(r *connect.Record) error {
	key, err := json.Marshal(r.Source.Key)
	if err != nil {
		return fmt.Errorf("writing the partition: %w", err)
	}
	offset := make(map[string]any, len(r.SourceOffset))
	for i, v := range r.SourceOffset {
		offset[r.Source.Fields[i]] = plain(v)
	}
	o[string(key)] = offset
	return nil
}

// plain returns an offset's value as an OffsetReader would read it.
func plain(v connect.Value) any {
	switch v.Type() {
	case connect.Null:
		return nil
	case connect.Boolean:
		return v.Bool()
	case connect.String:
		return v.Str()
	case connect.Float32, connect.Float64:
		return v.Float()
	default:
		return v.Int()
	}
}
