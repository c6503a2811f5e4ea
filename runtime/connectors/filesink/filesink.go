// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

// Package filesink is the sink connector file-sink: it appends each record's
// value as a line to a text file, as Kafka Connect's FileStreamSink does.
package filesink

import (
	"context"

	"penstock.dev/runtime/connect"
)

// Config is what users set.
type Config struct {
	// The file to append to; standard output if it is not set. The file is created
	// if it does not exist, its folder is not. All tasks of the connector append to
	// the same path, each in its own pod's file system.
	File string `config:"file" optional:"true" importance:"high"`
}

// Plugin returns the connector.
func Plugin() connect.Plugin {
	return connect.Sink[Config]{
		Name:    "file-sink",
		Version: "1.0.0",
		Aliases: []string{"org.apache.kafka.connect.file.FileStreamSinkConnector"},
		Doc:     "Appends the value of each record as a line to a text file, or to standard output.",
		Open: func(_ context.Context, env connect.Env, c Config) (connect.SinkTask, error) {
			return open(env.Logger, c)
		},
	}.Plugin()
}
