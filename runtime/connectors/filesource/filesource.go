// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package filesource is the source connector file-source: the lines of a text
// file as records, as Kafka Connect's FileStreamSource reads them.
package filesource

import (
	"context"
	"errors"
	"fmt"
	"math"

	"penstock.dev/runtime/configdef"
	"penstock.dev/runtime/connect"
)

// Config is what users set.
type Config struct {
	// The file to read; standard input if it is not set. The file need not exist
	// yet. Each task of a worker pod sees the pod's own files.
	File string `config:"file" optional:"true" importance:"high"`
	// The topic to write the lines to.
	Topic string `config:"topic" importance:"high"`
	// The most records that are handed on together.
	BatchSize int `config:"batch.size" default:"2000" min:"1" importance:"low"`
	// The longest line in bytes. A longer one fails the task: its position is in
	// the error, and nothing is skipped.
	MaxLineBytes int `config:"max.line.bytes" default:"16777216" min:"1" max:"1073741824" importance:"low"`
}

// Plugin returns the connector.
func Plugin() connect.Plugin {
	var shared buffers
	return connect.Source[Config]{
		Name:    "file-source",
		Version: "1.0.0",
		Aliases: []string{"org.apache.kafka.connect.file.FileStreamSourceConnector"},
		Doc:     "Reads the lines of a text file, or of standard input, and goes on as the file grows.",
		Tasks:   func(Config, int) int { return 1 },
		Check:   check,

		CheckOffset: checkOffset,
		Open: func(ctx context.Context, env connect.Env, c Config) (connect.SourceTask, error) {
			// References are resolved only now, so what they hold is checked now.
			if problems := check(c); len(problems) > 0 {
				return nil, problems[0]
			}
			if c.File == "" {
				return newStdin(env, c, &shared), nil
			}
			return openFile(ctx, env, c, &shared)
		},
	}.Plugin()
}

func check(c Config) []configdef.Problem {
	// At plan time an empty topic is one that is not resolved yet.
	if c.Topic == "" {
		return nil
	}
	if err := connect.CheckTopic(c.Topic); err != nil {
		return []configdef.Problem{{Key: "topic", Message: err.Error()}}
	}
	return nil
}

// Names of Kafka Connect's FileStreamSourceTask.
const (
	filenameField = "filename"
	positionField = "position"
)

// checkOffset says, in the words of FileStreamSourceConnector, what is wrong with
// an offset that a user sets. Whether the file is as long shows when it is read.
func checkOffset(c Config, partition, offset map[string]any) error {
	if c.File == "" {
		return errors.New("Offsets cannot be modified if the 'file' configuration is unspecified. " +
			"This is because stdin is used for input and offsets are not tracked.")
	}
	at, ok := offset[positionField]
	if !ok {
		return fmt.Errorf("Offset objects should either be null or contain the key '%s'", positionField)
	}
	n, ok := at.(int64)
	if !ok {
		return fmt.Errorf("The value for the '%s' key in the offset is expected to be a Long value", positionField)
	}
	if n < 0 {
		return fmt.Errorf("The value for the '%s' key in the offset should be a non-negative value", positionField)
	}
	if partition == nil {
		return errors.New("Partition objects cannot be null")
	}
	if _, ok := partition[filenameField]; !ok {
		return fmt.Errorf("Partition objects should contain the key '%s'", filenameField)
	}
	return nil
}

// emitter turns lines into records.
type emitter struct {
	source    *connect.SourcePartition
	topic     string
	batchSize int
	env       connect.Env
}

// newEmitter returns an emitter for a file name, which is nil for standard input.
func newEmitter(env connect.Env, c Config, filename any) emitter {
	return emitter{
		source: &connect.SourcePartition{
			Key:    map[string]any{filenameField: filename},
			Fields: []string{positionField},
		},
		topic: c.Topic, batchSize: c.BatchSize, env: env,
	}
}

// full reports whether b holds as much as it should since it had start records.
func (e *emitter) full(b *connect.Batch, start int) bool {
	return len(b.Records)-start >= e.batchSize || b.Full()
}

// emit appends a line; offset is what is committed once it is written.
func (e *emitter) emit(b *connect.Batch, line []byte, offset connect.Value, now int64) {
	r := b.Add()
	r.Topic, r.Timestamp = e.topic, now
	r.Source, r.SourceOffset = e.source, b.Offset(offset)
	r.Value.Set(connect.StringSchema, connect.StringOf(b.Arena.Copy(line)))
}

// position reads the committed offset of a file.
func position(offset map[string]any) (int64, error) {
	at, ok := offset[positionField]
	if !ok || at == nil {
		return 0, nil
	}
	switch n := at.(type) {
	case int64:
		if n >= 0 {
			return n, nil
		}
	case float64:
		if n >= 0 && n < math.MaxInt64 && n == math.Trunc(n) {
			return int64(n), nil
		}
	}
	return 0, fmt.Errorf("the committed offset's %s is %v (%T), not a whole number of bytes from 0 up; alter or reset the connector's offsets",
		positionField, at, at)
}
